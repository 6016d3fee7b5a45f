"""Motions from their signed acts: notice, recusal, votes, vetoes, approvals, and nothing that does not count."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chamber import PARTIES, Chamber, after, rules
from summand.errors import ActInvalid, ApprovalMissing
from summand.governance import approved_study, read_act
from summand.signing import PrivateKey
from summand.study import SignedStudy, StudyRequest

END = after(days=21)


@pytest.fixture
def chamber():
    """Four parties, a quorum of three, fourteen days of notice."""
    return Chamber(governance=rules())


def test_a_motion_is_open_then_decided_by_the_clock(chamber):
    """The same acts, read earlier and later."""
    chamber.open()
    for party in ("north", "south", "west"):
        chamber.vote(party, "yes", after(days=3))
    assert chamber.at(after(days=2)).motion("m").ballots == ()
    open_ = chamber.at(after(days=4)).motion("m")
    assert (open_.outcome, open_.waits_for) == ("open", ("east",))
    done = chamber.at(END).motion("m")
    assert (done.outcome, float(done.count.yes), done.quorum, done.waits_for) == ("carried", 3.0, 3, ())
    assert [ballot.leaf for ballot in done.ballots] == [1, 2, 3]


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [("yy..", "inquorate"), ("yyn.", "carried"), ("ynn.", "rejected"), ("yan.", "rejected"), ("yaa.", "carried"),
     ("aaa.", "rejected"), ("yynn", "rejected"), ("nnnn", "rejected"), ("....", "inquorate")],
)  # fmt: skip
def test_simple_majority_with_a_quorum_of_three(chamber, votes, outcome):
    """Abstention is presence, and neither yes nor no."""
    chamber.open()
    for party, letter in zip(PARTIES, votes, strict=True):
        if letter != ".":
            chamber.vote(party, {"y": "yes", "n": "no", "a": "abstain"}[letter], after(days=3))
    assert chamber.at(END).motion("m").outcome == outcome


def test_the_last_vote_before_the_close_counts(chamber):
    """A party may change its mind until the close; later votes are told of, and do not count."""
    chamber.open()
    chamber.vote("north", "yes", after(days=1))
    chamber.vote("north", "no", after(days=2))
    chamber.vote("north", "yes", after(days=20, hours=1))
    state = chamber.at(END)
    assert [ballot.vote for ballot in state.motion("m").ballots] == ["no"]
    assert [(item.leaf, item.reason) for item in state.ignored] == [(3, "The vote came after the close.")]


def test_who_may_not_vote_is_told_why(chamber):
    """An analyst, a steward, a party's person without the role, a party outside the body."""
    chamber.open()
    chamber.say("analyst", "vote.cast", after(days=1), motion="m", vote="yes")
    chamber.say("steward", "vote.cast", after(days=1), motion="m", vote="yes")
    chamber.say("north", "vote.cast", after(days=1), motion="m", vote="no")
    state = chamber.at(END)
    assert [(ballot.party, ballot.vote) for ballot in state.motion("m").ballots] == [("north", "no")]
    assert [item.leaf for item in state.ignored] == [1, 2]


def test_a_delegate_votes_until_the_day_and_in_the_body(chamber):
    """A party lets one of its own people vote; nobody else's."""
    chamber.open()
    until = after(days=10).date().isoformat()
    chamber.say("north", "delegation.given", after(), to="steward", body="steering", until=until)
    chamber.say("lead south", "delegation.given", after(), to="steward", body="steering", until=until)
    chamber.say("steward", "vote.cast", after(days=1), motion="m", vote="yes")
    state = chamber.at(after(days=5))
    assert [(ballot.party, ballot.person) for ballot in state.motion("m").ballots] == [("north", "steward")]
    assert [item.leaf for item in state.ignored] == [2]


def test_notice_is_kept_or_waived_by_everybody(chamber):
    """Ten days of fourteen: void, unless all who may vote waive them."""
    for name in ("short", "waived"):
        chamber.open(name, closes_at=after(days=10).isoformat())
        for party in PARTIES:
            chamber.vote(party, "yes", after(days=1), name)
    for party in PARTIES:
        chamber.say(party, "notice.waived", after(days=2), motion="waived")
    state = chamber.at(END)
    assert [motion.outcome for motion in state.motions] == ["void", "carried"]


