"""From a file or plain values to an `Agreement`, or to errors that say where and under which clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from summand.agreement._conditions import conditions
from summand.agreement._document import Agreement
from summand.agreement._findings import Finding, Place, finding, pointer_of
from summand.agreement._shape import complaint, field_at, is_open
from summand.agreement._source import read_source
from summand.encoding import canonical
from summand.errors import AgreementError, AgreementIncomplete, AgreementSyntaxError, OwnProtocolError

LISTED_IN_FULL = 8
"""An error with more findings than this names their clauses only; `check` gives them all in full."""


def load_agreement(source: Path | str | bytes) -> Agreement:
    """The agreement in a YAML or JSON file (a path) or in its bytes, complete and consistent.

    Raises:
        AgreementSyntaxError: a field is unknown or of the wrong kind; with its pointer and line.
        AgreementIncomplete: clauses are missing or still read "needs counsel"; ``findings`` lists them all.
        AgreementError: clauses contradict each other, a limit or the law.
    """
    value, lines = read_source(source)
    return _settle(*_examine(value, lines))


def read_value(value: Mapping[str, Any]) -> Agreement:
    """As `load_agreement`, from plain JSON values."""
    if not isinstance(value, Mapping):
        raise AgreementSyntaxError("This is no agreement: it must be a mapping of clauses.", remedy="Send one.")
    return _settle(*_examine(value, {}))


def check(source: Agreement | Mapping[str, Any] | Path | str | bytes) -> tuple[Finding, ...]:
    """Everything there is to say about an agreement, in the order of the document; no failing finding means it may
    be signed.

    Raises:
        AgreementSyntaxError: only if the file is neither YAML nor JSON.
    """
    if isinstance(source, Agreement):
        return conditions(source, {})
    value, lines = ({**source}, {}) if isinstance(source, Mapping) else read_source(source)
    return _examine(value, lines)[1]


def _settle(agreement: Agreement | None, findings: tuple[Finding, ...]) -> Agreement:
    failing = [item for item in findings if item.fails]
    if agreement is not None and not failing:
        return agreement
    order = ("agreement.syntax", "agreement.incomplete", "agreement.invalid")
    failing.sort(key=lambda item: order.index(item.code))  # stable: document order within a kind
    first = failing[0]
    where = f", line {first.line}" if first.line else ""
    if first.code == "agreement.syntax":
        raise AgreementSyntaxError(
            f"{first.message.rstrip('.')}{where}.",
            remedy=first.remedy,
            pointer=first.pointer,
            line=first.line,
            clause=first.clause,
        )
    same = [item for item in failing if item.code == first.code]
    listed = " ".join(f"[{item.clause}] {item.message}" for item in same)
    if len(same) > LISTED_IN_FULL:
        listed = ", ".join(dict.fromkeys(item.clause for item in same)) + "."
    if first.code == "agreement.incomplete":
        plain = tuple(item.to_dict() for item in same)
        remedy = "Complete these clauses; 'summand agreement check' says how, one by one."
        raise AgreementIncomplete(
            f"{len(same)} terms are open: {listed}", remedy=remedy, clause=first.clause, findings=plain
        )
    raise AgreementError(listed, remedy=first.remedy, clause=first.clause)


def _examine(value: Mapping[str, Any], lines: Mapping[str, int]) -> tuple[Agreement | None, tuple[Finding, ...]]:
    opened = {pointer_of(place): place for place in _open_places(value, ())}
    findings = [_still_open(place, lines) for place in opened.values()]
    agreement: Agreement | None = None
    try:
        agreement = Agreement.model_validate_json(canonical(dict(value)))
    except OwnProtocolError as error:
        findings.append(
            finding("agreement.syntax", (), error.message, "Write numbers and texts that JSON can hold.", lines)
        )
    except ValidationError as error:
        for item in error.errors(include_url=False):
            place = tuple(part for part in item["loc"])
            # A list whose entries are all faulty counts as empty to pydantic; the entries' own findings say enough.
            if item["type"] == "too_short" and item["input"]:
                continue
            if not any(_touches(pointer_of(place), pointer) for pointer in opened):
                findings.append(complaint(item, lines))
    if agreement is not None:
        skip = set(opened)
        findings += [item for item in conditions(agreement, lines) if item.pointer not in skip]
    return agreement, tuple(findings)


def _touches(pointer: str, opened: str) -> bool:
    """Whether an error at ``pointer`` is only that ``opened`` is still open."""
    return pointer == opened or pointer.startswith(opened + "/") or pointer.rsplit("/", 1)[0] == opened


def _open_places(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if is_open(value):
        yield place
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _open_places(item, (*place, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _open_places(item, (*place, index))


def _still_open(place: Place, lines: Mapping[str, int]) -> Finding:
    field = field_at(place)
    meaning = f"{field.description} " if field and field.description else ""
    return finding(
        "agreement.incomplete", place, 'Still reads "needs counsel".', f"{meaning}Have counsel settle it.", lines
    )
