"""Dictionaries as Table Schema: what is read, written and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import DictionaryInvalid
from summand.tables import (
    Column,
    Dictionary,
    dictionary_from_table_schema,
    dictionary_to_table_schema,
    number_text,
    sort_levels,
)

AGE = {"name": "age", "type": "integer", "constraints": {"minimum": 18, "maximum": 110}, "x-unit": "a"}
SEX = {"name": "sex", "type": "string", "constraints": {"enum": ["m", "f"]}, "missingValues": ["", "?"]}


def _schema(*fields: Any, **extra: Any) -> dict[str, Any]:
    return {"fields": list(fields), **extra}


def test_fields_become_columns() -> None:
    """Types, ranges, units, levels, steps and missing codes arrive where methods look for them."""
    chol = {
        "name": "chol",
        "type": "number",
        "title": "Cholesterol",
        "constraints": {"minimum": 50, "maximum": 700, "required": True},
        "x-unit": "mg/dL",
        "x-step": 0.5,
    }
    smoker, person = {"name": "smoker", "type": "boolean"}, {"name": "pid", "type": "string"}
    stage = {"name": "stage", "type": "integer", "constraints": {"minimum": 1, "maximum": 10, "enum": [10, 2, 1]}}
    schema = _schema(AGE, SEX, chol, smoker, person, stage, missingValues=["", "NA"], **{"x-person-id": "pid"})

    found = dictionary_from_table_schema("d", schema)

    assert found.person_id == "pid"
    assert found["age"] == Column("age", "integer", 18, 110, 1, unit="a", missing_codes=("NA",))
    assert found["sex"] == Column("sex", "category", levels=("f", "m"), missing_codes=("?",))
    assert found["chol"] == Column("chol", "number", 50, 700, 0.5, (), "mg/dL", "Cholesterol", ("NA",), True)
    assert found["smoker"] == Column("smoker", "category", levels=("false", "true"), missing_codes=("NA",))
    assert found["pid"].kind == "text"
    assert found["stage"].levels == ("1", "2", "10")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
NUMBERS = st.floats(-1e9, 1e9).map(lambda x: round(x, 3) + 0.0)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    """Any column that a dictionary may hold."""
    codes = tuple(draw(st.lists(st.sampled_from(["NA", "?", "-99"]), unique=True, max_size=2)))
    required = draw(st.booleans())
    kind = draw(st.sampled_from(["integer", "number", "category", "text"]))
    if kind in ("integer", "number"):
        ends = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
        low, high = (float(int(x)) if kind == "integer" else x for x in ends)
        step = 1.0 if kind == "integer" else draw(st.sampled_from([None, 0.1, 0.25]))
        levels = sort_levels({number_text(low), number_text(high)}) if draw(st.booleans()) else ()
        return Column(name, kind, low, high, step, levels, draw(st.sampled_from(["1", "mm[Hg]"])), "", codes, required)
    texts = st.lists(NAMES.map(str.strip).filter(lambda x: x not in codes), unique=True, min_size=1, max_size=5)
    levels = sort_levels(draw(texts)) if kind == "category" else ()
    return Column(name, kind, levels=levels, missing_codes=codes, required=required)


@st.composite
def dictionaries(draw: st.DrawFn) -> Dictionary:
    """Any dictionary."""
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=6))
    person_id = draw(st.sampled_from([None, *names]))
    return Dictionary("d", tuple(draw(columns(name)) for name in names), person_id)


@given(dictionaries())
def test_writing_and_reading_are_inverse(dictionary: Dictionary) -> None:
    """What is written as Table Schema reads back as the same dictionary."""
    assert dictionary_from_table_schema("d", dictionary_to_table_schema(dictionary)) == dictionary


REFUSED: dict[str, tuple[Any, str]] = {
    "not an object": ([], ""),
    "no fields": ({}, "/fields"),
    "empty fields": (_schema(), "/fields"),
    "unknown key of the schema": (_schema(AGE, primaryKey="age"), "/primaryKey"),
    "unknown key of a field": (_schema({**AGE, "format": "x"}), "/fields/0/format"),
    "pointer escapes": (_schema({**AGE, "a/b~c": 1}), "/fields/0/a~1b~0c"),
    "constraint of another type": (
        _schema(AGE, {**SEX, "constraints": {"minimum": 1}}),
        "/fields/1/constraints/minimum",
    ),
    "no name": (_schema({"type": "string"}), "/fields/0/name"),
    "blank name": (_schema({"name": " ", "type": "string"}), "/fields/0/name"),
    "two fields of one name": (_schema(AGE, AGE), "/fields/1/name"),
    "unknown type": (_schema({"name": "d", "type": "date"}), "/fields/0/type"),
    "type of the wrong kind": (_schema({"name": "d", "type": ["number"]}), "/fields/0/type"),
    "no minimum": (_schema({**AGE, "constraints": {"maximum": 1}}), "/fields/0/constraints/minimum"),
    "range upside down": (
        _schema({**AGE, "constraints": {"minimum": 2, "maximum": 1}}),
        "/fields/0/constraints/maximum",
    ),
    "true is not a number": (
        _schema({**AGE, "constraints": {"minimum": True, "maximum": 1}}),
        "/fields/0/constraints/minimum",
    ),
    "infinite range": (
        _schema({**AGE, "constraints": {"minimum": 0, "maximum": float("inf")}}),
        "/fields/0/constraints/maximum",
    ),
    "a huge whole number": (
        _schema({**AGE, "constraints": {"minimum": 0, "maximum": 10**400}}),
        "/fields/0/constraints/maximum",
    ),
    "fraction in an integer range": (
        _schema({**AGE, "constraints": {"minimum": 0.5, "maximum": 1}}),
        "/fields/0/constraints",
    ),
    "step of zero": (_schema({**AGE, "x-step": 0}), "/fields/0/x-step"),
    "step on text": (_schema({**SEX, "x-step": 1}), "/fields/0/x-step"),
    "unit with a space": (_schema({**AGE, "x-unit": "mg dL"}), "/fields/0/x-unit"),
    "empty enum": (_schema({**SEX, "constraints": {"enum": []}}), "/fields/0/constraints/enum"),
    "repeated level": (_schema({**SEX, "constraints": {"enum": ["a", "a"]}}), "/fields/0/constraints/enum"),
    "number as level of text": (_schema({**SEX, "constraints": {"enum": [1]}}), "/fields/0/constraints/enum"),
    "missing code as level": (_schema({**SEX, "constraints": {"enum": ["?"]}}), "/fields/0/constraints/enum"),
    "level out of range": (
        _schema({**AGE, "constraints": {"minimum": 18, "maximum": 20, "enum": [17]}}),
        "/fields/0/constraints/enum",
    ),
    "missing values as text": (_schema(AGE, missingValues="NA"), "/missingValues"),
    "missing values of numbers": (_schema({**AGE, "missingValues": [9]}), "/fields/0/missingValues"),
    "required as text": (_schema({**SEX, "constraints": {"required": "yes"}}), "/fields/0/constraints/required"),
    "title of the wrong kind": (_schema({**SEX, "title": 1}), "/fields/0/title"),
    "person id is no field": (_schema(AGE, **{"x-person-id": "pid"}), "/x-person-id"),
    "person id of the wrong kind": (_schema(AGE, **{"x-person-id": ["age"]}), "/x-person-id"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_whatever_we_do_not_read_is_refused_with_a_pointer(case: str) -> None:
    """Nothing in a dictionary is silently ignored or repaired."""
    schema, pointer = REFUSED[case]

    with pytest.raises(DictionaryInvalid) as caught:
        dictionary_from_table_schema("d", schema)

    assert caught.value.pointer == pointer
    assert caught.value.to_dict()["code"] == "data.dictionary_invalid"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*AGE, "fields", "enum"]), inner),
)


@given(st.one_of(JSON, st.fixed_dictionaries({"fields": st.lists(JSON, min_size=1, max_size=3)})))
def test_arbitrary_json_is_a_dictionary_or_refused(schema: Any) -> None:
    """No JSON value gives anything but a dictionary or `DictionaryInvalid`."""
    try:
        found = dictionary_from_table_schema("d", schema)
    except DictionaryInvalid as error:
        assert error.remedy
    else:
        assert len(found.columns) == len(schema["fields"])


def test_the_example_of_the_manual_is_a_dictionary() -> None:
    """The worked example in docs/dictionary.md reads as the page says, and so does its example of a mistake."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "dictionary.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json")[1].split("```")[0])
    dictionary = dictionary_from_table_schema("example", example)
    assert dictionary.person_id == "patient"
    assert {column.name: column.kind for column in dictionary} == {
        "patient": "text", "age": "integer", "cholesterol": "number", "ecog": "integer", "sex": "category",
        "diabetes": "category", "follow_up_days": "integer", "died": "integer", "note": "text",
    }  # fmt: skip
    assert (dictionary["ecog"].range, dictionary["age"].step, dictionary["cholesterol"].step) == ((0.0, 4.0), 1.0, 0.1)
    assert dictionary["cholesterol"].missing_codes == ("NA", "0") and dictionary["sex"].levels == ("female", "male")
    del example["fields"][1]["constraints"]["maximum"]
    with pytest.raises(DictionaryInvalid) as refused:
        dictionary_from_table_schema("example", example)
    assert refused.value.message in page and "docs/dictionary.md" in refused.value.remedy


def test_codes_of_a_numeric_field_give_its_range() -> None:
    """A numeric field with codes and without limits takes the lowest and the highest code as its range."""
    schema = {"fields": [{"name": "status", "type": "integer", "constraints": {"enum": [2, 1]}}]}

    assert dictionary_from_table_schema("codes", schema)["status"].range == (1.0, 2.0)
