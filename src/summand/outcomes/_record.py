"""The series of a goal, read from the ledger: what was measured, from which study or with which evidence.

Statements read here, each with its document inside:

``goal.measured``   ``{"goal", "period", "value", "conf_low", "conf_high", "interval_method", "reason", "unit", "source"}``;
                    the source is ``{"kind": "study"}`` (the statement names it) or ``{"kind": "evidence", "sha256", "title"}``
``goal.rebased``    ``{"goal", "period", "reason"}``: a known change from which limits start anew
``goal.attached``   ``{"goal", "method", "effects": [{"effect", "estimate", "conf_low", "conf_high"}]}``: a study of cause
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal

from summand.agreement import Agreement
from summand.agreement._purpose import Goal
from summand.errors import EntryInvalid, IndicatorInvalid, SummandError
from summand.outcomes._measure import Measurement
from summand.outcomes._process_chart import Rebase
from summand.study import Ignored, Stated, read_statements

GOAL_KINDS = ("goal.measured", "goal.rebased", "goal.attached")
CAUSAL = ("interrupted_time_series", "difference_in_differences", "stepped_wedge")
_HASH = re.compile(r"[0-9a-f]{64}")
Numbered = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class MeasuredPoint:
    """One value of a goal as it was stated.

    Attributes:
        period, value, conf_low, conf_high, interval_method, reason: The value, its 95 % interval, or why it has none.
        source: ``study`` or ``evidence``.
        study: The released study that it comes from, "" for evidence.
        evidence_sha256, evidence_title: The document that shows it, "" for a study.
        person, party, at, leaf: Who stated it, when (ISO 8601), and where it stands in the ledger.
        corrects: The leaves of earlier statements about the same period, which it takes the place of.
    """

    period: str
    value: float
    conf_low: float | None
    conf_high: float | None
    interval_method: str
    reason: str
    source: Literal["study", "evidence"]
    study: str
    evidence_sha256: str
    evidence_title: str
    person: str
    party: str
    at: str
    leaf: int
    corrects: tuple[int, ...] = ()

    @property
    def measurement(self) -> Measurement:
        """The value as `assess` takes it."""
        return Measurement(
            self.value, self.conf_low, self.conf_high, self.interval_method, self.reason, self.study
        )  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """An effect that a released study of cause found, with its 95 % interval; one without is not shown."""

    study: str
    method: str
    effect: str
    estimate: float
    conf_low: float
    conf_high: float
    leaf: int


@dataclass
class GoalSeries:
    """A goal's points in the order of their periods as first stated, its changes of base, and its effects."""

    goal: str
    points: list[MeasuredPoint] = field(default_factory=list)
    rebases: list[Rebase] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)


def measured_document(
    goal: Goal, period: str, found: Measurement, *, evidence_sha256: str = "", evidence_title: str = ""
) -> dict[str, Any]:
    """What a ``goal.measured`` statement holds.

    Raises:
        IndicatorInvalid: if there is no value: what was not measured is not stated.
    """
    if found.value is None:
        raise IndicatorInvalid(
            f"The goal '{goal.id}' has no value to state: {found.reason}.",
            remedy="Choose a study whose released result holds the indicator.",
            clause="C.goals",
        )
    source = (
        {"kind": "evidence", "sha256": evidence_sha256, "title": evidence_title}
        if evidence_sha256
        else {"kind": "study"}
    )
    return {
        "goal": goal.id, "period": period, "value": found.value, "conf_low": found.conf_low, "conf_high": found.conf_high,
        "interval_method": found.interval_method, "reason": found.reason, "unit": goal.unit, "source": source,
    }  # fmt: skip


def attached_document(goal: Goal, result: Mapping[str, Any]) -> dict[str, Any]:
    """What a ``goal.attached`` statement holds: the effects of a study of cause that have an interval.

    Args:
        goal: A goal of clause C.
        result: ``StudyResult.to_dict()`` of an interrupted time series, difference in differences or stepped wedge.

    Raises:
        IndicatorInvalid: if the result is of another method, or no effect in it has an interval.
    """
    method = str(result.get("method"))
    rows = [*(result.get("effects") or ())]
    if method == "interrupted_time_series":
        named = {"level change", "slope change"}
        rows = [{**row, "effect": row["term"]} for row in result.get("terms") or () if row.get("term") in named]
    effects = [
        {
            "effect": str(row.get("effect", "")),
            **{name: float(row[name]) for name in ("estimate", "conf_low", "conf_high")},
        }
        for row in rows
        if all(_is_number(row.get(name)) for name in ("estimate", "conf_low", "conf_high"))
    ]
    if method not in CAUSAL or not effects:
        raise IndicatorInvalid(
            f"A result of '{method}' gives the goal '{goal.id}' no effect with an interval.",
            remedy=f"Attach a study of one of: {', '.join(CAUSAL)}.",
            clause="C.goals",
        )
    return {"goal": goal.id, "method": method, "effects": effects}


