"""The privacy budget: what the study would cost, what is left, and whether this version can add up as the agreement says."""

from __future__ import annotations

from summand.errors import ReleaseNotPermitted
from summand.guard._case import Case, Objections
from summand.study import require_within


def budget(case: Case) -> Objections:
    """Under a privacy budget the study has a private form, and its loss is within what is left of this site's data.

    Losses add up as zero-concentrated privacy, which "rdp" and "zcdp" of clause E both mean here; the site's account counts
    every study of the dataset, of whatever agreement, and reserves the loss again before a row is read.
    """
    asked = case.agreement.privacy.budget
    if asked is None:
        return
    if asked.composition == "basic":
        yield ReleaseNotPermitted(
            "The agreement adds losses up by basic composition, which Gaussian noise has no use for.",
            remedy="Amend clause E to the composition zcdp or rdp.",
            clause="E.budget",
        )
    if len(case.asked) < len(case.request.datasets):
        return  # refused already
    privacy = case.plan.privacy
    assert privacy is not None
    require_within(case.agreement, case.party, case.spent, privacy.rho)
