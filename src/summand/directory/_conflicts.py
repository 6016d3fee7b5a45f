"""What speaks against an organisation, or against two of them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from summand.directory._organisation import Organisation

Weight = Literal["blocks", "look"]
DEBARMENT_DAYS = 365
"""An exclusion search older than this is made anew before signing."""


@dataclass(frozen=True)
class Conflict:
    """Something that blocks, or that a person must look at; between whom, and what to do."""

    kind: Literal["debarment", "status", "interest", "concentration"]
    weight: Weight
    organisations: tuple[str, ...]
    text: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def own_conflicts(one: Organisation, day: date, *, american: bool) -> tuple[Conflict, ...]:
    """What speaks against one organisation by itself.

    Args:
        one: The organisation.
        day: Today.
        american: Whether a party in the United States takes part, so that exclusion lists must be searched.
    """
    found = []
    if one.status != "active":
        text = f"{one.name} is {one.status} in its register."
        found.append(Conflict("status", "blocks", (one.id,), text, "Look for its successor."))
    checked = one.debarment
    if checked is not None and checked.listed:
        text = f"{one.name} stands on an exclusion list ({checked.source}, {checked.checked_on})."
        found.append(Conflict("debarment", "blocks", (one.id,), text, "No agreement while it does."))
    elif american and (checked is None or (day - checked.checked_on).days > DEBARMENT_DAYS):
        when = "never" if checked is None else f"last on {checked.checked_on}"
        text = f"Exclusion lists were searched for {one.name} {when}; a party is in the United States."
        found.append(Conflict("debarment", "look", (one.id,), text, "Search OIG LEIE and SAM before signing."))
    return tuple(found)


def pair_conflicts(one: Organisation, other: Organisation) -> tuple[Conflict, ...]:
    """What speaks against two organisations together: declared interests, and belonging to one another."""
    pair = tuple(sorted((one.id, other.id)))
    found = [
        Conflict(
            "interest", "look", pair,
            f"{holder.name} declared an interest in {subject.name}: {item.kind} ({item.text}), {item.declared_on}.",
            "Agree on a management plan and on who is recused (clause G).",
        )
        for holder, subject in ((one, other), (other, one))
        for item in holder.interests
        if item.in_organisation == subject.id
    ]  # fmt: skip
    if _family(one) & _family(other):
        text = f"{one.name} and {other.name} belong to one another, or to the same parent."
        found.append(
            Conflict(
                "concentration", "look", pair, text, "Count them as one vote and one source of data, or leave one out."
            )
        )
    return tuple(found)


def concentration(members: Iterable[Organisation], shares: dict[str, int]) -> tuple[Conflict, ...]:
    """What speaks against a group: one member on whom most rests, where several were to share the load."""
    rows, whole = list(members), sum(shares.values())
    if len(rows) < 3 or not whole:
        return ()
    return tuple(
        Conflict(
            "concentration", "look", (one.id,),
            f"{one.name} alone carries {100 * shares.get(one.id, 0) // whole} % of what the coalition covers.",
            "Name a replacement in the backup plan (clause N), or look for a second partner for its part.",
        )
        for one in rows
        if 2 * shares.get(one.id, 0) > whole
    )  # fmt: skip


def _family(one: Organisation) -> set[str]:
    return {one.id} | {item.organisation for item in one.relations if item.kind in ("parent", "child")}
