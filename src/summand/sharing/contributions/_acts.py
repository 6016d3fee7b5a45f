"""The acts about contributions, grants and payments. Amounts in cents of clause I's currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal, get_args

from summand.sharing._acts import MONEY_ROLES, WORK_ROLES
from summand.sharing._records import STRICT, Cents, Count, Name, PerMille, Sha256, Text

ContributionKind = Literal["cash", "grant", "staff", "data", "compute", "beds", "licences", "patients"]
CONTRIBUTION_KINDS: tuple[str, ...] = get_args(ContributionKind)
"""What a partner may bring; clause I names all but grants and patients, which come with acts."""


@dataclass(frozen=True)
class Committed:
    """A party commits something beyond clause I.

    Attributes:
        id: Its name among the contributions.
        party: Who brings it.
        kind: What it is.
        text: In words.
        quantity, unit: How much, such as 200 of "hours"; 0 and empty where only the value counts.
        committed_cents: Its value; 0 where it has none, as patients have none.
        valuation_method: How it is valued.
        due: By when it is delivered, or None.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "contribution.committed"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    party: Name
    kind: ContributionKind
    text: Text
    committed_cents: Cents
    valuation_method: Text
    quantity: Count = 0
    unit: Text = ""
    due: date | None = None


@dataclass(frozen=True)
class Delivered:
    """A party delivers a part of a contribution.

    Attributes:
        contribution: Its ``id``, or ``I.1``, ``I.2`` … for those of clause I in order.
        party: Who delivered.
        at: When.
        delivered_cents: Value of this part.
        quantity: How much of the contribution's unit.
        evidence_sha256: SHA-256 of a time sheet, receipt or transfer, or empty.
        study: The released study that shows it, or empty: patients counted, data used.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "contribution.delivered"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    contribution: Name
    party: Name
    at: date
    delivered_cents: Cents
    quantity: Count = 0
    evidence_sha256: Sha256 | Literal[""] = ""
    study: Text = ""


@dataclass(frozen=True)
class Disputed:
    """Another party disputes a delivery, which then does not count until the dispute is settled.

    Attributes:
        leaf: The ledger leaf of the delivery.
        reason: Why.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "contribution.disputed"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    leaf: Count
    reason: Text


@dataclass(frozen=True)
class Settled:
    """The party that disputed a delivery lets it count again."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "contribution.settled"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    leaf: Count


@dataclass(frozen=True)
class ReportDue:
    """A report that a grant asks for."""

    __pydantic_config__: ClassVar[Any] = STRICT
    name: Name
    due: date


@dataclass(frozen=True)
class GrantAwarded:
    """A funder awards a grant to a party for the partnership.

    Attributes:
        id, party, funder, reference: Whose it is and from whom.
        amount_cents: Awarded, indirect cost included.
        first_day, last_day: Its term; spending outside it is told.
        indirect_per_mille: Overhead that the funder allows, in thousandths of direct cost.
        own_share_cents: What the party has to add (matching funds).
        terms: In words.
        reports: Reports due to the funder.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "grant.awarded"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    party: Name
    funder: Text
    reference: Text
    amount_cents: Cents
    first_day: date
    last_day: date
    indirect_per_mille: PerMille = 0
    own_share_cents: Cents = 0
    terms: Text = ""
    reports: tuple[ReportDue, ...] = ()


@dataclass(frozen=True)
class GrantReported:
    """A report went to the funder."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "grant.reported"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    grant: Name
    party: Name
    report: Name
    at: date
    document_sha256: Sha256


@dataclass(frozen=True)
class GrantReceived:
    """A part of a grant was paid to its party."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "grant.received"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    grant: Name
    party: Name
    at: date
    cents: Cents


@dataclass(frozen=True)
class GrantSpent:
    """A part of a grant was spent; ``own_share`` where it is from the party's own share."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "grant.spent"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    grant: Name
    party: Name
    at: date
    cents: Cents
    own_share: bool = False
    text: Text = ""


@dataclass(frozen=True)
class PaymentMade:
    """A party paid another.

    Attributes:
        id: Its name; ``I.payment.1`` … for those of clause I's schedule in order.
        payer, payee, cents, at: The payment.
        basis_sha256: SHA-256 of the statement that it settles, or empty.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "payment.made"
    by: ClassVar[str] = "payer"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    payer: Name
    payee: Name
    cents: Cents
    at: date
    basis_sha256: Sha256 | Literal[""] = ""


@dataclass(frozen=True)
class PaymentReceived:
    """The payee confirms a payment."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "payment.received"
    by: ClassVar[str] = "payee"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    payee: Name
    cents: Cents
    at: date


_RECORDS: tuple[Any, ...] = (
    Committed, Delivered, Disputed, Settled, GrantAwarded, GrantReported, GrantReceived, GrantSpent, PaymentMade,
    PaymentReceived,
)  # fmt: skip
CONTRIBUTION_ACTS: dict[str, type[Any]] = {record.act: record for record in _RECORDS}
"""Name -> record."""
