"""What methods share: the study's setting, and for the two regressions the formula and their design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from summand.errors import UsageError
from summand.methods import _spec
from summand.methods._protocol import Setting
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, parse
from summand.methods.formulas._terms import columns_of_term
from summand.tables import Array


class Placed:
    """Base of the methods: they say nothing about data before a study gave them its setting."""

    setting: Setting | None

    @property
    def placed(self) -> Setting:
        """The study's setting.

        Raises:
            UsageError: before `under`.
        """
        if self.setting is None:
            raise UsageError("The method has no dictionary yet.", remedy="Call under(setting) first.")
        return self.setting


@dataclass(frozen=True)
class Regression(Placed):
    """Base of linear and logistic regression: one formula, and an intercept for all or one for each site."""

    formula: str
    site: str = "pooled"
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str]
    title: ClassVar[str]
    sites: ClassVar[tuple[str, ...]] = ("pooled", "fixed")

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        return {"name": self.name, "formula": self.formula, "site": self.site}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, cls.name, ("formula", "site"))
        method = cls(_spec.text(settings, "formula"), _spec.choice(settings, "site", cls.sites))
        method.parsed  # noqa: B018
        return method

    @cached_property
    def parsed(self) -> Formula:
        """The formula as a tree."""
        return parse(self.formula)

    @cached_property
    def design(self) -> Design:
        """The design of the right side; without intercept where each site has its own."""
        return Design.of(self.parsed, self.placed.dictionary, intercept=self.site == "pooled")

    @cached_property
    def term_places(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Each term of the formula, as its columns are named, and where its columns are in the design."""
        places = {name: place for place, name in enumerate(self.design.terms)}
        return tuple(
            (
                ":".join(getattr(factor, "label", str(factor)) for factor in term.factors),
                tuple(places[name] for name in columns_of_term(term, self.placed.dictionary)),
            )
            for term in self.parsed.terms
        )

    @property
    def joint_places(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Of `term_places`, the terms of several coefficients: one alone is tested in its own row."""
        return tuple((label, places) for label, places in self.term_places if len(places) > 1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.parsed.columns

    def parameter_count(self) -> int:
        """How many coefficients it estimates; with ``fixed``, one more for each site."""
        return len(self.design) + (self.placed.site_count if self.site == "fixed" else 0)


def check_length(total: Array, expected: int) -> None:
    """Refuse a total of another layout.

    Raises:
        UsageError: if its length differs.
    """
    if total.shape != (expected,):
        raise UsageError("A total has the wrong length.", remedy="Both ends must run the same version.")
