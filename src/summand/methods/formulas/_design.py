"""From a formula and a dictionary to a design matrix whose every entry lies in [-1, 1].

A column of the design is a monomial: powers of numeric columns times indicators of levels times functions of curves.
Numeric columns are scaled by the dictionary's range, and a curve's functions by the most that they may be on it, before
any product is summed, so that bounds are proved before data are read and cross-products keep their digits; `unscale` is
the exact linear map back. Nothing here is learned from data: levels come from the dictionary, so every site builds the
same columns, whichever levels its own patients have; a curve's numbers stand in the formula, once an earlier sum gave
them (`summand.methods._learned`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import CategoryUnknown, UsageError
from summand.methods.formulas._curves import CurveFunctions, functions_of
from summand.methods.formulas._formula import Formula
from summand.methods.formulas._terms import Curve, Monomial, Scale, build
from summand.tables import Array, Batch, Dictionary


@dataclass(frozen=True)
class Design:
    """The design matrix of a formula's right side.

    Attributes:
        terms: The names of its p columns: ``Intercept``, ``age``, ``sex[T.2]``, ``age:sex[T.2]``.
        columns: The columns of a batch it reads.
        monomials: What each of its columns is.
        scales: The scaling of each numeric column.
        codes: The levels of each category, as text, reference first.
        numeric_codes: For a category that a batch holds as numbers: the values of its levels, in the same order.
        recodes: For a category whose dictionary levels are not sorted: the place of each among `codes`.
        groups_by: The sets of discrete columns whose cells `group_counts` counts.
        curve_limits: The most that each function of a curve may be on its column's range: what it is divided by.
    """

    terms: tuple[str, ...]
    columns: tuple[str, ...]
    monomials: tuple[Monomial, ...]
    scales: dict[str, Scale]
    codes: dict[str, tuple[str, ...]]
    numeric_codes: dict[str, tuple[float, ...]]
    recodes: dict[str, tuple[int, ...]]
    groups_by: tuple[tuple[str, ...], ...]
    curve_limits: dict[Curve, tuple[float, ...]]

    @classmethod
    def of(cls, formula: Formula, dictionary: Dictionary, *, intercept: bool = True) -> Self:
        """The design of a formula over a dictionary's columns.

        Args:
            formula: Its right side is used.
            dictionary: Gives kind, range and levels of every column.
            intercept: False if the method absorbs the constant (a Cox model's baseline hazard, one intercept per
                site): then there is no such column, and contrasts are as if there were.

        Raises:
            FormulaInvalid: if a term does not fit its column's kind, or an interaction lacks its lower terms.
            ColumnMissing: if the dictionary lacks a column or its range.
        """
        parts = build(formula, dictionary, intercept=intercept)
        text = {name: dictionary[name].levels for name in parts.codes if not dictionary[name].is_numeric}
        return cls(
            terms=parts.names,
            columns=parts.columns,
            monomials=parts.monomials,
            scales=parts.scales,
            codes=parts.codes,
            numeric_codes={name: tuple(map(float, codes)) for name, codes in parts.codes.items() if name not in text},
            recodes={
                n: tuple(map(parts.codes[n].index, levels)) for n, levels in text.items() if levels != parts.codes[n]
            },
            groups_by=parts.groups_by,
            curve_limits={
                curve: tuple(map(float, functions_of(curve).limits(*dictionary[curve.column].range)))
                for curve in dict.fromkeys(curve for monomial in parts.monomials for curve, _ in monomial.curves)
                if curve.numbers
            },
        )

    def __len__(self) -> int:
        return len(self.terms)

    def only(self, monomials: tuple[Monomial, ...]) -> Design:
        """The design of other products of the same factors, under names of no meaning."""
        return replace(self, terms=tuple(map(str, range(len(monomials)))), monomials=monomials)

    def matrix(self, batch: Batch, rows: slice = slice(None), out: Array | None = None) -> Array:
        """The scaled design of some rows of a batch without missing values.

        Args:
            batch: Has `columns`.
            rows: Which of its rows, step 1.
            out: Where to write the transpose, shape (p, rows); a new array if None.

        Returns:
            Shape (rows, p), float64, column-major, every entry in [-1, 1] up to rounding.

        Raises:
            CategoryUnknown: if a numeric column used as a category has a value that is none of its levels.
        """
        if out is None:
            out = np.empty((len(self.terms), len(range(*rows.indices(batch.rows)))))
        self._fill_others(batch, rows, out)
        mains, places, centres, half_widths = self._mains
        for name, place in zip(mains, places, strict=True):
            out[place] = batch.columns[name][rows]
        if places:
            # one block of rows, so that scaling is two operations and not two for every column
            block = out[places[0] : places[-1] + 1]
            np.subtract(block, centres, out=block)
            np.divide(block, half_widths, out=block)
        return out.T

    @cached_property
    def _mains(self) -> tuple[tuple[str, ...], tuple[int, ...], Array, Array]:
        """Numeric main effects: their columns and places, and the scales of all rows from the first to the last.

        Rows of other columns in between keep their values: they are scaled by 0 and 1.
        """
        places = tuple(i for i, monomial in enumerate(self.monomials) if monomial.is_main_effect)
        names = tuple(next(iter(self.monomials[place].powers))[0] for place in places)
        rows = places[-1] - places[0] + 1 if places else 0
        centres, half_widths = np.zeros((rows, 1)), np.ones((rows, 1))
        for name, place in zip(names, places, strict=True):
            centres[place - places[0]], half_widths[place - places[0]] = (
                self.scales[name].centre,
                self.scales[name].half_width,
            )
        return names, places, centres, half_widths

    def _fill_others(self, batch: Batch, rows: slice, out: Array) -> None:
        """Write every column that is not a numeric main effect into its row of ``out``, shape (p, rows)."""
        others = [(row, m) for row, m in zip(out, self.monomials, strict=True) if not m.is_main_effect]
        scaled: dict[str, NDArray[np.floating]] = {}
        curves: dict[Curve, Array] = {}
        codes: dict[str, NDArray[np.integer]] = {}
        for _, monomial in others:
            for name, _ in monomial.powers:
                if name not in scaled:
                    scale = self.scales[name]
                    scaled[name] = (batch.columns[name][rows] - scale.centre) / scale.half_width
            for name, _ in monomial.levels:
                if name not in codes:
                    codes[name] = self._codes_of(name, batch.columns[name][rows])
            for curve, _ in monomial.curves:
                if curve not in curves:
                    curves[curve] = self._curve(curve, batch.number(curve.column)[rows])
        for row, monomial in others:
            _fill(row, monomial, scaled, codes, curves)

    @cached_property
    def _functions(self) -> dict[Curve, CurveFunctions]:
        return {curve: functions_of(curve) for curve in self.curve_limits}

    def _curve(self, curve: Curve, values: Array) -> Array:
        """The functions of a curve in [-1, 1], shape (functions, rows).

        Raises:
            UsageError: if its numbers were never learned.
        """
        if curve not in self.curve_limits:
            raise UsageError(
                f"The numbers of '{curve.label}' are not learned yet.",
                remedy="Make the method with summand.methods.from_spec, which learns them first.",
            )
        functions = self._functions[curve](values)
        np.divide(functions, np.array(self.curve_limits[curve])[:, None], out=functions)
        return functions

    def _codes_of(self, name: str, values: NDArray[np.generic]) -> NDArray[np.integer]:
        """Positions in the levels, shape (rows,)."""
        if name in self.recodes:
            return np.asarray(self.recodes[name], dtype=np.int32)[np.asarray(values, dtype=np.int32)]
        if name not in self.numeric_codes:
            return np.asarray(values, dtype=np.int32)
        known = np.asarray(self.numeric_codes[name])
        found = np.minimum(np.searchsorted(known, values), len(known) - 1)
        if not bool((known[found] == values).all()):
            raise CategoryUnknown(
                f"Column '{name}' has values that are none of its dictionary's levels.",
                remedy="Add the levels to the dictionary, or correct the column.",
            )
        return found

    @property
    def groups(self) -> tuple[str, ...]:
        """The cells that `group_counts` counts, such as ``sex = 2`` or ``sex = 2, cp = 4``."""
        return tuple(
            ", ".join(f"{name} = {level}" for name, level in zip(names, cell, strict=True))
            for names in self.groups_by
            for cell in itertools.product(*(self.codes[name] for name in names))
        )

    def group_counts(self, batch: Batch) -> Array:
        """How many rows of a batch each of `groups` has, shape (len(groups),)."""
        return self.group_sums(batch, None)

    def group_sums(self, batch: Batch, weights: Array | None) -> Array:
        """The sum of the rows' ``weights``, shape (rows,), in each of `groups`; how many rows where they are None."""
        sums = []
        for names in self.groups_by:
            sizes = tuple(len(self.codes[name]) for name in names)
            codes = tuple(self._codes_of(name, batch.columns[name]) for name in names)
            flat = np.ravel_multi_index(codes, sizes)
            sums.append(np.bincount(flat, weights=weights, minlength=math.prod(sizes)))
        return np.concatenate(sums).astype(np.float64) if sums else np.zeros(0)

    @property
    def to_original(self) -> Array:
        """The matrix T of shape (p, p) with ``coefficients = T @ scaled coefficients``.

        Source: the binomial expansion of ``((x - centre) / half_width) ** power`` in every column.
        """
        place = {monomial: i for i, monomial in enumerate(self.monomials)}
        map_back = np.zeros((len(self.terms), len(self.terms)))
        for j, monomial in enumerate(self.monomials):
            for lower, factor in self._expansion(monomial):
                if lower in place:  # else it is the constant, which the method absorbs
                    map_back[place[lower], j] += factor
        return map_back

    def _expansion(self, monomial: Monomial) -> Iterable[tuple[Monomial, float]]:
        powers = sorted(monomial.powers)
        curves = math.prod(1.0 / self.curve_limits[curve][j - 1] for curve, j in monomial.curves if curve.numbers)
        for kept in itertools.product(*(range(power + 1) for _, power in powers)):
            factor = curves
            for (name, power), keep in zip(powers, kept, strict=True):
                scale = self.scales[name]
                factor *= math.comb(power, keep) * (-scale.centre) ** (power - keep) / scale.half_width**power
            if factor != 0.0:
                left = frozenset((name, keep) for (name, _), keep in zip(powers, kept, strict=True) if keep)
                yield replace(monomial, powers=left), factor

    def unscale(self, beta: Array, covariance: Array) -> tuple[Array, Array]:
        """Coefficients, shape (p,), and their covariance, shape (p, p), per unit of the columns themselves."""
        map_back = self.to_original
        return map_back @ beta, map_back @ covariance @ map_back.T


def _fill(
    row: Array,
    monomial: Monomial,
    scaled: dict[str, NDArray[np.floating]],
    codes: dict[str, NDArray[np.integer]],
    curves: dict[Curve, Array],
) -> None:
    """Write one design column, shape (rows,)."""
    filled = False
    for name, power in sorted(monomial.powers):
        for _ in range(power):
            np.multiply(row, scaled[name], out=row) if filled else np.copyto(row, scaled[name])
            filled = True
    for curve, j in sorted(monomial.curves, key=str):
        np.multiply(row, curves[curve][j - 1], out=row) if filled else np.copyto(row, curves[curve][j - 1])
        filled = True
    for name, level in sorted(monomial.levels):
        np.multiply(row, codes[name] == level, out=row) if filled else np.equal(codes[name], level, out=row)
        filled = True
    if not filled:
        row.fill(1.0)
