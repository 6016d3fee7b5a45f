"""What the columns of a design are: monomials, their names and scales, built from a formula's terms and a dictionary."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from summand.errors import FormulaInvalid
from summand.methods.formulas._formula import Category, Factor, Formula, Polynomial, Power, Spline, Term, Variable
from summand.tables import Column, Dictionary

DESIGN_COLUMNS_MAX = 500
GROUPS_MAX = 10_000
INTERCEPT = "Intercept"
TEXT_REMEDY = "Leave it out. Where the dictionary was inferred, it has no values or too many different texts."

Curve = Polynomial | Spline


@dataclass(frozen=True)
class Monomial:
    """One column of a design: a product of powers of numeric columns, indicators of levels, and functions of curves."""

    powers: frozenset[tuple[str, int]] = frozenset()
    levels: frozenset[tuple[str, int]] = frozenset()
    curves: frozenset[tuple[Curve, int]] = frozenset()

    @property
    def is_main_effect(self) -> bool:
        """Whether it is one numeric column as it is."""
        return not self.levels and not self.curves and len(self.powers) == 1 and next(iter(self.powers))[1] == 1

    def exponent(self, column: str) -> int:
        """The power to which a numeric column enters, 0 if it does not."""
        return dict(self.powers).get(column, 0)

    def lower(self, column: str) -> Monomial:
        """The same with one power less of a numeric column that enters."""
        powers = dict(self.powers)
        powers[column] -= 1
        return replace(self, powers=frozenset((name, power) for name, power in powers.items() if power))


@dataclass(frozen=True)
class Scale:
    """How a numeric column reaches [-1, 1]: ``(value - centre) / half_width``."""

    centre: float
    half_width: float


@dataclass(frozen=True)
class Parts:
    """What `build` makes of a formula: names and monomials of the design's columns, and what they need to be filled.

    Attributes:
        names: The design's columns by name.
        monomials: What each is.
        columns: The columns of the data they read.
        scales: The scaling of each numeric column.
        codes: The levels of each category and two-valued column, as text, reference first.
        groups_by: The sets of discrete columns whose cells are counted before a fit is released.
    """

    names: tuple[str, ...]
    monomials: tuple[Monomial, ...]
    columns: tuple[str, ...]
    scales: dict[str, Scale]
    codes: dict[str, tuple[str, ...]]
    groups_by: tuple[tuple[str, ...], ...]


def build(formula: Formula, dictionary: Dictionary, *, intercept: bool) -> Parts:
    """The columns of a formula's right side; ``intercept`` is false where the method absorbs the constant.

    Raises:
        FormulaInvalid: if a term does not fit its column's kind, or an interaction lacks its lower terms.
        ColumnMissing: if the dictionary lacks a column or its range.
    """
    columns = tuple(dict.fromkeys(factor.column for term in formula.terms for factor in term.factors))
    for term in formula.terms:
        _check_term(term, formula, dictionary, has_constant=formula.intercept or not intercept)
    named = [(INTERCEPT, Monomial())] if intercept and formula.intercept else []
    for term in formula.terms:
        named += _columns_of(term, dictionary)
        if len(named) > DESIGN_COLUMNS_MAX:
            raise FormulaInvalid(
                f"The formula makes more than {DESIGN_COLUMNS_MAX} columns.", remedy="Choose fewer terms or levels."
            )
    _check_distinct(named)
    monomials = tuple(monomial for _, monomial in named)
    present = frozenset(monomials) | (frozenset() if intercept else frozenset({Monomial()}))
    numeric = {name for monomial in monomials for name, _ in monomial.powers}
    levels = {name for monomial in monomials for name, _ in monomial.levels}
    discrete = {name: dictionary[name] for name in columns if name in levels or _is_binary(dictionary[name])}
    return Parts(
        names=tuple(name for name, _ in named),
        monomials=monomials,
        columns=columns,
        scales={name: _scale(dictionary[name], present) for name in columns if name in numeric},
        codes={name: levels_of(column) for name, column in discrete.items()},
        groups_by=_groups_by(formula, discrete),
    )


def term_columns(formula: Formula, dictionary: Dictionary) -> tuple[tuple[str, slice], ...]:
    """The terms of a formula without intercept by name, and which of the design's columns each makes."""
    found, start = [], 0
    for term in formula.terms:
        stop = start + len(columns_of_term(term, dictionary))
        found.append((str(term), slice(start, stop)))
        start = stop
    return tuple(found)


def _check_distinct(named: list[tuple[str, Monomial]]) -> None:
    seen: set[Monomial] = set()
    for name, monomial in named:
        if monomial in seen:
            raise FormulaInvalid(f"The term '{name}' is in the formula twice.", remedy="Name it once.")
        seen.add(monomial)


def levels_of(column: Column) -> tuple[str, ...]:
    """The levels of a category or of a two-valued integer column, reference first: numeric order, else text order."""
    if not column.levels and _is_binary(column):
        low, high = column.range
        return (f"{low:g}", f"{high:g}")
    try:
        return tuple(sorted(column.levels, key=float))
    except ValueError:
        return tuple(sorted(column.levels))