def test_at_a_meeting_votes_count_from_its_beginning(chamber):
    """Notice runs to the meeting; presence without a vote makes the quorum."""
    chamber.open(meeting_at=after(days=15).isoformat(), closes_at=after(days=15, hours=3).isoformat())
    chamber.vote("north", "yes", after(days=14))
    chamber.vote("south", "yes", after(days=15, hours=1))
    for party in ("west", "east"):
        chamber.say(party, "presence.declared", after(days=15, hours=1), motion="m")
    motion = chamber.at(END).motion("m")
    assert (motion.outcome, [ballot.party for ballot in motion.ballots]) == ("carried", ["south"])
    assert motion.present == ("south", "west", "east")


def test_writing_is_for_topics_that_may_be_decided_in_writing():
    """Without written procedure a motion needs a meeting."""
    chamber = Chamber(governance=rules(written_procedure=False))
    chamber.open()
    assert chamber.at(END).motion("m").outcome == "void"


def test_the_chair_closes_early_once_everybody_voted(chamber):
    """Not before, and nobody else."""
    chamber.open()
    for party in ("north", "south", "west"):
        chamber.vote(party, "yes", after(days=1))
    chamber.say("lead north", "motion.closed", after(days=2), motion="m")
    chamber.say("lead east", "motion.closed", after(days=3), motion="m")
    assert chamber.at(after(days=4)).motion("m").outcome == "open"
    chamber.vote("east", "no", after(days=5))
    chamber.say("lead north", "motion.closed", after(days=6), motion="m")
    motion = chamber.at(after(days=7)).motion("m")
    assert (motion.outcome, motion.closes_at) == ("carried", after(days=6))


# ── recusal ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_recused_party_is_out_of_quorum_and_count(chamber):
    """Two of four are left: two present suffice; what the recused say does not count."""
    chamber.open()
    for party in ("west", "east"):
        chamber.say(party, "recusal.declared", after(days=1), motion="m", reason="owns shares")
    chamber.vote("north", "yes", after(days=2))
    chamber.vote("south", "yes", after(days=2))
    chamber.vote("west", "no", after(days=2))
    motion = chamber.at(END).motion("m")
    assert (motion.outcome, motion.quorum, motion.eligible) == ("carried", 2, ("north", "south"))
    assert [recusal.party for recusal in motion.recusals] == ["west", "east"]


def test_a_body_most_of_which_is_recused_does_not_decide(chamber):
    """One of four left over decides nothing alone."""
    chamber.open()
    for party in ("south", "west", "east"):
        chamber.say(party, "recusal.declared", after(days=1), motion="m", reason="all own shares")
    chamber.vote("north", "yes", after(days=2))
    assert chamber.at(END).motion("m").outcome == "undecidable"


def test_an_interest_recuses_the_person_and_the_party_only_if_nobody_else_speaks_for_it(chamber):
    """The lead with shares does not vote; the signatory's key does; once the signatory has an interest too, nobody."""
    chamber.open()
    given = {"interest": "equity", "counterparty": "the vendor", "topics": ["study"]}
    chamber.say("lead south", "interest.declared", after(), **given)
    chamber.vote("south", "no", after(days=1))
    chamber.say("south", "vote.cast", after(days=1), motion="m", vote="yes")
    motion = chamber.at(after(days=2)).motion("m")
    assert [(ballot.party, ballot.vote) for ballot in motion.ballots] == [("south", "yes")]
    chamber.say("south", "interest.declared", after(days=3), **given)
    motion = chamber.at(END).motion("m")
    assert motion.ballots == ()
    assert [recusal.party for recusal in motion.recusals] == ["south"]
    chamber.open("other", topic="safety")
    assert chamber.at(END).motion("other").recusals == ()


def test_interests_of_clause_g_recuse_too():
    """Declared in the agreement itself, for a party."""
    declaration = {
        "person": "west", "party": "west", "interest": "ip", "amount_band": "sample", "counterparty": "spin-out",
        "declared_on": "2026-02-01", "management_plan": "does not vote", "recusal_topics": ["study"],
    }  # fmt: skip
    chamber = Chamber(governance=rules(), conflicts={"declarations": [declaration], "recheck_every_months": 12})
    chamber.open()
    assert chamber.at(END).motion("m").eligible == ("north", "south", "east")


