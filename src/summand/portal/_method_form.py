"""A method's own settings as fields of a form, and a form back as the method's specification.

Nothing is listed twice: the fields are those of the method's dataclass, their hints its docstring's, their choices the
constants beside it or the words that the docstring names. What the form cannot know, the method itself says when the
request is made from it.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from summand.encoding import parse
from summand.errors import FormRefused, SummandError
from summand.methods import METHODS, Method

_ONE_COLUMN = frozenset({"by", "strata", "cluster", "row", "column", "period", "treated_from", "group", "offset"})
_COLUMNS = frozenset({"variables", "categorical", "nonnormal", "given", "auxiliary"})
_FORMULAS = frozenset({"formula", "treatment", "outcome", "covariates", "null"})


@dataclass(frozen=True)
class SettingField:
    """One setting.

    Attributes:
        name, label, hint: What it is called in the specification, by people, and what it means.
        kind: ``formula``, ``text``, ``number``, ``whole``, ``flag``, ``choice``, ``choices``, ``column``, ``columns``,
            ``numbers`` or ``json``.
        required: Whether it has no default.
        default: As the form shows it.
        choices: For ``choice`` and ``choices``.
    """

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    default: str
    choices: tuple[str, ...] = ()


@cache
def fields_of(method_name: str) -> tuple[SettingField, ...]:
    """The fields of a method of the catalogue, in its own order."""
    method: Any = METHODS[method_name]
    hints = _hints(method.__doc__ or "")
    found = []
    for field in dataclasses.fields(method):
        if field.name.startswith("_") or field.name == "setting" or not field.init:
            continue
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None if required else _default(field)
        hint = hints.get(field.name, "")
        choices = _choices(method, field.name, str(field.type), default, hint)
        kind = _kind(field.name, str(field.type), choices)
        label = field.name.replace("_", " ").capitalize()
        found.append(SettingField(field.name, label, hint, kind, required, _shown(default), choices))
    return tuple(found)


def spec_of(method_name: str, form: Mapping[str, str], lists: Mapping[str, list[str]]) -> dict[str, Any]:
    """The specification in a sent form; settings that were left as they are are left out.

    Raises:
        FormRefused: if a number is none, or JSON is none, beside its field.
    """
    spec: dict[str, Any] = {"name": method_name}
    for field in fields_of(method_name):
        key = f"setting.{field.name}"
        if field.kind in ("columns", "choices"):
            chosen = [value for value in lists.get(key, []) if value]
            if chosen or field.required:
                spec[field.name] = chosen
            continue
        text = form.get(key, "").strip()
        if field.kind == "flag":
            if text:
                spec[field.name] = True
        elif field.required or (text and text != field.default.strip()):
            spec[field.name] = _value(field, text)
    return spec


def refused_at(error: SummandError, method_name: str) -> str:
    """The field that an error of the method is about: the setting that it names, else its formula; empty if neither."""
    names = [field.name for field in fields_of(method_name)]
    named = re.search(r"setting '([a-z_0-9]+)'", error.message)
    if named and named[1] in names:
        return f"setting.{named[1]}"
    if error.code.startswith(("method.", "data.")):
        formula = next((field for field in fields_of(method_name) if field.kind in ("formula", "columns")), None)
        return f"setting.{formula.name}" if formula else ""
    return ""


def _value(field: SettingField, text: str) -> Any:
    try:
        if field.kind == "whole":
            return int(text)
        if field.kind == "number":
            return float(text)
        if field.kind == "numbers":
            return [float(part) for part in re.split(r"[,;\s]+", text) if part]
        if field.kind == "json":
            return parse(text.encode(), "setting")
    except (ValueError, SummandError):
        wanted = {"whole": "a whole number", "number": "a number", "numbers": "numbers with commas", "json": "JSON"}
        raise FormRefused(
            f"This is not {wanted[field.kind]}.", remedy="Correct it.", field=f"setting.{field.name}"
        ) from None
    return text


def _kind(name: str, annotation: str, choices: tuple[str, ...]) -> str:
    if choices:
        return "choices" if annotation.startswith("tuple") else "choice"
    if name in _FORMULAS and annotation == "str":
        return "formula"
    if name in _ONE_COLUMN and annotation in ("str", "str | None"):
        return "column"
    if name in _COLUMNS and annotation == "tuple[str, ...]":
        return "columns"
    plain = {"bool": "flag", "int": "whole", "tuple[float, ...]": "numbers", "str": "text", "str | None": "text"}
    if annotation.startswith("float"):
        return "number"
    return plain.get(annotation, "json")


def _choices(method: type[Method], name: str, annotation: str, default: Any, hint: str) -> tuple[str, ...]:
    if name in _ONE_COLUMN or annotation not in ("str", "str | None", "tuple[str, ...]"):
        return ()
    for kind in method.__mro__:
        module = sys.modules.get(kind.__module__)
        for constant in (name.upper(), f"{name.upper()}S"):
            value = getattr(module, constant, None)
            if isinstance(value, tuple) and value and all(isinstance(item, str) for item in value):
                return value
    named = tuple(dict.fromkeys(re.findall(r"``([A-Za-z0-9_-]+)``", hint)))
    return named if isinstance(default, str) and default in named and len(named) > 1 else ()


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _shown(default: Any) -> str:
    if default is None or default is False or default == ():
        return ""
    if isinstance(default, tuple):
        return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _hints(docstring: str) -> dict[str, str]:
    """What the docstring says of each argument, in one line."""
    block = re.search(r"^( *)Args:\n(.*?)(?=\n\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    return {} if block is None else dict(_paragraphs(block[2], len(block[1]) + 4))


def _paragraphs(text: str, indent: int) -> Iterator[tuple[str, str]]:
    parts = re.split(rf"^ {{{indent}}}(?=[a-z_0-9, ]+: )", text, flags=re.MULTILINE)
    for part in parts:
        names, colon, said = part.partition(": ")
        if colon:
            for name in names.split(","):
                yield name.strip(), " ".join(said.split())
