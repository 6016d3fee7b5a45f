"""The register of income: the acts of the ledger run down the waterfall, period by period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from summand.encoding import canonical, sha256_hex
from summand.errors import SettlementInvalid
from summand.sharing._acts import Act, Unheeded, read_acts
from summand.sharing._plain import plain
from summand.sharing.income._acts import (
    INCOME_ACTS,
    CommitmentMade,
    GuardCleared,
    GuardWithdrawn,
    IncomeReceived,
    ReserveReleased,
    TermsAgreed,
    TriggerSet,
)
from summand.sharing.income._commitments import CommitmentLine, commitment_lines
from summand.sharing.waterfall import (
    Distribution,
    LegalGuard,
    Period,
    TrueUp,
    Waterfall,
    WaterfallState,
    release,
    run_all,
    true_up,
    waterfall_of,
)

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.study import Stated

_LAPSED, _WITHDRAWN = -1, -2


@dataclass(frozen=True)
class GoalVerdict:
    """Whether a goal of clause C was met, as the statement at a leaf measured it: the trigger ``goal ID met``."""

    leaf: int
    goal: str
    is_met: bool


@dataclass(frozen=True)
class IncomePeriod:
    """One period: the leaf of its income, what is known when it is settled, and what became of the money."""

    id: str
    leaf: int
    party: str
    accounts_sha256: str
    period: Period
    distribution: Distribution


@dataclass(frozen=True)
class IncomeRegister:
    """All income, as it stands on a day, in cents.

    Attributes:
        currency: Of clause K.
        terms_sha256: SHA-256 of the waterfall's canonical JSON.
        terms_from: "clause K", or the leaves where all parties agreed to these terms.
        periods: In order.
        true_up: What each payee had too much or too little, where income was corrected.
        paid, held_back, blocked: Payee -> cents so far, before any true-up; money set aside is paid once its guards are
            cleared.
        cleared: Guard -> leaf of its clearance, of those cleared today.
        triggers: Triggers that are on today.
        commitments: Price and access.
        unheeded: Acts that do not count.
    """

    currency: str
    today: date
    terms_sha256: str
    terms_from: str
    periods: tuple[IncomePeriod, ...]
    true_up: tuple[TrueUp, ...]
    paid: Mapping[str, int]
    held_back: Mapping[str, int]
    blocked: Mapping[str, int]
    cleared: Mapping[str, int]
    triggers: tuple[str, ...]
    commitments: tuple[CommitmentLine, ...]
    unheeded: tuple[Unheeded, ...]

    def to_dict(self) -> dict[str, Any]:
        """The register as JSON values."""
        found: dict[str, Any] = plain(replace(self, periods=()))
        found["periods"] = [
            {
                "id": item.id, "leaf": item.leaf, "party": item.party, "accounts_sha256": item.accounts_sha256,
                "at": item.period.at.isoformat(), "cleared": list(item.period.cleared),
                "triggers": list(item.period.triggers), "corrected_gross_cents": item.period.corrected_gross_cents,
                **item.distribution.to_dict(),
            }
            for item in self.periods
        ]  # fmt: skip
        return found


def income_register(
    agreement: Agreement,
    stated: Iterable[Stated] = (),
    terms: Waterfall | None = None,
    today: date | None = None,
    verdicts: Iterable[GoalVerdict] = (),
) -> IncomeRegister:
    """What came in and where it went, from the ledger's acts.

    A period is settled with the guards cleared and triggers on when its income was stated. Commitments that are kept then
    are triggers too, as ``commitment ID kept``, and goals that are met by then, as ``goal ID met``; a party that holds such
    a trigger off keeps it off.

    Args:
        agreement: The agreement in force.
        stated: Statements of the ledger about it.
        terms: Tiers in full; they count once every party agreed to their hash (``waterfall.agreed``). Clause K's if not
            given.
        today: The day; the current one in UTC if not given.
        verdicts: Goals as they were measured, as `summand.outcomes` reads and assesses them.

    Raises:
        SettlementInvalid: if clause K expects no income and no terms are given, or not all parties agreed to them.
    """
    day = today or datetime.now(UTC).date()
    acts, unheeded = read_acts(stated, INCOME_ACTS)
    acts, aimless = _aimed(agreement, acts)
    falls, source = _terms(agreement, terms, acts)
    incomes, more = _incomes(acts)
    measured = tuple(verdicts)
    periods = [_period(act, acts, incomes, measured) for act in incomes.values() if not act.record.corrects]
    found = run_all(falls, periods)
    first = [act for act in incomes.values() if not act.record.corrects]
    lines = tuple(
        IncomePeriod(act.record.id, act.leaf, act.party, act.record.accounts_sha256, period, distribution)
        for act, period, distribution in zip(first, periods, found, strict=True)
    )
    corrected = any(period.corrected_gross_cents is not None for period in periods)
    cleared, triggers = _standing(acts, measured, day)
    state = _released(falls, found[-1].state, cleared) if found else WaterfallState()
    state = _without_reserves(agreement, acts, lines, state)
    return IncomeRegister(
        falls.currency, day, _hash(falls), source, lines, true_up(falls, periods) if corrected else (),
        state.paid(), state.reserve(), state.blocked(), cleared, triggers, commitment_lines(acts, day), (*unheeded, *aimless, *more),
    )  # fmt: skip


def _aimed(agreement: Agreement, acts: Sequence[Act]) -> tuple[list[Act], list[Unheeded]]:
    """Without commitments that serve a goal which clause C does not have."""
    goals = {"", *(goal.id for goal in agreement.purpose.goals)}
    lost = [act for act in acts if isinstance(act.record, CommitmentMade) and act.record.goal not in goals]
    unheeded = [Unheeded(act.leaf, act.record.act, "Clause C has no such goal.") for act in lost]
    return [act for act in acts if act not in lost], unheeded


def _terms(agreement: Agreement, terms: Waterfall | None, acts: Sequence[Act]) -> tuple[Waterfall, str]:
    if terms is None:
        return waterfall_of(agreement), "clause K"
    wanted = _hash(terms)
    agreed = {
        act.party: act.leaf for act in acts if isinstance(act.record, TermsAgreed) and act.record.terms_sha256 == wanted
    }
    absent = sorted({party.id for party in agreement.parties} - set(agreed))
    if absent:
        raise SettlementInvalid(
            f"{', '.join(absent)} did not agree to these terms.",
            remedy=f"Have each state waterfall.agreed with {wanted}.", clause="K.waterfall",
        )  # fmt: skip
    return terms, f"leaves {', '.join(map(str, sorted(agreed.values())))}"


def _hash(terms: Waterfall) -> str:
    return sha256_hex(canonical(terms.to_dict()))


def _incomes(acts: Sequence[Act]) -> tuple[dict[str, Act], list[Unheeded]]:
    """Income by its name; a name counts once, and what corrects nothing that its party stated does not count."""
    found: dict[str, Act] = {}
    unheeded = []
    for act in acts:
        record = act.record
        if not isinstance(record, IncomeReceived):
            continue
        corrected = found.get(record.corrects)
        if record.id in found:
            unheeded.append(Unheeded(act.leaf, record.act, "A period of that name is there already."))
        elif record.corrects and (corrected is None or corrected.party != act.party):
            unheeded.append(Unheeded(act.leaf, record.act, "It corrects no income that its party stated."))
        else:
            found[record.id] = act
    return found, unheeded


def _period(act: Act, acts: Sequence[Act], incomes: Mapping[str, Act], verdicts: Sequence[GoalVerdict]) -> Period:
    before = [other for other in acts if other.leaf < act.leaf]
    cleared, triggers = _standing(before, [item for item in verdicts if item.leaf < act.leaf], act.record.at)
    corrections = [other for other in incomes.values() if other.record.corrects == act.record.id]
    correct = corrections[-1].record.gross_cents if corrections else None
    guards: tuple[LegalGuard, ...] = tuple(sorted(cleared))  # type: ignore[arg-type]
    return Period(act.record.gross_cents, act.record.at, guards, triggers, correct)


def _standing(
    acts: Sequence[Act], verdicts: Sequence[GoalVerdict], day: date
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Guards cleared, with their leaves, and triggers on, after some acts and on a day.

    What any party holds against it does not stand: a guard that one withdrew waits until that party clears it.
    """
    guards: dict[str, dict[str, int]] = {}
    triggers: dict[str, dict[str, bool]] = {}
    for act in acts:
        record = act.record
        if isinstance(record, GuardCleared):
            holds = record.until is None or day <= record.until
            guards.setdefault(record.guard, {})[act.party] = act.leaf if holds else _LAPSED
        elif isinstance(record, GuardWithdrawn):
            guards.setdefault(record.guard, {})[act.party] = _WITHDRAWN
        elif isinstance(record, TriggerSet):
            triggers.setdefault(record.trigger, {})[act.party] = record.on
    cleared = {guard: max(by.values()) for guard, by in guards.items() if _WITHDRAWN not in by.values()}
    on = {name for name, by in triggers.items() if all(by.values())}
    held_off = triggers.keys() - on
    last = {item.goal: item.is_met for item in sorted(verdicts, key=lambda item: item.leaf)}
    on |= {f"goal {goal} met" for goal, is_met in last.items() if is_met}
    on |= {line.trigger for line in commitment_lines(acts, day) if line.standing == "kept"}
    return {guard: leaf for guard, leaf in cleared.items() if leaf >= 0}, tuple(sorted(on - held_off))


