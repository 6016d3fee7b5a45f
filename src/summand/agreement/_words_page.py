"""Reading a document, complete or not, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.agreement._shape import OPEN, is_open

MISSING = "[missing]"


def raw(page: Any, *path: str) -> Any:
    """What stands at a path, None if nothing does."""
    for name in path:
        if not isinstance(page, Mapping):
            return None
        page = page.get(name)
    return page


def said(item: Any) -> str:
    """A single value as a reader sees it."""
    if item is None or item == "":
        return MISSING
    if is_open(item):
        return f"[{OPEN}]"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float):
        return f"{item:g}"
    text = "".join(letter if letter.isprintable() else " " for letter in str(item))
    return text.replace("_", " ") if text.isidentifier() else text


def value(page: Any, *path: str) -> str:
    """The value at a path as a reader sees it."""
    return said(raw(page, *path))


def rows(page: Any, *path: str) -> list[Mapping[str, Any]]:
    """The entries of a list at a path."""
    found = raw(page, *path)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, (list, tuple)) else []


def listing(page: Any, *path: str, empty: str = "none") -> str:
    """The values of a list at a path, with commas."""
    found = raw(page, *path)
    if found is None:
        return MISSING
    if not isinstance(found, (list, tuple)):
        return said(found)
    return ", ".join(said(item) for item in found) or empty


def money(cents: Any, currency: str) -> str:
    """An amount in cents, with its currency."""
    if isinstance(cents, bool) or not isinstance(cents, int):
        return said(cents)
    return f"{currency} {cents // 100:,}.{cents % 100:02d}"