def _is_binary(column: Column) -> bool:
    if column.kind != "integer" or column.minimum is None or column.maximum is None:
        return False
    return column.maximum - column.minimum == 1.0


def _is_category(factor: Factor, dictionary: Dictionary) -> bool:
    return isinstance(factor, Category) or dictionary[factor.column].kind == "category"


def _check_term(term: Term, formula: Formula, dictionary: Dictionary, *, has_constant: bool) -> None:
    if len({factor.column for factor in term.factors}) < len(term.factors):
        raise FormulaInvalid(f"The term '{term}' has a column twice.", remedy="Use a power such as I(age^2).")
    present = {_key(other, dictionary) for other in formula.terms}
    if has_constant:
        present.add(frozenset())
    for factor in term.factors:
        column = dictionary[factor.column]
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        if isinstance(factor, Power | Polynomial | Spline) and not column.is_numeric:
            raise FormulaInvalid(f"'{factor}' needs a numeric column.", remedy=f"Use C({column.name}).")
        if not _is_category(factor, dictionary):
            continue
        if len(levels_of(column)) < 2:
            raise FormulaInvalid(
                f"Column '{column.name}' has no levels to compare in the dictionary.",
                remedy="Give it at least two levels there, or use it as a number.",
            )
        rest = _key(Term(tuple(other for other in term.factors if other is not factor)), dictionary)
        if rest not in present:
            lower = ":".join(str(other) for other in term.factors if other is not factor) or "an intercept"
            raise FormulaInvalid(f"The term '{term}' needs {lower} in the formula.", remedy="Cross terms with '*'.")


def _key(term: Term, dictionary: Dictionary) -> frozenset[Factor]:
    """A term up to the spelling of its categories: ``sex`` and ``C(sex)`` are the same factor."""
    return frozenset(Category(f.column) if _is_category(f, dictionary) else f for f in term.factors)


def columns_of_term(term: Term, dictionary: Dictionary) -> tuple[str, ...]:
    """The names of a term's columns in a design."""
    return tuple(name for name, _ in _columns_of(term, dictionary))


def _columns_of(term: Term, dictionary: Dictionary) -> list[tuple[str, Monomial]]:
    """The design columns of a term; the levels of its first factor vary fastest."""
    parts = [_parts(factor, dictionary) for factor in term.factors]
    out = []
    for reversed_choice in itertools.product(*reversed(parts)):
        choice = reversed_choice[::-1]
        powers = frozenset(power for _, monomial in choice for power in monomial.powers)
        levels = frozenset(level for _, monomial in choice for level in monomial.levels)
        curves = frozenset(curve for _, monomial in choice for curve in monomial.curves)
        out.append((":".join(name for name, _ in choice), Monomial(powers, levels, curves)))
        if len(out) > DESIGN_COLUMNS_MAX:
            break
    return out


def _parts(factor: Factor, dictionary: Dictionary) -> list[tuple[str, Monomial]]:
    column = factor.column
    if _is_category(factor, dictionary):
        levels = list(enumerate(levels_of(dictionary[column])))[1:]
        return [(f"{column}[T.{level}]", Monomial(levels=frozenset({(column, code)}))) for code, level in levels]
    match factor:
        case Power(exponent=exponent):
            return [(f"I({column}^{exponent})", Monomial(frozenset({(column, exponent)})))]
        case Polynomial(degree=degree):
            return [(f"{factor.label}{j}", Monomial(curves=frozenset({(factor, j)}))) for j in range(1, degree + 1)]
        case Spline(degrees_of_freedom=count, numbers=knots):
            # a spline's coefficient is the difference between a knot and the lowest one, so the knot names it
            marks = [f"[{knot:g}]" for knot in knots[1:]] if knots else [str(j) for j in range(1, count + 1)]
            return [
                (f"{factor.label}{mark}", Monomial(curves=frozenset({(factor, j)})))
                for j, mark in enumerate(marks, start=1)
            ]
        case Variable() | Category():
            return [(column, Monomial(frozenset({(column, 1)})))]


def _scale(column: Column, present: frozenset[Monomial]) -> Scale:
    """Centred where the model is closed under taking a power of the column away, else divided by its largest value.

    Centring mixes a monomial with its lower ones; where one of these is not in the model, ``x:z`` without ``z`` or a
    model without intercept, a centred column would span another space.
    """
    using = [monomial for monomial in present if monomial.exponent(column.name)]
    if all(monomial.lower(column.name) in present for monomial in using):
        return Scale(column.centre, column.half_width)
    return Scale(0.0, max(map(abs, column.range)) or 1.0)


def _groups_by(formula: Formula, discrete: dict[str, Column]) -> tuple[tuple[str, ...], ...]:
    found: dict[tuple[str, ...], None] = {}
    for term in formula.terms:
        names = tuple(sorted(factor.column for factor in term.factors if factor.column in discrete))
        if names:
            found[names] = None
    cells = sum(math.prod(len(levels_of(discrete[name])) for name in names) for names in found)
    if cells > GROUPS_MAX:
        raise FormulaInvalid(f"The formula makes more than {GROUPS_MAX} groups.", remedy="Let fewer columns interact.")
    return tuple(found)
