"""The survey on the partners: figures by hand, known networks, and that few people's answers stay hidden."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.errors import SurveyInvalid
from summand.outcomes import (
    QUESTIONS,
    RESPONDENTS_MIN,
    Answer,
    Response,
    network_svg,
    read_response,
    relationship,
    response_document,
)
from summand.outcomes._relationship import degree_centralisation, fragmentation

NAMES = ("a", "b", "c", "d")


def ratings(trust=3, value=2):
    """Six equal-by-score ratings."""
    keys = list(QUESTIONS)
    return dict.fromkeys(keys[:3], trust) | dict.fromkeys(keys[3:], value)


def person(name, party, *about, trust=3, value=2):
    """One person's response."""
    return Response("2026", name, party, tuple(Answer(target, ratings(trust, value)) for target in about))


def links(*pairs):
    """Undirected links."""
    return {frozenset(pair) for pair in pairs}


def test_star_ring_and_parts_by_hand():
    """Freeman: a star 1, a ring 0. Borgatti: one component 0, all apart 1, two pairs of four 2/3."""
    star, ring = links("ab", "ac", "ad"), links("ab", "bc", "cd", "da")
    assert degree_centralisation(NAMES, star) == 1
    assert degree_centralisation(NAMES, ring) == 0
    assert degree_centralisation("ab", links("ab")) is None
    assert fragmentation(NAMES, star) == 0
    assert fragmentation(NAMES, set()) == 1
    assert fragmentation(NAMES, links("ab", "cd")) == pytest.approx(2 / 3)
    assert fragmentation("a", set()) == 0


def test_network_figures_by_hand():
    """A knows all, b and c return it, d did not answer, e is alone."""
    said = [person("1", "a", "b", "c", "d"), person("2", "b", "a"), person("3", "c"), person("4", "e")]
    found = relationship("2026", (*NAMES, "e"), said)
    assert found.density == pytest.approx(4 / (4 * 4))
    assert found.isolates == ("e",)
    assert found.unreciprocated == (("a", "c"),)
    assert {(tie.source, tie.target): tie.reciprocated for tie in found.ties}["a", "d"] is None
    assert found.silent == ("d",)
    assert found.key_players == ("a",)
    assert {node.party: node.fragmentation_without for node in found.parties}["a"] == 1
    assert (found.trust, found.respondents) == (None, 4)


def test_a_person_counts_once_and_strangers_and_other_rounds_do_not():
    """The last answer of a person; parties that the agreement does not name are nowhere."""
    said = [
        person("1", "a", "b", trust=1), person("1", "a", "b", trust=4), person("2", "a", "b", trust=4),
        person("3", "a", "b", trust=4), person("9", "z", "b", trust=1), person("4", "a", "z"),
        Response("2025", "5", "a", (Answer("b", ratings(1)),)),
    ]  # fmt: skip
    (tie,) = relationship("2026", NAMES, said).ties
    assert (tie.people, tie.trust, tie.value) == (3, 4.0, 2.0)


def test_scores_by_hand():
    """Trust is the mean of three questions over people, value of the other three; each question by itself."""
    said = [person(str(k), "a", "b", trust=k, value=1) for k in (2, 3, 4)]
    node = {item.party: item for item in relationship("2026", NAMES, said).parties}["b"]
    assert (node.trust, node.value, node.questions["openness"], node.questions["resources"]) == (3.0, 1.0, 3.0, 1.0)


def test_a_rest_of_few_hides_the_mean():
    """Three of one party are shown as a tie; a fourth person of another would follow from the party's mean."""
    said = [person(str(k), "a", "c") for k in range(3)]
    assert {n.party: n.trust for n in relationship("2026", NAMES, said).parties}["c"] == 3.0
    more = [*said, person("9", "b", "c", trust=1)]
    found = relationship("2026", NAMES, more)
    assert {n.party: n.trust for n in found.parties}["c"] is None
    assert {(tie.source, tie.people) for tie in found.ties} == {("a", 3), ("b", None)}


