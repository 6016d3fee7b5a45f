"""The register of contributions: clause I and the acts of the ledger folded into what stands today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from summand.sharing._acts import Act, Unheeded, read_acts
from summand.sharing._plain import plain
from summand.sharing.contributions._acts import (
    CONTRIBUTION_ACTS,
    Committed,
    Delivered,
    Disputed,
    PaymentMade,
    PaymentReceived,
    Settled,
)
from summand.sharing.contributions._grants import GrantLine, grant_lines

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.study import Stated

SOON_DAYS = 30
"""What falls due within so many days is told beforehand."""


@dataclass(frozen=True)
class DeliveryLine:
    """One delivery; ``source`` is its clause or ledger leaf, ``disputed`` the reason why it does not count, or empty."""

    source: str
    at: date | None
    cents: int
    quantity: int
    evidence_sha256: str
    study: str
    disputed: str = ""


@dataclass(frozen=True)
class ContributionLine:
    """One contribution, in cents; ``source`` is where it was committed."""

    id: str
    source: str
    party: str
    kind: str
    text: str
    valuation_method: str
    committed_cents: int
    delivered_cents: int
    quantity: int
    delivered_quantity: int
    unit: str
    due: date | None
    deliveries: tuple[DeliveryLine, ...]

    @property
    def open_cents(self) -> int:
        """Committed and not yet delivered."""
        return max(0, self.committed_cents - self.delivered_cents)


@dataclass(frozen=True)
class PaymentLine:
    """One payment between partners, from its schedule to its receipt; dates and sources are None where it is not so far."""

    id: str
    payer: str
    payee: str
    cents: int
    due: date | None
    made: date | None
    received: date | None
    standing: Literal["scheduled", "overdue", "made", "received", "differs"]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Alert:
    """Something that somebody has to do; ``days`` until it is due, negative if it is late."""

    party: str
    what: str
    due: date
    days: int


@dataclass(frozen=True)
class ContributionRegister:
    """All of it, as it stands on a day."""

    currency: str
    today: date
    contributions: tuple[ContributionLine, ...]
    grants: tuple[GrantLine, ...]
    payments: tuple[PaymentLine, ...]
    alerts: tuple[Alert, ...]
    unheeded: tuple[Unheeded, ...]
    sample: bool

    def totals(self) -> dict[str, dict[str, int]]:
        """Party -> ``committed_cents`` and ``delivered_cents``."""
        found: dict[str, dict[str, int]] = {}
        for line in self.contributions:
            total = found.setdefault(line.party, {"committed_cents": 0, "delivered_cents": 0})
            total["committed_cents"] += line.committed_cents
            total["delivered_cents"] += line.delivered_cents
        return dict(sorted(found.items()))

    def to_dict(self) -> dict[str, Any]:
        """The register as JSON values; ``mark`` reads "sample" where the agreement's amounts are invented."""
        found: dict[str, Any] = plain(self)
        found["mark"] = "sample" if found.pop("sample") else None
        return {**found, "totals": self.totals()}


def contribution_register(
    agreement: Agreement, stated: Iterable[Stated] = (), today: date | None = None
) -> ContributionRegister:
    """What each party committed and delivered, the grants and the payments, on a day.

    Clause I comes first: its contributions are ``I.1``, ``I.2`` …, with what the clause says is delivered. Acts of the
    ledger add to it, in order. A delivery of an unknown contribution, or of another party's, does not count; one that is
    disputed does not count until the party that disputed it settles it.

    Args:
        agreement: The agreement in force.
        stated: Statements of the ledger about it, as `summand.study.read_statements` gives them.
        today: The day; the current one in UTC if not given.
    """
    day = today or _now()
    acts, unheeded = read_acts(stated, CONTRIBUTION_ACTS)
    lines, strangers = _contributions(agreement, acts)
    grants, payments = grant_lines(acts, day), _payments(agreement, acts, day)
    alerts = sorted(
        (*_late(lines, day), *_reports(grants, day), *_unpaid(payments, day)), key=lambda a: (a.due, a.what)
    )
    return ContributionRegister(
        agreement.work.currency, day, lines, grants, payments, tuple(alerts), (*unheeded, *strangers),
        agreement.work.amounts_are_samples,
    )  # fmt: skip


def _contributions(
    agreement: Agreement, acts: Sequence[Act]
) -> tuple[tuple[ContributionLine, ...], tuple[Unheeded, ...]]:
    lines = {f"I.{place}": _of_clause(place, item) for place, item in enumerate(agreement.work.contributions, start=1)}
    disputes, unheeded = _disputes(acts), []
    for act in acts:
        record = act.record
        if isinstance(record, Committed):
            if record.id in lines:
                unheeded.append(Unheeded(act.leaf, record.act, "A contribution of that name is there already."))
                continue
            lines[record.id] = _of_act(act, record)
        elif isinstance(record, Delivered):
            line = lines.get(record.contribution)
            if line is None or line.party != record.party:
                unheeded.append(Unheeded(act.leaf, record.act, "That party has no such contribution."))
                continue
            lines[record.contribution] = _with(line, act, record, disputes.get(act.leaf, ""))
    return tuple(lines.values()), tuple(unheeded)


