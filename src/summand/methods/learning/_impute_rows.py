"""Rows whose gaps are filled: from the drawn models and each row's own noise, made anew from the state if need be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from summand.methods.description._grid import Keys
from summand.methods.formulas._design import Design
from summand.methods.formulas._terms import levels_of
from summand.methods.learning._impute_draws import normals
from summand.methods.learning._numbers import two_valued
from summand.methods.learning._row_hash import mix, uniforms
from summand.tables import Array, Batch, Column

CHUNK_ROWS = 4096


@dataclass(frozen=True)
class Target:
    """A column whose gaps may be filled.

    Attributes:
        column: A number, or a column with two values.
        low, high: Its two values as a batch holds them; None if it may have more.
    """

    column: Column
    low: float | None
    high: float | None

    @classmethod
    def of(cls, column: Column) -> Self | None:
        """The target of a column; None if it has more than two levels, whose gaps are not filled."""
        if not column.is_numeric:
            known = levels_of(column)
            places = [float(column.levels.index(level)) for level in known]
            return cls(column, *places) if len(known) == 2 else None
        if not two_valued((column,)):
            return cls(column, None, None)
        values = sorted(float(level) for level in column.levels) if len(column.levels) == 2 else list(column.range)
        return cls(column, *values)

    @property
    def kinds(self) -> float:
        """How many values it may have."""
        return 2.0 if self.is_binary else float(Keys.of(self.column).count)

    @property
    def is_binary(self) -> bool:
        """Whether it has two values."""
        return self.low is not None

    def missing(self, batch: Batch) -> NDArray[np.bool_]:
        """Which rows lack it."""
        return ~batch.complete((self.column.name,))

    def scaled(self, values: NDArray[Any]) -> Array:
        """In [-1, 1], or 0 and 1."""
        if self.is_binary:
            return np.asarray(values == self.high, dtype=np.float64)
        return np.asarray((values - self.column.centre) / self.column.half_width)

    def value(self, scaled: Array) -> NDArray[Any]:
        """The inverse of `scaled`; a number stays within the dictionary's range."""
        if self.is_binary:
            low, high = float(self.low or 0.0), float(self.high or 0.0)
            values = np.asarray(np.where(scaled > 0.5, high, low))
            return values if self.column.is_numeric else values.astype(np.int32)
        return np.asarray(self.column.centre + self.column.half_width * np.clip(scaled, -1.0, 1.0))


@dataclass(frozen=True)
class Model:
    """The model of one target: an intercept, the outcome, and the other columns.

    Attributes:
        target: Place of the column that it is about.
        design: Of intercept and other columns.
    """

    target: int
    design: Design

    @property
    def width(self) -> int:
        """How many coefficients it has, the outcome's last."""
        return len(self.design) + 1


