"""The partnership as its members see it: goals and scorecard out of the ledger, with what governance knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from summand.agreement import Agreement
from summand.federation._desk import Desk
from summand.governance import GovernanceState, governance_state
from summand.outcomes import (
    EarlyWarning,
    GoalProgress,
    MeasuredPoint,
    Scorecard,
    Severity,
    assess,
    backup_states,
    early_warnings,
    goal_progress,
    goal_series,
    measure,
    parse_indicator,
    scorecard,
    silent_partners,
)
from summand.sharing.income import GoalVerdict
from summand.study import Ignored, read_statements


def partnership_goals(desk: Desk, now: datetime | None = None) -> tuple[list[GoalProgress], list[Ignored]]:
    """Every goal of the agreement with its series, and the statements that do not count."""
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    series, ignored = goal_series(desk.versions, desk.entries())
    begun = desk.agreement.term.start
    return [goal_progress(goal, series[goal.id], begun, today) for goal in desk.agreement.purpose.goals], ignored


def differing_points(desk: Desk, goals: Iterable[GoalProgress]) -> list[tuple[str, MeasuredPoint, float | None]]:
    """The points that a reader does not find in the study that they name: goal, point, and what the study gives.

    Every result is fetched anew and its hash compared with the release in the ledger.
    """
    released = {
        str(e.get("study")): e.get("result_sha256") for _, e in desk.entries() if e.get("type") == "study.released"
    }
    federation, found = desk.federation(), []
    for item in goals:
        goal = next(one for one in desk.agreement.purpose.goals if one.id == item.goal)
        for point in item.points:
            if not point.study:
                continue
            result = federation.result(point.study).to_dict()
            value = measure(parse_indicator(goal.indicator_id), result).value
            if value != point.value or result.get("result_sha256") != released.get(point.study):
                found.append((item.goal, point, value))
    return found


def partnership_scorecard(
    desk: Desk, now: datetime | None = None, relationship: dict[str, float | None] | None = None
) -> Scorecard:
    """The scorecard as of now.

    Args:
        desk: Somebody's desk under the agreement.
        now: The clock; now if not given.
        relationship: Mean trust and value; those of the survey that was stated last if not given.
    """
    return partnership_scorecard_of(desk.versions, desk.entries(), now, relationship)


def partnership_scorecard_of(
    versions: Sequence[Agreement],
    entries: Sequence[tuple[int, dict[str, Any]]],
    now: datetime | None = None,
    relationship: dict[str, float | None] | None = None,
) -> Scorecard:
    """As `partnership_scorecard`, from the agreement's versions (the current one last) and the ledger's entries about it."""
    at = (now or datetime.now(UTC)).astimezone(UTC)
    agreement, today = versions[-1], at.date()
    series, _ = goal_series(versions, entries)
    goals = [goal_progress(goal, series[goal.id], agreement.term.start, today) for goal in agreement.purpose.goals]
    state = governance_state(versions, entries, at)
    relationship = relationship or _relationship(versions, entries)
    lost = {site.party: f"stopped since {site.since}" for site in state.stopped}
    lost |= {item.about: "silent" for item in silent_partners(agreement, entries, today) if item.about not in lost}
    backups, _ = backup_states(agreement, versions, entries, goals, lost, today)
    warnings = early_warnings(agreement, goals, entries, backups, today, _of_governance(state))
    return scorecard(goals, warnings, backups, today, relationship)


def goal_verdicts(
    versions: Sequence[Agreement], entries: Sequence[tuple[int, dict[str, Any]]]
) -> list[GoalVerdict]:  # fmt: skip
    """Every goal as it was measured, met or not: what triggers tiers of an income."""
    series = goal_series(versions, entries)[0]
    return [
        GoalVerdict(point.leaf, goal.id, assess(point.measurement, goal.direction, goal.target) == "met")
        for goal in versions[-1].purpose.goals
        for point in series[goal.id].points
    ]


def _relationship(
    versions: Sequence[Agreement], entries: Sequence[tuple[int, dict[str, Any]]]
) -> dict[str, float | None] | None:
    statements, _ = read_statements(entries, versions, ("relationship.measured",))
    for stated in reversed(statements):
        found = {name: stated.document.get(name) for name in ("trust", "value")}
        if all(value is None or (isinstance(value, (int, float)) and 1 <= value <= 4) for value in found.values()):
            return found
    return None


def _of_governance(state: GovernanceState) -> Iterator[EarlyWarning]:
    """What governance knows that outcomes do not: permits recorded, stops, disputes at their last steps."""
    for site in state.stopped:
        yield EarlyWarning("stop", "critical", f"{site.party} stopped its site {site.site}.", site.party, site.leaf)
    for permit in state.permits:
        if permit.kind == "ethics" and permit.source == "agreement":
            continue  # said by the agreement itself
        if permit.status in ("lapsed", "revoked"):
            text = f"{permit.reference} ({permit.kind}) of {permit.holder} is {permit.status}."
            severity: Severity = "warning" if permit.kind == "key" else "critical"
            yield EarlyWarning("permit", severity, text, permit.id, permit.leaf)
        elif permit.status == "lapses_soon":
            text = f"{permit.reference} ({permit.kind}) of {permit.holder} lapses in {permit.days_left} days."
            yield EarlyWarning("permit", "warning", text, permit.id, permit.leaf)
    for dispute in state.disputes:
        if dispute.status == "open":
            where = f"stands at '{dispute.step}'" if dispute.step else "has passed its last step"
            text = f"A dispute {where}: {dispute.text[:200]}"
            yield EarlyWarning("dispute", "warning" if dispute.step else "critical", text, dispute.id, dispute.leaf)
    for task in state.tasks:
        if task.reminder == "overdue":
            yield EarlyWarning(
                "task", "note", f"'{task.title}' ({task.assignee}) was due {task.due}.", task.id, task.leaf
            )
