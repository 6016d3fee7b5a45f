"""Whether every class and level of a model has enough people, judged on totals."""

from __future__ import annotations

import numpy as np

from summand.errors import CohortTooSmall, OutcomeConstant, SingularInformation
from summand.methods.formulas._design import Design
from summand.tables import Array, Limits


def check_classes(n: int, events: int, event: str, limits: Limits) -> None:
    """Both outcome classes have people, and enough of them.

    Args:
        n: Rows over all sites.
        events: Rows with the event.
        event: The event as a reader sees it, such as ``num > 0``.

    Raises:
        CohortTooSmall: if the limits ask for more; whether a class is empty or small is not told.
        OutcomeConstant: if there is no limit and a class is empty.
    """
    if min(events, n - events) < limits.minimum_cell:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people have, or do not have, the outcome '{event}' over all sites.",
            remedy="Choose an outcome that is less rare, or a larger cohort.",
            clause="D.min_cell",
        )
    if not 0 < events < n:
        which = "Nobody has" if events == 0 else "Everybody has"
        raise OutcomeConstant(f"{which} the outcome '{event}'.", remedy="Choose an outcome that varies.")


def check_events(events: int, limits: Limits) -> None:
    """Enough people have the event that sums over them describe no one; none and a few are told alike.

    Args:
        events: People with the event over all sites.

    Raises:
        CohortTooSmall: if they are fewer than ``minimum_cell``.
    """
    if limits.minimum_cell > 1 and events < limits.minimum_cell:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people have the event over all sites.",
            remedy="Choose an event that is less rare, or a larger cohort.",
            clause="D.min_cell",
        )


def check_groups(counts: Array, design: Design, limits: Limits) -> None:
    """Every level, and every cell of an interaction of categories, has people, and enough of them.

    Args:
        counts: For each of ``design.groups``, shape (groups,).

    Raises:
        CohortTooSmall: if the limits ask for more, naming the level and not the count.
        SingularInformation: if there is no limit and a level is empty.
    """
    small = np.flatnonzero(np.rint(counts) < max(limits.minimum_cell, 1))
    if not len(small):
        return
    group = design.groups[int(small[0])]
    if limits.minimum_cell > 0:
        raise CohortTooSmall(
            f"Fewer than {limits.minimum_cell} people have {group} over all sites.",
            remedy="Merge levels, or leave the column out.",
            clause="D.min_cell",
        )
    raise SingularInformation(
        f"Nobody has {group}, so its coefficient cannot be estimated.",
        remedy="Merge levels in the dictionary, or leave the column out.",
    )
