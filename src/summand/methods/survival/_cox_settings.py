"""What may be asked of a Cox regression, and whether it fits together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from summand.errors import FormulaInvalid, UsageError, ValueOutOfRange
from summand.methods import _spec
from summand.methods._protocol import Setting
from summand.methods._sandwich import BY_PERSON, BY_SITE, HC0, MODEL, check_persons
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula_tree import Survival
from summand.methods.formulas._terms import term_columns
from summand.methods.survival._by_group import Grouping
from summand.methods.survival._survival import SurvivalMethod
from summand.tables import Array, Batch

TIES = ("efron", "breslow")
SITES = ("strata", "pooled")
BY_COLUMN = "cluster-column"
ERRORS = (MODEL, HC0, BY_SITE, BY_PERSON, BY_COLUMN)
ALSO = ("baseline", "concordance", "proportionality")
TRANSFORMS = {"pooled": ("km", "rank", "identity", "log"), "strata": ("identity", "log")}


@dataclass(frozen=True)
class CoxSettings(SurvivalMethod):
    """The settings of a Cox regression; `CoxRegression` says what they mean."""

    formula: str
    ties: str = "efron"
    site: str = "strata"
    strata: str | None = None
    weights: str | None = None
    errors: str = MODEL
    cluster: str | None = None
    also: tuple[str, ...] = ()
    transform: str | None = None
    setting: Setting | None = field(default=None, compare=False, repr=False)

    name: ClassVar[str] = "cox"
    late_entry: ClassVar[bool] = True

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing, StatusInvalid, ValueOutOfRange, UsageError: if formula or settings do not
                fit the dictionary, or each other.
        """
        type(self).from_spec(self.to_spec())
        method = dataclasses.replace(self, setting=setting)
        method.follow_up, method.stratum, method.heaviest  # noqa: B018 — say now what does not fit the dictionary
        check_persons(self.errors, setting)
        if self.cluster is not None and setting.dictionary[self.cluster].kind == "text":
            raise FormulaInvalid(f"Column '{self.cluster}' is text, which is never analysed.", remedy="Name another.")
        if not len(method.design):
            raise FormulaInvalid(
                "A Cox regression needs at least one covariate.",
                remedy="Add one, or use a Kaplan-Meier curve (km) for survival without covariates.",
            )
        return method

    def to_spec(self) -> dict[str, Any]:
        """The method as a study request holds it."""
        spec = {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.name != "setting"}
        return {"name": self.name, **spec, "also": list(self.also)}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """The method behind a request.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed, or its settings contradict each other.
        """
        names = tuple(one.name for one in dataclasses.fields(cls) if one.name != "setting")
        settings = _spec.fields(spec, cls.name, names)

        def text(key: str) -> str | None:
            return None if settings.get(key) is None else _spec.text(settings, key)

        method = cls(
            _spec.text(settings, "formula"),
            _spec.choice(settings, "ties", TIES),
            _spec.choice(settings, "site", SITES),
            strata=text("strata"),
            weights=text("weights"),
            errors=_spec.choice(settings, "errors", ERRORS),
            cluster=text("cluster"),
            also=_spec.names(settings.get("also", ()), "also"),
            transform=text("transform"),
        )
        method.parsed  # noqa: B018
        method._check()
        return method

    def _check(self) -> None:
        """Refuse settings that contradict each other.

        Raises:
            UsageError: naming them.
        """
        if (self.cluster is None) is (self.errors == BY_COLUMN):
            raise UsageError(
                "A cluster column and errors='cluster-column' go together.", remedy="Give both, or neither."
            )
        for one in self.also:
            _spec.choice({"also": one}, "also", ALSO)
        options = TRANSFORMS[self.site]
        if self.transform is not None and ("proportionality" not in self.also or self.transform not in options):
            raise UsageError(
                f"The transform of time is none that the test of proportional hazards has with site='{self.site}'.",
                remedy=f"Use one of: {', '.join(options)}; and ask for 'proportionality' in 'also'.",
            )
        if self.time_transform == "km" and self.weights is not None and "proportionality" in self.also:
            raise UsageError(
                "With case weights there is no Kaplan-Meier transform of time.", remedy="Use transform='identity'."
            )
        if "baseline" in self.also and self.site == "strata":
            raise UsageError(
                "A baseline hazard is shared by all sites or by none.", remedy="Use site='pooled' for a baseline."
            )
        late = isinstance(self.parsed.outcome, Survival) and self.parsed.outcome.start is not None
        if "concordance" in self.also and self.site == "pooled" and (late or self.weights is not None):
            raise UsageError(
                "Over a shared grid, concordance takes neither late entry nor case weights.",
                remedy="Use site='strata', which compares the people of a site with each other.",
            )

    @property
    def by_person(self) -> bool:
        """Whether its batches tell whose row each is."""
        return self.errors == BY_PERSON

    @property
    def time_transform(self) -> str:
        """The transform of time in the test of proportional hazards."""
        return self.transform or TRANSFORMS[self.site][0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        more = [name for name in (self.strata, self.weights, self.cluster) if name is not None]
        return tuple(dict.fromkeys([*super().columns, *more]))

    @cached_property
    def design(self) -> Design:
        """The design of the right side; the baseline hazard absorbs the constant."""
        return Design.of(self.parsed, self.placed.dictionary, intercept=False)

    @cached_property
    def terms(self) -> tuple[tuple[str, slice], ...]:
        """The formula's terms by name, and which of the design's columns each makes."""
        return term_columns(self.parsed, self.placed.dictionary)

    @cached_property
    def stratum(self) -> Grouping | None:
        """The strata that a column makes; None if there is one."""
        return None if self.strata is None else Grouping.by(self.strata, self.placed.dictionary)

    @property
    def strata_count(self) -> int:
        """How many strata a column makes, at each site or over all."""
        return 1 if self.stratum is None else len(self.stratum)

    @cached_property
    def heaviest(self) -> float:
        """The largest case weight that the dictionary allows, 1 without weights: sums hold weights as shares of it.

        Raises:
            FormulaInvalid: if the column is not numeric, or allows no positive weight.
        """
        if self.weights is None:
            return 1.0
        column = self.placed.dictionary[self.weights]
        if not column.is_numeric or column.range[1] <= 0.0:
            raise FormulaInvalid(f"The weight '{column.name}' is no positive number.", remedy="Give another column.")
        return column.range[1]

    def read_weights(self, batch: Batch) -> Array | None:
        """Case weights as shares of the heaviest, shape (rows,); None without.

        Raises:
            ValueOutOfRange: if one is not positive, or above the dictionary's maximum.
        """
        if self.weights is None:
            return None
        weights = batch.number(self.weights) / self.heaviest
        if not bool(((weights > 0.0) & (weights <= 1.0)).all()):
            raise ValueOutOfRange(
                f"Some weights '{self.weights}' are not positive, or above the dictionary's maximum.",
                remedy="Leave rows without weight out, or correct the column.",
            )
        return np.asarray(weights)