class FilledRows:
    """The rows of one batch, with the gaps of each imputation filled as a state's draws say.

    Args:
        batch: Its rows lack targets only.
        words: A number for each row, from its own values.
        targets: The columns whose gaps may be filled.
        models: Of those that have gaps.
        outcome: The outcome on [-1, 1], shape (rows,).
        imputations: How many.
        begin: Mean and deviation of each target on its scale, shape (targets, 2).
    """

    def __init__(
        self, batch: Batch, words: NDArray[np.uint64], targets: tuple[Target, ...], models: tuple[Model, ...],
        outcome: Array, imputations: int, begin: Array,
    ) -> None:  # fmt: skip
        self._batch_columns, self._rows, self._words = batch.columns, batch.rows, words
        self._targets, self._models, self._outcome, self._count = targets, models, outcome, imputations
        self.gaps = [np.flatnonzero(target.missing(batch)) for target in targets]
        self._draws = np.zeros(0)
        self._steps = 0
        self.begin = begin
        self._values = self._first()

    def _first(self) -> list[list[NDArray[Any]]]:
        """Draws from each target's own distribution, by target and imputation."""
        found = []
        for place, (target, gaps) in enumerate(zip(self._targets, self.gaps, strict=True)):
            mean, deviation = self.begin[place]
            noise = (self._noise(gaps, 0, place, m) for m in range(self._count))
            found.append([
                target.value(uniforms(n) < mean if target.is_binary else mean + deviation * normals(n)) for n in noise
            ])  # fmt: skip
        return found

    def _noise(self, rows: NDArray[np.intp], cycle: int, place: int, imputation: int) -> NDArray[np.uint64]:
        return mix(self._words[rows], 1 + imputation + 1000 * (place + 1000 * cycle))

    def follow(self, draws: Array) -> None:
        """Fill the gaps as some drawn models say, step by step."""
        if not np.array_equal(draws[: len(self._draws)], self._draws):
            self._draws, self._steps, self._values = np.zeros(0), 0, self._first()
        at = len(self._draws)
        while at < len(draws):
            model = self._models[self._steps % len(self._models)]
            size = self._count * (model.width + 1)
            self._fill(model, draws[at : at + size].reshape(self._count, -1), 1 + self._steps // len(self._models))
            at, self._steps = at + size, self._steps + 1
        self._draws = draws.copy()

    def _fill(self, model: Model, drawn: Array, cycle: int) -> None:
        target, gaps = self._targets[model.target], self.gaps[model.target]
        if not len(gaps):
            return
        for m, own in enumerate(drawn):
            some = Batch({name: values[gaps] for name, values in self.completed(m).columns.items()}, len(gaps))
            predictor = own[:-1] @ self.matrix(model, some, slice(None), self._outcome[gaps])
            noise = self._noise(gaps, cycle, model.target, m)
            if target.is_binary:
                scaled: Any = uniforms(noise) < 1.0 / (1.0 + np.exp(-np.clip(predictor, -40.0, 40.0)))
            else:
                scaled = predictor + own[-1] * normals(noise)
            self._values[model.target][m] = target.value(scaled)

    def completed(self, imputation: int) -> Batch:
        """All rows with the gaps of one imputation filled."""
        columns = dict(self._batch_columns)
        for target, gaps, values in zip(self._targets, self.gaps, self._values, strict=True):
            if len(gaps):
                column = columns[target.column.name].copy()
                column[gaps] = values[imputation]
                columns[target.column.name] = column
        return Batch(columns, self._rows)

    @staticmethod
    def matrix(model: Model, batch: Batch, rows: slice, outcome: Array) -> Array:
        """The model's columns of some rows, shape (width, rows)."""
        out = np.empty((model.width, len(outcome)))
        model.design.matrix(batch, rows, out=out[:-1])
        out[-1] = outcome
        return out

    def about_target(self, model: Model, add: Callable[[int, Array, Array], None]) -> None:
        """Call ``add(imputation, x, y)`` with the rows that have a model's target, a block at a time."""
        target = self._targets[model.target]
        has = np.ones(self._rows, dtype=np.bool_)
        has[self.gaps[model.target]] = False
        scaled = target.scaled(self._batch_columns[target.column.name][has])
        outcome = self._outcome[has]
        for m in range(self._count):
            known = self.completed(m).where(has)
            for first in range(0, known.rows, CHUNK_ROWS):
                rows = slice(first, min(first + CHUNK_ROWS, known.rows))
                add(m, self.matrix(model, known, rows, outcome[rows]), scaled[rows])

    def analysed(self, design: Design, add: Callable[[int, Array, Array], None]) -> None:
        """Call ``add(imputation, x, outcome)`` with all rows of the analysis, a block at a time."""
        for m in range(self._count):
            known = self.completed(m)
            for first in range(0, self._rows, CHUNK_ROWS):
                rows = slice(first, min(first + CHUNK_ROWS, self._rows))
                add(m, design.matrix(known, rows).T, self._outcome[rows])
