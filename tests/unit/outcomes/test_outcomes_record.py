"""Series of goals out of signed statements: what counts, what is drawn, and whether a goal is on course."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chamber import START, Chamber, after
from summand.errors import IndicatorInvalid
from summand.outcomes import (
    Measurement,
    attached_document,
    backup_states,
    early_warnings,
    goal_progress,
    goal_series,
    measured_document,
    scorecard,
)  # fmt: skip
from summand.outcomes._progress import months_after

STUDY = "a" * 32
HASH = "b" * 64
GOAL = {
    "id": "wait", "owner": "north", "aim": "access", "text": "Shorter waiting", "indicator_id": "mean(days)",
    "unit": "days", "direction": "decrease", "baseline": {"value": 30, "period": "2025"}, "target": 20,
    "due": "2026-12-31", "measurement_method": "xmr", "data_source": "describe", "schedule": "monthly",
}  # fmt: skip


@pytest.fixture
def chamber():
    """One goal of the first party; its study was released."""
    made = Chamber(purpose={"goals": [GOAL]})
    made.entries.append((0, {"type": "study.released", "study": STUDY, "at": START.isoformat()}))
    return made


def goal_of(chamber):
    """The goal of the agreement."""
    return chamber.agreement.purpose.goals[0]


def state(chamber, period, found, *, who="lead north", study=STUDY, at=START, **evidence):
    """State a value."""
    document = measured_document(goal_of(chamber), period, found, **evidence)
    chamber.state("goal.measured", who, document, at, study="" if evidence else study)


def progress(chamber, today=date(2026, 6, 1)):
    """Where the goal stands."""
    series, ignored = goal_series([chamber.agreement], chamber.entries)
    return goal_progress(goal_of(chamber), series["wait"], date(2026, 1, 1), today), ignored


def test_a_value_from_a_released_study_counts_and_one_from_another_does_not(chamber):
    """The ledger itself must hold the release."""
    state(chamber, "2026-03", Measurement(25.0, 22.0, 28.0, "Student's t"))
    state(chamber, "2026-04", Measurement(24.0, 22.0, 28.0, "Student's t"), study="c" * 32)
    found, ignored = progress(chamber)
    assert [(point.period, point.value, point.study, point.leaf) for point in found.points] == [
        ("2026-03", 25.0, STUDY, 1)
    ]
    assert [item.leaf for item in ignored] == [2]
    assert (found.change.value, found.change.conf_low, found.change.signal) == (-5.0, -8.0, "better")


def test_evidence_is_the_owner_s_to_state_with_a_hash(chamber):
    """Another party's does not count."""
    reason = "taken from the waiting list as published"
    for who in ("lead south", "north"):
        state(
            chamber, "2026-03", Measurement(25.0, reason=reason), who=who, evidence_sha256=HASH, evidence_title="Report",
        )  # fmt: skip
    found, ignored = progress(chamber)
    assert [(point.person, point.source, point.evidence_sha256) for point in found.points] == [
        ("north", "evidence", HASH)
    ]
    assert found.change is None
    assert len(ignored) == 1


def test_nothing_is_stated_without_a_value_and_no_value_without_interval_or_reason(chamber):
    """The reason travels with the value; a document that was tampered with does not count."""
    with pytest.raises(IndicatorInvalid):
        measured_document(goal_of(chamber), "2026-03", Measurement(None, reason="hidden"))
    good = measured_document(goal_of(chamber), "2026-03", Measurement(25.0, 22.0, 28.0, "t"))
    changes = (
        {"conf_low": None}, {"conf_low": None, "conf_high": None}, {"conf_low": 26.0}, {"value": "25"}, {"unit": "weeks"},
        {"goal": "other"}, {"source": {"kind": "rumour"}}, {"period": ""}, {"value": True},
    )  # fmt: skip
    for change in changes:
        chamber.state("goal.measured", "lead north", {**good, **change}, START, study=STUDY)
    found, ignored = progress(chamber)
    assert found.points == ()
    assert len(ignored) == len(changes)


def test_a_period_stated_again_is_corrected_in_its_place(chamber):
    """The later value counts, where the period stood, and says what it corrects."""
    for period, value in (("2026-03", 25.0), ("2026-04", 24.0), ("2026-03", 26.0)):
        state(chamber, period, Measurement(value, value - 1, value + 1, "t"))
    found, _ = progress(chamber)
    assert [(point.period, point.value, point.corrects) for point in found.points] == [
        ("2026-03", 26.0, (1,)), ("2026-04", 24.0, ()),
    ]  # fmt: skip


