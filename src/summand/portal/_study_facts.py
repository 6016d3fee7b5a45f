"""A study in steps and in entries, as its page tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from summand.portal._index_reading import LeafRow
from summand.portal._partnerships import Partnerships
from summand.study import entry_in_words

ENTRIES_SHOWN = 40
_ORDER = ("deciding", "sealing", "running", "confirming", "released")
_STEPS = (
    ("Sites decide", "Each site's guard reads the request against its own copy of the agreement."),
    ("Sites seal", "The sites sign their list and exchange sealed keys."),
    ("Secure sums", "Rounds of masked sums; only totals are opened."),
    ("Sites confirm", "Sites compute the result again from the total and sign it."),
    ("Released", "What passed disclosure is shown and stands in the ledger."),
)


@dataclass(frozen=True)
class Step:
    """One step: ``done``, ``now``, ``stopped`` or ``ahead``."""

    title: str
    text: str
    state: str


def steps_of(status: str, round_number: int) -> list[Step]:
    """The five steps of a study, as far as it has come."""
    ended = status in ("refused", "failed")
    reached = _ORDER.index(status) if status in _ORDER else (0 if status == "refused" else 2 if round_number else 1)
    made = []
    for place, (title, text) in enumerate(_STEPS):
        state = "done" if place < reached or status == "released" else "ahead"
        if place == reached and status != "released":
            state = "stopped" if ended else "now"
        made.append(
            Step(title, f"Round {round_number}." if place == 2 and state == "now" and round_number else text, state)
        )
    return made


@dataclass(frozen=True)
class EntryLine:
    """One leaf, in words."""

    leaf: int
    type: str
    at: str
    text: str


def entries_of(partnerships: Partnerships, leaves: Sequence[LeafRow]) -> list[EntryLine]:
    """A study's leaves in words; of very many, the first and the last."""
    chosen = list(leaves)
    if len(chosen) > ENTRIES_SHOWN:
        chosen = chosen[: ENTRIES_SHOWN // 2] + chosen[-ENTRIES_SHOWN // 2 :]
    lines = []
    for row in chosen:
        found = partnerships.entry(row.leaf)
        lines.append(
            EntryLine(row.leaf, row.type, row.at, entry_in_words(found) if found else "Not one of our entries.")
        )
    return lines
