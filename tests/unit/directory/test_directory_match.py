"""Matching: coalitions against every subset, and the reason for each need, transfer and conflict."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory_cases import able, holding, organisation, seeker
from summand.agreement import DiseaseTree
from summand.directory import Candidate, Directory, Match, Query, best_coalitions, match, transfer_between
from summand.directory._coalition import interchangeable, value_of
from summand.errors import UsageError

DAY = date(2026, 3, 10)
GIVES = st.dictionaries(st.sampled_from("abcd"), st.integers(20, 300), min_size=1, max_size=4)
CANDIDATES = st.lists(st.tuples(GIVES, st.sampled_from("xyz"), st.integers(0, 60)), min_size=1, max_size=7).map(
    lambda rows: [Candidate(f"o{i}", *row) for i, row in enumerate(rows)]
)


@settings(max_examples=80, deadline=None)
@given(CANDIDATES, st.data(), st.integers(1, 4))
def test_the_first_coalition_is_the_best_of_all_subsets(rows: list[Candidate], data: st.DataObject, size: int) -> None:
    """The integer programme finds what trying every subset finds, with pairs that cost and pairs that exclude."""
    names = [frozenset(pair) for pair in combinations([row.id for row in rows], 2)]
    chosen = data.draw(st.lists(st.sampled_from(names), max_size=4, unique=True)) if names else []
    pairs = {pair: data.draw(st.sampled_from([-1, 30, 50, 100])) for pair in chosen}
    values = [
        value for k in range(1, size + 1) for group in combinations(rows, k)
        if (value := value_of(group, pairs)) is not None and value > 0
    ]  # fmt: skip
    found = best_coalitions(rows, pairs, size, 1)

    assert [one.points for one in found] == ([max(values)] if values else [])


@settings(max_examples=40, deadline=None)
@given(CANDIDATES, st.integers(1, 3))
def test_later_coalitions_are_others(rows: list[Candidate], size: int) -> None:
    """None contains an earlier one, and their points only fall."""
    found = best_coalitions(rows, {}, size, 4)
    points = [one.points for one in found]
    assert points == sorted(points, reverse=True)
    for first, second in combinations(found, 2):
        assert not set(first.members) <= set(second.members)


def test_many_alike_are_reduced_without_loss() -> None:
    """Thousands that are alike to the programme become as many as a coalition holds; one in a pair is always kept."""
    rows = [Candidate(f"o{i}", {"a": 100}, "x") for i in range(5000)]
    pairs = {frozenset(("o4999", "o0")): 50}
    kept = interchangeable(rows, pairs, 3)

    assert {row.id for row in kept} == {"o0", "o1", "o2", "o3", "o4999"}
    assert best_coalitions(rows, pairs, 3, 1)[0].points == 85
    with pytest.raises(UsageError, match="searched exactly"):
        best_coalitions([Candidate(f"o{i}", {"a": 100 + i}, "x") for i in range(401)], {}, 3, 1)
    with pytest.raises(UsageError):
        best_coalitions(rows, {}, 9, 1)


def found(one: Any, *entries: Any, **more: Any) -> Match:
    """The match on the day of the tests."""
    return match(one, entries, DAY, **more)


def test_a_coalition_covers_what_no_pair_does() -> None:
    """Three needs of three organisations: all three are proposed, each with its need, none of which others cover."""
    needs = [{"capability": code, "weight": 5} for code in ("statistics", "imaging", "genomics")]
    result = found(
        seeker(*needs), able("a", "statistics"), able("b", "imaging"), able("c", "genomics"), able("d", "surgery")
    )
    (best, *_) = result.coalitions

    assert {member.id: member.irreplaceable_for for member in best.members} == {
        "a": ("need-0",),
        "b": ("need-1",),
        "c": ("need-2",),
    }
    assert (best.uncovered, len(result.partners)) == ((), 3)
    assert best.reasons[0] == "need-0: A has statistics."
    assert result.to_dict()["coalitions"][0]["points"] == best.points


def test_one_that_covers_all_beats_several() -> None:
    """The smaller coalition wins where both cover the same."""
    needs = [{"capability": code} for code in ("statistics", "imaging")]
    result = found(seeker(*needs), able("a", "statistics"), able("b", "imaging"), able("both", "statistics", "imaging"))
    assert [member.id for member in result.coalitions[0].members] == ["both"]


def test_consent_decides_over_data() -> None:
    """Consent that covers the purpose is a yes, one that a person must judge costs points, one that does not is a miss."""
    need = {"data": {"theme": "Stroke", "individuals_min": 1000}}
    one = seeker(need)
    result = found(
        one, holding("yes", "DUO:0000006"), holding("ask", "DUO:0000006", "DUO:0000020"), holding("no", "DUO:0000006", "DUO:0000045"),
        holding("few", "DUO:0000006", people=50), holding("unknown", "DUO:0000006", people=None), holding("silent"),
    )  # fmt: skip
    by_id = {partner.id: partner for partner in result.partners}

    assert [by_id[name].covers[0].answer for name in ("yes", "ask")] == ["yes", "ask"]
    assert by_id["yes"].points > by_id["ask"].points
    assert {name: bool(by_id[name].covers) for name in ("no", "few", "unknown", "silent")} == dict.fromkeys(
        ("no", "few", "unknown", "silent"), False
    )
    assert "organisations without profit" in by_id["no"].misses[0].reasons[0]
    assert "50 people; 1,000 are needed" in by_id["few"].misses[0].reasons[0]
    assert "no permission is stated" in by_id["silent"].misses[0].reasons[0]
    assert result.uncoverable == ()


def test_a_certificate_that_is_needed() -> None:
    """Missing and lapsed certificates are misses, each with its reason."""
    need = {"capability": "secure_environment", "certificates": ["ISO 27001"]}
    paper = {"name": "iso 27001", "issuer": "sample", "expires": "2026-03-09"}
    result = found(
        seeker(need), able("none", "secure_environment"), able("old", "secure_environment", certificates=[paper]),
        able("good", "secure_environment", certificates=[{**paper, "expires": "2026-03-10"}]),
    )  # fmt: skip
    told = {partner.id: partner.misses[0].reasons[0] for partner in result.partners if partner.misses}

    assert told == {
        "none": "the certificate ISO 27001 is needed and not there",
        "old": "the certificate ISO 27001 lapsed on 2026-03-09",
    }
    assert [member.id for member in result.coalitions[0].members] == ["good"]


def test_what_blocks_is_never_proposed() -> None:
    """A debarred and a withdrawn organisation are shown with their reason, last, and in no coalition."""
    bad = {"checked_on": "2026-03-01", "source": "OIG LEIE", "listed": True}
    result = found(
        seeker({"capability": "statistics"}), able("debarred", "statistics", debarment=bad),
        able("gone", "statistics", status="withdrawn"), able("fine", "statistics"),
    )  # fmt: skip

    assert result.partners[0].id == "fine"
    assert [partner.is_blocked for partner in result.partners] == [False, True, True]
    assert all({member.id for member in group.members} == {"fine"} for group in result.coalitions)


def test_a_united_states_party_needs_a_fresh_exclusion_search() -> None:
    """Never searched or searched too long ago is something to look at, a fresh search is not."""
    fresh = {"checked_on": "2026-01-10", "source": "SAM", "listed": False}
    result = found(
        seeker({"capability": "statistics"}, country="US"), able("never", "statistics", country="US"),
        able("long", "statistics", country="US", debarment={**fresh, "checked_on": "2025-03-09"}),
        able("fresh", "statistics", country="US", debarment=fresh),
    )  # fmt: skip
    assert {partner.id: len(partner.conflicts) for partner in result.partners} == {"never": 1, "long": 1, "fresh": 0}


def test_interests_and_families_keep_two_apart() -> None:
    """An interest in another, or one parent for both, is named, and the coalition without it is better."""
    interest = {"in_organisation": "b", "kind": "equity", "text": "5 %", "declared_on": "2026-01-01"}
    family = [{"kind": "parent", "organisation": "trust"}]
    needs = [{"capability": code} for code in ("statistics", "imaging")]
    tied = found(seeker(*needs), able("a", "statistics", interests=[interest]), able("b", "imaging"))
    kin = found(seeker(*needs), able("a", "statistics", relations=family), able("b", "imaging", relations=family))
    free = found(seeker(*needs), able("a", "statistics"), able("b", "imaging"))

    assert tied.coalitions[0].points == kin.coalitions[0].points == free.coalitions[0].points - 50
    assert [item.kind for item in tied.coalitions[0].conflicts] == ["interest"]
    assert "management plan" in tied.coalitions[0].conflicts[0].remedy
    assert [item.kind for item in kin.coalitions[0].conflicts] == ["concentration"]


def test_one_that_carries_most_is_named() -> None:
    """Of three, one with more than half of what is covered is a concentration."""
    needs = [
        {"capability": "statistics", "weight": 5},
        {"capability": "imaging", "weight": 1},
        {"capability": "genomics", "weight": 1},
    ]
    (best, *_) = found(seeker(*needs), able("a", "statistics"), able("b", "imaging"), able("c", "genomics")).coalitions
    assert [item.organisations for item in best.conflicts] == [("a",)]
    assert "71 %" in best.conflicts[0].text


@pytest.mark.parametrize(
    ("sender", "receiver", "tools", "expected"),
    [
        ("NL", "NL", [], ("yes", "none")),
        ("NL", "NO", [], ("yes", "none")),
        ("NL", "CH", [], ("yes", "adequacy")),
        ("NL", "GB", [], ("yes", "adequacy")),
        ("NL", "US", [], ("ask", "scc")),
        ("NL", "US", [{"tool": "dpf"}], ("yes", "dpf")),
        ("NL", "US", [{"tool": "dpf", "expires": "2026-03-09"}], ("ask", "scc")),
        ("NL", "JP", [], ("ask", "scc")),
        ("NL", "KE", [{"tool": "scc"}], ("yes", "scc")),
        ("GB", "NL", [], ("yes", "adequacy")),
        ("GB", "KE", [{"tool": "scc"}], ("ask", "idta")),
        ("GB", "KE", [{"tool": "idta"}], ("yes", "idta")),
        ("US", "NL", [], ("yes", "contract")),
        ("US", "CN", [], ("ask", "none")),
        ("KE", "NL", [], ("ask", "none")),
    ],
)
def test_transfers(sender: str, receiver: str, tools: list[dict[str, str]], expected: tuple[str, str]) -> None:
    """Each law's answer and tool, with the article or section in the reason."""
    answer = transfer_between(organisation("a", sender), organisation("b", receiver, transfer_tools=tools), DAY)
    assert (answer.answer, answer.tool) == expected
    assert answer.reason