# ── vetoes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_no_that_is_final():
    """A veto holder of the rule stops what all others want; its abstention does not."""
    chamber = Chamber(governance=rules(veto_holders=["east"]))
    for name, vote in (("a", "no"), ("b", "abstain")):
        chamber.open(name)
        for party in ("north", "south", "west"):
            chamber.vote(party, "yes", after(days=1), name)
        chamber.vote("east", vote, after(days=1), name)
    assert [motion.outcome for motion in chamber.at(END).motions] == ["rejected", "carried"]


def test_a_holder_keeps_its_own_data_out_and_nobody_elses(chamber):
    """Its data leave the motion, which goes on for the others; even recused it may; over others' data it may not."""
    chamber.open(datasets=["data-north", "data-west"])
    chamber.say("west", "recusal.declared", after(days=1), motion="m", reason="interest")
    chamber.say("west", "veto.cast", after(days=1), motion="m", datasets=["data-west"], reason="not for this")
    chamber.say("west", "veto.cast", after(days=1), motion="m", datasets=["data-north"], reason="nor that")
    chamber.say("analyst", "veto.cast", after(days=1), motion="m", datasets=["data-north"], reason="no")
    for party in ("north", "south", "east"):
        chamber.vote(party, "yes", after(days=2))
    state = chamber.at(END)
    motion = state.motion("m")
    assert (motion.outcome, motion.datasets) == ("carried", ("data-north",))
    assert [item.leaf for item in state.ignored] == [3, 4]
    chamber.say("steward", "veto.cast", after(days=19), motion="m", datasets=["data-north"], reason="nor mine")
    assert chamber.at(END).motion("m").outcome == "rejected"


# ── what it gives the guard ──────────────────────────────────────────────────────────────────────────────────────────
def request_of(chamber, datasets=("data-north", "data-west")):
    """A request by the analyst."""
    asked = StudyRequest.new(
        federation="example.org/log", agreement_hash=chamber.agreement.hash, requester="analyst",
        purpose={"system": "EHDS53", "code": "53(1)(e)", "text": "research"}, datasets=datasets,
        method={"name": "describe", "columns": ["age"]}, release_level="total", disclosure_profile="institutional",
        title="sample",
    )  # fmt: skip
    return SignedStudy.sign(asked, chamber.key("analyst"))


def approval(chamber, study, who):
    """A signed approval."""
    return study.approved_by(who, chamber.key(who)).approvals[-1].to_dict()


def test_a_carried_motion_gives_the_approvals_that_came_with_its_votes(chamber):
    """Those of yes votes on this very request alone, signed by the voter; before it is carried there are none."""
    study, other = request_of(chamber), request_of(chamber)
    chamber.open(subject="study", subject_hash=study.hash, datasets=list(study.request.datasets))
    chamber.vote("north", "yes", after(days=1), approval=approval(chamber, study, "lead north"))
    chamber.vote("south", "yes", after(days=1), approval=approval(chamber, other, "lead south"))
    chamber.vote("west", "no", after(days=1), approval=approval(chamber, study, "lead west"))
    chamber.vote("east", "yes", after(days=1), approval=approval(chamber, study, "lead north"))
    with pytest.raises(ApprovalMissing):
        approved_study(chamber.at(after(days=2)), "m", study)
    state = chamber.at(END)
    approved = approved_study(state, "m", study)
    keys = {name: chamber.key(name).public for name in ("lead north", "lead south", "lead west", "lead east")}
    assert [name for name, key in keys.items() if approved.approval_of(name, key)] == ["lead north"]
    assert len(approved.approvals) == 1
    assert [item.leaf for item in state.ignored] == [2, 4]
    assert approved_study(state, "m", approved).approvals == approved.approvals
    with pytest.raises(ApprovalMissing):
        approved_study(state, "m", other)


def test_a_vetoed_dataset_cannot_be_approved(chamber):
    """The request names it: it needs another request; and a veto on a study names the request for the site's guard."""
    study = request_of(chamber)
    chamber.open(subject="study", subject_hash=study.hash, datasets=list(study.request.datasets))
    chamber.say("west", "veto.cast", after(days=1), motion="m", datasets=["data-west"], reason="no")
    chamber.say(
        "west", "veto.cast", after(days=1), motion="m", datasets=["data-west"], reason="no", request_hash=study.hash
    )
    for party in PARTIES:
        chamber.vote(party, "yes", after(days=2))
    state = chamber.at(END)
    assert [item.leaf for item in state.ignored] == [1]
    assert [(item.party, item.request_hash) for item in state.vetoed] == [("west", study.hash)]
    with pytest.raises(ApprovalMissing, match="data-west"):
        approved_study(state, "m", study)


