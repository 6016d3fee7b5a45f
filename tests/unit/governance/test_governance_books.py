"""Disputes by the clock, permits and their days, minutes, threads, tasks, stops, and the letter that tells of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chamber import PARTIES, Chamber, after, rules
from summand.governance import digest, needs_of

ABOUT = {"kind": "agreement", "id": "this"}


@pytest.fixture
def chamber():
    """Four parties."""
    return Chamber(governance=rules())


@pytest.mark.parametrize(
    ("day", "step", "number", "moves"),
    [(0, "principal investigators", 0, 14), (13.9, "principal investigators", 0, 14), (14, "executives", 1, 44),
     (44, "mediation", 2, 104), (104, "", 3, None), (900, "", 3, None)],
)  # fmt: skip
def test_a_dispute_climbs_by_the_clock(chamber, day, step, number, moves):
    """Fourteen days, thirty, sixty: as clause H says."""
    chamber.say("west", "dispute.raised", after(), id="d", about=ABOUT, text="Who pays?", against=["north"])
    (dispute,) = chamber.at(after(days=day)).disputes
    assert (dispute.step, dispute.step_number, dispute.status) == (step, number, "open")
    assert dispute.next_step_on == (None if moves is None else after(days=moves))
    assert dispute.waits_for == ("north", "west")


def test_a_dispute_is_settled_by_all_whom_it_concerns(chamber):
    """One is not enough, an analyst does not settle, and the clock stops when the last one agrees."""
    chamber.say("west", "dispute.raised", after(), id="d", about=ABOUT, text="Who pays?", against=["north"])
    chamber.say("west", "dispute.settled", after(days=10), dispute="d", outcome="halves")
    chamber.say("analyst", "dispute.settled", after(days=10), dispute="d", outcome="halves")
    assert chamber.at(after(days=20)).disputes[0].waits_for == ("north",)
    chamber.say("lead north", "dispute.settled", after(days=20), dispute="d", outcome="halves")
    (dispute,) = chamber.at(after(days=500)).disputes
    assert (dispute.status, dispute.step, dispute.settled_by) == ("settled", "executives", ("north", "west"))


def test_a_dispute_against_nobody_named_is_with_all_and_its_author_may_withdraw_it(chamber):
    """And nobody else may."""
    chamber.say("west", "dispute.raised", after(), id="d", about=ABOUT, text="Who pays?")
    chamber.say("north", "dispute.withdrawn", after(days=1), dispute="d")
    assert chamber.at(after(days=2)).disputes[0].waits_for == tuple(sorted(PARTIES))
    chamber.say("west", "dispute.withdrawn", after(days=3), dispute="d")
    assert chamber.at(after(days=4)).disputes[0].status == "withdrawn"


def test_permits_lapse_by_the_clock_are_renewed_and_revoked(chamber):
    """Recorded by their holder; the same identifier again renews it."""
    given = {"id": "cyber", "kind": "certificate", "reference": "Cyber Essentials", "granted": "2026-01-01"}
    chamber.say("north", "permit.recorded", after(), expires="2026-06-01", **given)

    def status(day):
        return next(item for item in chamber.at(after(days=day)).permits if item.id == "cyber")

    assert [status(day).status for day in (0, 31, 32, 92, 93)] == [
        "valid", "valid", "lapses_soon", "lapses_soon", "lapsed",
    ]  # fmt: skip
    assert status(92).days_left == 0
    chamber.say("north", "permit.recorded", after(days=80), expires="2027-06-01", **given)
    assert (status(93).status, status(93).leaf) == ("valid", 1)
    chamber.say("south", "permit.revoked", after(days=94), permit="cyber", reason="not mine")
    assert status(95).status == "valid"
    chamber.say("north", "permit.revoked", after(days=95), permit="cyber", reason="audit failed")
    assert status(96).status == "revoked"
    chamber.say("west", "permit.recorded", after(), expires="2025-06-01", **given)
    assert chamber.at(after(days=1)).ignored[-1].reason == "The permit ends before it begins."


def test_the_agreement_s_own_permits_are_among_them(chamber):
    """Ethics approvals of clause F and people's keys of clause B, without a leaf."""
    found = {item.kind: item for item in chamber.at(after()).permits}
    assert found["ethics"].reference == "sample-001"
    assert found["ethics"].leaf is None
    assert found["key"].expires == chamber.agreement.people[0].to


