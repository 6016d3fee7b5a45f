"""Whether a cohort is large enough, judged on totals over all sites."""

from __future__ import annotations

from summand.errors import CohortTooSimilar, CohortTooSmall, TooManyParameters
from summand.tables import Limits


def judge_cohort(people: int, sites_with_people: int, parameters: int, limits: Limits) -> None:
    """Refuse a study whose cohort is too small for its release or for its model.

    Only totals are judged, never one site: a small site that refused would give its size away. The texts name the
    limit and never the number below it.

    Args:
        people: People in the cohort over all sites.
        sites_with_people: Sites with at least one of them.
        parameters: Model parameters that the method estimates, 0 for none.
        limits: What may be released.

    Raises:
        CohortTooSmall: fewer people than ``minimum_cell`` or fewer sites than ``minimum_sites``.
        TooManyParameters: more parameters than ``parameters_per_person_max`` times ``people``.
    """
    if people < max(limits.minimum_cell, 1):
        raise CohortTooSmall(
            f"The cohort over all sites has fewer than {max(limits.minimum_cell, 1)} people.",
            remedy="Widen the cohort: fewer conditions, fewer columns that may be missing, or more sites.",
            clause="D.min_cell",
        )
    if sites_with_people < limits.minimum_sites:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_sites} sites have anybody in the cohort.",
            remedy="Widen the cohort or ask for more datasets.",
            clause="D.min_sites",
        )
    share = limits.parameters_per_person_max
    if share is not None and parameters > share * people:
        raise TooManyParameters(
            f"The model has {parameters} parameters, more than {share:g} for each person of the cohort.",
            remedy="Use fewer terms, or columns with fewer levels; or widen the cohort.",
            clause="D.limits",
        )


def judge_difference(people: int, study: str, limits: Limits) -> None:
    """Refuse a cohort that all but equals the one of an earlier released study.

    Two totals over cohorts that differ by a few people are subtracted in one step, and what is left is about those few.
    The same cohort gives nothing, and at least ``minimum_cell`` people more or fewer are as many as any cell. The text
    names the earlier study and never how many people it is about.

    Args:
        people: By how many people the cohorts differ over all sites: the larger of those who left and those who came.
        study: The earlier study.
        limits: What may be released.

    Raises:
        CohortTooSimilar: if it is fewer than ``minimum_cell`` and not zero.
    """
    if limits.minimum_cell > 1 and 0 < people < limits.minimum_cell:
        raise CohortTooSimilar(
            f"The cohort differs from that of the released study {study} by fewer than {limits.minimum_cell} people: "
            "one result less the other would be about those few.",
            remedy="Use that study's result, or ask with columns that leave the cohort as it was or change it by more.",
            clause="D.min_cell",
        )
