"""The data dictionary as a Frictionless Table Schema.

Source: Frictionless Data, Table Schema (specs.frictionlessdata.io/table-schema, version 2), with three properties of our
own: ``x-unit`` (UCUM code) and ``x-step`` (resolution) of a field, ``x-person-id`` (a field's name) of the schema.
What the specification permits beyond that is refused, so that nothing in a signed dictionary is silently ignored.
"""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from summand.errors import DictionaryInvalid
from summand.tables._dictionary import Column, Dictionary, Kind
from summand.tables._levels import as_number, number_text, sort_levels

FIELDS_MAX = 10_000
_NAME_LENGTH_MAX = 200
_SCHEMA_KEYS = {"fields", "missingValues", "x-person-id"}
_FIELD_KEYS = {"name", "type", "title", "description", "constraints", "missingValues", "x-unit", "x-step"}
_CONSTRAINT_KEYS = {
    "integer": {"minimum", "maximum", "enum", "required"},
    "number": {"minimum", "maximum", "enum", "required"},
    "string": {"enum", "required"},
    "boolean": {"required"},
}
_UCUM = re.compile(r"[!-~]{1,40}", re.ASCII)
_KINDS: dict[str, Literal["integer", "number"]] = {"integer": "integer", "number": "number"}


def dictionary_from_table_schema(name: str, schema: Any) -> Dictionary:
    """The dictionary that a Table Schema describes.

    A ``string`` with ``constraints.enum`` is a category, without it text; a ``boolean`` is a category of ``false`` and
    ``true``; numeric fields must have ``minimum`` and ``maximum``, or an ``enum`` that gives them.

    Args:
        name: What to call the dictionary.
        schema: JSON values, as parsed.

    Raises:
        DictionaryInvalid: with a JSON Pointer, if anything is missing, unknown or of the wrong kind.
    """
    _object(schema, "", _SCHEMA_KEYS)
    fields = schema.get("fields")
    if not isinstance(fields, list) or not 1 <= len(fields) <= FIELDS_MAX:
        raise _invalid("/fields", f"is not a list of 1 to {FIELDS_MAX} fields")
    default = _missing_codes(schema.get("missingValues", [""]), "/missingValues")
    columns = tuple(_column(field, f"/fields/{position}", default) for position, field in enumerate(fields))
    seen: set[str] = set()
    for position, column in enumerate(columns):
        if column.name in seen:
            raise _invalid(f"/fields/{position}/name", "repeats the name of an earlier field")
        seen.add(column.name)
    person_id = schema.get("x-person-id")
    if person_id is not None and not (isinstance(person_id, str) and person_id in seen):
        raise _invalid("/x-person-id", "names no field of this schema")
    return Dictionary(name, columns, person_id)


def dictionary_to_table_schema(dictionary: Dictionary) -> dict[str, Any]:
    """The Table Schema that `dictionary_from_table_schema` reads back as the same dictionary."""
    schema: dict[str, Any] = {"fields": [_field(column) for column in dictionary], "missingValues": [""]}
    if dictionary.person_id is not None:
        schema["x-person-id"] = dictionary.person_id
    return schema


def _column(field: Any, at: str, default_missing: tuple[str, ...]) -> Column:
    _object(field, at, _FIELD_KEYS)
    name = _text(field.get("name"), f"{at}/name")
    type_ = field.get("type")
    if not isinstance(type_, str) or type_ not in _CONSTRAINT_KEYS:
        raise _invalid(f"{at}/type", f"is none of {', '.join(_CONSTRAINT_KEYS)}")
    constraints = field.get("constraints", {})
    _object(constraints, f"{at}/constraints", _CONSTRAINT_KEYS[type_])
    required = constraints.get("required", False)
    if not isinstance(required, bool):
        raise _invalid(f"{at}/constraints/required", "is neither true nor false")
    missing = _missing_codes(field["missingValues"], f"{at}/missingValues") if "missingValues" in field else None
    codes = default_missing if missing is None else missing
    description = _prose(field, at)
    if type_ in _KINDS:
        return _numeric(field, constraints, at, name, description, codes, required)
    for key in ("x-step", "x-unit"):
        if key in field:
            raise _invalid(f"{at}/{key}", "is for numeric fields only")
    kind: Kind = "category" if type_ == "boolean" or "enum" in constraints else "text"
    levels = ("false", "true") if type_ == "boolean" else _text_levels(constraints, f"{at}/constraints/enum", codes)
    return Column(name, kind, levels=levels, description=description, missing_codes=codes, required=required)


