"""What a check finds: which clause, where in the file, what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from summand.agreement._why import why_of

CLAUSES: dict[str, tuple[str, str]] = {
    "format": ("A", "Identity and version"),
    "identity": ("A", "Identity and version"),
    "parties": ("B", "Parties"),
    "people": ("B", "Parties"),
    "purpose": ("C", "Purpose and shared goals"),
    "data": ("D", "Data and limits of use"),
    "privacy": ("E", "Privacy budget"),
    "ethics": ("F", "Ethics and oversight"),
    "conflicts": ("G", "Conflicts of interest"),
    "governance": ("H", "Governance and votes"),
    "work": ("I", "Work and resources"),
    "ip": ("J", "Intellectual property"),
    "revenue": ("K", "Revenue"),
    "safety": ("L", "Safety of tools"),
    "confidentiality": ("M", "Confidentiality and liability"),
    "term": ("N", "Term, exit and backup"),
    "execution": ("O", "Execution"),
}
"""Letter and heading of the clause behind each top-level key of the document."""

Place = Sequence[str | int]
Kind = Literal["agreement.syntax", "agreement.incomplete", "agreement.invalid", "agreement.note"]


@dataclass(frozen=True)
class Finding:
    """One thing that `check` found. A note does not fail the check; the other kinds do.

    Args:
        code: ``agreement.syntax`` (a field is unknown or of the wrong kind), ``agreement.incomplete`` (missing, or
            still reads "needs counsel"), ``agreement.invalid`` (clauses contradict each other or a limit),
            ``agreement.note`` (good to know).
        clause: Letter of the clause and path of the field in it, such as ``J.foreground_rule``.
        pointer: JSON Pointer (RFC 6901) into the document.
        line: Line in the file, from 1, where known.
        message: What was found.
        remedy: What to do next.
        why: Why a legal office would refuse it; empty where the message says it.
    """

    code: Kind
    clause: str
    pointer: str
    line: int | None
    message: str
    remedy: str
    why: str = ""

    @property
    def fails(self) -> bool:
        """Whether the agreement cannot be signed like this."""
        return self.code != "agreement.note"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def finding(code: Kind, place: Place, message: str, remedy: str, lines: Mapping[str, int] | None = None) -> Finding:
    """A finding at ``place``, a path of keys and indices, with its clause, pointer and line filled in."""
    clause = clause_of(place)
    return Finding(code, clause, pointer_of(place), line_of(place, lines or {}), message, remedy, why_of(clause))


def clause_of(place: Place) -> str:
    """``("ip", "publication", "review_days")`` -> ``J.publication.review_days``; indices are left out."""
    if not place or str(place[0]) not in CLAUSES:
        return "document"
    letter = CLAUSES[str(place[0])][0]
    names = [printable(part) for part in place if isinstance(part, str)]
    keeps_key = len(names) == 1 or names[0] in ("parties", "people")
    return ".".join([letter, *(names if keeps_key else names[1:])])


def printable(text: str) -> str:
    """The text without characters that could change how a terminal or page shows what stands around it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:200])


def pointer_of(place: Place) -> str:
    """The JSON Pointer (RFC 6901 §3) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def line_of(place: Place, lines: Mapping[str, int]) -> int | None:
    """Line of the place, or of the nearest part around it that the file has."""
    for stop in range(len(place), -1, -1):
        line = lines.get(pointer_of(place[:stop]))
        if line is not None:
            return line
    return None
