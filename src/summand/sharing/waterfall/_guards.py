"""Laws that can forbid a payment between partners in health care."""

from __future__ import annotations

from typing import Literal

LegalGuard = Literal[
    "aks_stark", "sale_of_phi", "private_benefit", "ehds_fee", "competition", "employee_inventor", "mssp_waiver"
]

GUARDS: dict[LegalGuard, str] = {
    "aks_stark": (
        "United States, Anti-Kickback Statute and Stark Law (42 USC 1320a-7b(b), 1395nn): no part may depend on the volume "
        "or value of referrals; an opinion on fair market value clears it."
    ),
    "mssp_waiver": (
        "United States, Shared Savings waivers (42 CFR part 425; 80 FR 66726): the ACO's governing body has found the "
        "arrangement reasonably related to the programme's purposes, and published it."
    ),
    "sale_of_phi": (
        "United States, HIPAA (45 CFR 164.502(a)(5)(ii)): no payment for protected health information beyond what is "
        "permitted."
    ),
    "private_benefit": (
        "United States, tax-exempt research facilities (Rev. Proc. 2007-47): a sponsor pays a competitive price for use."
    ),
    "ehds_fee": "European Union, EHDS (Regulation (EU) 2025/327, Article 62): fees for data cover cost and no more.",
    "competition": (
        "European Union, research and development block exemption (Regulation (EU) 2023/1066): limits of joint exploitation."
    ),
    "employee_inventor": "Germany, Employee Inventions Act (ArbnErfG): the employed inventor's remuneration is provided for.",
}
"""What each guard asks. Signposts for counsel, not advice: what clears one is a document that counsel answers for."""
