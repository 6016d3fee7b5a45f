"""JSON (RFC 8259) with the line of every value; duplicate keys refused."""

from __future__ import annotations

import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # the standard library's own string scanner
from typing import Any, NoReturn

from summand.agreement._findings import pointer_of
from summand.errors import AgreementSyntaxError

DEEPEST = 64
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}


def read_json(text: str) -> tuple[Any, dict[str, int]]:
    """The value and the line (from 1) of every part of it, by JSON Pointer.

    Raises:
        AgreementSyntaxError: with the line, if it is not JSON or a key stands twice.
    """
    reader = _Reader(text)
    value, stop = reader.value(reader.skip(0), ())
    if reader.skip(stop) != len(text):
        reader.fail(stop, "There is more text after the document's end")
    return value, reader.lines


class _Reader:
    """Position and lines of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[str, int] = {}
        self._starts = [match.end() for match in re.finditer("\n", text)]

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def line(self, at: int) -> int:
        return bisect_right(self._starts, at) + 1

    def fail(self, at: int, what: str) -> NoReturn:
        line = self.line(min(at, len(self.text)))
        raise AgreementSyntaxError(f"{what}, line {line}.", remedy="Correct the JSON there.", line=line)

    def value(self, at: int, place: tuple[str | int, ...]) -> tuple[Any, int]:
        if len(place) > DEEPEST:
            self.fail(at, f"The document is nested deeper than {DEEPEST} levels")
        self.lines[pointer_of(place)] = self.line(at)
        start = self.text[at : at + 1]
        if start == "{":
            return self._object(at + 1, place)
        if start == "[":
            return self._array(at + 1, place)
        if start == '"':
            return self._string(at)
        return self._word_or_number(at)

    def _object(self, at: int, place: tuple[str | int, ...]) -> tuple[dict[str, Any], int]:
        out: dict[str, Any] = {}
        at = self.skip(at)
        if self.text[at : at + 1] == "}":
            return out, at + 1
        while True:
            if self.text[at : at + 1] != '"':
                self.fail(at, "A key in double quotes is expected")
            key, stop = self._string(at)
            if key in out:
                self.fail(at, f"The key {key[:60]!r} stands twice")
            colon = self.skip(stop)
            if self.text[colon : colon + 1] != ":":
                self.fail(colon, "A colon is expected")
            out[key], at = self.value(self.skip(colon + 1), (*place, key))
            at, more = self._next(at, "}")
            if not more:
                return out, at

    def _array(self, at: int, place: tuple[str | int, ...]) -> tuple[list[Any], int]:
        out: list[Any] = []
        at = self.skip(at)
        if self.text[at : at + 1] == "]":
            return out, at + 1
        while True:
            item, at = self.value(at, (*place, len(out)))
            out.append(item)
            at, more = self._next(at, "]")
            if not more:
                return out, at

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        at = self.skip(at)
        mark = self.text[at : at + 1]
        if mark == ",":
            return self.skip(at + 1), True
        if mark != closing:
            self.fail(at, f"A comma or {closing!r} is expected")
        return at + 1, False

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, stop = scanstring(self.text, at + 1, True)
        except ValueError:
            self.fail(at, "A text is not closed or holds a character that JSON does not allow")
        return str(text), int(stop)

    def _word_or_number(self, at: int) -> tuple[Any, int]:
        for word, value in _WORDS.items():
            if self.text.startswith(word, at):
                return value, at + len(word)
        match = _NUMBER.match(self.text, at)
        if match is None or match.end() - at > 40:
            self.fail(at, "A value is expected")
        return (float if match.group(1) or match.group(2) else int)(match.group()), match.end()
