"""The best small coalition: an exact weighted cover as an integer programme, solved by HiGHS (scipy.optimize.milp).

Maximise, over sets S of at most ``size`` organisations,

    sum over needs of the most that a member of S gives for it
    + kind points for each kind of organisation in S
    − member points for each member − the members' own costs − pair costs for each pair in S,

where pairs that exclude each other are not both in S. All numbers are whole, so the optimum is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import optimize, sparse

from summand.errors import UsageError

_optimize: Any = optimize  # SciPy states no types
_sparse: Any = sparse
POINTS_OF_A_MEMBER = 25
"""What each further partner costs: meetings, contracts, audits."""
POINTS_OF_A_KIND = 10
"""Bonus for each kind of organisation at the table."""
POINTS_OF_A_CONFLICT = 50
"""What a pair that somebody must look at costs."""
LARGEST_COALITION = 8
MOST_CANDIDATES = 400


@dataclass(frozen=True)
class Candidate:
    """One organisation as the programme sees it: points by need, its kind, and its own cost."""

    id: str
    gives: Mapping[str, int]
    kind: str
    cost: int = 0


@dataclass(frozen=True)
class Chosen:
    """A coalition: its members in order, who stands for which need, its points, and what could not be covered."""

    members: tuple[str, ...]
    by_need: Mapping[str, str]
    points: int


def interchangeable(candidates: Sequence[Candidate], pairs: Mapping[frozenset[str], int], size: int) -> list[Candidate]:
    """The candidates without those that could never make a difference: of each group that is alike to the programme and
    in no pair, the first ``size``. Nothing is lost by it, since no coalition needs more of one group.
    """
    paired = {name for pair in pairs for name in pair}
    seen: dict[tuple[object, ...], int] = {}
    kept = []
    for one in candidates:
        alike = (tuple(sorted(one.gives.items())), one.kind, one.cost)
        if one.id not in paired:
            seen[alike] = seen.get(alike, 0) + 1
        if one.id in paired or seen[alike] <= size:
            kept.append(one)
    return kept


def value_of(members: Sequence[Candidate], pairs: Mapping[frozenset[str], int]) -> int | None:
    """Points of a coalition, None if a pair in it excludes itself (a pair cost below zero)."""
    costs = [pairs.get(frozenset((a.id, b.id)), 0) for a, b in combinations(members, 2)]
    if any(cost < 0 for cost in costs):
        return None
    needs = {need for one in members for need in one.gives}
    covered = sum(max(one.gives.get(need, 0) for one in members) for need in needs)
    kinds = len({one.kind for one in members})
    own = sum(one.cost + POINTS_OF_A_MEMBER for one in members)
    return covered + POINTS_OF_A_KIND * kinds - own - sum(costs)


def best_coalitions(
    candidates: Sequence[Candidate], pairs: Mapping[frozenset[str], int], size: int, count: int
) -> tuple[Chosen, ...]:
    """The best coalition, then the best that does not contain an earlier one, up to ``count``.

    Args:
        candidates: Organisations that cover at least one need each.
        pairs: What two of them together cost; below zero, they exclude each other.
        size: Most members.
        count: How many coalitions are wanted.

    Raises:
        UsageError: if the size is not 1 to `LARGEST_COALITION`, or there are too many candidates to be exact.
    """
    if not 1 <= size <= LARGEST_COALITION:
        raise UsageError(f"A coalition has 1 to {LARGEST_COALITION} members.", remedy="Ask for such a size.")
    rows = interchangeable(candidates, pairs, size)
    if len(rows) > MOST_CANDIDATES:
        raise UsageError(
            f"{len(rows)} organisations that differ cover a need; coalitions are searched exactly among "
            f"{MOST_CANDIDATES} at most.",
            remedy="Narrow the candidates by kind, country or capability.",
        )
    programme = _Programme(rows, pairs, size)
    found: list[Chosen] = []
    while rows and len(found) < count:
        chosen = programme.solve()
        if chosen is None or chosen.points <= 0:
            break
        found.append(chosen)
        programme.exclude(chosen.members)
    return tuple(found)


class _Programme:
    """Columns: one a candidate, one a kind, one a (candidate, need), one a pair that costs."""

    def __init__(self, rows: Sequence[Candidate], pairs: Mapping[frozenset[str], int], size: int) -> None:
        self.rows, self.pairs = rows, pairs
        place = {one.id: index for index, one in enumerate(rows)}
        kinds = sorted({one.kind for one in rows})
        covers = [(index, need) for index, one in enumerate(rows) for need in sorted(one.gives)]
        within = [(sorted(place[name] for name in pair), cost) for pair, cost in pairs.items() if pair <= set(place)]
        costly = [(pair, cost) for pair, cost in within if cost > 0]
        n, k, c = len(rows), len(kinds), len(covers)
        self.covers, self.width = covers, n + k + c + len(costly)
        self.gain = np.array(
            [-float(one.cost + POINTS_OF_A_MEMBER) for one in rows]
            + [float(POINTS_OF_A_KIND)] * k
            + [float(rows[index].gives[need]) for index, need in covers]
            + [-float(cost) for _, cost in costly]
        )
        self.lines: list[tuple[dict[int, float], float]] = [(dict.fromkeys(range(n), 1.0), float(size))]
        for at, kind in enumerate(kinds):
            members = {index: -1.0 for index, one in enumerate(rows) if one.kind == kind}
            self.lines.append(({n + at: 1.0, **members}, 0.0))
        for at, (index, _) in enumerate(covers):
            self.lines.append(({n + k + at: 1.0, index: -1.0}, 0.0))
        for need in sorted({need for _, need in covers}):
            at_most_one = {n + k + at: 1.0 for at, (_, other) in enumerate(covers) if other == need}
            self.lines.append((at_most_one, 1.0))
        for at, (pair, _) in enumerate(costly):
            self.lines.append(({pair[0]: 1.0, pair[1]: 1.0, n + k + c + at: -1.0}, 1.0))
        self.lines += [({pair[0]: 1.0, pair[1]: 1.0}, 1.0) for pair, cost in within if cost < 0]

    def exclude(self, members: Sequence[str]) -> None:
        """No coalition that contains these members."""
        place = {one.id: index for index, one in enumerate(self.rows)}
        self.lines.append(({place[name]: 1.0 for name in members}, len(members) - 1.0))

    def solve(self) -> Chosen | None:
        """The best coalition left, None if there is none."""
        entries = [(row, column, value) for row, (line, _) in enumerate(self.lines) for column, value in line.items()]
        matrix = _sparse.csr_array(
            ([value for *_, value in entries], ([row for row, *_ in entries], [column for _, column, _ in entries])),
            shape=(len(self.lines), self.width),
        )
        result = _optimize.milp(
            -self.gain,
            integrality=np.ones(self.width),
            bounds=_optimize.Bounds(0, 1),
            constraints=_optimize.LinearConstraint(matrix, -np.inf, [most for _, most in self.lines]),
            options={"mip_rel_gap": 0.0},
        )
        if result.x is None:
            return None
        members = [one for index, one in enumerate(self.rows) if result.x[index] > 0.5]
        if not members:
            return None
        needs = sorted({need for one in members for need in one.gives})
        by_need = {need: max(members, key=lambda one: one.gives.get(need, 0)).id for need in needs}
        points = value_of(members, self.pairs)
        return None if points is None else Chosen(tuple(one.id for one in members), by_need, points)
