"""The acts about income, guards and commitments. Amounts in cents of clause K's currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from summand.sharing._acts import MONEY_ROLES, WORK_ROLES
from summand.sharing._records import STRICT, Cents, Count, Name, Sha256, Text
from summand.sharing.waterfall import LegalGuard

CommitmentKind = Literal["price_at_most", "units_at_least", "discount_at_least"]


@dataclass(frozen=True)
class IncomeReceived:
    """A party received income of the joint product, which runs down the waterfall.

    Attributes:
        id: The period's name, such as "2026-Q1".
        party: Who received it.
        gross_cents: Income as clause K defines it.
        at: Day of settlement.
        accounts_sha256: SHA-256 of the accounts.
        corrects: The ``id`` of an earlier period whose income this replaces, or empty.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "income.received"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    party: Name
    gross_cents: Cents
    at: date
    accounts_sha256: Sha256
    corrects: Text = ""


@dataclass(frozen=True)
class GuardCleared:
    """A party states that a law does not stand in the way, with the document that says so."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "guard.cleared"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    guard: LegalGuard
    opinion_by: Text
    document_sha256: Sha256
    until: date | None = None


@dataclass(frozen=True)
class GuardWithdrawn:
    """A party holds that a law stands in the way: nothing is paid behind the guard until that party clears it."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "guard.withdrawn"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    guard: LegalGuard
    reason: Text


@dataclass(frozen=True)
class TriggerSet:
    """A party holds a trigger of a tier on or off, such as "goal wait met"; ``study`` is the release that shows it.

    It is on while some party holds it on and none holds it off.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "tier.trigger"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    trigger: Name
    on: bool
    study: Text = ""


@dataclass(frozen=True)
class TermsAgreed:
    """A party agrees to a waterfall in full, by the hash of its canonical JSON; it is in force once all have."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "waterfall.agreed"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    terms_sha256: Sha256


@dataclass(frozen=True)
class ReserveReleased:
    """A party agrees that a tier's reserve of all periods so far is paid out; it is once every party has."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "reserve.released"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    tier: Name


@dataclass(frozen=True)
class CommitmentMade:
    """A party promises a price of, or access to, the joint product.

    Attributes:
        id, party: Its name, and who promises.
        product, territory: What and where, such as "low-income countries".
        kind: ``price_at_most`` cents a unit, ``units_at_least`` a year, or ``discount_at_least`` thousandths of the list price.
        limit: The number.
        first_day: From when.
        report_every_months: How often the party reports.
        goal: The goal of clause C that it serves, or empty.
        text: In words.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "commitment.made"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    party: Name
    product: Text
    territory: Text
    kind: CommitmentKind
    limit: Count
    first_day: date
    report_every_months: Count = 12
    goal: Text = ""
    text: Text = ""


@dataclass(frozen=True)
class CommitmentReported:
    """The party reports how it kept a commitment up to a day."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "commitment.reported"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    commitment: Name
    party: Name
    to: date
    value: Count
    evidence_sha256: Sha256


_RECORDS: tuple[Any, ...] = (
    IncomeReceived, GuardCleared, GuardWithdrawn, TriggerSet, TermsAgreed, ReserveReleased, CommitmentMade,
    CommitmentReported,
)  # fmt: skip
INCOME_ACTS: dict[str, type[Any]] = {record.act: record for record in _RECORDS}
"""Name -> record."""