def months(chamber, *values, half=3.0):
    """One value a month, with an interval."""
    for place, value in enumerate(values):
        state(chamber, f"2026-{place:03}", Measurement(value, value - half, value + half, "t"), at=after(days=place))


def test_the_chart_rebases_where_the_owner_says_why(chamber):
    """The owner's change of base is in the chart; another party's is not."""
    months(chamber, *([30.0, 31.0] * 6), *([20.0, 21.0] * 6), half=9.0)
    for who in ("lead south", "lead north"):
        chamber.state(
            "goal.rebased", who, {"goal": "wait", "period": "2026-012", "reason": f"by {who}"}, after(days=30)
        )
    found, ignored = progress(chamber)
    assert [base.reason for base in found.chart.bases] == ["", "by lead north"]
    assert {point.signal for point in found.chart.points} == {"none"}
    assert len(ignored) == 1


@pytest.mark.parametrize(
    ("values", "half", "today", "course"),
    [
        ((15.0,), 2.0, "2026-06-01", "met"),
        ((30.0,), 1.0, "2026-11-01", "off_course"),  # the straight way is at 21.7 by then
        ((30.0,), 12.0, "2026-11-01", "not_distinguishable"),
        ((25.0,), 0.5, "2026-03-01", "on_course"),  # and at 28.4
        ((25.0,), 2.0, "2027-02-01", "off_course"),  # its day has passed
        ((), 1.0, "2026-06-01", "not_measured"),
        ((25.0,) * 12 + (60.0,), 50.0, "2026-06-01", "off_course"),  # a signal for the worse
        ((30.0, 31.0) * 6 + (25.0,), 50.0, "2026-06-01", "on_course"),  # and one for the better
    ],
)
def test_course_by_interval_day_and_signal(chamber, values, half, today, course):
    """The straight way from 30 on 2026-01-01 to 20 on 2026-12-31."""
    months(chamber, *values, half=half)
    assert progress(chamber, date.fromisoformat(today))[0].course == course


def test_a_schedule_says_when_to_measure_next(chamber):
    """From the begin of the term, then from the last statement; once the day has passed it is overdue."""
    assert progress(chamber, date(2026, 2, 1))[0].next_on == "2026-02-01"
    assert not progress(chamber, date(2026, 2, 1))[0].is_overdue
    assert progress(chamber, date(2026, 2, 2))[0].is_overdue
    state(chamber, "2026-03", Measurement(25.0, 22.0, 28.0, "t"))
    assert progress(chamber, date(2026, 4, 1))[0].next_on == "2026-04-01"
    assert [months_after(date(2026, 1, 31), n) for n in (1, 3, 12, 13)] == [
        date(2026, 2, 28), date(2026, 4, 30), date(2027, 1, 31), date(2027, 2, 28),
    ]  # fmt: skip


# ── studies of cause ─────────────────────────────────────────────────────────────────────────────────────────────────
ROW = {"estimate": -2.0, "conf_low": -3.0, "conf_high": -1.0, "std_error": 0.5}


@pytest.mark.parametrize(
    ("result", "effects"),
    [
        ({"method": "interrupted_time_series", "terms": [{"term": "slope", **ROW}, {"term": "level change", **ROW}]},
         ["level change"]),
        ({"method": "difference_in_differences", "effects": [{"effect": "overall", **ROW}]}, ["overall"]),
        ({"method": "stepped_wedge", "effects": [{"effect": "treatment", **ROW}, {"effect": "x", **ROW, "conf_low": None}]},
         ["treatment"]),
    ],
)  # fmt: skip
def test_effects_of_released_studies_attach_with_their_intervals(chamber, result, effects):
    """Those without one are left out; a study that the ledger does not hold attaches nothing."""
    document = attached_document(goal_of(chamber), result)
    chamber.state("goal.attached", "lead west", document, START, study=STUDY)
    chamber.state("goal.attached", "lead west", document, START, study="c" * 32)
    found, ignored = progress(chamber)
    assert [(effect.effect, effect.conf_high, effect.study) for effect in found.effects] == [(effects[0], -1.0, STUDY)]
    assert [item.leaf for item in ignored] == [2]


@pytest.mark.parametrize(
    "result", [{"method": "cox", "effects": [ROW]}, {"method": "stepped_wedge", "effects": []}, {}]
)
def test_what_is_no_effect_with_an_interval_does_not_attach(chamber, result):
    """Another method, or nothing that has an interval."""
    with pytest.raises(IndicatorInvalid):
        attached_document(goal_of(chamber), result)


