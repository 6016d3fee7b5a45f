"""Linear regression by least squares: summed cross-products, then residuals summed about the solution."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._groups import check_classes
from summand.methods._newton import symmetric, upper
from summand.methods._placed import Regression, check_length
from summand.methods._protocol import Block, Layout, Local, Result, Setting, State, length
from summand.methods.formulas._formula import Comparison, Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.methods.models._linear_update import LinearState, after_products, after_residuals
from summand.tables import Array, Batch

CHUNK_ROWS = 4096
SLACK = 1.0 + 2.0**-40


@dataclass(frozen=True)
class LinearRegression(Regression):
    """Ordinary least squares, equal to the pooled fit.

    Round 0 sums ``x x'`` and ``x y`` over scaled columns. Later rounds sum ``x r`` and ``r²`` with the residuals r of
    the solution so far, and correct it until nothing is left to correct: this restores the digits that cross-products
    lose, and gives the residual sum of squares without subtracting large numbers.

    Args:
        formula: Such as ``bp ~ age + C(sex)``; the outcome is a numeric column, or a comparison (0 or 1).
        site: ``pooled``: one intercept for all; ``fixed``: one for each site, taken out at the site (the within
            transformation) and never sent.

    Reveals: over all sites, sums, squares and products of the columns, the residual sum of squares, and how many rows
        each level has. With ``fixed``, also how many sites have rows.

    Raises:
        SingularInformation, OutcomeConstant: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a level, or a value of a two-valued outcome, has fewer people than the
            limits ask.

    Source: Golub & Van Loan (2013), Matrix Computations, §5.3.8 (refinement by residuals); Frisch & Waugh (1933).
    """

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Linear regression"
    state_type: ClassVar[type[State]] = LinearState
    complete_cases: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", self.sites)
        method = dataclasses.replace(self, setting=setting)
        method.outcome_scale  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.design  # noqa: B018
        return method

    @cached_property
    def indicator(self) -> Indicator | None:
        """The outcome where it is a comparison; None where it is a numeric column."""
        is_comparison = isinstance(self.parsed.outcome, Comparison)
        return Indicator.of(self.parsed, self.placed.dictionary) if is_comparison else None

    @cached_property
    def outcome_scale(self) -> tuple[float, float]:
        """Centre and half width of the outcome; the centre is 0 where the model has no constant to take it up."""
        if self.indicator is not None:
            low, high = 0.0, 1.0
        else:
            low, high = self._outcome_range()
        if self.parsed.intercept or self.site == "fixed":
            return (low + high) / 2, (high - low) / 2 or 1.0
        return 0.0, max(abs(low), abs(high)) or 1.0

    def _outcome_range(self) -> tuple[float, float]:
        if not isinstance(self.parsed.outcome, Value):
            raise FormulaInvalid("Linear regression needs a numeric outcome.", remedy="Write it like: bp ~ age + sex.")
        column = self.placed.dictionary[self.parsed.outcome.column]
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        if not column.is_numeric:
            raise FormulaInvalid(
                f"The outcome '{column.name}' is not numeric.", remedy="Use logistic regression for categories."
            )
        return column.range

    @cached_property
    def _two_values(self) -> tuple[float, float] | None:
        """The two values of the outcome; None if it may have more."""
        if not isinstance(self.parsed.outcome, Value):
            return 0.0, 1.0
        levels = levels_of(self.placed.dictionary[self.parsed.outcome.column])
        return (float(levels[0]), float(levels[1])) if len(levels) == 2 else None

    def _check_classes(self, total: Array) -> None:
        """Under limits a two-valued outcome needs enough people of each value: the fit tells their numbers."""
        limits = self.placed.limits
        if self._two_values is None or limits.minimum_cell <= 1:
            return
        (low, high), (centre, half_width), n = self._two_values, self.outcome_scale, round(total[0])
        events = round((n * (centre - low) + half_width * float(total[1])) / (high - low))
        label = f"{self.parsed.columns[0]} = {high:g}" if self.indicator is None else self.indicator.label
        check_classes(n, events, label, limits)

    def outcome(self, batch: Batch, rows: slice) -> Array:
        """The scaled outcome, shape (rows,), in [-1, 1] up to rounding."""
        centre, half_width = self.outcome_scale
        name = self.parsed.columns[0]
        values = batch.columns[name][rows] if self.indicator is None else self.indicator(batch, rows)
        return np.asarray((values - centre) / half_width, dtype=np.float64)

    def start(self) -> LinearState:
        """Nothing known yet."""
        p = len(self.design)
        return LinearState(0, 0, 0, 0.0, np.zeros(p), np.zeros(p * (p + 1) // 2), 0.0)

    def layout(self, state: LinearState) -> Layout:
        """Cross-products first, then residual sums.

        Bounds per row: scaled entries and outcome are at most 1, so products are; a residual is at most
        ``1 + Σ|β|``, and twice that once a site's own mean is taken out.
        """
        p, fixed = len(self.design), self.site == "fixed"
        blocks = []
        if state.round == 0:
            blocks = [
                Block("rows", "1", 1, 1.0, "how many people are in the model"),
                Block("outcome sum", "1", 1, SLACK, "the mean of the outcome"),
            ]
            if self.design.groups:
                blocks.append(Block("groups", "1", len(self.design.groups), 1.0, "how many people each level has"))
            if fixed:
                blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the model"))
            if p:
                scale = (2.0 if fixed else 1.0) * SLACK
                blocks.append(Block("outcome products", "1", p, scale, "how each column goes with the outcome"))
                blocks.append(Block("products", "1", p * (p + 1) // 2, scale, "how the columns go together"))
            return tuple(blocks)
        residual = (1.0 + float(np.abs(state.beta).sum())) * SLACK * (2.0 if fixed else 1.0)
        blocks.append(Block("residual squares", "1", 1, residual**2, "how much the model leaves unexplained"))
        blocks.append(Block("outcome squares", "1", 1, 4.0 * SLACK, "the variance of the outcome"))
        if p:
            blocks.append(Block("residual products", "1", p, 2.0 * residual, "rounding left in the coefficients"))
        return tuple(blocks)

    def tally(self, batch: Batch, state: LinearState, local: Local) -> Array:
        """Sums of one batch of complete rows: products at first, then residual sums.

        Returns:
            Round 0: rows, outcome sum, groups, ``x y``, upper triangle of ``x x'``; with ``fixed`` also the sums of x.
            Later: ``r²``, squares of the outcome about its mean, ``x r``; with ``fixed`` also rows, sum of r.
        """
        return self._products(batch) if state.round == 0 else self._residuals(batch, state, local)

    def _products(self, batch: Batch) -> Array:
        p = len(self.design)
        products, with_outcome, sums, y_sum = np.zeros((p, p)), np.zeros(p), np.zeros(p), 0.0
        for rows in _chunks(batch.rows):
            x, y = self.design.matrix(batch, rows).T, self.outcome(batch, rows)
            products += x @ x.T
            with_outcome += x @ y
            sums += x.sum(axis=1)
            y_sum += float(y.sum())
        groups = self.design.group_counts(batch) if batch.rows else np.zeros(len(self.design.groups))
        head = np.array([float(batch.rows), y_sum])
        return np.concatenate(
            (head, groups, with_outcome, upper(products), sums if self.site == "fixed" else np.zeros(0))
        )

    def _residuals(self, batch: Batch, state: LinearState, local: Local) -> Array:
        alpha = _own_intercept(state, local) if self.site == "fixed" else 0.0
        products, scalars = np.zeros(len(self.design)), np.zeros(3)
        for rows in _chunks(batch.rows):
            x, y = self.design.matrix(batch, rows).T, self.outcome(batch, rows)
            residual = y - state.beta @ x - alpha
            deviation = y - state.outcome_mean
            products += x @ residual
            scalars += (residual @ residual, deviation @ deviation, residual.sum())
        own = [float(batch.rows), scalars[2]] if self.site == "fixed" else []
        return np.concatenate((scalars[:2], products, own))

    def condense(self, partial: Array, state: LinearState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, about the site's own means, which stay there."""
        if self.site == "pooled":
            return partial, {}
        if state.round == 0:
            return self._condense_products(partial)
        n, p = partial[-2], len(self.design)
        if n == 0.0:
            return np.zeros(2 + p), local
        mean = partial[-1] / n
        squares = max(partial[0] - n * mean * mean, 0.0)
        x_mean = np.asarray(local["x_mean"], dtype=np.float64)
        return np.concatenate(([squares, partial[1]], partial[2 : 2 + p] - partial[-1] * x_mean)), local

    def _condense_products(self, partial: Array) -> tuple[Array, Local]:
        p, groups = len(self.design), len(self.design.groups)
        n, head = partial[0], partial[: 2 + groups]
        if n == 0.0:
            means = {"x_mean": np.zeros(p), "y_mean": np.zeros(1)}
            return np.zeros(length(self.layout(self.start()))), means
        with_outcome = partial[2 + groups : 2 + groups + p]
        products = symmetric(partial[2 + groups + p : len(partial) - p], p)
        x_mean, y_mean = partial[len(partial) - p :] / n, partial[1] / n
        summand = (
            head,
            [1.0],
            with_outcome - partial[1] * x_mean,
            upper(products - n * np.outer(x_mean, x_mean)),
        )
        return np.concatenate(summand), {"x_mean": x_mean, "y_mean": np.array([y_mean])}

    def update(self, total: Array, state: LinearState) -> LinearState | Result:
        """Solve, then correct until nothing is left to correct."""
        check_length(total, length(self.layout(state)))
        if state.round == 0:
            self._check_classes(total)
            return after_products(total, state, self.design, self.site, self.placed.limits)
        return after_residuals(total, state, self.design, self.site, self.parsed.intercept, self.outcome_scale)


def _chunks(rows: int) -> list[slice]:
    return [slice(first, min(first + CHUNK_ROWS, rows)) for first in range(0, rows, CHUNK_ROWS)]


def _own_intercept(state: LinearState, local: Local) -> float:
    """The intercept that is best for the site at the coefficients so far: mean outcome less mean prediction."""
    x_mean = np.asarray(local["x_mean"], dtype=np.float64)
    return float(np.asarray(local["y_mean"])[0] - x_mean @ state.beta)
