"""Linear regression by least squares: summed cross-products, then residuals summed about the solution."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._groups import check_classes
from summand.methods._placed import Regression, check_length
from summand.methods._protocol import Layout, Local, Result, Setting, State, length
from summand.methods._sandwich import BY_PERSON, ERRORS, HC3, MODEL, Ending, check_persons
from summand.methods.formulas._formula import Comparison, Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.methods.models import _linear_sums
from summand.methods.models._linear_update import LinearState, after_products, after_residuals, after_scores
from summand.methods.models._weights import Weights
from summand.tables import Array, Batch


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
        weights: A column of prior weights, at least 0: the variance of a row's outcome is ``residual_sd² / weight``; rows
            of weight 0 are not in the model. "" for none.
        errors: ``model``: one variance for all rows; ``HC0``, ``HC1`` or ``HC3``: a sandwich of squared residuals,
            ``cluster-site`` or ``cluster-person``: of squared sums by site or by person.

    Reveals: over all sites, sums, squares and products of the columns, the residual sum of squares, and how many rows
        each level has. With ``fixed``, also how many sites have rows. With a sandwich, squares of scores summed over
        rows, persons or sites, and how many persons or sites there are.

    Raises:
        SingularInformation, OutcomeConstant: from `update`, with a diagnosis.
        CohortTooSmall: from `update`, where a level, or a value of a two-valued outcome, has fewer people than the
            limits ask, or effectively so by the weights.

    Source: Golub & Van Loan (2013), Matrix Computations, §5.3.8 (refinement by residuals); Frisch & Waugh (1933).
    """

    weights: str = ""
    errors: str = MODEL

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "Linear regression"
    state_type: ClassVar[type[State]] = LinearState
    complete_cases: ClassVar[bool] = True

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it; what is as ever is left out."""
        own = {"weights": self.weights, "errors": self.errors}
        return {**super().to_spec(), **{name: value for name, value in own.items() if value not in ("", MODEL)}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "site", "weights", "errors"))
        plain = super().from_spec({name: value for name, value in spec.items() if name not in ("weights", "errors")})
        weights, errors = _spec.text(settings, "weights", ""), _spec.choice(settings, "errors", (*ERRORS, HC3))
        return dataclasses.replace(plain, weights=weights, errors=errors)

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formula or settings do not fit the dictionary.
        """
        _spec.choice({"site": self.site}, "site", self.sites)
        check_persons(self.errors, setting)
        method = dataclasses.replace(self, setting=setting)
        method.outcome_scale  # noqa: B018 — both parse against the dictionary, and say now what does not fit
        method.design  # noqa: B018
        method.weight_column  # noqa: B018
        return method

    @cached_property
    def weight_column(self) -> Weights:
        """The prior weights."""
        return Weights.of(self.weights, self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*self.parsed.columns, *((self.weights,) if self.weights else ()))))

    @property
    def by_person(self) -> bool:
        """Whether it asks whose row each is."""
        return self.errors == BY_PERSON

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
    def two_values(self) -> tuple[float, float] | None:
        """The two values of the outcome; None if it may have more."""
        if not isinstance(self.parsed.outcome, Value):
            return 0.0, 1.0
        levels = levels_of(self.placed.dictionary[self.parsed.outcome.column])
        return (float(levels[0]), float(levels[1])) if len(levels) == 2 else None

    def _check_classes(self, total: Array) -> None:
        """Under limits a two-valued outcome needs enough people of each value: the fit tells their numbers."""
        limits = self.placed.limits
        if self.two_values is None or limits.minimum_cell <= 1:
            return
        (low, high), (centre, half_width), n = self.two_values, self.outcome_scale, round(total[0])
        events = round((n * (centre - low) + half_width * float(total[1])) / (high - low))
        if self.weights:
            events = round(float(total[2 + len(self.design.groups)]))
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
        """Cross-products first, then residual sums; for a sandwich, squared scores at the end."""
        return _linear_sums.layout(self, state)

    def tally(self, batch: Batch, state: LinearState, local: Local) -> Array | Ending:
        """Sums of one batch of complete rows: products at first, then residual sums, then scores."""
        return _linear_sums.tally(self, batch, state, local)

    def condense(self, partial: Array | Ending, state: LinearState, local: Local) -> tuple[Array, Local]:
        """The sums of a site; with ``fixed``, about the site's own means, which stay there."""
        return _linear_sums.condense(self, partial, state, local)

    def update(self, total: Array, state: LinearState) -> LinearState | Result:
        """Solve, then correct until nothing is left to correct, then sum scores where errors ask for them."""
        check_length(total, length(self.layout(state)))
        if state.round == 0:
            self._check_classes(total)
            return after_products(total, state, self)
        if state.ending:
            return after_scores(total, state, self, _linear_sums.score_blocks(self, state)[1])
        return after_residuals(total, state, self)
