"""Early warnings: what may end the partnership's success, seen before it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from summand.agreement import Agreement
from summand.encoding import from_base64, parse
from summand.errors import SummandError
from summand.outcomes._backup import BackupState
from summand.outcomes._progress import GoalProgress

Severity = Literal["critical", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "note")
LOOK_BACK_DAYS = 90
SILENT_STUDIES = 2
"""Studies asked of a holder in `LOOK_BACK_DAYS` without one answer, from which on it counts as silent."""
ENDS_SOON_DAYS = 90
APPROVAL_LAPSES_SOON_DAYS = 60

Numbered = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class EarlyWarning:
    """One early warning.

    Attributes:
        kind: ``silent_partner``, ``goal_off_course``, ``goal_overdue``, ``goal_missed``, ``permit``, ``term``,
            ``backup``, ``stop``, ``dispute`` or another that the caller adds.
        severity: ``critical`` stops work or a promise, ``warning`` will, ``note`` is worth knowing.
        text: What, in one sentence.
        about: The goal, party, permit or trigger.
        leaf: Where it stands in the ledger, None where it follows from the agreement and the calendar.
    """

    kind: str
    severity: Severity
    text: str
    about: str
    leaf: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def early_warnings(
    agreement: Agreement,
    progress: Sequence[GoalProgress],
    entries: Iterable[Numbered],
    backups: Sequence[BackupState],
    today: date,
    extra: Iterable[EarlyWarning] = (),
) -> tuple[EarlyWarning, ...]:
    """All warnings of a day, the gravest first.

    Args:
        agreement: The current version.
        progress: Its goals.
        entries: The ledger, in which partners answer studies or do not.
        backups: Its backup plans.
        today: The day.
        extra: What other rooms know: permits recorded, stops, disputes, settlements.
    """
    found = [
        *silent_partners(agreement, entries, today), *_goals(progress), *_term(agreement, today),
        *_approvals(agreement, today), *_backups(backups), *extra,
    ]  # fmt: skip
    return tuple(sorted(dict.fromkeys(found), key=lambda item: SEVERITIES.index(item.severity)))


def silent_partners(agreement: Agreement, entries: Iterable[Numbered], today: date) -> Iterator[EarlyWarning]:
    """Data holders that answered none of the studies asked of them lately, while others did.

    A refusal is an answer: a site that says no contributes its judgement.
    """
    holder_of = {dataset.id: dataset.holder for dataset in agreement.datasets}
    since = today - timedelta(days=LOOK_BACK_DAYS)
    asked: dict[str, dict[str, int]] = {}
    answered: dict[str, set[str]] = {}
    for leaf, entry in entries:
        if entry.get("type") == "study.request" and _day(entry) >= since:
            for holder in {holder_of.get(name) for name in _datasets(entry, agreement.hash)} - {None}:
                asked.setdefault(str(holder), {})[str(entry.get("study"))] = leaf
        elif entry.get("type") == "study.decision":
            site = str(entry.get("site"))
            answered.setdefault(holder_of.get(site, site), set()).add(str(entry.get("study")))
    heard = set().union(*answered.values()) if answered else set()
    for party in sorted(asked):
        open_ = {study: leaf for study, leaf in asked[party].items() if study in heard}
        if len(open_) >= SILENT_STUDIES and not set(asked[party]) & answered.get(party, set()):
            text = f"{party} answered none of {len(asked[party])} studies in {LOOK_BACK_DAYS} days; others did."
            yield EarlyWarning("silent_partner", "critical", text, party, max(open_.values()))


def _goals(progress: Sequence[GoalProgress]) -> Iterator[EarlyWarning]:
    for item in progress:
        leaf = item.points[-1].leaf if item.points else None
        if item.course == "off_course":
            yield EarlyWarning(
                "goal_off_course", "warning", f"'{item.text}' is off course. {item.why}", item.goal, leaf
            )
        if item.is_due and item.course != "met":
            yield EarlyWarning("goal_missed", "critical", f"'{item.text}' was due {item.due} and is not shown to be met.",
                           item.goal, leaf)  # fmt: skip
        if item.is_overdue:
            yield EarlyWarning(
                "goal_overdue", "warning", f"'{item.text}' was to be measured by {item.next_on}.", item.goal, leaf
            )


def _term(agreement: Agreement, today: date) -> Iterator[EarlyWarning]:
    left = (agreement.term.end - today).days
    if left < 0:
        yield EarlyWarning("term", "critical", f"The agreement ended on {agreement.term.end}.", "term")
    elif left <= ENDS_SOON_DAYS:
        yield EarlyWarning("term", "warning", f"The agreement ends in {left} days, on {agreement.term.end}.", "term")


def _approvals(agreement: Agreement, today: date) -> Iterator[EarlyWarning]:
    for item in agreement.ethics.approvals:
        left = (item.expires - today).days
        if left < 0:
            yield EarlyWarning("permit", "critical", f"The ethics approval {item.reference} lapsed on {item.expires}: no study runs.",
                           item.reference)  # fmt: skip
        elif left <= APPROVAL_LAPSES_SOON_DAYS:
            yield EarlyWarning(
                "permit", "warning", f"The ethics approval {item.reference} lapses in {left} days.", item.reference
            )


def _backups(backups: Sequence[BackupState]) -> Iterator[EarlyWarning]:
    for item in backups:
        if item.triggered:
            yield EarlyWarning("backup", "critical", f"A trigger of the backup plan: {item.why} To do: {item.action}",
                           item.trigger)  # fmt: skip
        if item.test_overdue:
            yield EarlyWarning("backup", "warning", f"The backup plan for '{item.trigger}' {item.test_words}.", item.trigger,
                           item.last_test_leaf)  # fmt: skip


def _day(entry: Mapping[str, Any]) -> date:
    try:
        return datetime.fromisoformat(str(entry["at"])).astimezone(UTC).date()
    except (KeyError, ValueError, OverflowError):
        return date.min


def _datasets(entry: Mapping[str, Any], agreement_hash: str) -> list[str]:
    try:
        asked = parse(from_base64(entry["signed"]["request"]["payload"], "request"))
        return [str(name) for name in asked["datasets"]] if asked["agreement_hash"] == agreement_hash else []
    except (SummandError, KeyError, TypeError):
        return []