PEOPLE = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=4), st.integers(1, 4)), max_size=14
)


@settings(max_examples=150, deadline=None)
@given(PEOPLE)
def test_no_combination_of_what_is_shown_is_about_fewer_than_three_people(people):
    """Every shown mean and every difference of a shown mean and shown parts of it covers nobody or at least three."""
    said = [person(str(k), party, *sorted(about - {party}), trust=t) for k, (party, about, t) in enumerate(people)]
    found = relationship("2026", NAMES, said)
    shown = []
    for tie in found.ties:
        raters = {
            (r.person, tie.target) for r in said if r.party == tie.source for a in r.answers if a.about == tie.target
        }
        if tie.trust is not None:
            shown.append(raters)
    for node in found.parties:
        raters = {(r.person, node.party) for r in said for a in r.answers if a.about == node.party}
        if node.trust is not None:
            shown.append(raters)
            assert set(node.questions.values()) != {None}
        else:
            assert set(node.questions.values()) == {None}
    for count in range(1, 4):
        for chosen in itertools.combinations(shown, count):
            largest = max(chosen, key=len)
            parts = [item for item in chosen if item is not largest and item <= largest]
            rest = largest - set().union(*parts) if parts else largest
            assert len(rest) == 0 or len(rest) >= RESPONDENTS_MIN
    assert (found.trust is None) == all(node.trust is None for node in found.parties)


@given(PEOPLE)
def test_figures_stay_in_their_ranges(people):
    """Density, centralisation and fragmentation from 0 to 1; scores from 1 to 4; taking a party away adds no ties."""
    said = [person(str(k), party, *sorted(about - {party}), trust=t) for k, (party, about, t) in enumerate(people)]
    found = relationship("2026", NAMES, said)
    for figure in (found.density or 0, found.degree_centralisation, found.fragmentation):
        assert 0 <= figure <= 1
    assert all(1 <= node.trust <= 4 for node in found.parties if node.trust is not None)
    assert sum(node.named_by for node in found.parties) == sum(node.names for node in found.parties) == len(found.ties)


def test_the_same_answers_never_have_the_same_hash():
    """A salt keeps anybody from trying all 4,096 answers."""
    one, two = (response_document("2026", {"b": ratings()}) for _ in range(2))
    assert one["salt"] != two["salt"]
    assert read_response(one, "x", "a").answers == read_response(two, "x", "a").answers


@pytest.mark.parametrize(
    "change",
    [{"salt": "00"}, {"salt": "zz"}, {"answers": [{"about": "b", "ratings": {"reliability": 3}}]}, {"extra": 1},
     {"answers": [{"about": "a", "ratings": ratings()}]}, {"answers": [{"about": "b", "ratings": ratings(5)}]},
     {"answers": [{"about": "b", "ratings": ratings(2.5)}]}, {"answers": [{"about": "b", "ratings": ratings()}] * 2},
     {"answers": 3}, {"answers": [{}]}],
)  # fmt: skip
def test_answers_out_of_form_are_refused(change):
    """All six questions, 1 to 4, once a party, never the own."""
    with pytest.raises(SurveyInvalid):
        read_response({**response_document("2026", {"b": ratings()}), **change}, "x", "a")


def test_the_picture_is_whole_and_shows_what_may_be_shown():
    """Well-formed, names escaped, one arrow a tie, dashes for what is not returned, words for what colour says."""
    said = [*(person(str(k), "a", "b", "<c>") for k in range(3)), person("5", "b")]
    found = relationship("2026", ("a", "b", "<c>"), said)
    picture = network_svg(found, "Partners & friends")
    root = ElementTree.fromstring(picture)
    lines = root.findall("{http://www.w3.org/2000/svg}line")
    assert len(lines) == 2
    assert [line.attrib.get("stroke-dasharray") for line in lines] == ["2 3", "7 4"]
    assert "trust 3.0, high" in picture
    assert "<c>" not in picture
    assert picture.count("http") == 1
