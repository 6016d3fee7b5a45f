"""What may be asked of multiple imputation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._placed import Placed
from summand.methods._protocol import Setting
from summand.methods.formulas._formula import Category, Formula, Variable, parse

IMPUTATIONS_MAX, CYCLES_MAX = 100, 30


@dataclass(frozen=True)
class ImputeSettings(Placed):
    """The settings of multiple imputation; `Impute` says what they mean."""

    formula: str
    imputations: int = 20
    cycles: int = 5
    auxiliary: tuple[str, ...] = ()
    seed: int = 1
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "impute"

    def __post_init__(self) -> None:
        object.__setattr__(self, "auxiliary", tuple(self.auxiliary))

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {
            "name": self.name, "formula": self.formula, "imputations": self.imputations, "cycles": self.cycles,
            "auxiliary": list(self.auxiliary), "seed": self.seed,
        }  # fmt: skip

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "imputations", "cycles", "auxiliary", "seed"))
        method = cls(
            _spec.text(settings, "formula"),
            _spec.whole(settings, "imputations", 20, 2, IMPUTATIONS_MAX),
            _spec.whole(settings, "cycles", 5, 1, CYCLES_MAX),
            _spec.names(settings.get("auxiliary", []), "auxiliary"),
            _spec.whole(settings, "seed", 1, 0, 2**31 - 1),
        )
        method.parsed  # noqa: B018
        return method

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree.

        Raises:
            FormulaInvalid: if it has a product or a power, or no intercept, or no columns.
        """
        formula = parse(self.formula)
        for term in formula.terms:
            if len(term.factors) > 1 or not isinstance(term.factors[0], (Variable, Category)):
                raise FormulaInvalid(f"The term '{term}' is no column.", remedy="Name columns alone, joined by +.")
        if not formula.terms or not formula.intercept:
            raise FormulaInvalid("The formula has no columns, or no intercept.", remedy="Write it like: y ~ age + sex.")
        return formula

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*self.parsed.columns, *self.auxiliary)))
