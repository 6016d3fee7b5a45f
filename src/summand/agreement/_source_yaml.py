"""YAML 1.2 with the line of every value: the core schema, without tags, anchors, aliases or duplicate keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from summand.agreement._findings import pointer_of
from summand.agreement._source_json import DEEPEST
from summand.errors import AgreementSyntaxError

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def read_yaml(text: str) -> tuple[Any, dict[str, int]]:
    """The value and the line (from 1) of every part of it, by JSON Pointer.

    Plain scalars follow the YAML 1.2 core schema (section 10.3.2), so ``no`` and ``2026-01-01`` stay text.

    Raises:
        AgreementSyntaxError: with the line, if it is not such YAML.
    """
    from ruamel.yaml import YAML  # only where a file is read
    from ruamel.yaml.error import YAMLError

    try:
        return _Reader(iter(YAML(typ="safe", pure=True).parse(text))).document()
    except YAMLError as error:
        line = _line_of(error)
        problem = getattr(error, "problem", None) or "it cannot be read"
        where = f", line {line}" if line else ""
        raise AgreementSyntaxError(
            f"The file is not YAML{where}: {problem}.", remedy="Correct the YAML there.", line=line
        ) from None


class _Reader:
    """Builds plain values from parser events; nothing is ever constructed by tag."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self.lines: dict[str, int] = {}

    def document(self) -> tuple[Any, dict[str, int]]:
        self._take("StreamStartEvent")
        start = next(self._events)
        if type(start).__name__ == "StreamEndEvent":
            raise AgreementSyntaxError("The file is empty.", remedy="Start from 'summand agreement new'.", line=1)
        value = self._value(next(self._events), ())
        self._take("DocumentEndEvent")
        self._take("StreamEndEvent")
        return value, self.lines

    def _take(self, kind: str) -> None:
        event = next(self._events)
        if type(event).__name__ != kind:
            self._fail(event, "The file holds more than one document")

    def _fail(self, event: Any, what: str) -> NoReturn:
        line = event.start_mark.line + 1
        raise AgreementSyntaxError(f"{what}, line {line}.", remedy="Write it out plainly there.", line=line)

    def _value(self, event: Any, place: tuple[str | int, ...]) -> Any:
        self._plain(event)
        if len(place) > DEEPEST:
            self._fail(event, f"The document is nested deeper than {DEEPEST} levels")
        self.lines.setdefault(pointer_of(place), event.start_mark.line + 1)
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return self._scalar(event)
        return self._mapping(place) if kind == "MappingStartEvent" else self._sequence(place)

    def _plain(self, event: Any) -> None:
        if type(event).__name__ == "AliasEvent" or getattr(event, "anchor", None) is not None:
            self._fail(event, "Anchors and aliases (& and *) are not read in an agreement")
        if getattr(event, "ctag", None) is not None or getattr(event, "tag", None) is not None:
            self._fail(event, "Tags (!) are not read in an agreement")

    def _mapping(self, place: tuple[str | int, ...]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            self._plain(event)
            if type(event).__name__ != "ScalarEvent":
                self._fail(event, "A key is a list or a mapping")
            key = str(event.value)
            if key in out:
                self._fail(event, f"The key {key[:60]!r} stands twice")
            self.lines[pointer_of((*place, key))] = event.start_mark.line + 1
            out[key] = self._value(next(self._events), (*place, key))
        return out

    def _sequence(self, place: tuple[str | int, ...]) -> list[Any]:
        out: list[Any] = []
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            out.append(self._value(event, (*place, len(out))))
        return out

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if event.style not in (None, ""):
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text


def _line_of(error: Exception) -> int | None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return None if mark is None else int(mark.line) + 1
