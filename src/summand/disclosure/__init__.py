"""What may be shown: profiles as limits, the hiding of small counts, and the size a cohort must have.

Promise: pure functions of totals over all sites, in whole numbers, so that the hub and every site reach the same
release bit for bit. A count that is not large enough is shown as hidden, never as zero; zero and a small number are
hidden alike, so nobody can tell one from the other; and whoever knows the margins and the shown cells cannot work a
hidden count out.

    >>> from summand.tables import Count, CountTable
    >>> institutional = limits_for("institutional")
    >>> release({"n": Count(228), "events": Count(4)}, institutional)
    {'n': 228, 'events': {'suppressed': True}}
    >>> release({"sex": CountTable(("1", "2", "3"), ("people",), ((138,), (87,), (3,)))}, institutional)["sex"]["cells"]
    [[138], [None], [None]]
"""

from summand.disclosure._cohort import judge_cohort, judge_difference
from summand.disclosure._discrete_gaussian import discrete_gaussian, distance_each, require_sampler, scale_bits
from summand.disclosure._privacy_loss import epsilon_of, rho_of, sigma_for
from summand.disclosure._profiles import CMS_MINIMUM_CELL, PROFILES, is_at_least_as_strict, limits_for, strictest
from summand.disclosure._release import SUPPRESSED, is_suppressed, release
from summand.disclosure._suppression import hidden_cells

__all__ = [
    "CMS_MINIMUM_CELL",
    "PROFILES",
    "SUPPRESSED",
    "discrete_gaussian",
    "distance_each",
    "epsilon_of",
    "hidden_cells",
    "is_at_least_as_strict",
    "is_suppressed",
    "judge_cohort",
    "judge_difference",
    "limits_for",
    "release",
    "require_sampler",
    "rho_of",
    "scale_bits",
    "sigma_for",
    "strictest",
]
