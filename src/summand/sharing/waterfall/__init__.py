"""Income of a joint product down an ordered list of tiers, to the cent.

Promise: what comes in is what is paid, held back, blocked or left over, to the cent, in every period. A tier whose legal
guard nobody cleared pays nobody: its money is set aside, and goes to no other party either. A period is settled with the
tiers then in force; a later amendment changes no earlier period.

    >>> falls = Waterfall("EUR", (Tier("fee", "fee", {"lead": 1}, per_mille=50), Tier("rest", "share", {"a": 1, "b": 1})))
    >>> run(falls, Period(1_000_00, date(2026, 1, 1))).paid
    {'a': 47500, 'b': 47500, 'lead': 5000}
"""

from datetime import date

from summand.sharing.waterfall._clause import waterfall_of
from summand.sharing.waterfall._guards import GUARDS, LegalGuard
from summand.sharing.waterfall._interest import years_between
from summand.sharing.waterfall._run import Distribution, TierLine, run, run_all
from summand.sharing.waterfall._state import Accrual, TierState, WaterfallState
from summand.sharing.waterfall._tier import Period, PreferredReturn, Tier, Waterfall
from summand.sharing.waterfall._true_up import TrueUp, release, true_up

__all__ = [
    "GUARDS",
    "Accrual",
    "Distribution",
    "LegalGuard",
    "Period",
    "PreferredReturn",
    "Tier",
    "TierLine",
    "TierState",
    "TrueUp",
    "Waterfall",
    "WaterfallState",
    "date",
    "release",
    "run",
    "run_all",
    "true_up",
    "waterfall_of",
    "years_between",
]