def _numeric(
    field: dict[str, Any],
    constraints: dict[str, Any],
    at: str,
    name: str,
    description: str,
    codes: tuple[str, ...],
    required: bool,
) -> Column:
    kind = _KINDS[field["type"]]
    low, high = _range(constraints, f"{at}/constraints")
    if low > high:
        raise _invalid(f"{at}/constraints/maximum", "is below the minimum")
    step = _number(field["x-step"], f"{at}/x-step") if "x-step" in field else (1.0 if kind == "integer" else None)
    if step is not None and (step <= 0 or (kind == "integer" and not step.is_integer())):
        raise _invalid(f"{at}/x-step", "is not a positive step of this type")
    if kind == "integer" and not (low.is_integer() and high.is_integer()):
        raise _invalid(f"{at}/constraints", "gives an integer field a range that is not whole")
    unit = field.get("x-unit", "1")
    if not isinstance(unit, str) or _UCUM.fullmatch(unit) is None:
        raise _invalid(f"{at}/x-unit", "is not a UCUM code")
    levels = _number_levels(constraints, f"{at}/constraints/enum", low, high)
    return Column(name, kind, low, high, step, levels, unit, description, codes, required)


def _range(constraints: dict[str, Any], at: str) -> tuple[float, float]:
    """The closed range: as given, else the extremes of the codes that the column may take."""
    codes = [_number(code, f"{at}/enum") for code in _list(constraints.get("enum", []), f"{at}/enum")]
    for name in ("minimum", "maximum"):
        if name not in constraints and not codes:
            raise _invalid(f"{at}/{name}", "is missing, and no enum of codes gives it")
    low = _number(constraints["minimum"], f"{at}/minimum") if "minimum" in constraints else min(codes)
    high = _number(constraints["maximum"], f"{at}/maximum") if "maximum" in constraints else max(codes)
    return low, high


def _text_levels(constraints: dict[str, Any], at: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    if "enum" not in constraints:
        return ()
    levels = [_text(level, at) for level in _list(constraints["enum"], at)]
    if len(set(levels)) != len(levels) or not levels:
        raise _invalid(at, "is empty or repeats a level")
    if set(levels) & set(codes):
        raise _invalid(at, "names a missing code as a level")
    return sort_levels(levels)


def _number_levels(constraints: dict[str, Any], at: str, low: float, high: float) -> tuple[str, ...]:
    if "enum" not in constraints:
        return ()
    levels = [_number(level, at) for level in _list(constraints["enum"], at)]
    if len(set(levels)) != len(levels) or not levels:
        raise _invalid(at, "is empty or repeats a level")
    if min(levels) < low or max(levels) > high:
        raise _invalid(at, "has a level outside the range")
    return sort_levels(number_text(level) for level in levels)


def _field(column: Column) -> dict[str, Any]:
    is_boolean = column.kind == "category" and column.levels == ("false", "true")
    type_ = column.kind if column.is_numeric else ("boolean" if is_boolean else "string")
    field: dict[str, Any] = {"name": column.name, "type": type_}
    if column.description:
        field["description"] = column.description
    constraints: dict[str, Any] = {}
    if column.is_numeric:
        low, high = column.range
        constraints = {"minimum": _plain(low), "maximum": _plain(high)}
        field["x-unit"] = column.unit
        if column.step is not None:
            field["x-step"] = _plain(column.step)
    if column.levels and column.is_numeric:
        constraints["enum"] = [_plain(as_number(level) or 0.0) for level in column.levels]
    elif column.levels and not is_boolean:
        constraints["enum"] = list(column.levels)
    if column.required:
        constraints["required"] = True
    if constraints:
        field["constraints"] = constraints
    if column.missing_codes:
        field["missingValues"] = ["", *column.missing_codes]
    return field


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)


def _object(value: Any, at: str, known: set[str]) -> None:
    if not isinstance(value, dict):
        raise _invalid(at, "is not an object")
    for key in value:
        if key not in known:
            raise _invalid(f"{at}/{_escaped(str(key))}", "is unknown here")


def _list(value: Any, at: str) -> list[Any]:
    if not isinstance(value, list):
        raise _invalid(at, "is not a list")
    return value


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _NAME_LENGTH_MAX or "\0" in value:
        raise _invalid(at, f"is not a text of 1 to {_NAME_LENGTH_MAX} characters")
    return value


def _prose(field: dict[str, Any], at: str) -> str:
    for key in ("title", "description"):
        if not isinstance(field.get(key, ""), str):
            raise _invalid(f"{at}/{key}", "is not text")
    return str(field.get("description") or field.get("title") or "")


def _number(value: Any, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _invalid(at, "is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _invalid(at, "is not a finite number")
    return number


def _missing_codes(value: Any, at: str) -> tuple[str, ...]:
    codes = _list(value, at)
    if not all(isinstance(code, str) and len(code) <= _NAME_LENGTH_MAX for code in codes):
        raise _invalid(at, "is not a list of texts")
    return tuple(dict.fromkeys(code.strip() for code in codes if code.strip()))


def _escaped(key: str) -> str:
    return key[:80].replace("~", "~0").replace("/", "~1")


def _invalid(pointer: str, what: str) -> DictionaryInvalid:
    return DictionaryInvalid(
        f"The dictionary's '{pointer or '/'}' {what}.",
        remedy="Correct the Table Schema there; docs/dictionary.md says how one is written.",
        pointer=pointer,
    )
