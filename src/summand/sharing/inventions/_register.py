"""The register of inventions: clause J and the acts of the ledger folded into what stands today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from summand.sharing._acts import Act, Unheeded, read_acts
from summand.sharing._plain import plain
from summand.sharing.contributions import Alert
from summand.sharing.inventions._acts import (
    INVENTION_ACTS,
    ClaimNoticed,
    ClaimTolled,
    InventionClassified,
    InventionDisclosed,
    InventionFiled,
    JointOwnership,
)
from summand.sharing.inventions._claims import ALERT_DAYS, ClaimLine, claim_lines
from summand.sharing.inventions._classes import InventionClass, proposed_class
from summand.sharing.inventions._clocks import Clock, clocks_of
from summand.sharing.inventions._joint import FourAnswers

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.study import Stated


@dataclass(frozen=True)
class BackgroundLine:
    """What a party brings and keeps, as clause J lists it; what is not listed is not licensed."""

    source: str
    owner: str
    description: str
    reference: str
    licence_to_project: str
    restrictions: str
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class JointLine:
    """Joint ownership; ``missing`` are owners that have not stated the same answers, and it is in force once none is."""

    owners: tuple[str, ...]
    answers: tuple[FourAnswers, ...]
    missing: tuple[str, ...]
    leaves: tuple[int, ...]


@dataclass(frozen=True)
class InventionLine:
    """One invention.

    Attributes:
        leaf, received: Where and when its disclosure came into the ledger.
        disclosed: The disclosure.
        class_by_agreement: What the agreement's dates and fields give.
        decided: The class a body decided last, or None; ``decided_by`` which body and leaf.
        rule: Clause J's ownership rule for the class that counts, in its word, or empty.
        filings: Territory and reference of each application.
        clocks: Deadlines by the day they are due.
        joint: Joint ownership, or None.
        joint_is_missing: Whether several employers or the rule make it joint and the four answers are not in force.
    """

    leaf: int
    received: date
    disclosed: InventionDisclosed
    class_by_agreement: InventionClass
    decided: InventionClass | None
    decided_by: str
    rule: str
    filings: tuple[str, ...]
    clocks: tuple[Clock, ...]
    joint: JointLine | None
    joint_is_missing: bool


@dataclass(frozen=True)
class InventionRegister:
    """All of it, as it stands on a day."""

    today: date
    background: tuple[BackgroundLine, ...]
    inventions: tuple[InventionLine, ...]
    claims: tuple[ClaimLine, ...]
    alerts: tuple[Alert, ...]
    unheeded: tuple[Unheeded, ...]

    def to_dict(self) -> dict[str, Any]:
        """The register as JSON values."""
        found: dict[str, Any] = plain(self)
        return found


def invention_register(
    agreement: Agreement, stated: Iterable[Stated] = (), today: date | None = None
) -> InventionRegister:
    """Background, inventions with their classes and clocks, joint ownership and claims, on a day.

    Args:
        agreement: The agreement in force.
        stated: Statements of the ledger about it, as `summand.study.read_statements` gives them.
        today: The day; the current one in UTC if not given.
    """
    day = today or datetime.now(UTC).date()
    acts, unheeded = read_acts(stated, INVENTION_ACTS)
    acts, strangers = _heeded(agreement, acts)
    lines = tuple(
        _line(agreement, act, [other for other in acts if _about(other) == act.record.id], day)
        for act in acts
        if isinstance(act.record, InventionDisclosed)
    )
    claims = claim_lines(acts, day)
    alerts = sorted((*_clock_alerts(lines), *_claim_alerts(claims)), key=lambda alert: (alert.due, alert.what))
    return InventionRegister(day, _background(agreement, lines), lines, claims, tuple(alerts), (*unheeded, *strangers))


def _heeded(agreement: Agreement, acts: Sequence[Act]) -> tuple[list[Act], list[Unheeded]]:
    """Acts about inventions that are there, by those whose business they are."""
    chairs = {body.id: body.chair for body in agreement.governance.bodies}
    inventors: dict[str, set[str]] = {}
    kept, unheeded = [], []
    for act in acts:
        why = _why_not(act, inventors, chairs)
        if why:
            unheeded.append(Unheeded(act.leaf, act.record.act, why))
            continue
        if isinstance(act.record, InventionDisclosed):
            inventors[act.record.id] = {act.record.party, *(item.employer for item in act.record.contributors)}
        kept.append(act)
    return kept, unheeded


def _why_not(act: Act, inventors: Mapping[str, set[str]], chairs: Mapping[str, str]) -> str:
    record, name = act.record, _about(act)
    if isinstance(record, (ClaimNoticed, ClaimTolled)):
        return ""
    if isinstance(record, InventionDisclosed):
        return "An invention of that name is there already." if record.id in inventors else ""
    if name not in inventors:
        return "No such invention was disclosed."
    if isinstance(record, InventionClassified):
        return "" if chairs.get(record.body) == act.party else "A body's decision is stated by its chair."
    if isinstance(record, JointOwnership):
        return "" if act.party in record.owners else "Only its owners answer for joint ownership."
    return "" if act.party in inventors[name] else "No inventor of that party had a part in it."


def _about(act: Act) -> str:
    return str(act.record.id if isinstance(act.record, InventionDisclosed) else getattr(act.record, "invention", ""))


def _line(agreement: Agreement, act: Act, about: Sequence[Act], day: date) -> InventionLine:
    record: InventionDisclosed = act.record
    by_agreement = proposed_class(agreement, record.conceived, in_project=record.in_project, field=record.field)
    decision = next((item for item in reversed(about) if isinstance(item.record, InventionClassified)), None)
    counted = by_agreement if decision is None else decision.record.decided
    rule = _rule(agreement, counted)
    joint = _joint(about)
    employers = {item.employer for item in record.contributors if item.per_mille}
    is_joint = counted in ("foreground", "sideground", "tail") and (len(employers) > 1 or rule == "joint")
    return InventionLine(
        act.leaf, act.at.date(), record, by_agreement, None if decision is None else decision.record.decided,
        "" if decision is None else f"{decision.record.body}, leaf {decision.leaf}", rule,
        tuple(f"{i.record.territory} {i.record.reference}" for i in about if isinstance(i.record, InventionFiled)),
        clocks_of(act, about, agreement.ip.disclosure_days, day), joint,
        is_joint and (joint is None or bool(joint.missing)),
    )  # fmt: skip


def _rule(agreement: Agreement, counted: InventionClass) -> str:
    ip = agreement.ip
    if counted in ("foreground", "tail"):
        return ip.foreground_rule
    return ip.sideground_rule if counted == "sideground" else ""


def _joint(about: Sequence[Act]) -> JointLine | None:
    """The answers on which all owners last agreed; before that, those stated last, and whose word is missing."""
    by_party: dict[str, Act] = {}
    found: JointLine | None = None
    for act in about:
        if not isinstance(act.record, JointOwnership):
            continue
        by_party[act.party] = act
        same = {party: said.leaf for party, said in by_party.items() if said.record == act.record}
        missing = tuple(owner for owner in act.record.owners if owner not in same)
        if found is None or found.missing or not missing:
            found = JointLine(act.record.owners, act.record.answers, missing, tuple(sorted(same.values())))
    return found


def _background(agreement: Agreement, lines: Sequence[InventionLine]) -> tuple[BackgroundLine, ...]:
    return tuple(
        BackgroundLine(
            f"clause J.background.{place}", item.owner, item.description, item.reference, item.licence_to_project,
            item.restrictions or "",
            tuple(line.disclosed.id for line in lines if item.reference in line.disclosed.background_used),
        )
        for place, item in enumerate(agreement.ip.background, start=1)
    )  # fmt: skip


def _clock_alerts(lines: Iterable[InventionLine]) -> Iterable[Alert]:
    for line in lines:
        for clock in line.clocks:
            if clock.standing in ("soon", "overdue"):
                yield Alert(
                    line.disclosed.party, f"{clock.what}: {line.disclosed.id} ({clock.rule})", clock.due, clock.days
                )


def _claim_alerts(claims: Iterable[ClaimLine]) -> Iterable[Alert]:
    for claim in claims:
        if claim.standing == "alert":
            left = min(days for days in ALERT_DAYS if claim.days <= days)
            yield Alert(
                claim.party, f"Claim {claim.id} against {claim.against} ends within {left} days ({claim.rule})", claim.ends,
                claim.days,
            )  # fmt: skip
