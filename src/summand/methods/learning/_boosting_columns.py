"""What the columns of a dictionary are to boosting: features, outcome and loss, and what follows from them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import FormulaInvalid
from summand.methods._protocol import Setting
from summand.methods.formulas._formula import Category, Comparison, Value
from summand.methods.formulas._outcome import Indicator
from summand.methods.learning._boosting_bins import Binning, Feature
from summand.methods.learning._boosting_losses import Loss
from summand.methods.learning._boosting_rows import Grain
from summand.methods.learning._boosting_settings import BoostingSettings
from summand.methods.learning._boosting_split import Rules
from summand.methods.learning._boosting_update import Growth
from summand.methods.learning._row_hash import row_hash, uniforms
from summand.tables import Array, Batch

NUMBERS_MAX = 4_000_000


@dataclass(frozen=True)
class BoostingColumns(BoostingSettings):
    """Boosting in a study's setting, before any data."""

    def under(self, setting: Setting) -> Self:
        """This method in the study's setting.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or settings do not fit the dictionary.
        """
        method = dataclasses.replace(self, setting=setting)
        method.rules  # noqa: B018 — says now what does not fit
        method.loss_function  # noqa: B018
        if 2 ** (self.depth - 1) * self.bins * len(method.features) > NUMBERS_MAX:
            raise FormulaInvalid(
                "A level of these trees has more bins than a round may add.", remedy="Choose less depth or fewer bins."
            )
        return method

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The columns that trees may split, as the dictionary has them."""
        dictionary, found = self.placed.dictionary, []
        for term in self.parsed.terms:
            column, factor = dictionary[term.factors[0].column], term.factors[0]
            if column.name == self.columns[0]:
                raise FormulaInvalid("The outcome is on both sides.", remedy="Leave it out on the right.")
            found.append(Feature.of(column, as_category=isinstance(factor, Category) or not column.is_numeric))
        return tuple(found)

    @cached_property
    def rules(self) -> Rules:
        """What a split must obey.

        Raises:
            FormulaInvalid: if a direction is asked of a column that is none of the numbers.
        """
        signs = dict(self.monotone)
        for name in signs:
            known = [f for f in self.features if f.column.name == name and f.keys is not None]
            if not known:
                raise FormulaInvalid(
                    f"A direction is asked of '{name}', which is no numeric column of the formula.",
                    remedy="Leave it out.",
                )
        rows_min = max(self.rows_min, self.placed.limits.minimum_cell)
        loss = self.loss_function
        unit = loss.half_width if loss.name == "poisson" else 1.0
        return Rules(rows_min, self.l2 / unit, unit, tuple(signs.get(f.column.name, 0) for f in self.features))

    @cached_property
    def growth(self) -> Growth:
        """How trees grow."""
        return Growth(self.trees, self.depth, self.learning_rate, self.patience, self.rules)

    @cached_property
    def indicator(self) -> Indicator | None:
        """The outcome as 0 or 1; None where it is a number."""
        if self.loss in ("squared", "poisson"):
            return None
        dictionary, outcome = self.placed.dictionary, self.parsed.outcome
        if self.loss == "auto" and isinstance(outcome, Value):
            column = dictionary[outcome.column]
            if column.is_numeric and column.range not in ((0.0, 1.0), (1.0, 2.0)):
                return None
        return Indicator.of(self.parsed, dictionary)

    @cached_property
    def loss_function(self) -> Loss:
        """What is made smaller.

        Raises:
            FormulaInvalid: if the outcome does not fit it.
        """
        if self.indicator is not None:
            return Loss("logistic")
        outcome = self.parsed.outcome
        column = None if not isinstance(outcome, Value) else self.placed.dictionary[outcome.column]
        if column is None or isinstance(outcome, Comparison) or not column.is_numeric:
            raise FormulaInvalid("This loss needs a numeric outcome.", remedy="Write it like: bp ~ age + sex.")
        low, high = column.range
        if self.loss != "poisson":
            return Loss("squared", column.centre, column.half_width)
        if low < 0.0 or high <= 0.0:
            raise FormulaInvalid(
                f"The outcome '{column.name}' may be negative in the dictionary.", remedy="Use the loss 'squared'."
            )
        return Loss("poisson", 0.0, high)

    @cached_property
    def grain(self) -> Grain:
        """To which gradients and losses are rounded."""
        loss = self.loss_function
        return Grain.of(self.placed.rows_max, max(loss.gradient_bound, loss.loss_bound))

    def outcome(self, batch: Batch) -> Array:
        """The outcome on the loss's scale, shape (rows,).

        Raises:
            ValueOutOfRange: if a count is negative.
        """
        if self.indicator is not None:
            return self.indicator(batch)
        loss = self.loss_function
        return np.asarray((batch.number(self.columns[0]) - loss.centre) / loss.half_width, dtype=np.float64)

    def is_held_out(self, batch: Batch) -> NDArray[np.bool_]:
        """Which rows are held out: a hash of the row's own values decides."""
        if not self.held_out:
            return np.zeros(batch.rows, dtype=np.bool_)
        return uniforms(row_hash(batch, self.columns, self.seed)) < self.held_out / 100.0

    @cached_property
    def _binnings(self) -> dict[str, Binning]:
        return {}

    def binning(self, cuts: str) -> Binning:
        """The bins behind their text, read once."""
        binning = self._binnings.get(cuts)
        if binning is None:
            self._binnings.clear()
            binning = self._binnings[cuts] = Binning.unpack(self.features, cuts)
        return binning  # not read again: another thread may have cleared it meanwhile
