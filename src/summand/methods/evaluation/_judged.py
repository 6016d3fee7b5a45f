"""What the methods share that judge given models: the models, the outcome, and the groups they are judged in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import UsageError
from summand.methods import _spec
from summand.methods._placed import Placed
from summand.methods._protocol import Setting
from summand.methods.description._factor import Factor, column_of
from summand.methods.evaluation._evaluate_model import GivenModel, Scorer
from summand.methods.formulas._formula import parse
from summand.methods.formulas._outcome import Indicator
from summand.tables import Array, Batch, Limits

MODELS_MAX = 20
EVERYBODY = "all"
# Fewer people with or without the outcome than this give no figure, whatever the limits.
CLASS_MIN = 10


@dataclass(frozen=True)
class Judged(Placed):
    """Base of the methods that judge given models.

    Args:
        models: ``{"name", "formula", "terms": {term: coefficient}}`` for each, or `GivenModel`.
        outcome: Such as ``num > 0``, or a two-valued column.
        by: A column with levels, or a comparison, in whose groups the models are judged apart.
    """

    models: tuple[GivenModel, ...]
    outcome: str
    by: str | None = None

    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        models = tuple(m if isinstance(m, GivenModel) else GivenModel.from_spec(m) for m in self.models)
        names = [model.name for model in models]
        if not 1 <= len(models) <= MODELS_MAX or len(set(names)) < len(names):
            raise UsageError(f"There must be 1 to {MODELS_MAX} models.", remedy="Give each a name of its own.")
        object.__setattr__(self, "models", models)

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if a model, the outcome or the groups do not fit the dictionary.
        """
        changes: dict[str, Any] = {"setting": setting}  # the field is last, so each method declares it
        method = dataclasses.replace(self, **changes)
        for scorer in method.scorers:
            method._check(scorer)
        method.indicator  # noqa: B018 — parses against the dictionary, and says now what does not fit
        method.factor  # noqa: B018
        return method

    def _check(self, scorer: Scorer) -> None:
        """Refuse a model that cannot be judged so; by default none."""

    @classmethod
    def read(cls, spec: Mapping[str, Any], name: str, more: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
        """The settings of a request, and models, outcome and groups among them.

        Raises:
            UsageError, FormulaInvalid: if the request is malformed.
        """
        settings = _spec.fields(spec, name, ("models", "outcome", "by", *more))
        models = settings.get("models")
        if not isinstance(models, (list, tuple)):
            raise UsageError("The setting 'models' is no list.", remedy="Give a list of models.")
        by = None if settings.get("by") is None else _spec.text(settings, "by")
        outcome = _spec.text(settings, "outcome")
        parse(f"{outcome} ~ 1")
        if by is not None:
            column_of(by)
        return settings, (tuple(models), outcome, by)

    @cached_property
    def indicator(self) -> Indicator:
        """The outcome as 0 or 1."""
        return Indicator.of(parse(f"{self.outcome} ~ 1"), self.placed.dictionary)

    @cached_property
    def factor(self) -> Factor | None:
        """The groups; None without any."""
        return None if self.by is None else Factor.of(self.by, self.placed.dictionary)

    @cached_property
    def scorers(self) -> tuple[Scorer, ...]:
        """The models over the dictionary."""
        return tuple(Scorer.of(model, self.placed.dictionary) for model in self.models)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Everybody, then each group, as a reader sees them."""
        factor = self.factor
        return (EVERYBODY, *(() if factor is None else (factor.named(k) for k in range(len(factor)))))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        names = [*parse(f"{self.outcome} ~ 1").columns]
        names += [name for model in self.models for name in model.right_side.columns]
        return tuple(dict.fromkeys([*names, *(() if self.by is None else (column_of(self.by),))]))

    def parameter_count(self) -> int:
        """None: the coefficients are given."""
        return 0

    def members(self, batch: Batch) -> list[NDArray[np.bool_]]:
        """Who is in each of `places`, shape (rows,) each."""
        everybody = np.ones(batch.rows, dtype=np.bool_)
        factor = self.factor
        if factor is None:
            return [everybody]
        codes = factor.codes(batch)
        return [everybody, *(codes == k for k in range(len(factor)))]


def is_too_few(people: Array, limits: Limits) -> bool:
    """Whether either class of a place, those without and with the outcome, has too few to tell anything about."""
    return bool(people.min() < max(CLASS_MIN, limits.minimum_cell))


def probabilities(eta: Array) -> Array:
    """1 / (1 + exp(-eta)) without overflow."""
    z = np.exp(-np.abs(eta))
    return np.where(eta >= 0.0, 1.0, z) / (1.0 + z)
