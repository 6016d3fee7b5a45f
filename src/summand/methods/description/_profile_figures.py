"""Means, deviations and quartiles of columns in groups, read from the sums: as they are, or as the limits allow.

Under limits means and deviations are rounded as a description's are, so that they tell no hidden count, and quartiles
are bands. What is computed from them, a test or a standardised difference, is rounded to few digits for the same reason.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from summand.methods._rounding import to_digits, to_unit
from summand.methods.description._describe_table import fewest, step_of
from summand.methods.description._grid import band_of, bands, between, quantile_ranks
from summand.methods.description._profile_state import PARTS, ProfileState
from summand.methods.description._profile_sums import Variable
from summand.tables import Array, Limits

STATISTIC_DIGITS = 3
P_VALUE_DECIMALS = 3


class Figures:
    """The sums of a profile by variable and group.

    Attributes:
        variables: All of them.
        lacking: How many people have no group.
        groups: How many groups there are.
        limits: What may be released.
        scaled_means: Of each number in each group, 0 where nobody has it; shape (numbers, groups).
        tables: Of each category, people by level, the missing last, and group; shape (levels + 1, groups).
    """

    def __init__(self, variables: tuple[Variable, ...], groups: int, state: ProfileState, limits: Limits) -> None:
        self.variables, self.groups, self.limits = variables, groups, limits
        self.lacking = round(float(state.first[0])) if len(state.first) else 0
        self.tables: dict[str, Array] = {}
        self._place = {v.column.name: k for k, v in enumerate(v for v in variables if v.keys is not None)}
        self._people: dict[str, tuple[Array, Array]] = {}
        self._bins: dict[str, Array] = {}
        means, at = [], 1
        for variable in variables if len(state.first) else ():
            name, size = variable.column.name, variable.first_length(groups)
            own = state.first[at : at + size].reshape(-1, groups)
            at += size
            if variable.keys is None:
                self.tables[name] = np.rint(own)
                continue
            n = np.rint(own[0])
            self._people[name] = n, np.rint(own[1])
            means.append(own[2] / np.maximum(n, 1.0))
            if not limits.exact_quantiles:
                cells = variable.window.bins * groups
                self._bins[name] = np.rint(state.first[at : at + cells].reshape(-1, groups))
                at += cells
        self.scaled_means = np.array(means).reshape(-1, groups)
        self._squares = state.squares.reshape(-1, groups)
        self._rank_sums = state.rank_sums.reshape(-1, groups)
        self._ties, self._grouped = state.ties, state.grouped
        self._order = {(int(v), int(p), int(r)): int(first) for v, p, r, first, _ in state.wanted()}

    @property
    def is_limited(self) -> bool:
        """Whether a count may have to stay hidden."""
        return self.limits.minimum_cell > 1

    def people(self, variable: Variable) -> tuple[Array, Array]:
        """How many people of each group have a number, and how many lack it: shape (groups,) each."""
        return self._people[variable.column.name]

    def group_sizes(self) -> Array:
        """How many people each group has, shape (groups,)."""
        variable = self.variables[0]
        if variable.keys is None:
            return np.asarray(self.tables[variable.column.name].sum(axis=0), dtype=np.float64)
        present, missing = self.people(variable)
        return present + missing

    def moments(self, variable: Variable) -> tuple[Array, Array, Array]:
        """People, mean and squares about it over all and in each group, in the column's unit: shape (1 + groups,)."""
        number, column = self._place[variable.column.name], variable.column
        n, means, spread = self.people(variable)[0], self.scaled_means[number], self._squares[number]
        total = float(n.sum())
        overall = float(n @ means) / total if total else 0.0
        together = float(spread.sum()) + float(n @ (means - overall) ** 2)
        scale = column.half_width
        return (
            np.concatenate([[total], n]),
            column.centre + scale * np.concatenate([[overall], means]),
            scale**2 * np.concatenate([[together], spread]),
        )

    def means_and_deviations(self, variable: Variable) -> list[tuple[float | None, float | None]]:
        """As they may be told, over all and in each group."""
        n, means, spread = (part.tolist() for part in self.moments(variable))
        missing = self.people(variable)[1]
        lacking = [float(missing.sum()), *missing.tolist()]
        found = []
        for people, mean, square, without in zip(n, means, spread, lacking, strict=True):
            sd = math.sqrt(square / (people - 1.0)) if people > 1.0 else None
            found.append(self._told(variable, people, without, mean if people else None, sd))
        return found

    def _told(
        self, variable: Variable, n: float, missing: float, mean: float | None, sd: float | None
    ) -> tuple[float | None, float | None]:  # fmt: skip
        if not self.is_limited or mean is None:
            return mean, sd
        if n < self.limits.minimum_cell:
            return None, None
        step = step_of(variable.column)
        unit = step / fewest(round(n), round(missing), self.limits.minimum_cell)
        return to_unit(mean, unit), sd if not sd else to_unit(sd, unit * max(1.0, step / sd))

    def quantile(self, variable: Variable, place: int, part: str) -> float | list[float] | None:
        """A quartile, minimum or maximum, over all (0) or in a group (from 1); a band where the limits ask for one."""
        assert variable.keys is not None
        people = self.people(variable)[0]
        n = round(float(people.sum() if place == 0 else people[place - 1]))
        if self.limits.exact_quantiles:
            if not n:
                return None
            below, above, weight = quantile_ranks(n, PARTS[part])
            number = self._place[variable.column.name]
            low, high = (variable.keys.value(self._order[number, place, rank]) for rank in (below, above))
            return between(low, high, weight)
        least = max(self.limits.minimum_cell, 1)
        if n < least:
            return None
        table = self._bins[variable.column.name]
        return self._band(
            variable, np.asarray(table.sum(axis=1) if place == 0 else table[:, place - 1]), n, part, least
        )

    def _band(self, variable: Variable, counts: Array, n: int, part: str, least: int) -> list[float]:
        assert variable.keys is not None
        ranges, width = bands(counts, least), variable.window.width
        below, above, _ = quantile_ranks(n, PARTS[part])
        first, last = (ranges[band_of(rank, counts, ranges)] for rank in (below, above))
        return [
            variable.keys.value(first[0] * width),
            variable.keys.value(min(last[1] * width, variable.keys.count) - 1),
        ]

    def ranks(self, variable: Variable) -> tuple[Array, float, bool]:
        """Rank sums of the groups, the ties, and whether values were grouped for them."""
        number = self._place[variable.column.name]
        return self._rank_sums[number], float(self._ties[number]), bool(self._grouped[number])

    def told(self, value: float | None) -> float | None:
        """A statistic or difference, under limits to three digits."""
        if value is None or not self.is_limited:
            return value
        return to_digits(value, STATISTIC_DIGITS)

    def told_p(self, value: float | None) -> float | None:
        """A p-value, under limits to three decimals, or one digit where it is smaller than they show."""
        if value is None or not self.is_limited:
            return value
        least = 10.0**-P_VALUE_DECIMALS
        return to_unit(value, least) if value >= least else to_digits(value, 1)

    def told_tests(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Tests as they may be told; degrees of freedom would tell how many people there are."""
        if not self.is_limited:
            return rows
        return [
            {
                **row,
                "statistic": self.told(row["statistic"]),
                "degrees_of_freedom_within": None,
                "p_value": self.told_p(row["p_value"]),
            }
            for row in rows
        ]
