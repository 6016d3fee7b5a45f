"""Prints the epsilons of zero-concentrated losses by dp-accounting 0.6.0: pip install dp-accounting==0.6.0, then run this.

Its RDP accountant takes the least over a fixed list of orders, so its values are slightly above the true minimum. What it
printed is in dp_accounting_values.txt.
"""

import dp_accounting

for rho in (0.005, 0.05, 0.5, 3.125, 8.0):
    for delta in (1e-6, 1e-9):
        accountant = dp_accounting.rdp.RdpAccountant()
        accountant.compose(dp_accounting.ZCDpEvent(rho))
        print(rho, delta, accountant.get_epsilon(delta))