def goal_series(
    agreements: Sequence[Agreement], entries: Iterable[Numbered]
) -> tuple[dict[str, GoalSeries], list[Ignored]]:
    """Every goal's series, and the statements that do not count, with the reason.

    A value from a study counts if the ledger holds the study's release; one with evidence, and a change of base, if the
    party that owns the goal states it. A later statement about a period takes the place of the earlier one.

    Args:
        agreements: The versions of one agreement, the current one last.
        entries: Ledger entries with their leaves.
    """
    listed = list(entries)
    goals = {goal.id: goal for goal in agreements[-1].purpose.goals}
    released = {str(entry.get("study")) for _, entry in listed if entry.get("type") == "study.released"}
    statements, ignored = read_statements(listed, agreements, GOAL_KINDS)
    found = {name: GoalSeries(name) for name in goals}
    for stated in statements:
        try:
            if stated.statement.document is None:
                raise _bad("Its document is not in the ledger, only its hash.")
            goal = goals.get(str(stated.document.get("goal")))
            if goal is None:
                raise _bad("It names no goal of the agreement.")
            _take(found[goal.id], goal, stated, released)
        except (SummandError, KeyError, TypeError, ValueError, AttributeError) as error:
            why = error.message if isinstance(error, SummandError) else "It is malformed."
            ignored.append(Ignored(stated.leaf, stated.statement.kind, why))
    return found, ignored


def _take(series: GoalSeries, goal: Goal, stated: Stated, released: set[str]) -> None:
    document, kind = stated.document, stated.statement.kind
    if kind == "goal.rebased":
        _require_owner(goal, stated)
        series.rebases = [item for item in series.rebases if item.period != document["period"]]
        series.rebases.append(Rebase(_text(document["period"]), _text(document["reason"])))
    elif kind == "goal.attached":
        _require_released(stated, released)
        if document["method"] not in CAUSAL:
            raise _bad("Its method is none of cause and change.")
        series.effects += [
            Effect(stated.statement.study, document["method"], _text(row["effect"]), _number(row["estimate"]),
                   _number(row["conf_low"]), _number(row["conf_high"]), stated.leaf)
            for row in document["effects"]
        ]  # fmt: skip
    else:
        _add(series, _point(goal, stated, released))


def _point(goal: Goal, stated: Stated, released: set[str]) -> MeasuredPoint:
    document, source = stated.document, stated.document["source"]
    if document["unit"] != goal.unit:
        raise _bad("Its unit is not the goal's.")
    if source["kind"] == "study":
        _require_released(stated, released)
        evidence, title = "", ""
    else:
        _require_owner(goal, stated)
        evidence, title = str(source["sha256"]), _text(source["title"])
        if source["kind"] != "evidence" or not _HASH.fullmatch(evidence):
            raise _bad("Its evidence has no hash.")
    low, high = (None if document[name] is None else _number(document[name]) for name in ("conf_low", "conf_high"))
    value = _number(document["value"])
    if (low is None) != (high is None) or (low is not None and high is not None and not low <= value <= high):
        raise _bad("Its interval does not hold its value.")
    if low is None and not document["reason"]:
        raise _bad("It has neither an interval nor the reason why there is none.")
    return MeasuredPoint(
        _text(document["period"]), value, low, high, str(document["interval_method"]), str(document["reason"]),
        "evidence" if evidence else "study", "" if evidence else stated.statement.study, evidence, title,
        stated.statement.person, stated.party, stated.at.isoformat(timespec="seconds"), stated.leaf,
    )  # fmt: skip


def _add(series: GoalSeries, point: MeasuredPoint) -> None:
    """Put a point at its period's place: the first statement about a period fixes where it stands."""
    for place, old in enumerate(series.points):
        if old.period == point.period:
            fields = {**vars(point), "corrects": (*old.corrects, old.leaf)}
            series.points[place] = MeasuredPoint(**fields)
            return
    series.points.append(point)


def _require_owner(goal: Goal, stated: Stated) -> None:
    if stated.party != goal.owner:
        raise _bad(f"Only {goal.owner}, which owns the goal, states this.")


def _require_released(stated: Stated, released: set[str]) -> None:
    if stated.statement.study not in released:
        raise _bad("The ledger holds no release of the study that it names.")


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise _bad("A text is missing or too long.")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _number(value: Any) -> float:
    if not _is_number(value):
        raise _bad("A number is missing.")
    return float(value)


def _bad(why: str) -> EntryInvalid:
    return EntryInvalid(why, remedy="State it anew.")