# ── warnings, backup plan, scorecard ─────────────────────────────────────────────────────────────────────────────────
def test_backup_plans_with_their_tests_and_triggers():
    """Never tested, tested, failed, too long ago; a site lost below the minimum pulls the plan."""
    plan = {"trigger": "site_loss", "action": "ask the substitute", "minimum_parties": 4}
    chamber = Chamber(term={"backup_plan": [plan]})

    def found(lost, today):
        return backup_states(chamber.agreement, [chamber.agreement], chamber.entries, [], lost, today)[0][0]

    assert found({}, date(2026, 3, 2)).test_words == "was never tested"
    test = {"trigger": "site_loss", "tested_on": "2026-03-02", "outcome": "worked", "evidence_sha256": HASH}
    chamber.state("backup.tested", "lead west", test, after(days=1))
    chamber.state("backup.tested", "lead west", {**test, "trigger": "flood"}, after(days=1))
    chamber.state("backup.tested", "lead west", {**test, "tested_on": "2029-01-01"}, after(days=1))
    now = found({}, date(2026, 6, 1))
    assert (now.last_test, now.last_outcome, now.test_overdue, now.triggered) == ("2026-03-02", "worked", False, False)
    assert found({}, date(2027, 3, 3)).test_overdue
    lost = found({"south": "stopped"}, date(2026, 6, 1))
    assert lost.triggered
    assert "3 parties are left, fewer than 4" in lost.why
    chamber.state("backup.tested", "lead west", {**test, "outcome": "failed"}, after(days=2))
    assert "failed" in found({}, date(2026, 6, 1)).test_words


def asked(chamber, study, at, answered):
    """The entries of a study asked of all, with the decisions of some."""
    from summand.encoding import canonical, to_base64

    payload = canonical({"agreement_hash": chamber.agreement.hash, "datasets": [f"data-{p}" for p in chamber.keys]})
    yield {"type": "study.request", "study": study, "at": at.isoformat(),
           "signed": {"request": {"payload": to_base64(payload)}}}  # fmt: skip
    yield from ({"type": "study.decision", "study": study, "site": site, "at": at.isoformat()} for site in answered)


def test_a_partner_that_answers_nothing_while_others_do_is_seen():
    """Two studies without a word; an old one, or one that nobody answered, tells nothing; a refusal is an answer."""
    chamber = Chamber()

    def silent(*stories):
        entries = [entry for story in stories for entry in asked(chamber, *story)]
        found = early_warnings(chamber.agreement, [], enumerate(entries), [], date(2026, 6, 1))
        return [item.about for item in found if item.kind == "silent_partner"]

    rest = ("north", "south", "west")
    now, old = after(days=80), after(days=-30)
    assert silent(("1", now, rest), ("2", now, rest)) == ["east"]
    assert silent(("1", now, rest)) == []
    assert silent(("1", old, rest), ("2", now, rest)) == []
    assert silent(("1", now, rest), ("2", now, ())) == []
    assert silent(("1", now, rest), ("2", now, (*rest, "east"))) == []


@pytest.mark.parametrize(
    ("values", "half", "relationship", "answer"),
    [((), 1.0, None, "not_enough_evidence"), ((30.0,), 1.0, None, "reconsider"), ((15.0,), 1.0, None, "continue"),
     ((15.0,), 1.0, {"trust": 1.5, "value": 3.0}, "continue_with_changes"), ((15.0,), 1.0, {"trust": None}, "continue")],
)  # fmt: skip
def test_the_answer_follows_its_rule_and_names_its_reasons(chamber, values, half, relationship, answer):
    """One goal, and the relationship."""
    months(chamber, *values, half=half)
    found, _ = progress(chamber, date(2026, 11, 1))
    card = scorecard([found], [], [], date(2026, 11, 1), relationship)
    assert card.answer == answer
    assert card.reasons[0].text.startswith("Shorter waiting")
    rows = {row.aim: row.state for row in card.aims}
    assert list(rows) == ["access", "quality", "cost", "equity", "workforce", "innovation_speed"]
    assert rows["cost"] == "no_goal"


def test_a_critical_warning_asks_for_changes(chamber):
    """A lapsed approval stops studies, whatever the goals say; warnings are sorted by gravity, each once."""
    months(chamber, 15.0, half=1.0)
    day = chamber.agreement.term.end + timedelta(days=1)
    found, _ = progress(chamber, day)
    warnings = early_warnings(chamber.agreement, [found, found], [], [], day)
    assert [item.severity for item in warnings] == sorted((item.severity for item in warnings), key="cw".find)
    assert len(set(warnings)) == len(warnings)
    assert {"term", "permit"} <= {item.kind for item in warnings}
    assert scorecard([found], warnings, [], day).answer == "continue_with_changes"
