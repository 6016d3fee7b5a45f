"""Formulas: what is understood, what is refused, and that nothing is evaluated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import FormulaInvalid
from summand.methods.formulas._formula import Comparison, Survival, Value, parse

UNDERSTOOD = {
    "y ~ a + b": "y ~ a + b",
    "y~a*b": "y ~ a + b + a:b",
    "y ~ a*b*c": "y ~ a + b + c + a:b + a:c + b:c + a:b:c",
    "y ~ a:b + a + b + b:a": "y ~ a + b + a:b",
    "y ~ C(cp) + I(age**2)": "y ~ C(cp) + I(age^2)",
    "y ~ x - 1": "y ~ x + 0",
    "y ~ 0 + x": "y ~ x + 0",
    "y ~ x + 0 + 1": "y ~ x",
    "y ~ 1": "y ~ 1",
    "~ sex": "~ sex",
    "~ 1": "~ 1",
    "num > 0 ~ age": "num > 0.0 ~ age",
    "num != -1.5e3 ~ age": "num != -1500.0 ~ age",
    "sex == 'f' ~ age": "sex == 'f' ~ age",
    'sex == "it\'s" ~ age': 'sex == "it\'s" ~ age',
    "Surv(time, status) ~ ph.ecog": "Surv(time, status) ~ ph.ecog",
    "Surv(start, stop, status) ~ x": "Surv(start, stop, status) ~ x",
    "`blood pressure` ~ Q('a b') + Größe": "`blood pressure` ~ `a b` + Größe",
    "y ~ a + a": "y ~ a",
    "y ~ poly(age, 3) + ns(`a b`, 4)": "y ~ poly(age, 3) + ns(`a b`, 4)",
    "y ~ ns(age,2,-1,30.5,7e1)*sex": "y ~ ns(age, 2, -1.0, 30.5, 70.0) + sex + ns(age, 2, -1.0, 30.5, 70.0):sex",
    "y ~ poly(age, 1, 50, 10, 2.5)": "y ~ poly(age, 1, 50.0, 10.0, 2.5)",
}

REFUSED = {
    "": 1,
    "y": 2,
    "y ~": 4,
    "y ~ a +": 8,
    "y ~ a b": 7,
    "y ~ log(x)": 5,
    "~ __import__('os').system('id')": 19,
    "y ~ a.b()": 5,
    "y ~ (a + b)": 5,
    "y ~ 2": 5,
    "y ~ a - b": 9,
    "y ~ I(x)": 8,
    "y ~ I(x^1)": 9,
    "y ~ I(x^99)": 9,
    "y ~ I(x^1.5)": 9,
    "y ~ ns(x)": 9,
    "y ~ ns(x, 0)": 11,
    "y ~ ns(x, 21)": 11,
    "y ~ poly(x, 13)": 13,
    "y ~ ns(x, 2, 1, 2)": 5,
    "y ~ ns(x, 2, 1, 3, 3)": 5,
    "y ~ ns(x, 1, 1, 'a')": 5,
    "y ~ poly(x, 1, 5, 10, -1)": 5,
    "y ~ poly(log(x), 2)": 13,
    "Surv(time) ~ x": 12,
    "Surv(a, b, c, d) ~ x": 13,
    "y > ~ x": 5,
    "y > 1e999 ~ x": 5,
    "y ~ ''": 5,
    "~ 0": 4,
    "y ~ a ~ b": 7,
    "y ~ a \x00": 7,
    "y ~ a; b": 6,
    "y ~ Q(Q(a))": 8,
    "y ~ C(C(a))": 8,
    "y ~ a:b:c:d:e:f:g:h:i": 22,
    "y ~ a*b*c*d*e*f*g*h*i": 22,
    "y ~ 1" + "0" * 30: 5,
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_is_understood(text: str) -> None:
    """A formula within the grammar has the tree that its canonical text shows, and reads back to itself."""
    assert str(parse(text)) == UNDERSTOOD[text]
    assert parse(UNDERSTOOD[text]) == parse(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text: str) -> None:
    """Anything else is refused in one line that says at which character it fails."""
    with pytest.raises(FormulaInvalid) as caught:
        parse(text)
    assert f"at character {REFUSED[text]}" in caught.value.message
    assert "\n" not in str(caught.value)


def test_the_outcome_is_one_of_three() -> None:
    """A left side is a column, a comparison or a survival time."""
    assert parse("y ~ x").outcome == Value("y")
    assert parse("y >= 2 ~ x").outcome == Comparison("y", ">=", 2.0)
    assert parse("Surv(a, b, c) ~ x").outcome == Survival(time="b", status="c", start="a")
    assert parse("Surv(a, b, c) ~ x + C(d)").columns == ("a", "b", "c", "x", "d")


def test_sizes_are_limited() -> None:
    """A text over 4,096 bytes and one that expands to over 500 terms are refused."""
    with pytest.raises(FormulaInvalid, match="4096 bytes"):
        parse("y ~ " + "a" * 5000)
    with pytest.raises(FormulaInvalid, match="500 terms"):
        parse("y ~ " + " + ".join("*".join(f"{c}{i}" for c in "abcdefgh") for i in range(3)))


@given(st.text(max_size=80))
def test_any_text_is_a_formula_or_an_error_of_ours(text: str) -> None:
    """No text makes the parser fail with anything but FormulaInvalid, and what it reads, it writes and reads again."""
    try:
        formula = parse(text)
    except FormulaInvalid:
        return
    assert parse(str(formula)) == formula


@given(st.lists(st.sampled_from(["a", "`b c`", "C(d)", "I(e^3)", "+", "*", ":", "~", "-", "1", "0", "(", ")", ","])))
def test_any_row_of_tokens_is_a_formula_or_an_error_of_ours(tokens: list[str]) -> None:
    """The same for texts made of the grammar's own words."""
    try:
        formula = parse(" ".join(["y ~", *tokens]))
    except FormulaInvalid:
        return
    assert parse(str(formula)) == formula


def test_the_page_on_formulas_is_true() -> None:
    """Every formula in the tables of docs/formulas.md is understood, and every function of the grammar is there."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "formulas.md").read_text("utf-8")
    shown = re.findall(r"^\| `([^`]*~[^`]*)` \|", page, flags=re.MULTILINE)
    assert len(shown) >= 14
    read = {str(parse(text)) for text in shown}
    assert "y ~ ns(age, 2, 30.0, 50.0, 70.0)" in read
    assert all(any(f"{name}(" in text for text in shown) for name in ("C", "I", "Surv", "ns", "poly"))
