"""What travels between the rounds of a correlation."""

from __future__ import annotations

from dataclasses import dataclass

from summand.methods._protocol import State
from summand.methods.description._rank_table import RankTable
from summand.tables import Array


@dataclass(frozen=True)
class CorrelationState(State):
    """What is known so far.

    Attributes:
        round: 0 before anything is.
        n: People.
        means: The scaled mean of every column; empty before, and of ranks.
        tables: Of every pair of columns with few values, how many people have each pair; empty where nothing is hidden.
        kept, open, divisions, grouped: The columns' ranks, see `RankTable`; empty without ranks.
        is_placed: Whether the next sums are the products.
    """

    round: int
    n: int
    means: Array
    tables: Array
    kept: Array
    open: Array
    divisions: int
    grouped: tuple[bool, ...]
    is_placed: bool

    @property
    def ranks(self) -> RankTable:
        """The ranks."""
        return RankTable.read(1, self.kept, self.open, self.divisions, self.grouped)