def test_without_needs_there_is_nothing_to_match() -> None:
    """A seeker without needs is told to state some; one whose needs nobody covers is told which."""
    with pytest.raises(UsageError, match="states no needs"):
        found(organisation("idle"), able("a", "statistics"))
    assert found(seeker({"capability": "surgery"}), able("a", "statistics")).uncoverable == ("need-0",)


CAN = st.lists(st.frozensets(st.sampled_from(["statistics", "imaging", "surgery"])), min_size=1, max_size=5)


@settings(max_examples=20, deadline=None)
@given(CAN, st.booleans())
def test_narrowing_by_the_database_loses_nobody(rows: list[frozenset[str]], with_data: bool) -> None:
    """Asked only for those who could cover a need, the match is the same as over everybody."""
    directory = Directory()
    for number, codes in enumerate(rows):
        directory.put(able(f"o{number}", *sorted(codes)))
    directory.put(holding("holder", "DUO:0000006"))
    needs = [{"capability": "statistics"}, *([{"data": {"theme": "stroke"}}] if with_data else [])]
    one = seeker(*needs)
    narrow, whole = (
        match(one, entries, DAY) for entries in (directory.candidates(one.needs, Query()), directory.entries(Query()))
    )
    assert (narrow.partners, narrow.coalitions) == (whole.partners, whole.coalitions)
    directory.close()


def test_a_disease_tree_answers_for_kinds() -> None:
    """Consent to a disease covers a kind of it where a tree says so; without, a person must look."""
    purpose = {"system": "EHDS53", "code": "53(1)(e)", "disease": "MONDO:0000002"}
    consent = [{"code": "DUO:0000007", "parameter": "MONDO:0000001"}]
    one, other = seeker({"data": {"theme": "stroke"}}, purpose=purpose), holding("a", consent=consent)
    tree = DiseaseTree.of([("MONDO:0000002", "MONDO:0000001")])
    assert [match(one, [other], DAY, diseases=t).partners[0].covers[0].answer for t in (None, tree)] == ["ask", "yes"]
