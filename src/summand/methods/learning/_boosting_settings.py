"""What may be asked of boosting."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from summand.errors import FormulaInvalid, UsageError
from summand.methods import _spec
from summand.methods._placed import Placed
from summand.methods._protocol import Setting
from summand.methods.formulas._formula import Category, Formula, Variable, parse
from summand.methods.learning._boosting_bins import BINS_MAX

FEATURES_MAX = 200
TREES_MAX = 1000
DEPTH_MAX = 8
_LOSSES = ("auto", "logistic", "squared", "poisson")


@dataclass(frozen=True)
class BoostingSettings(Placed):
    """The settings of boosting; `Boosting` says what they mean."""

    formula: str
    loss: str = "auto"
    trees: int = 100
    depth: int = 6
    learning_rate: float = 0.1
    bins: int = 64
    rows_min: int = 20
    l2: float = 1.0
    held_out: int = 20
    patience: int = 10
    monotone: tuple[tuple[str, int], ...] = ()
    seed: int = 1
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "boosting"

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        names = (
            "formula", "loss", "trees", "depth", "learning_rate", "bins", "rows_min", "l2", "held_out", "patience", "seed",
        )  # fmt: skip
        return {"name": self.name, **{name: getattr(self, name) for name in names}, "monotone": dict(self.monotone)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        names = tuple(f.name for f in dataclasses.fields(cls) if f.name != "setting")
        settings = _spec.fields(spec, cls.name, names)
        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "loss", _LOSSES),
            _spec.whole(settings, "trees", 100, 1, TREES_MAX),
            _spec.whole(settings, "depth", 6, 1, DEPTH_MAX),
            _spec.number(settings, "learning_rate", 0.1, 1e-4, 1.0),
            _spec.whole(settings, "bins", 64, 2, BINS_MAX),
            _spec.whole(settings, "rows_min", 20, 1, 10**9),
            _spec.number(settings, "l2", 1.0, 0.0, 1e9),
            _spec.whole(settings, "held_out", 20, 0, 50),
            _spec.whole(settings, "patience", 10, 0, TREES_MAX),
            _directions(settings.get("monotone", {})),
            _spec.whole(settings, "seed", 1, 0, 2**31 - 1),
        )
        method.parsed  # noqa: B018
        return method

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree, main effects only.

        Raises:
            FormulaInvalid: if it has a product or a power, no columns, or no outcome.
        """
        formula = parse(self.formula)
        for term in formula.terms:
            if len(term.factors) > 1 or not isinstance(term.factors[0], (Variable, Category)):
                raise FormulaInvalid(
                    f"The term '{term}' is no column.", remedy="Name columns alone; trees find products and curves."
                )
        if not 1 <= len(formula.terms) <= FEATURES_MAX:
            raise FormulaInvalid(
                f"The formula names {len(formula.terms)} columns.", remedy=f"Name 1 to {FEATURES_MAX}, joined by +."
            )
        return formula

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns

    @property
    def required(self) -> tuple[str, ...]:
        """The outcome: a row may lack any other column."""
        return self.columns[:1]


def _directions(value: Any) -> tuple[tuple[str, int], ...]:
    """Directions by column.

    Raises:
        UsageError: if they are not an object of 1 and -1.
    """
    if not isinstance(value, Mapping) or len(value) > FEATURES_MAX:
        raise UsageError("The setting 'monotone' is no object.", remedy='Write {"age": 1}.')
    for name, sign in value.items():
        if not isinstance(name, str) or isinstance(sign, bool) or sign not in (1, -1):
            raise UsageError("A direction in 'monotone' is neither 1 nor -1.", remedy='Write {"age": 1}.')
    return tuple(sorted((name, int(sign)) for name, sign in value.items()))