# ── laws and attacks ─────────────────────────────────────────────────────────────────────────────────────────────────
STORY = st.lists(
    st.tuples(st.sampled_from(PARTIES), st.sampled_from(["yes", "no", "abstain", "recuse"]), st.integers(1, 18)),
    max_size=8, unique_by=lambda item: item[0],
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(STORY, st.randoms(use_true_random=False))
def test_the_order_of_different_parties_acts_does_not_matter(story, random: Random):
    """Votes and recusals of different parties give the same outcome in any order of the ledger."""
    found = []
    chamber = Chamber(governance=rules())
    chamber.open()
    opened = list(chamber.entries)
    for party, what, day in story:
        if what == "recuse":
            chamber.say(party, "recusal.declared", after(days=day), motion="m", reason="x")
        else:
            chamber.vote(party, what, after(days=day))
    said = [entry for _, entry in chamber.entries[1:]]
    for _ in range(2):
        random.shuffle(said)
        chamber.entries = [*opened, *enumerate(said, 1)]
        motion = chamber.at(END).motion("m")
        found.append((motion.outcome, motion.count, motion.quorum, motion.eligible, motion.present))
        assert motion.count.total == len(motion.eligible)
    assert found[0] == found[1]


def test_forged_and_repeated_acts_change_nothing(chamber):
    """A stranger's key under a lead's name, an entry twice, an entry about another agreement."""
    chamber.open()
    chamber.vote("north", "yes", after(days=1))
    chamber.entries.append((2, chamber.entries[1][1]))
    party, role, _ = chamber.people["lead south"]
    chamber.people["lead south"] = (party, role, PrivateKey.generate())
    chamber.vote("south", "yes", after(days=1))
    state = chamber.at(END)
    assert [ballot.leaf for ballot in state.motion("m").ballots] == [1]
    assert [item.leaf for item in state.ignored] == [3]


def test_a_vote_dated_back_counts_when_it_came(chamber):
    """The entry's time is later than the signature's."""
    chamber.open()
    chamber.vote("north", "yes", after(days=1))
    leaf, entry = chamber.entries[-1]
    chamber.entries[-1] = (leaf, {**entry, "at": after(days=20, hours=2).isoformat()})
    assert chamber.at(END).motion("m").ballots == ()


@pytest.mark.parametrize(
    "change",
    [{"act": "vote.counted"}, {"vote": "maybe"}, {"motion": "No Such"}, {"motion": 3}, {"extra": 1}, {"vote": None},
     {"reason": ""}, {"reason": "x" * 4001}, {"approval": []}],
)  # fmt: skip
def test_acts_out_of_form_are_none(change):
    """The list is closed."""
    with pytest.raises(ActInvalid):
        read_act({"act": "vote.cast", "motion": "m", "vote": "yes", **change})
    with pytest.raises(ActInvalid):
        read_act({"act": "vote.cast", "motion": "m"})


@pytest.mark.parametrize(
    "fields",
    [{"body": "nobody"}, {"topic": "budget"}, {"closes_at": after(days=-1).isoformat()}, {"closes_at": "2026-09-01"},
     {"datasets": ["data-nowhere"]}, {"subject": "study"}, {"subject_hash": "abc"}, {"id": "UPPER"}],
)  # fmt: skip
def test_motions_out_of_form_do_not_open(chamber, fields):
    """Each is told of with its reason."""
    chamber.open(**fields)
    state = chamber.at(END)
    assert state.motions == ()
    assert len(state.ignored) == 1


def test_the_state_is_json_at_any_time(chamber):
    """What a page reads has a JSON form, whatever has happened."""
    from summand.encoding import canonical

    chamber.open()
    chamber.vote("north", "yes", after(days=1), reason="why not")
    for when in (after(days=-1), after(days=1), END + timedelta(days=100)):
        assert canonical(chamber.at(when).to_dict())