def _without_reserves(
    agreement: Agreement, acts: Sequence[Act], lines: Sequence[IncomePeriod], state: WaterfallState
) -> WaterfallState:
    """The state once reserves that every party agreed to release are paid: those of periods before the last of them agreed."""
    parties = {party.id for party in agreement.parties}
    for tier, old in state.tiers.items():
        agreed: dict[str, int] = {}
        until = -1
        for act in acts:
            if isinstance(act.record, ReserveReleased) and act.record.tier == tier:
                agreed[act.party] = act.leaf
                if parties <= set(agreed):  # each party's word counts for one release
                    until, agreed = act.leaf, {}
        kept: dict[str, int] = {}
        for line in (line for item in lines if item.leaf > until for line in item.distribution.lines):
            for name, cents in (line.held_back if line.tier == tier else {}).items():
                kept[name] = kept.get(name, 0) + cents
        state = replace(state, tiers={**state.tiers, tier: replace(old, reserve=kept)})
    return state


def _released(falls: Waterfall, state: WaterfallState, cleared: Mapping[str, int]) -> WaterfallState:
    """The state once the money of tiers whose guards are cleared by now is paid out."""
    for tier in falls.tiers:
        if state.of(tier.name).blocked and all(guard in cleared for guard in tier.guards):
            state = release(state, tier.name, blocked=True)
    return state
