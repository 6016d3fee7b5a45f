"""Acts of a register: signed statements of one kind, each an act with its fields, read from the ledger in order.

What may be stated by whom is decided here, when the ledger is read: an act that does not count stays in the ledger and is
told with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from summand.errors import SettlementInvalid, SummandError
from summand.sharing._records import read_record, record_schema, write_record

if TYPE_CHECKING:
    from summand.study import Stated

ACT_KIND = "settlement.act"
"""The kind of statement that carries an act."""

MONEY_ROLES = ("finance_officer", "governance_lead", "party")
"""Who states something about money for a party: its officers, or the party with its own key."""

WORK_ROLES = ("principal_investigator", "governance_lead", "finance_officer", "party")
"""Who states something about work or inventions for a party."""


class Record(Protocol):
    """The fields of an act: a frozen dataclass with these class attributes.

    Attributes:
        act: Its name, such as ``contribution.delivered``.
        by: The field that names the party which alone may state it; empty if any party may.
        roles: Who may state it for a party.
    """

    act: ClassVar[str]
    by: ClassVar[str]
    roles: ClassVar[tuple[str, ...]]


@dataclass(frozen=True)
class Act:
    """An act that counts.

    Attributes:
        leaf: Where it stands in the ledger.
        at: When it came into the ledger (UTC).
        party: The party that answers for it.
        person: Who signed.
        record: Its fields.
    """

    leaf: int
    at: datetime
    party: str
    person: str
    record: Any


@dataclass(frozen=True)
class Unheeded:
    """An act in the ledger that does not count, with the reason."""

    leaf: int
    act: str
    reason: str


def act_document(record: Any) -> dict[str, Any]:
    """The document that a statement of kind `ACT_KIND` carries."""
    return {"act": record.act, **write_record(record)}


def record_of(document: Mapping[str, Any], kinds: Mapping[str, type[Any]]) -> Any:
    """The record in a document.

    Raises:
        SettlementInvalid: if the act is not known or its fields are of another form.
    """
    name = document.get("act")
    if not isinstance(name, str) or name not in kinds:
        raise SettlementInvalid(f"No act is called '{str(name)[:60]}'.", remedy=f"Acts are {', '.join(sorted(kinds))}.")
    fields = {key: value for key, value in document.items() if key != "act"}
    return read_record(kinds[name], fields, f"The act {name}")


def require_speaker(record: Any, party: str, role: str) -> None:
    """Check that a party, by a person of this role, may state an act.

    Raises:
        SettlementInvalid: if it is another's to state.
    """
    if role not in record.roles:
        raise SettlementInvalid(
            f"A {role.replace('_', ' ')} does not state {record.act}.", remedy=f"It takes: {', '.join(record.roles)}."
        )
    if record.by and getattr(record, record.by) != party:
        raise SettlementInvalid(f"{record.act} is stated by the party it names.", remedy="Have that party state it.")


def read_acts(stated: Iterable[Stated], kinds: Mapping[str, type[Any]]) -> tuple[list[Act], list[Unheeded]]:
    """The acts of some kinds among a ledger's statements, in order, and those of them that do not count.

    Args:
        stated: As `summand.study.read_statements` gives them.
        kinds: Name -> record of the acts that are wanted; others are passed over.
    """
    acts, unheeded = [], []
    for item in stated:
        name = str(item.document.get("act", ""))
        if item.statement.kind != ACT_KIND or name not in kinds:
            continue
        try:
            record = record_of(item.document, kinds)
            require_speaker(record, item.party, item.role)
        except SummandError as error:
            unheeded.append(Unheeded(item.leaf, name, error.message))
            continue
        acts.append(Act(item.leaf, item.at, item.party, item.statement.person, record))
    return acts, unheeded


def act_schema(record: type[Any]) -> dict[str, Any]:
    """The JSON Schema of an act's document, ``act`` itself included: for forms, and for who writes one by hand."""
    found = record_schema(record)
    found["properties"] = {"act": {"const": record.act}, **found["properties"]}
    found["required"] = ["act", *found.get("required", [])]
    return {**found, "title": record.act, "x-stated-by": record.by or "any party", "x-roles": list(record.roles)}
