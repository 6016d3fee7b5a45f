"""One scorecard, and an answer to "is this partnership worth continuing?" with its reasons.

The answer is a rule that everybody can read, not a score: people decide, and see what it rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, get_args

from summand.agreement._purpose import Goal
from summand.outcomes._backup import BackupState
from summand.outcomes._progress import Course, GoalProgress
from summand.outcomes._warnings import EarlyWarning

AIMS: tuple[str, ...] = get_args(Goal.model_fields["aim"].annotation)
Answer = Literal["continue", "continue_with_changes", "reconsider", "not_enough_evidence"]
Weight = Literal["for", "against", "open"]
GOOD: frozenset[Course] = frozenset({"met", "on_course"})
LOW_SCORE = 2.0
"""Mean trust or value on 1 to 4 below which a relationship speaks against going on unchanged."""


@dataclass(frozen=True)
class AimRow:
    """One line of the scorecard: an aim, its goals by course, and the worst of them.

    Attributes:
        state: ``good``, ``mixed``, ``bad``, ``unknown``, or ``no_goal`` where the agreement has none of this aim.
    """

    aim: str
    goals: tuple[str, ...]
    good: int
    off_course: int
    unknown: int
    state: Literal["good", "mixed", "bad", "unknown", "no_goal"]


@dataclass(frozen=True)
class Reason:
    """One reason of the answer, with the leaf that it rests on."""

    weight: Weight
    text: str
    leaf: int | None


@dataclass(frozen=True)
class Scorecard:
    """What the partnership achieves, what threatens it, and whether it is worth going on.

    Attributes:
        as_of: The day.
        aims: One row for each of the six aims.
        goals: Every goal in full.
        warnings: Early warnings, the gravest first.
        backups: The backup plans with triggers and last tests.
        relationship: Mean trust and value as far as they may be shown, None if nobody was asked.
        answer: See `answer_of`.
        reasons: What it rests on.
    """

    as_of: str
    aims: tuple[AimRow, ...]
    goals: tuple[GoalProgress, ...]
    warnings: tuple[EarlyWarning, ...]
    backups: tuple[BackupState, ...]
    relationship: dict[str, float | None] | None
    answer: Answer
    reasons: tuple[Reason, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            **asdict(self),
            "goals": [item.to_dict() for item in self.goals],
            "warnings": [item.to_dict() for item in self.warnings],
        }


def scorecard(
    goals: Sequence[GoalProgress],
    warnings: Sequence[EarlyWarning],
    backups: Sequence[BackupState],
    today: date,
    relationship: dict[str, float | None] | None = None,
) -> Scorecard:
    """The scorecard of a day."""
    rows = tuple(_row(aim, [item for item in goals if item.aim == aim]) for aim in AIMS)
    answer, reasons = answer_of(goals, warnings, relationship)
    return Scorecard(
        today.isoformat(), rows, tuple(goals), tuple(warnings), tuple(backups), relationship, answer, tuple(reasons)
    )  # fmt: skip


def answer_of(
    goals: Sequence[GoalProgress], warnings: Sequence[EarlyWarning], relationship: dict[str, float | None] | None
) -> tuple[Answer, list[Reason]]:
    """Whether to go on, by this rule, the first that fits:

    1. fewer than half of the goals can be told apart (met, on course, off course): not enough evidence;
    2. more goals off course than met or on course: reconsider;
    3. a goal off course, a critical warning, or a mean of trust or value below 2 of 4: continue with changes;
    4. else: continue.
    """
    reasons = [
        *(_of_goal(item) for item in goals),
        *(_of_warning(item) for item in warnings if item.severity == "critical"),
    ]
    good = sum(item.course in GOOD for item in goals)
    off = sum(item.course == "off_course" for item in goals)
    low = []
    for name, value in (relationship or {}).items():
        if value is not None:
            is_low = value < LOW_SCORE
            low += [name] * is_low
            reasons.append(
                Reason("against" if is_low else "for", f"Mean {name} among partners is {value:.2f} of 4.", None)
            )
    if 2 * (good + off) < len(goals) or not goals:
        return "not_enough_evidence", reasons
    if off > good:
        return "reconsider", reasons
    if off or low or any(item.severity == "critical" for item in warnings):
        return "continue_with_changes", reasons
    return "continue", reasons


def _of_goal(item: GoalProgress) -> Reason:
    weight: Weight = "for" if item.course in GOOD else "against" if item.course == "off_course" else "open"
    leaf = item.points[-1].leaf if item.points else None
    return Reason(weight, f"{item.text}: {item.course.replace('_', ' ')}. {item.why}", leaf)


def _of_warning(item: EarlyWarning) -> Reason:
    return Reason("against", item.text, item.leaf)


def _row(aim: str, goals: list[GoalProgress]) -> AimRow:
    good = sum(item.course in GOOD for item in goals)
    off = sum(item.course == "off_course" for item in goals)
    unknown = len(goals) - good - off
    state: Literal["good", "mixed", "bad", "unknown", "no_goal"] = "unknown"
    if not goals:
        state = "no_goal"
    elif off and good:
        state = "mixed"
    elif off:
        state = "bad"
    elif good:
        state = "good" if not unknown else "mixed"
    return AimRow(aim, tuple(item.goal for item in goals), good, off, unknown, state)
