"""Medicare Shared Savings: what an accountable care organisation (ACO) earns or owes for a performance year.

Promise: the published formula of the Centers for Medicare & Medicaid Services (CMS), exact, in fractions until the last
step, which rounds to the cent. Every figure on the way is in the outcome, so that a finance officer can follow it. What
the publisher keeps back (participants' revenue, which limits losses) is never guessed: the outcome says that the limit
is not known.

    >>> year = PerformanceYear("B", 60_000, 500_000_000_00, 487_000_000_00)
    >>> settle_year(year).payment_cents
    509600000

Sources: CMS (2023), Shared Savings and Losses, Assignment and Quality Performance Standard Methodology, version 11;
42 CFR 425.605, 425.610, 425.512.
"""

from summand.sharing.shared_savings._file import PublishedYear, read_published
from summand.sharing.shared_savings._formula import PerformanceYear, YearOutcome, minimum_rate_of, settle_year
from summand.sharing.shared_savings._members import MemberPart, members_of, to_members
from summand.sharing.shared_savings._quality import QUALITY_THRESHOLDS, quality_standard
from summand.sharing.shared_savings._review import Review, review
from summand.sharing.shared_savings._tracks import TRACKS, TrackTerms, variable_minimum_rate

__all__ = [
    "QUALITY_THRESHOLDS",
    "TRACKS",
    "MemberPart",
    "PerformanceYear",
    "PublishedYear",
    "Review",
    "TrackTerms",
    "YearOutcome",
    "members_of",
    "minimum_rate_of",
    "quality_standard",
    "read_published",
    "review",
    "settle_year",
    "to_members",
    "variable_minimum_rate",
]
