"""Round zero: how many rows and people there are, before anything else is summed."""

from __future__ import annotations

from dataclasses import dataclass

from summand.errors import CohortTooSmall
from summand.methods import Block
from summand.tables import Array, Limits

COHORT_BLOCKS = (
    Block("rows", "1", 1, 1.0, "how many complete rows all sites hold together"),
    Block("people", "1", 1, 1.0, "how many people they are"),
    Block("sites with people", "1", 1, 1.0, "how many sites hold at least one of them"),
    Block("rows left out", "1", 1, 1.0, "how many rows lack a value"),
)


def difference_block(size: int) -> tuple[Block, ...]:
    """What round zero counts beside: the distance from each cohort that was released before; nothing where none was."""
    told = "by how many people the cohort differs from each released one that it is compared with"
    return (Block("people apart", "1", size, 1.0, told),) if size else ()


@dataclass(frozen=True)
class Cohort:
    """The counts of round zero for one slot: totals, or one site's at ``site_level``."""

    rows: int
    people: int
    sites: int
    dropped: int

    @classmethod
    def of(cls, numbers: Array) -> Cohort:
        """The counts in one slot's four numbers."""
        return cls(*(round(float(number)) for number in numbers))

    def require_rows_of_people(self, limits: Limits) -> None:
        """Return if a count of rows is a count of people, which the smallest count that may be shown is about.

        Raises:
            CohortTooSmall: under limits, if somebody has several rows: ten of them may be one person.
        """
        if limits.minimum_cell > 1 and self.rows > self.people:
            raise CohortTooSmall(
                f"Some people have several rows, so {limits.minimum_cell} rows may be fewer people.",
                remedy="Bring one row for each person to the study.",
                clause="D.min_cell",
            )
