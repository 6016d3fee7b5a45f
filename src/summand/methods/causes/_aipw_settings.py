"""What may be asked of a doubly robust comparison, and whether it fits the dictionary."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from summand.errors import FormulaInvalid
from summand.methods import _spec
from summand.methods._placed import Placed
from summand.methods._protocol import Setting
from summand.methods.causes._arms import Arms
from summand.methods.causes._regressed import Regressed
from summand.methods.causes._weights import CUT_LEAST, CUT_MOST, Weighing
from summand.methods.formulas._formula import Value, parse
from summand.methods.models._logistic import LogisticRegression


@dataclass(frozen=True)
class AipwSettings(Placed):
    """The settings of a doubly robust comparison; `DoublyRobust` says what they mean."""

    treatment: str
    formula: str
    cut: float = 0.01
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "aipw"

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, UsageError: if formulas or settings do not fit the dictionary.
        """
        method = dataclasses.replace(self.from_spec(self.to_spec()), setting=setting)
        column = method.arms.column
        if not method.score.is_binary:
            raise FormulaInvalid("The treatment is not two-valued.", remedy="Write it like: treated ~ age + sex.")
        if len(method.arms) != 2:
            raise FormulaInvalid(
                f"The treatment '{column}' has more than two levels.", remedy="Use standardisation for several arms."
            )
        if column not in method.model.fit.design.columns:
            raise FormulaInvalid(
                f"The treatment '{column}' is not in the outcome's formula.", remedy="Write: outcome ~ treated + age."
            )
        if method.model.fit.columns[0] in method.score.fit.columns:
            raise FormulaInvalid("The outcome is also in the score's formula.", remedy="Take it out of the formula.")
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, **{name: getattr(self, name) for name in ("treatment", "formula", "cut", "site")}}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("treatment", "formula", "cut", "site"))
        method = cls(
            _spec.text(settings, "treatment"),
            _spec.text(settings, "formula"),
            _spec.number(settings, "cut", 0.01, CUT_LEAST, CUT_MOST),
            _spec.choice(settings, "site", LogisticRegression.sites),
        )
        if not method.columns or not isinstance(parse(method.treatment).outcome, Value):
            raise FormulaInvalid(
                "The score's formula does not begin with a treatment column.", remedy="Write it like: treated ~ age."
            )
        return method

    @cached_property
    def score(self) -> Regressed:
        """The regression behind the scores."""
        return Regressed.of(self.treatment, self.site, self.placed)

    @cached_property
    def model(self) -> Regressed:
        """The outcome model."""
        return Regressed.of(self.formula, self.site, self.placed)

    @cached_property
    def arms(self) -> Arms:
        """The two treatments; the score's event second."""
        return Arms.of(parse(self.treatment).columns[0], self.placed.dictionary)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return tuple(dict.fromkeys((*parse(self.treatment).columns, *parse(self.formula).columns)))

    @cached_property
    def weighing(self) -> Weighing:
        """How scores become weights."""
        return Weighing("ate", self.cut, 0.0)

    @property
    def is_fixed(self) -> bool:
        """Whether each site has intercepts of its own."""
        return self.site == "fixed"
