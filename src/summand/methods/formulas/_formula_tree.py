"""The closed tree behind a formula: everything a formula can say, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_PLAIN = re.compile(r"[^\W\d][\w.]*")


def quoted(name: str) -> str:
    """A column's name as a formula writes it: in backticks or quotes where it is not a plain word."""
    if _PLAIN.fullmatch(name):
        return name
    return f"`{name}`" if "`" not in name else f'"{name}"'


@dataclass(frozen=True)
class Variable:
    """A column as it is: a number, or a category by treatment contrasts."""

    column: str

    def __str__(self) -> str:
        return quoted(self.column)


@dataclass(frozen=True)
class Category:
    """``C(column)``: a column by treatment contrasts of its dictionary levels, even if it is numeric."""

    column: str

    def __str__(self) -> str:
        return f"C({quoted(self.column)})"


@dataclass(frozen=True)
class Power:
    """``I(column^exponent)`` of a numeric column, exponent at least 2."""

    column: str
    exponent: int

    def __str__(self) -> str:
        return f"I({quoted(self.column)}^{self.exponent})"


@dataclass(frozen=True)
class Polynomial:
    """``poly(column, degree)``: polynomials of a numeric column that are orthogonal over the people of the study.

    Attributes:
        column: The column.
        degree: 1 to 9.
        numbers: The recurrence behind them: ``degree`` centres, then ``degree + 1`` squared norms, as R's attribute
            ``coefs`` has them without its leading 1; empty until they are learned.
    """

    column: str
    degree: int
    numbers: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The term as a person reads it, without numbers."""
        return f"poly({quoted(self.column)}, {self.degree})"

    @property
    def numbers_wanted(self) -> int:
        """How many numbers it needs."""
        return 2 * self.degree + 1

    def __str__(self) -> str:
        return _with_numbers(self.label, self.numbers)


@dataclass(frozen=True)
class Spline:
    """``ns(column, df)``: a natural cubic spline with ``df`` degrees of freedom beside the constant.

    Attributes:
        column: The column.
        degrees_of_freedom: 1 to 20.
        numbers: Its ``df + 1`` knots, the boundary knots first and last; empty until they are learned.
    """

    column: str
    degrees_of_freedom: int
    numbers: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The term as a person reads it, without knots."""
        return f"ns({quoted(self.column)}, {self.degrees_of_freedom})"

    @property
    def numbers_wanted(self) -> int:
        """How many knots it needs."""
        return self.degrees_of_freedom + 1

    def __str__(self) -> str:
        return _with_numbers(self.label, self.numbers)


def _with_numbers(label: str, numbers: tuple[float, ...]) -> str:
    return label if not numbers else f"{label[:-1]}, {', '.join(map(repr, numbers))})"


Factor = Variable | Category | Power | Polynomial | Spline


@dataclass(frozen=True)
class Term:
    """A product of one or more factors; one factor is a main effect."""

    factors: tuple[Factor, ...]

    def __str__(self) -> str:
        return ":".join(map(str, self.factors))


@dataclass(frozen=True)
class Value:
    """The outcome is a column as it is."""

    column: str

    def __str__(self) -> str:
        return quoted(self.column)


@dataclass(frozen=True)
class Comparison:
    """The outcome is 1 where ``column operator value`` holds, else 0; ``value`` is a number or a level's text."""

    column: str
    operator: str
    value: float | str

    def __str__(self) -> str:
        value = f"'{self.value}'" if isinstance(self.value, str) and "'" not in self.value else None
        text = value or (f'"{self.value}"' if isinstance(self.value, str) else repr(self.value))
        return f"{quoted(self.column)} {self.operator} {text}"


@dataclass(frozen=True)
class Survival:
    """The outcome is follow-up until ``time`` with the event where ``status`` says so; at risk from ``start`` on."""

    time: str
    status: str
    start: str | None = None

    def __str__(self) -> str:
        names = [self.time, self.status] if self.start is None else [self.start, self.time, self.status]
        return f"Surv({', '.join(map(quoted, names))})"


Outcome = Value | Comparison | Survival


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Attributes:
        outcome: The left side; None if it is empty.
        terms: The right side without the intercept, main effects first, none twice.
        intercept: Whether the model has one; false after ``+ 0`` or ``- 1``.
    """

    outcome: Outcome | None
    terms: tuple[Term, ...]
    intercept: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads, outcome first, none twice."""
        found: list[str] = []
        match self.outcome:
            case Value(column) | Comparison(column):
                found.append(column)
            case Survival(time, status, start):
                found += [time, status] if start is None else [start, time, status]
            case None:
                pass
        found += [factor.column for term in self.terms for factor in term.factors]
        return tuple(dict.fromkeys(found))

    @property
    def unlearned(self) -> tuple[Polynomial | Spline, ...]:
        """The factors whose numbers have to be learned from data, none twice."""
        factors = (factor for term in self.terms for factor in term.factors)
        return tuple(dict.fromkeys(f for f in factors if isinstance(f, Polynomial | Spline) and not f.numbers))

    def learned(self, numbers: Mapping[Polynomial | Spline, tuple[float, ...]]) -> Formula:
        """The same with the numbers of its unlearned factors filled in."""

        def filled(factor: Factor) -> Factor:
            if isinstance(factor, Polynomial | Spline) and factor in numbers:
                return replace(factor, numbers=numbers[factor])
            return factor

        return replace(self, terms=tuple(Term(tuple(map(filled, term.factors))) for term in self.terms))

    def __str__(self) -> str:
        left = "" if self.outcome is None else f"{self.outcome} "
        right = [str(term) for term in self.terms] or (["1"] if self.intercept else [])
        return f"{left}~ {' + '.join([*right, *([] if self.intercept else ['0'])])}"
