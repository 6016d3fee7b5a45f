"""Formulas as a closed tree: text is parsed, never evaluated, because it arrives from another party.

::

    formula     = [outcome] "~" terms
    outcome     = name | name comparison value | "Surv(" name "," name ["," name] ")"
    comparison  = ">" | ">=" | "<" | "<=" | "==" | "!="
    terms       = term { ("+" term) | "- 1" }
    term        = "1" | "0" | crossing
    crossing    = interaction { "*" interaction }
    interaction = factor { ":" factor }
    factor      = name | "C(" name ")" | "I(" name ("^" | "**") integer ")" | curve
    curve       = ("poly(" | "ns(") name "," integer { "," ["-"] number } ")"
    name        = letters, digits, "_" and "."  |  `anything`  |  "anything"  |  Q("anything")
    value       = number | 'level' | "level"

A curve without numbers learns them from the people of the study: ``poly(age, 3)`` the centres and norms that make its
polynomials orthogonal, ``ns(age, 4)`` its knots. With them, ``ns(age, 2, 30, 50, 70)``, nothing is learned.

Source: the notation of Wilkinson & Rogers (1973), Applied Statistics 22(3), as R and patsy write it; crossing expands
to all sub-interactions, terms are ordered by degree.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from summand.errors import FormulaInvalid
from summand.methods.formulas._formula_tree import (
    Category,
    Comparison,
    Factor,
    Formula,
    Outcome,
    Polynomial,
    Power,
    Spline,
    Survival,
    Term,
    Value,
    Variable,
)

__all__ = [
    "Category",
    "Comparison",
    "Factor",
    "Formula",
    "Outcome",
    "Polynomial",
    "Power",
    "Spline",
    "Survival",
    "Term",
    "Value",
    "Variable",
    "parse",
]

BYTES_MAX = 4096
TERMS_MAX = 500
CROSSED_MAX = 8
POWER_MAX = 12
DEGREE_MAX = 9
FREEDOM_MAX = 20

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?(?![\w.]) | \.\d+(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[^\W\d][\w.]*)
    | (?P<quoted>`[^`\x00-\x1f]+` | "[^"\x00-\x1f]*" | '[^'\x00-\x1f]*')
    | (?P<sign>\*\* | >= | <= | == | != | [-~+*:^(),<>])
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("==", "!=", ">=", "<=", ">", "<")


def parse(text: str) -> Formula:
    """The tree behind a formula's text.

    Args:
        text: At most 4,096 bytes of UTF-8 that expand to at most 500 terms.

    Raises:
        FormulaInvalid: in one line, with the place, what was found and what may stand there.

    Examples:
        >>> str(parse("num > 0 ~ age*C(sex) + `resting bp`"))
        'num > 0.0 ~ age + C(sex) + `resting bp` + age:C(sex)'
    """
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > BYTES_MAX:
        raise FormulaInvalid(f"The formula is not a text of at most {BYTES_MAX} bytes.", remedy="Shorten it.")
    return _Parser(text).formula()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            _fail(place, f"{text[place : place + 12]!r} has no meaning in a formula")
        kind = str(found.lastgroup)
        yield _Token(kind, found.group(kind), found.start(kind))
        at = found.end()
    yield _Token("end", "", end)


def _fail(at: int, problem: str, remedy: str = "Write it like: outcome ~ age + C(sex) + age:C(sex).") -> NoReturn:
    raise FormulaInvalid(f"The formula fails at character {at + 1}: {problem}.", remedy=remedy)


def _problem_with(curve: Polynomial | Spline) -> str:
    """What is wrong with the numbers given for a curve; empty if nothing."""
    numbers, size = curve.numbers, curve.numbers_wanted
    if isinstance(curve, Spline):
        if len(numbers) == size and all(a < b for a, b in itertools.pairwise(numbers)):
            return ""
        return f"{curve.label} has {size} knots, each larger than the one before"
    if len(numbers) == size and min(numbers[curve.degree :]) > 0.0:
        return ""
    return f"{curve.label} has {size} numbers: {curve.degree} centres, then {curve.degree + 1} squared norms above 0"


class _Parser:
    """Recursive descent over the grammar in the module's docstring; one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> _Token | None:
        token = self._token
        if token.kind in ("sign", "number") and token.text in texts:
            self._next += 1
            return token
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            found = repr(self._token.text[:20]) if self._token.text else "the end"
            _fail(self._token.at, f"'{text}' is expected, not {found}")

    def formula(self) -> Formula:
        outcome = None if self._token.text == "~" else self._outcome()
        self._expect("~")
        terms, intercept = self._terms()
        if self._token.kind != "end":
            _fail(self._token.at, f"{self._token.text[:20]!r} cannot stand here")
        if not terms and not intercept:
            _fail(self._token.at, "a model without any term has nothing to estimate")
        return Formula(outcome, terms, intercept)

    def _outcome(self) -> Outcome:
        if self._is_call("Surv"):
            names = self._call(most=3)
            if len(names) < 2:
                _fail(self._token.at, "Surv() takes (time, status) or (start, stop, status)")
            return Survival(*names) if len(names) == 2 else Survival(names[1], names[2], start=names[0])
        column = self._name()
        operator = self._take(*_COMPARISONS)
        return Value(column) if operator is None else Comparison(column, operator.text, self._value())

    def _value(self) -> float | str:
        sign = -1.0 if self._take("-") else 1.0
        token = self._token
        if token.kind == "quoted" and token.text[0] != "`" and sign > 0:
            self._next += 1
            return token.text[1:-1]
        if token.kind != "number" or float(token.text) == float("inf"):
            _fail(token.at, "a number or a level in quotes is expected after a comparison")
        self._next += 1
        return sign * float(token.text)

    def _terms(self) -> tuple[tuple[Term, ...], bool]:
        found: dict[frozenset[Factor], Term] = {}
        intercept, minus = True, self._take("-") is not None
        while True:
            if self._token.kind == "number":
                intercept = self._constant(minus)
            elif minus:
                _fail(self._token.at, "only '- 1', the intercept, can be taken away")
            else:
                for term in self._crossing():
                    found.setdefault(frozenset(term.factors), term)
            if len(found) > TERMS_MAX:
                _fail(self._token.at, f"it has more than {TERMS_MAX} terms", "Choose fewer terms.")
            sign = self._take("+", "-")
            if sign is None:
                return tuple(sorted(found.values(), key=lambda term: len(term.factors))), intercept
            minus = sign.text == "-"

    def _constant(self, minus: bool) -> bool:
        token = self._token
        if token.text not in ("0", "1"):
            _fail(token.at, f"the number {token.text[:20]} is no term; only 0 and 1 are")
        self._next += 1
        return (token.text == "1") is not minus

    def _crossing(self) -> list[Term]:
        parts = [self._interaction()]
        while self._take("*"):
            parts.append(self._interaction())
            if len(parts) > CROSSED_MAX:
                _fail(self._token.at, f"more than {CROSSED_MAX} factors are crossed", "Cross fewer columns.")
        subsets = (c for size in range(1, len(parts) + 1) for c in itertools.combinations(parts, size))
        return [Term(tuple(dict.fromkeys(f for part in subset for f in part))) for subset in subsets]

    def _interaction(self) -> tuple[Factor, ...]:
        factors = [self._factor()]
        while self._take(":"):
            factors.append(self._factor())
            if len(factors) > CROSSED_MAX:
                _fail(self._token.at, f"more than {CROSSED_MAX} factors interact", "Let fewer columns interact.")
        return tuple(dict.fromkeys(factors))

    def _factor(self) -> Factor:
        if self._is_call("C"):
            return Category(self._call(most=1)[0])
        if self._is_call("I"):
            self._next += 2
            return self._power()
        if self._is_call("poly"):
            return self._curve(Polynomial, "degree", DEGREE_MAX)
        if self._is_call("ns"):
            return self._curve(Spline, "degrees of freedom", FREEDOM_MAX)
        if self._is_call() and self._token.text != "Q":
            remedy = (
                "Use C(column), I(column^2), poly(column, 2), ns(column, 4), or compute the column at the sites before."
            )
            _fail(self._token.at, f"there is no function '{self._token.text[:20]}'", remedy)
        return Variable(self._name())

    def _power(self) -> Power:
        column = self._name()
        if self._take("^", "**") is None:
            _fail(self._token.at, "I() holds a power, such as I(age^2)")
        exponent = self._whole("exponent", 2, POWER_MAX)
        self._expect(")")
        return Power(column, exponent)

    def _whole(self, what: str, least: int, most: int) -> int:
        token = self._token
        if not token.text.isascii() or not token.text.isdigit() or not least <= int(token.text[:9]) <= most:
            _fail(token.at, f"the {what} is a whole number from {least} to {most}")
        self._next += 1
        return int(token.text)

    def _curve(self, kind: type[Polynomial] | type[Spline], what: str, most: int) -> Polynomial | Spline:
        at = self._token.at
        self._next += 2
        column = self._name()
        self._expect(",")
        size = self._whole(what, 1, most)
        numbers = []
        while self._take(","):
            number = self._value()
            if isinstance(number, str):
                _fail(at, "a curve's numbers are no texts")
            numbers.append(number)
        self._expect(")")
        curve = kind(column, size, tuple(numbers))
        problem = _problem_with(curve) if numbers else ""
        if problem:
            _fail(at, problem, f"Write {curve.label}: then its numbers are learned.")
        return curve

    def _is_call(self, name: str | None = None) -> bool:
        token = self._token
        follows = token.kind == "name" and self._tokens[self._next + 1].text == "("
        return follows and (name is None or token.text == name)

    def _call(self, most: int) -> list[str]:
        self._next += 2
        names = [self._name()]
        while len(names) < most and self._take(","):
            names.append(self._name())
        self._expect(")")
        return names

    def _name(self) -> str:
        if self._is_call("Q"):
            self._next += 2
            name = self._bare_name()
            self._expect(")")
            return name
        return self._bare_name()

    def _bare_name(self) -> str:
        token = self._token
        if token.kind not in ("name", "quoted") or len(token.text.strip("`\"'")) == 0:
            found = repr(token.text[:20]) if token.text else "the end"
            _fail(token.at, f"a column's name is expected, not {found}")
        self._next += 1
        return token.text if token.kind == "name" else token.text[1:-1]