def _of_clause(place: int, item: Any) -> ContributionLine:
    source = f"clause I.contributions.{place}"
    delivered = (DeliveryLine(source, None, item.delivered_cents, 0, "", ""),) if item.delivered_cents else ()
    return ContributionLine(
        f"I.{place}", source, item.party, item.kind, item.text, item.valuation_method, item.committed_cents,
        item.delivered_cents, 0, 0, "", None, delivered,
    )  # fmt: skip


def _of_act(act: Act, record: Committed) -> ContributionLine:
    return ContributionLine(
        record.id, f"leaf {act.leaf}", record.party, record.kind, record.text, record.valuation_method,
        record.committed_cents, 0, record.quantity, 0, record.unit, record.due, (),
    )  # fmt: skip


def _with(line: ContributionLine, act: Act, record: Delivered, disputed: str) -> ContributionLine:
    delivery = DeliveryLine(
        f"leaf {act.leaf}", record.at, record.delivered_cents, record.quantity, record.evidence_sha256, record.study,
        disputed,
    )  # fmt: skip
    counted = 0 if disputed else 1
    return replace(
        line, deliveries=(*line.deliveries, delivery),
        delivered_cents=line.delivered_cents + counted * record.delivered_cents,
        delivered_quantity=line.delivered_quantity + counted * record.quantity,
    )  # fmt: skip


def _disputes(acts: Sequence[Act]) -> dict[int, str]:
    """Leaf of a delivery -> why it is disputed; a party disputes another's, and settles its own dispute."""
    delivered = {act.leaf: act.party for act in acts if isinstance(act.record, Delivered)}
    found: dict[int, dict[str, str]] = {}
    for act in acts:
        if isinstance(act.record, Disputed) and delivered.get(act.record.leaf, act.party) != act.party:
            found.setdefault(act.record.leaf, {})[act.party] = act.record.reason or "No reason was given."
        elif isinstance(act.record, Settled):
            found.get(act.record.leaf, {}).pop(act.party, None)
    return {leaf: "; ".join(f"{party}: {why}" for party, why in by.items()) for leaf, by in found.items() if by}


def _payments(agreement: Agreement, acts: Sequence[Act], day: date) -> tuple[PaymentLine, ...]:
    lines = {
        f"I.payment.{place}": PaymentLine(
            f"I.payment.{place}", item.payer, item.payee, item.cents, item.due, None, None,
            "overdue" if day > item.due else "scheduled", (f"clause I.payment_schedule.{place}",),
        )
        for place, item in enumerate(agreement.work.payment_schedule, start=1)
    }  # fmt: skip
    for act in acts:
        record, leaf = act.record, f"leaf {act.leaf}"
        if isinstance(record, PaymentMade):
            line = lines.get(record.id)
            if line is None:
                lines[record.id] = PaymentLine(
                    record.id, record.payer, record.payee, record.cents, None, record.at, None, "made", (leaf,)
                )
            elif line.made is None and line.payer == record.payer:
                same = (line.payee, line.cents) == (record.payee, record.cents)
                lines[record.id] = replace(
                    line, made=record.at, standing="made" if same else "differs", sources=(*line.sources, leaf)
                )
        elif isinstance(record, PaymentReceived) and record.id in lines and lines[record.id].payee == record.payee:
            line = lines[record.id]
            agrees = record.cents == line.cents and line.standing != "differs"
            lines[record.id] = replace(
                line, received=record.at, standing="received" if agrees else "differs", sources=(*line.sources, leaf)
            )
    return tuple(lines.values())


def _late(lines: Iterable[ContributionLine], day: date) -> Iterable[Alert]:
    for line in lines:
        is_open = line.open_cents or line.delivered_quantity < line.quantity
        if line.due and is_open and (line.due - day).days <= SOON_DAYS:
            yield Alert(line.party, f"Deliver {line.id}: {line.text}", line.due, (line.due - day).days)


def _reports(grants: Iterable[GrantLine], day: date) -> Iterable[Alert]:
    for grant in grants:
        for report in grant.reports:
            days = (report.due - day).days
            if report.given is None and days <= SOON_DAYS:
                yield Alert(
                    grant.awarded.party, f"Report '{report.name}' on grant {grant.awarded.id}", report.due, days
                )


def _unpaid(payments: Iterable[PaymentLine], day: date) -> Iterable[Alert]:
    for line in payments:
        if line.made is None and line.due and (line.due - day).days <= SOON_DAYS:
            yield Alert(line.payer, f"Pay {line.id} to {line.payee}", line.due, (line.due - day).days)


def _now() -> date:
    from datetime import UTC, datetime

    return datetime.now(UTC).date()
