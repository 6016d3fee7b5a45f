"""What a condition yields when it does not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from summand.agreement._findings import Kind, Place


@dataclass(frozen=True)
class Problem:
    """A condition that does not hold: where, what was found, what to do."""

    code: Kind
    place: Place
    message: str
    remedy: str


def missing(place: Place, message: str, remedy: str) -> Problem:
    """Something that must be there under the circumstances is not."""
    return Problem("agreement.incomplete", place, message, remedy)


def invalid(place: Place, message: str, remedy: str) -> Problem:
    """Clauses contradict each other, a limit or the law."""
    return Problem("agreement.invalid", place, message, remedy)


def note(place: Place, message: str, remedy: str) -> Problem:
    """Good to know; does not fail the check."""
    return Problem("agreement.note", place, message, remedy)


def unknown_names(used: Iterable[tuple[Place, str | None]], known: Collection[str], what: str) -> Iterator[Problem]:
    """References to a party, body or dataset that the agreement does not have."""
    listed = ", ".join(sorted(known)[:20])
    for place, name in used:
        if name is not None and name not in known:
            yield invalid(place, f"There is no {what} called {name!r}.", f"Name one of: {listed}.")


def twice(place: Place, rows: Iterable[Any], what: str, field: str = "id") -> Iterator[Problem]:
    """Rows of a list that share a name which must be unique."""
    seen: set[Any] = set()
    for index, row in enumerate(rows):
        name = getattr(row, field)
        if name in seen:
            yield invalid((*place, index, field), f"Two {what} share one {field}.", f"Give each its own {field}.")
        seen.add(name)
