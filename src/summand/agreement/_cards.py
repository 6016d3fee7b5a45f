"""Clause cards: each clause in plain words with its terms, for an editor; and the setting of one term.

A card shows what the clause says, which terms it has, which of them a legal office will not do without, what may stand
there, and what the checker finds. `set_term` takes what a person typed, as text, and gives the next draft.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._findings import CLAUSES, Finding, clause_of, pointer_of
from summand.agreement._reading import check
from summand.agreement._shape import choices_of, field_at, is_open
from summand.agreement._why import why_of
from summand.agreement._words import plain_sections
from summand.encoding import dump, parse
from summand.errors import PeerProtocolError, UsageError

Place = tuple[str | int, ...]
_SECTIONS: dict[str, str] = {
    "This agreement": "A", "Who": "B", "Why": "C", "Never": "C", "Which data": "D", "What may be computed": "D",
    "How patients are protected": "D", "Who decides": "H", "Money": "I", "What is made, and who owns it": "J",
    "How long, and how it ends": "N",
}  # fmt: skip
_BY_BEGINNING: tuple[tuple[str, str], ...] = (
    ("Ethics:", "F"), ("Declared conflicts", "G"), ("Income", "K"), ("No income", "K"), ("Secrets", "M"),
    ("Liability", "M"), ("It takes effect", "O"), ("Noise is added", "E"), ("No noise", "E"),
)  # fmt: skip
_KINDS = {"bool": "yes or no", "int": "whole number", "float": "number", "date": "date"}


@dataclass(frozen=True)
class Term:
    """One term of a clause, or a place where one may be added.

    Attributes:
        pointer: JSON Pointer into the document, for `set_term`.
        name: Path within the clause, with entries counted from 1.
        meaning: What it settles.
        value: What stands there, as text for a form; empty where nothing does.
        starred: Whether a legal office will not do without it.
        is_open: Whether it still reads "needs counsel".
        choices: What may stand there; empty if anything of its kind may.
        kind: text, whole number, number, date, yes or no, or list.
        why: Why a legal office asks for it.
    """

    pointer: str
    name: str
    meaning: str
    value: str
    starred: bool
    is_open: bool
    choices: tuple[str, ...]
    kind: str
    why: str


@dataclass(frozen=True)
class Card:
    """One clause: letter, heading, what it says, its terms, and what the checker finds in it."""

    letter: str
    heading: str
    sentences: tuple[str, ...]
    terms: tuple[Term, ...]
    findings: tuple[Finding, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing in it keeps the agreement from being signed."""
        return not any(item.fails for item in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "settled": self.is_settled}


def clause_cards(document: Agreement | Mapping[str, Any]) -> tuple[Card, ...]:
    """A card for each clause from A to O; drafts too."""
    page = document.to_dict() if isinstance(document, Agreement) else document
    headings = dict(CLAUSES.values())
    said: dict[str, list[str]] = {letter: [] for letter in headings}
    for section in plain_sections(page):
        for sentence in section.sentences:
            found = next((letter for begin, letter in _BY_BEGINNING if sentence.startswith(begin)), None)
            said[found or _SECTIONS[section.heading]].append(sentence)
    terms: dict[str, list[Term]] = {letter: [] for letter in headings}
    for key, (letter, _) in CLAUSES.items():
        if key in page:
            terms[letter] += _terms(page[key], (key,))
    findings = check(page)
    return tuple(
        Card(
            letter, heading, tuple(said[letter]), tuple(terms[letter]),
            tuple(item for item in findings if item.clause.split(".")[0] == letter),
        )
        for letter, heading in headings.items()
    )  # fmt: skip