def test_minutes_are_the_chair_s_and_may_be_contested(chamber):
    """Another party's are ignored; a contest stands beside them."""
    held = after(days=1).isoformat()
    given = {"body": "steering", "held_at": held, "present": ["north", "west"], "text": "We met."}
    chamber.say("lead north", "minutes.recorded", after(days=2), id="one", **given)
    chamber.say("lead west", "minutes.recorded", after(days=2), id="two", **given)
    chamber.say("lead west", "minutes.contested", after(days=3), minutes="one", reason="I was not there")
    state = chamber.at(after(days=4))
    assert [(item.id, item.contested) for item in state.minutes] == [("one", (("west", "I was not there"),))]
    assert [item.leaf for item in state.ignored] == [1]


def test_threads_and_tasks_hang_on_what_they_are_about(chamber):
    """Anybody of the agreement writes; a task is done by whom it was given to, and reminds as its day comes."""
    goal = {"kind": "goal", "id": "wait"}
    chamber.say("analyst", "comment.posted", after(), id="c1", on=goal, text="Why so few?")
    chamber.say("lead west", "comment.posted", after(days=1), id="c2", on=goal, text="Holidays.", reply_to="c1")
    chamber.say("lead west", "comment.posted", after(days=1), id="c2", on=goal, text="Again.")
    due = after(days=20).date().isoformat()
    chamber.say(
        "lead west", "task.opened", after(days=1), id="t", on=goal, title="Count again", assignee="north", due=due
    )
    state = chamber.at(after(days=2))
    assert [(item.person, item.reply_to) for item in state.thread("goal", "wait")] == [
        ("analyst", ""),
        ("lead west", "c1"),
    ]
    assert state.thread("goal", "other") == ()
    assert [chamber.at(after(days=day)).tasks_on("goal", "wait")[0].reminder for day in (2, 13, 20, 21)] == [
        "", "due_soon", "due_soon", "overdue",
    ]  # fmt: skip
    chamber.say("lead east", "task.done", after(days=21), task="t")
    assert not chamber.at(after(days=22)).tasks[0].done
    chamber.say("steward", "task.done", after(days=22), task="t")
    assert chamber.at(after(days=23)).tasks[0].done
    chamber.say("lead west", "task.reopened", after(days=23), task="t")
    assert chamber.at(after(days=24)).tasks[0].reminder == "overdue"


def test_stops_are_shown_until_their_own_holder_lifts_them(chamber):
    """Another party cannot say it for it."""
    stop = {"site": "south", "party": "south", "since": after().isoformat(), "reason": "complaint"}
    chamber.state("site.stopped", "south", stop, after())
    chamber.state("site.stopped", "west", {**stop, "site": "north", "party": "north"}, after())
    chamber.state("site.resumed", "west", {**stop, "reason": ""}, after(days=1))
    assert [(item.site, item.leaf) for item in chamber.at(after(days=2)).stopped] == [("south", 0)]
    chamber.state("site.resumed", "south", {"site": "south", "party": "south"}, after(days=3))
    assert chamber.at(after(days=4)).stopped == ()


def test_a_letter_says_what_waits_and_what_is_new(chamber):
    """Votes for those who may vote, tasks for those who have them, urgent first; nothing for whom nothing waits."""
    quiet = Chamber(governance=rules())
    assert digest(quiet.at(after()), quiet.agreement, "analyst", after(days=-1)) is None
    chamber.open()
    chamber.say(
        "lead west", "task.opened", after(days=1), id="t", on=ABOUT, title="Send the form", assignee="lead south",
        due=after(days=3).date().isoformat(),
    )  # fmt: skip
    state = chamber.at(after(days=5))
    needs = needs_of(state, chamber.agreement, "lead south")
    assert [(need.kind, need.urgent) for need in needs] == [("task", True), ("vote", False)]
    assert [need.kind for need in needs_of(state, chamber.agreement, "south")] == ["vote"]
    assert needs_of(state, chamber.agreement, "analyst") == ()
    assert needs_of(chamber.at(after(days=18)), chamber.agreement, "south")[0].urgent
    subject, text = digest(state, chamber.agreement, "lead south", after(days=-1))
    assert "2 for you, 1 urgent" in subject
    assert "! Send the form" in text
    assert "Vote for south: Motion m" in text
    assert "Motion opened" in text
    _, later = digest(state, chamber.agreement, "lead south", after(days=4))
    assert "New:" not in later


def test_news_of_a_decision_comes_once(chamber):
    """In the letter after the close, and not in the next."""
    chamber.open()
    for party in PARTIES:
        chamber.vote(party, "yes", after(days=1))
    state = chamber.at(after(days=21))
    assert "carried" in digest(state, chamber.agreement, "analyst", after(days=19))[1]
    assert digest(state, chamber.agreement, "analyst", after(days=20) + timedelta(seconds=1)) is None
