"""What the columns of a dictionary are to multiple imputation: targets, their models, the outcome, the analysis."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from summand.errors import FormulaInvalid
from summand.methods._protocol import Setting
from summand.methods.description._grid import Keys
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, Term, Value, Variable
from summand.methods.formulas._outcome import Indicator
from summand.methods.formulas._terms import levels_of
from summand.methods.learning._impute_rows import Model, Target
from summand.methods.learning._impute_settings import ImputeSettings
from summand.methods.learning._impute_state import ANALYSE, ImputeState
from summand.tables import Array, Batch, Column

# The columns must have so many times more different rows than there are people.
ROWS_APART = 10


@dataclass(frozen=True)
class ImputeColumns(ImputeSettings):
    """Multiple imputation in a study's setting, before any data."""

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or columns do not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.design  # noqa: B018 — says now what does not fit
        method.outcome_scale  # noqa: B018
        for place in range(len(method.targets)):
            method._model(place)
        return method

    @cached_property
    def _helpers(self) -> tuple[Term, ...]:
        """The terms of all columns that fill each other: the analysis' own, and the auxiliary."""
        own = {factor.column for term in self.parsed.terms for factor in term.factors}
        others = (name for name in self.auxiliary if name not in own and name != self.columns[0])
        return (*self.parsed.terms, *(Term((Variable(name),)) for name in others))

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The columns whose gaps are filled."""
        found = (Target.of(self._column(term)) for term in self._helpers if not self._has_levels(term))
        return tuple(target for target in found if target is not None)

    def _column(self, term: Term) -> Column:
        return self.placed.dictionary[term.factors[0].column]

    def _has_levels(self, term: Term) -> bool:
        """Whether a term is a category of more than two levels."""
        column = self._column(term)
        as_number = column.is_numeric and isinstance(term.factors[0], Variable)
        return not as_number and len(levels_of(column)) != 2

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns of more than two levels: their gaps are not filled."""
        return tuple(self._column(term).name for term in self._helpers if self._has_levels(term))

    @property
    def required(self) -> tuple[str, ...]:
        """Outcome and categories of more than two levels; once it has a setting, else the outcome."""
        return (self.columns[0], *(() if self.setting is None else self.categories))

    @cached_property
    def design(self) -> Design:
        """The design of the analysis."""
        return Design.of(self.parsed, self.placed.dictionary)

    @cached_property
    def _models(self) -> tuple[Model, ...]:
        return tuple(self._model(place) for place in range(len(self.targets)))

    def _model(self, place: int) -> Model:
        name = self.targets[place].column.name
        others = tuple(term for term in self._helpers if term.factors[0].column != name)
        return Model(place, Design.of(Formula(None, others), self.placed.dictionary))

    def filled(self, missing: tuple[int, ...]) -> tuple[Model, ...]:
        """The models of the targets that have gaps."""
        return tuple(model for model, count in zip(self._models, missing, strict=True) if count)

    @cached_property
    def indicator(self) -> Indicator | None:
        """The outcome as 0 or 1; None where it is a number."""
        outcome, dictionary = self.parsed.outcome, self.placed.dictionary
        if isinstance(outcome, Value):
            column = dictionary[outcome.column]
            if column.is_numeric and column.range not in ((0.0, 1.0), (1.0, 2.0)):
                return None
        return Indicator.of(self.parsed, dictionary)

    @cached_property
    def outcome_scale(self) -> tuple[float, float]:
        """Centre and half width of the outcome; 0 and 1 if it has two values.

        Raises:
            FormulaInvalid: if it is also on the right.
        """
        if any(factor.column == self.columns[0] for term in self.parsed.terms for factor in term.factors):
            raise FormulaInvalid("The outcome is on both sides.", remedy="Leave it out on the right.")
        if self.indicator is not None:
            return 0.0, 1.0
        column = self.placed.dictionary[self.columns[0]]
        column.range  # noqa: B018
        return column.centre, column.half_width

    def outcome(self, batch: Batch) -> Array:
        """The outcome on [-1, 1], or as 0 and 1, shape (rows,)."""
        if self.indicator is not None:
            return self.indicator(batch)
        centre, half_width = self.outcome_scale
        return np.asarray((batch.number(self.columns[0]) - centre) / half_width)

    def check_distinct(self, n: int) -> None:
        """People who agree in every column share their noise, and would be filled alike: there must be few of them.

        Raises:
            FormulaInvalid: if the columns have too few different rows for so many people.
        """
        kinds = 2.0 if self.indicator is not None else float(Keys.of(self.placed.dictionary[self.columns[0]]).count)
        for target in self.targets:
            kinds *= target.kinds
        for name in self.categories:
            kinds *= len(levels_of(self.placed.dictionary[name]))
        if kinds < ROWS_APART * n:
            raise FormulaInvalid(
                f"These columns have only {kinds:.0f} different rows, so that many people would be filled alike.",
                remedy="Add a column with many values as auxiliary, such as an age or a measurement.",
            )

    def current_model(self, state: ImputeState) -> Model:
        """The model whose sums a state asks for."""
        models = self.filled(state.missing)
        return models[state.step % len(models)]

    def is_linear(self, state: ImputeState) -> bool:
        """Whether what a state asks for is linear: a model, or the analysis."""
        if state.phase == ANALYSE:
            return self.indicator is None
        return not self.targets[self.current_model(state).target].is_binary

    def width(self, state: ImputeState) -> int:
        """How many coefficients it has."""
        return len(self.design) if state.phase == ANALYSE else self.current_model(state).width
