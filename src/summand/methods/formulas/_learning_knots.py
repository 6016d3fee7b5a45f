"""Knots at quantiles of all sites' people: exact by refinement, or from bands where limits ask for them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from summand.errors import SingularInformation
from summand.methods._protocol import Block, Layout
from summand.methods.description._describe_cells import BAND_BINS
from summand.methods.description._grid import FIRST_BINS, Keys, Target, Window, bands, between, quantile_ranks
from summand.methods.formulas._formula_tree import Spline
from summand.methods.formulas._learning import Known
from summand.tables import Array, Column, Limits

# Where the extremes may not be told, the boundary knots are these quantiles, or nearer the ends for many knots.
BOUNDARY_PART = 0.05


@dataclass(frozen=True)
class KnotLearner:
    """The knots of ``ns(x, df)``: quantiles 0, 1/df, 2/df, …, 1 of x, as R's ``ns`` chooses them.

    Where the limits allow exact quantiles, each is ``numpy.quantile`` (R's type 7) of the pooled values, and the
    boundary knots are the least and the largest value. Else one histogram of at most 128 bins is summed, its bins are
    joined until each band holds at least ``minimum_cell`` people, and the knots are the quantiles of the distribution
    that is even within each band; the boundary knots are then the quantiles 0.05 and 0.95 (0.5/df and 1 - 0.5/df for
    more than 10 df), beyond which the curve is straight.

    Source: Hyndman & Fan (1996), The American Statistician 50(4), definition 7; Harrell (2015), Regression Modeling
        Strategies, §2.4.6, for knots at fixed quantiles with boundary knots inside the data.
    """

    curve: Spline
    column: Column
    limits: Limits

    told_as: ClassVar[str] = "knots"

    @cached_property
    def _keys(self) -> Keys:
        return Keys.of(self.column)

    @property
    def _is_exact(self) -> bool:
        return self.limits.exact_quantiles

    @cached_property
    def _first(self) -> Window:
        return Window.over(0, self._keys.count, FIRST_BINS if self._is_exact else BAND_BINS)

    @property
    def _parts(self) -> list[float]:
        count = self.curve.degrees_of_freedom
        parts = [j / count for j in range(count + 1)]
        if not self._is_exact:
            parts[0] = min(BOUNDARY_PART, 0.5 / count)
            parts[-1] = 1.0 - parts[0]
        return parts

    @property
    def warnings(self) -> tuple[str, ...]:
        """That knots come from bands, where they do."""
        if self._is_exact:
            return ()
        people = max(self.limits.minimum_cell, 1)
        return (f"The knots of {self.curve.label} are quantiles to within bands of at least {people} people.",)

    def _windows(self, known: Known) -> list[Window]:
        """What is to be counted next, none twice."""
        if not known.order:
            return [self._first]
        sought = {(first, span) for _, first, span, _ in known.order if span > 1}
        return [Target(0, first, span, 0).window for first, span in sorted(sought)]

    def layout(self, known: Known) -> Layout:
        """One histogram, then finer bins around each knot."""
        reveals = f"how many people lie where in {self.column.name}"
        return tuple(
            Block(f"{self.curve.label}: bins {k + 1}", "1", window.bins, 1.0, reveals)
            for k, window in enumerate(self._windows(known))
        )

    def tally(self, values: Array, known: Known) -> Array:
        """People by bin."""
        keys = self._keys(values)
        return np.concatenate([window.count(keys) for window in self._windows(known)])

    def update(self, total: Array, known: Known) -> Known:
        """The bins that hold each wanted rank, or the knots.

        Raises:
            SingularInformation: where knots coincide.
        """
        if not known.order and not self._is_exact:
            return self._checked(self._from_bands(total))
        if not known.order:
            n = round(float(total.sum()))
            ranks = sorted({rank for part in self._parts for rank in quantile_ranks(n, part)[:2]})
            targets = [Target(rank, 0, self._keys.count, 0).within(self._first, total) for rank in ranks if n]
            if not targets:
                raise self._too_few()
            return self._next(targets, n)
        counted, at = {}, 0
        for window in self._windows(known):
            counted[window.first, window.span] = (window, total[at : at + window.bins])
            at += window.bins
        targets = []
        for fields in known.order:
            target = Target(*fields)
            targets.append(target if target.is_found else target.within(*counted[target.first, target.span]))
        return self._next(targets, round(known.numbers[0]))

    def _next(self, targets: list[Target], n: int) -> Known:
        """Go on with these, or make the knots of them."""
        if not all(target.is_found for target in targets):
            order = tuple((target.rank, target.first, target.span, target.below) for target in targets)
            return Known((float(n),), order)
        value = {target.rank: self._keys.value(target.first) for target in targets}
        places = [quantile_ranks(n, part) for part in self._parts]
        return self._checked([between(value[low], value[high], part) for low, high, part in places])

    def _from_bands(self, counts: Array) -> list[float]:
        """Quantiles of the distribution that is even within each band."""
        joined = bands(counts, max(self.limits.minimum_cell, 1))
        people = np.cumsum([0.0, *(np.rint(counts[first:last]).sum() for first, last in joined)])
        edges = np.array([first * self._first.width for first, _ in joined] + [self._keys.count], dtype=np.float64)
        if self._keys.is_declared:
            edges -= 0.5  # a whole number stands for what rounds to it
        knots = np.interp(np.array(self._parts) * people[-1], people, np.clip(edges, 0.0, self._keys.count - 1.0))
        return [float(knot) for knot in self._keys.low + self._keys.step * knots]

    def _checked(self, knots: list[float]) -> Known:
        if any(not low < high for low, high in itertools.pairwise(knots)):
            raise self._too_few()
        return Known(tuple(knots), (), done=True)

    def _too_few(self) -> SingularInformation:
        return SingularInformation(
            f"Knots of '{self.curve.label}' coincide: too many people share a value of '{self.column.name}'.",
            remedy="Ask for fewer degrees of freedom, give the knots yourself, or use C(column).",
        )

    def told(self, known: Known) -> list[dict[str, Any]]:
        """Where its knots are."""
        last = len(known.numbers) - 1
        return [
            {"term": self.curve.label, "knot": knot, "place": "boundary" if j in (0, last) else "interior"}
            for j, knot in enumerate(known.numbers)
        ]
