"""Models whose coefficients are given, and the numbers they say about a row."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods.description._grid import Keys
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, parse
from summand.methods.formulas._terms import INTERCEPT, Monomial, Scale
from summand.tables import Array, Batch, Dictionary

COEFFICIENT_MAX = 1e6


@dataclass(frozen=True)
class GivenModel:
    """A logistic model under test.

    Attributes:
        name: As the result calls it.
        formula: Its right side; an outcome on the left is ignored.
        terms: Coefficients by term, per unit of the columns, as a fit reports them. Without ``Intercept`` the model
            ranks people but gives no probabilities.
        study: The study that fitted and released it; under a minimum cell a site judges no other without an approval.
    """

    name: str
    formula: str
    terms: tuple[tuple[str, float], ...]
    study: str | None = None

    @classmethod
    def from_spec(cls, spec: Any) -> Self:
        """The model in a request: ``{"name", "formula", "terms": {term: coefficient}}``, and ``study`` if one fitted it.

        Raises:
            UsageError, FormulaInvalid: if it is malformed.
        """
        if not isinstance(spec, Mapping) or set(spec) - {"study"} != {"name", "formula", "terms"}:
            raise UsageError(
                "A model is not an object of name, formula and terms.",
                remedy="Give exactly these three, and 'study' where a study fitted it.",
            )
        terms = spec["terms"]
        if not isinstance(terms, Mapping) or not 1 <= len(terms) <= _spec.ITEMS_MAX:
            raise UsageError("A model's terms are no object of coefficients.", remedy='Write {"age": 0.04, …}.')
        for coefficient in terms.values():
            is_number = isinstance(coefficient, (int, float)) and not isinstance(coefficient, bool)
            if not is_number or not math.isfinite(coefficient) or abs(coefficient) > COEFFICIENT_MAX:
                raise UsageError("A coefficient is not a number of at most a million.", remedy="Correct the model.")
        name, formula = _spec.text(spec, "name"), _spec.text(spec, "formula")
        parse(formula)
        study = None if spec.get("study") is None else _spec.text(spec, "study")
        return cls(name, formula, tuple((str(term), float(value)) for term, value in terms.items()), study)

    def to_spec(self) -> dict[str, Any]:
        """The model as a request holds it."""
        spec = {"name": self.name, "formula": self.formula, "terms": dict(self.terms)}
        return spec if self.study is None else {**spec, "study": self.study}

    @property
    def right_side(self) -> Formula:
        """The formula as a tree, without outcome."""
        return dataclasses.replace(parse(self.formula), outcome=None)


@dataclass(frozen=True)
class Scorer:
    """A given model over a dictionary.

    Attributes:
        model: What it is.
        design: Its terms on the columns' own scale, without the constant.
        coefficients: Shape (p,), of the design's terms.
        intercept: Its constant; 0 if it gives none.
        has_intercept: Whether it gives one.
        low, high: Between which every linear predictor lies, by the dictionary's ranges.
    """

    model: GivenModel
    design: Design
    coefficients: tuple[float, ...]
    intercept: float
    has_intercept: bool
    low: float
    high: float

    @classmethod
    def of(cls, model: GivenModel, dictionary: Dictionary) -> Self:
        """The model made ready.

        Raises:
            FormulaInvalid: if its coefficients are not those of its formula's terms.
            ColumnMissing: if the dictionary lacks a column.
        """
        for curve in model.right_side.unlearned:
            raise FormulaInvalid(
                f"The model '{model.name}' does not give the numbers of '{curve.label}'.",
                remedy="Write them as its fit reports them, such as ns(age, 2, 30, 50, 70) with the knots.",
            )
        scaled = Design.of(model.right_side, dictionary, intercept=False)
        terms = dict(model.terms)
        constant = terms.pop(INTERCEPT, None)
        if set(terms) != set(scaled.terms):
            odd = sorted(set(terms) ^ set(scaled.terms))[0]
            raise FormulaInvalid(
                f"The model '{model.name}' has no coefficient, or no term, '{odd[:80]}'.",
                remedy="Give one coefficient for each term of its formula, named as a fit names them.",
            )
        # the columns' own scale, added one by one and not by a matrix product: every machine gets the same bits, so
        # people with the same covariates are tied
        own = dataclasses.replace(
            scaled,
            scales={name: Scale(0.0, 1.0) for name in scaled.scales},
            curve_limits={curve: (1.0,) * len(limits) for curve, limits in scaled.curve_limits.items()},
        )
        coefficients = tuple(terms[term] for term in scaled.terms)
        ends = [
            sorted(coefficient * end for end in _range(monomial, dictionary, scaled))
            for coefficient, monomial in zip(coefficients, own.monomials, strict=True)
        ]
        intercept = 0.0 if constant is None else constant
        low, high = (intercept + math.fsum(pair[side] for pair in ends) for side in (0, 1))
        return cls(model, own, coefficients, intercept, constant is not None, low, high)

    @property
    def keys(self) -> Keys:
        """Linear predictors as whole numbers in their order."""
        slack = 1e-9 * (1.0 + self.high - self.low)
        return Keys.between(self.low - slack, self.high + slack)

    @property
    def centre(self) -> float:
        """The middle of the possible linear predictors."""
        return (self.low + self.high) / 2

    @property
    def half_width(self) -> float:
        """Half their range."""
        return (self.high - self.low) / 2 or 1.0

    def predictors(self, batch: Batch) -> Array:
        """The linear predictor of every row, shape (rows,)."""
        total = np.full(batch.rows, self.intercept)
        for column, coefficient in zip(self.design.matrix(batch).T, self.coefficients, strict=True):
            total += column * coefficient
        return total


def _range(monomial: Monomial, dictionary: Dictionary, scaled: Design) -> tuple[float, float]:
    """Between which values a product of powers, indicators and curves lies, by the columns' ranges."""
    low, high = 1.0, 1.0
    for name, power in sorted(monomial.powers):
        bottom, top = dictionary[name].range
        ends = [bottom**power, top**power] + ([0.0] if bottom < 0.0 < top and power % 2 == 0 else [])
        corners = [one * other for one in (low, high) for other in ends]
        low, high = min(corners), max(corners)
    for curve, j in monomial.curves:
        most = scaled.curve_limits[curve][j - 1] * max(-low, high)
        low, high = -most, most
    return (min(low, 0.0), max(high, 0.0)) if monomial.levels else (low, high)


def is_same_predictor(asked: str, fitted: str) -> bool:
    """Whether two formulas have the same right side, and that side is whole.

    With terms that learn, the fit's formula is not yet the model: nobody can say from it alone what was fitted.
    """
    try:
        one, other = parse(asked), parse(fitted)
    except FormulaInvalid:
        return False
    return not other.unlearned and (set(one.terms), one.intercept) == (set(other.terms), other.intercept)
