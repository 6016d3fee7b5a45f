"""What the model says about a place in the document, and pydantic's complaints in a lawyer's words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from summand.agreement._document import Agreement
from summand.agreement._findings import CLAUSES, Finding, Place, clause_of, finding

OPEN = "needs counsel"
"""What a template writes where a lawyer must decide."""


def is_open(value: Any) -> bool:
    """Whether a value still reads "needs counsel"."""
    return isinstance(value, str) and OPEN in value.casefold()


def complaint(error: Mapping[str, Any], lines: Mapping[str, int]) -> Finding:
    """The finding behind one of pydantic's errors."""
    place: Place = tuple(error["loc"])
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "missing":
        return _missing(place, lines)
    if kind == "too_short" and context.get("actual_length") == 0:
        return _missing(place, lines, "is empty")
    if kind == "extra_forbidden":
        return _unknown(place, lines)
    found = _kind_of(error.get("input"))
    wanted = _WANTED.get(kind, "").format(**context) or str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    message = f"{_name(place)} holds {found}, which does not fit: {wanted}."
    return finding("agreement.syntax", place, message, f"{_meaning(place)}Write {wanted}.", lines)


def _missing(place: Place, lines: Mapping[str, int], state: str = "is missing") -> Finding:
    field = field_at(place)
    choices = choices_of(field.annotation) if field else ()
    extra = field.json_schema_extra if field else None
    starred = isinstance(extra, dict) and bool(extra.get("star"))
    why = "a legal office will refuse to sign without it" if starred else "the agreement cannot be read without it"
    what = f"add one of: {', '.join(choices)}" if choices else "add it"
    return finding(
        "agreement.incomplete",
        place,
        f"{_name(place)} {state}: {why}.",
        f"{_meaning(place)}{what.capitalize()}.",
        lines,
    )


def _unknown(place: Place, lines: Mapping[str, int]) -> Finding:
    known = fields_at(place[:-1])
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    where = f"clause {clause_of(place[:-1])}" if len(place) > 1 else "the agreement"
    if len(place) == 2:
        where = "clause {} ({})".format(*CLAUSES[str(place[0])])
    return finding(
        "agreement.syntax",
        place,
        f"{str(place[-1])[:80]!r} is not a field of {where}.",
        f"{guess}It has: {', '.join(known)}." if known else "Take it out.",
        lines,
    )


def field_at(place: Place) -> FieldInfo | None:
    """The model's field at a path, None where the path leaves the model."""
    model: type[BaseModel] | None = Agreement
    field: FieldInfo | None = None
    for part in place:
        if isinstance(part, int):
            continue
        field = _by_name(model, part) if model is not None else None
        if field is None:
            return None
        model = _model_in(field.annotation)
    return field


def fields_at(place: Place) -> list[str]:
    """Names of the fields that may stand at a path."""
    names = [part for part in place if isinstance(part, str)]
    field = field_at(names)
    model = Agreement if not names else _model_in(field.annotation) if field else None
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def choices_of(annotation: Any) -> tuple[str, ...]:
    """The values of a ``Literal`` (inside a tuple or optional too), as text; empty for other kinds."""
    if get_origin(annotation) is Literal:
        return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in get_args(annotation))
    found = [choices_of(part) for part in get_args(annotation) if part not in (NoneType, Ellipsis)]
    return found[0] if len(found) == 1 else ()


def _by_name(model: type[BaseModel], name: str) -> FieldInfo | None:
    for key, field in model.model_fields.items():
        if name == (field.alias or key):
            return field
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is dict:
        return None
    found = [_model_in(part) for part in get_args(annotation)]
    return next((model for model in found if model is not None), None)


def _name(place: Place) -> str:
    index = "".join(f", entry {part + 1}" for part in place if isinstance(part, int))
    return f"Clause {clause_of(place)}{index}"


def _meaning(place: Place) -> str:
    field = field_at(place)
    return f"{field.description} " if field and field.description else ""


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "a yes or no"
    if isinstance(value, str):
        return f"the text {value[:60]!r}" if value else "an empty text"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return {list: "a list", dict: "a group of fields", NoneType: "nothing"}.get(type(value), "something else")


_WANTED = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "string_too_long": "a text of at most {max_length} characters",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a group of fields",
    "model_type": "a group of fields",
    "model_attributes_type": "a group of fields",
    "literal_error": "one of {expected}",
    "date_from_datetime_parsing": "a date such as 2026-12-31",
    "date_parsing": "a date such as 2026-12-31",
    "date_type": "a date such as 2026-12-31",
    "date_from_datetime_inexact": "a date without a time",
    "datetime_from_date_parsing": "a time such as 2026-12-31T12:00:00Z",
    "datetime_parsing": "a time such as 2026-12-31T12:00:00Z",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "too_short": "at least {min_length} entry",
}
