"""A site's own comparison of two groups: from counts or moments by group to an estimate and its variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods.formulas._formula import Category, Formula, Variable
from summand.methods.formulas._formula import Value as ValueOutcome
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Column, Dictionary

Effect = tuple[float, float] | None
"""An estimate and its variance; None where there is none."""

EVENTS = {"odds_ratio": "log odds ratio", "risk_ratio": "log risk ratio", "risk_difference": "risk difference"}
MEANS = {"mean_difference": "mean difference", "standardised_mean_difference": "standardised mean difference"}


@dataclass(frozen=True)
class Arms:
    """Two groups and an outcome: what is summed by group, and what comes of it.

    Attributes:
        measure: One of `EVENTS` and `MEANS`.
        group: 1 for the second group.
        labels: What the groups are called, the reference first.
        event: The outcome as 0 or 1, where events are compared; else None.
        outcome: The numeric outcome's column, where means are; else "".
        centre, half_width: Of its range.
    """

    measure: str
    group: Indicator
    labels: tuple[str, str]
    event: Indicator | None
    outcome: str
    centre: float
    half_width: float

    @classmethod
    def of(cls, measure: str, formula: Formula, dictionary: Dictionary) -> Arms:
        """The comparison of a formula ``outcome ~ group``.

        Raises:
            FormulaInvalid, ColumnMissing: if it is none, or does not fit the dictionary.
        """
        factors = [factor for term in formula.terms for factor in term.factors]
        if len(formula.terms) != 1 or len(factors) != 1 or not isinstance(factors[0], Variable | Category):
            raise FormulaInvalid(
                f"The measure '{measure}' compares two groups, so one column stands on the right.",
                remedy="Write it like: died == 1 ~ treated; with more columns use the measure logistic, linear or cox.",
            )
        column = dictionary[factors[0].column]
        if column.kind != "text" and not makes_two(column):
            raise FormulaInvalid(
                f"The column '{column.name}' does not make two groups: it has no two values in the dictionary.",
                remedy="Name one with two levels, or use the measure logistic, linear or cox and name a term.",
            )
        group = Indicator.of(Formula(ValueOutcome(column.name), (), intercept=True), dictionary)
        labels = levels_of(column)[:2] if column.kind == "category" else tuple(f"{value:g}" for value in column.range)
        names = (labels[0], labels[1])
        if measure in EVENTS:
            return cls(measure, group, names, Indicator.of(formula, dictionary), "", 0.0, 1.0)
        if not isinstance(formula.outcome, ValueOutcome):
            raise FormulaInvalid("Means need a numeric outcome.", remedy="Write it like: pressure ~ treated.")
        outcome = dictionary[formula.outcome.column]
        if not outcome.is_numeric:
            raise FormulaInvalid(f"The outcome '{outcome.name}' is not numeric.", remedy=TEXT_REMEDY)
        low, high = outcome.range
        return cls(measure, group, names, None, outcome.name, (low + high) / 2, (high - low) / 2 or 1.0)

    @property
    def counts_events(self) -> bool:
        """Whether events are compared."""
        return self.event is not None

    @property
    def totals(self) -> int:
        """How many totals by group are released: people, and events."""
        return 4 if self.counts_events else 2

    def tally(self, batch: Batch) -> Array:
        """People by group, then events by group, or sums and squares of the scaled outcome; shape (4,) or (6,)."""
        group = self.group(batch).astype(np.intp)
        people = np.bincount(group, minlength=2).astype(np.float64)
        if self.event is not None:
            return np.concatenate([people, np.bincount(group, weights=self.event(batch), minlength=2)])
        y = (batch.columns[self.outcome] - self.centre) / self.half_width
        sums, squares = (np.bincount(group, weights=values, minlength=2) for values in (y, y * y))
        return np.concatenate([people, sums, squares])

    def effect(self, partial: Array) -> Effect:
        """The second group against the first, and its variance, from a site's sums."""
        people = (float(partial[0]), float(partial[1]))
        if min(people) < 1.0:
            return None
        if self.counts_events:
            return events_effect(self.measure, people, (float(partial[2]), float(partial[3])))
        return self._means_effect(people, partial)

    def _means_effect(self, people: tuple[float, float], partial: Array) -> Effect:
        """Difference of means with separate variances, or Hedges' g with a pooled one."""
        n0, n1 = people
        if min(people) < 2.0:
            return None
        means = partial[2:4] / partial[:2]
        within = np.maximum(partial[4:6] - partial[2:4] * means, 0.0)
        difference = float(means[1] - means[0])
        if self.measure == "mean_difference":
            variance = float((within / (partial[:2] * (partial[:2] - 1.0))).sum())
            return (difference * self.half_width, variance * self.half_width**2) if variance > 1e-26 else None
        freedom = n0 + n1 - 2.0
        pooled = float(within.sum()) / freedom
        if pooled <= 1e-26:
            return None
        g = hedges_factor(freedom) * difference / math.sqrt(pooled)
        return g, 1.0 / n0 + 1.0 / n1 + g * g / (2.0 * (n0 + n1))


def hedges_factor(freedom: float) -> float:
    """The exact factor that makes a standardised mean difference unbiased: Hedges (1981), J. Educ. Stat. 6(2), 107-128."""
    half = freedom / 2.0
    return math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)


def events_effect(measure: str, people: tuple[float, float], events: tuple[float, float]) -> Effect:
    """Log odds ratio, log risk ratio or risk difference with its variance.

    Where one of the four cells is empty, a half is added to each of them (Haldane 1956; Anscombe 1956). Where nobody
    or everybody has the event in both groups, no ratio exists.
    """
    (n0, n1), (e0, e1) = people, events
    is_flat = e0 + e1 == 0.0 or e0 + e1 == n0 + n1
    if measure != "risk_difference" and is_flat:
        return None
    if min(e0, e1, n0 - e0, n1 - e1) == 0.0:
        n0, n1, e0, e1 = n0 + 1.0, n1 + 1.0, e0 + 0.5, e1 + 0.5
    f0, f1 = n0 - e0, n1 - e1
    if measure == "odds_ratio":
        return math.log(e1 / f1) - math.log(e0 / f0), 1.0 / e0 + 1.0 / e1 + 1.0 / f0 + 1.0 / f1
    if measure == "risk_ratio":
        return math.log(e1 / n1) - math.log(e0 / n0), f1 / (e1 * n1) + f0 / (e0 * n0)
    return e1 / n1 - e0 / n0, e1 * f1 / n1**3 + e0 * f0 / n0**3


def makes_two(column: Column) -> bool:
    """Whether a column has two levels, or is 0/1 or 1/2."""
    if column.kind == "category":
        return len(column.levels) == 2
    return column.is_numeric and column.range in ((0.0, 1.0), (1.0, 2.0))
