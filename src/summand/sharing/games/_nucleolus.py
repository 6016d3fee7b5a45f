"""The nucleolus: the split whose unhappiest coalition is as happy as can be, then the next, and so on."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from summand.errors import SettlementInvalid
from summand.sharing.games._balance import is_nucleolus_exactly
from summand.sharing.games._exact import solve_exactly
from summand.sharing.games._game import Game
from summand.sharing.games._solution import Solution

Array = npt.NDArray[np.float64]

NUCLEOLUS_PLAYERS_MAX = 12
"""4,094 coalitions in each linear programme."""

_PRICED = 1e-7
_SPAN = 1e-9


@dataclass
class _Settled:
    """What can change no more: coalitions by stage with their excess, and players held at what they have alone."""

    count: int
    stages: list[list[int]] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    alone: list[int] = field(default_factory=list)

    def equations(self, values: Array) -> tuple[Array, Array]:
        """Indicator rows and what the split must give them: all players together first."""
        whole = 2**self.count - 1
        masks, given = [whole], [values[whole]]
        for stage, level in zip(self.stages, self.levels, strict=True):
            masks += stage
            given += [values[mask] - level for mask in stage]
        masks += [1 << place for place in self.alone]
        given += [values[1 << place] for place in self.alone]
        return _indicators(np.array(masks), self.count), np.array(given)


def nucleolus(game: Game) -> Solution:
    """Minimise the largest excess, then the second largest …, among splits that give no player less than it has alone.

    The excess of a coalition is what it would gain by leaving. A sequence of at most n - 1 linear programmes settles the
    coalitions that bind; the split then follows from their equations in exact fractions, and Kohlberg's criterion is
    checked on it. It is in the core whenever the core is not empty.

    Raises:
        SettlementInvalid: if there are more than `NUCLEOLUS_PLAYERS_MAX` players, all together gain less than each alone,
            or the result could not be proved.

    Source: Schmeidler (1969), The nucleolus of a characteristic function game; Maschler, Peleg & Shapley (1979), Geometric
    properties of the kernel, nucleolus, and related solution concepts; Kohlberg (1971), On the nucleolus.
    """
    count = len(game.players)
    gains = [int(value) for value in game.gains()]
    if count > NUCLEOLUS_PLAYERS_MAX:
        raise _refused(f"The nucleolus is computed for at most {NUCLEOLUS_PLAYERS_MAX} players; there are {count}.")
    if sum(gains[1 << place] for place in range(count)) > gains[-1]:
        raise _refused("All together do worse than each alone, so no split leaves everybody at least that.")
    settled = _Settled(count)
    values = np.array(gains, dtype=float) / max(1, max(gains) - min(gains))
    while np.linalg.matrix_rank(settled.equations(values)[0]) < count:
        _settle_next(values, settled)
    parts = solve_exactly(gains, count, settled.stages, settled.alone)
    if parts is None or not is_nucleolus_exactly(gains, parts):
        raise _refused("The nucleolus could not be proved for these values.")
    sign = 1 if game.kind == "gain" else -1
    return Solution.of("nucleolus", game, {name: sign * part for name, part in zip(game.players, parts, strict=True)})


def is_nucleolus(game: Game, parts: dict[str, Fraction]) -> bool:
    """Whether a split is the nucleolus, by Kohlberg's criterion in exact numbers: for who wants to check a statement."""
    sign = 1 if game.kind == "gain" else -1
    return is_nucleolus_exactly([int(value) for value in game.gains()], [sign * parts[name] for name in game.players])


def _settle_next(values: Array, settled: _Settled) -> None:
    """One linear programme: the least largest excess of those coalitions that are not settled.

    A coalition with a price is bound at this excess in every solution; there is always one.
    """
    from scipy import optimize

    linprog: Any = optimize.linprog
    count = settled.count
    rows, given = settled.equations(values)
    masks = _unsettled(rows, count)
    answer = linprog(
        [0.0] * count + [1.0],
        A_ub=-np.column_stack([_indicators(masks, count), np.ones(len(masks))]),
        b_ub=-values[masks],
        A_eq=np.column_stack([rows, np.zeros(len(rows))]),
        b_eq=given,
        bounds=[(values[1 << place], None) for place in range(count)] + [(None, None)],
        method="highs",
    )
    if answer.status != 0:
        raise _refused("The nucleolus could not be computed for these values.")
    prices = -answer.ineqlin.marginals
    settled.stages.append([int(mask) for mask in masks[prices > _PRICED]])
    settled.levels.append(float(answer.x[-1]))
    held = np.flatnonzero(answer.lower.marginals[:count] > _PRICED)
    settled.alone += [int(place) for place in held if place not in settled.alone]


def _unsettled(rows: Array, count: int) -> npt.NDArray[np.int64]:
    """Coalitions whose part does not follow from what is settled: those outside the span of its rows."""
    masks = np.arange(1, 2**count - 1)
    basis = np.linalg.svd(rows, full_matrices=False)[2][: np.linalg.matrix_rank(rows)]
    wanted = _indicators(masks, count)
    outside = np.abs(wanted - wanted @ basis.T @ basis).max(axis=1) > _SPAN
    found: npt.NDArray[np.int64] = masks[outside]
    return found


def _indicators(masks: npt.NDArray[np.int64], count: int) -> Array:
    """One row a coalition, 1 for its players. Shape (len(masks), count)."""
    return (masks[:, None] >> np.arange(count) & 1).astype(float)


def _refused(what: str) -> SettlementInvalid:
    return SettlementInvalid(what, remedy="Split by the Shapley value, or by weights.", clause="I.cost_shares.rule")