def set_term(document: Mapping[str, Any], pointer: str, text: str) -> dict[str, Any]:
    """The draft with one term set to what a person typed; an empty text takes the term out.

    The text is read as the kind that the model asks for at that place: a number, a date, yes or no, a list with commas;
    groups of fields are given as JSON. Nothing else in the draft changes; `check` judges the result.

    Raises:
        UsageError: if the pointer leads nowhere, or the text cannot be read as that kind.
    """
    place = _place_of(document, pointer)
    if not place:
        raise UsageError("The whole draft is no term.", remedy="Name a term by its pointer, as the cards do.")
    draft: dict[str, Any] = copy.deepcopy(dict(document))
    target: Any = draft
    for part in place[:-1]:
        target = target[part]
    last = place[-1]
    if text.strip():
        value = _read(place, text.strip())
        if isinstance(target, list) and last == len(target):
            target.append(value)
        else:
            target[last] = value
    elif isinstance(target, list):
        del target[int(last)]
    else:
        target.pop(last, None)
    return draft


def _terms(value: Any, place: Place) -> Iterator[Term]:
    if isinstance(value, Mapping) and value and "dictionaries" not in place:
        for key, item in value.items():
            yield from _terms(item, (*place, str(key)))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _terms(item, (*place, number))
    else:
        yield _term(value, place)


def _term(value: Any, place: Place) -> Term:
    field = field_at(place)
    extra = field.json_schema_extra if field else None
    choices = choices_of(field.annotation) if field else ()
    clause = clause_of(place)
    name = ".".join(str(part + 1) if isinstance(part, int) else part for part in place[1:]) or str(place[0])
    return Term(
        pointer_of(place), name, (field.description or "") if field else "", _text(value),
        isinstance(extra, dict) and bool(extra.get("star")), _has_open(value),
        choices, _kind(place), why_of(clause),
    )  # fmt: skip


def _has_open(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_open, value.values()))
    return any(map(_has_open, value)) if isinstance(value, (list, tuple)) else is_open(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)) and not any(isinstance(item, Mapping) for item in value):
        return ", ".join(map(str, value))
    if isinstance(value, (Mapping, list, tuple)):
        return dump(value).decode()
    return "" if value is None else str(value)


def _kind(place: Place) -> str:
    field = field_at(place)
    if field is None or "dictionaries" in place:
        return "text"
    words = str(field.annotation).replace("[", " ").replace(".", " ").split()
    if set(choices_of(field.annotation)) & {"true", "false"}:
        return "yes or no"
    is_list = str(field.annotation).startswith("tuple") and not isinstance(place[-1], int)
    if is_list:
        return "list"
    annotation = getattr(field.annotation, "__name__", "")
    names = {annotation, *words, *(part.strip("'>,|") for part in words)}
    return next((text for name, text in _KINDS.items() if name in names), "text")


def _read(place: Place, text: str) -> Any:
    if text[0] in "{[":
        try:
            return parse(text.encode(), "term")
        except PeerProtocolError:
            raise UsageError(
                f"{pointer_of(place)} is not readable JSON.", remedy="Close every bracket and quote."
            ) from None
    if is_open(text):
        return text
    kind = _kind(place)
    try:
        if kind == "whole number":
            return int(text)
        if kind == "number":
            number = float(text)
            return int(number) if number.is_integer() and "." not in text else number
    except ValueError:
        raise UsageError(f"{text[:40]!r} is no {kind}.", remedy=f"Write a {kind}.") from None
    if kind == "yes or no":
        if text.lower() not in ("yes", "no", "true", "false"):
            raise UsageError(f"{text[:40]!r} is neither yes nor no.", remedy="Write yes or no.")
        return text.lower() in ("yes", "true")
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _place_of(document: Mapping[str, Any], pointer: str) -> Place:
    """The path behind a JSON Pointer; its last part may be new, as a field that the model knows or the next entry."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    found: list[str | int] = []
    node: Any = document
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        if isinstance(node, list) and part.isdecimal() and int(part) <= len(node) - (not is_last):
            found.append(int(part))
            node = node[int(part)] if int(part) < len(node) else None
        elif isinstance(node, Mapping) and (part in node or (is_last and field_at((*found, part)) is not None)):
            found.append(part)
            node = node.get(part)
        else:
            raise UsageError(
                f"{pointer[:120]!r} leads to no term of the draft.", remedy="Take the pointer from the clause's card."
            )
    return tuple(found)
