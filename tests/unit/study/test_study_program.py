"""The rounds of a study as pure functions: the cohort is judged, and what ends is released in one form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import CohortTooSmall, PeerProtocolError
from summand.methods import Block, State
from summand.securesum import Codec
from summand.study import Finished, Plan, Program, SignedStudy, StudyRequest
from summand.study._released import released
from summand.testing.federations import ANALYST, Partnership

SITES = ("east", "north", "west")
SCHEMA = {
    "fields": [
        {"name": "patient", "type": "string"},
        {"name": "y", "type": "number", "constraints": {"minimum": 0, "maximum": 10}},
        {"name": "x", "type": "number", "constraints": {"minimum": 0, "maximum": 10}},
    ],
    "x-person-id": "patient",
}
LINEAR = {"name": "linear", "formula": "y ~ x"}


def program(profile: str, level: str = "total") -> Program:
    """The program of a study of three sites under a profile."""
    tables = {site: {"patient": ["a"], "y": [1.0], "x": [1.0]} for site in SITES}
    made = Partnership.of(tables, SCHEMA, profile=profile, data={"release_levels": ["total", "site_level"]})
    agreement = made.signed.agreement
    request = StudyRequest.new(
        federation="hub.example/log",
        agreement_hash=agreement.hash,
        requester=ANALYST,
        purpose={"system": "EHDS53", "code": "53(1)(e)", "text": "sample"},
        datasets=tuple(dataset.id for dataset in agreement.datasets),
        method=LINEAR,
        release_level=level,
        disclosure_profile=profile,
        title="sample",
    )
    return Program(Plan.of(SignedStudy.sign(request, made.analyst_key), agreement))


def counted(study: Program, rows: int, people: int) -> dict | Finished:
    """What follows on a cohort of so many rows and people at each site."""
    total = np.sum([study.cohort_summand(site, rows, people, 0) for site in SITES], axis=0)
    return study.update(total, study.start())


@pytest.mark.parametrize("level", ["total", "site_level"])
def test_rows_that_are_not_people_are_refused_under_limits(level: str) -> None:
    """Ten rows of one person are not ten people: where counts are limited, each person has one row."""
    with pytest.raises(CohortTooSmall) as refused:
        counted(program("institutional", level), rows=100, people=99)
    assert (refused.value.clause, "99" in str(refused.value)) == ("D.min_cell", False)
    assert counted(program("institutional", level), rows=100, people=100)["phase"] == "method"
    assert counted(program("public_data", level), rows=100, people=99)["phase"] == "method"


def test_a_state_of_another_study_is_refused() -> None:
    """A state without phase or slots is no state of the program, whoever sent it."""
    for state in ({}, {"phase": "method"}, {"phase": "method", "slots": [{}, {}]}):
        with pytest.raises(PeerProtocolError):
            program("public_data").layout(state)


def test_a_finished_study_is_told_in_one_form() -> None:
    """A result begins with the fields that every reader knows, and at site level names each site once."""
    ended = {"cohort": [40, 40, 1, 0], "ended": {"values": {"terms": []}, "warnings": ["one"]}}
    total = released(program("public_data").plan, {"round": 3, "slots": [ended]})
    assert list(total)[:8] == ["method", "agreement", "profile", "n", "n_dropped", "sites", "rounds", "terms"]
    assert (total["n"], total["n_dropped"], total["rounds"], total["warnings"]) == (40, 0, 3, ["one"])
    too_few = {"cohort": [2, 2, 1, 0], "ended": {"too_few": True}}
    study = program("institutional", "site_level")
    by_site = released(study.plan, {"round": 3, "slots": [ended, too_few, ended]})
    assert tuple(by_site["by_site"]) == SITES
    assert [site["n"] for site in by_site["by_site"].values()] == [40, {"suppressed": True}, 40]
    assert by_site["by_site"]["north"] == {
        "n": {"suppressed": True}, "n_dropped": {"suppressed": True}, "too_few": True, "warnings": []
    }  # fmt: skip


def test_a_hidden_site_is_not_found_by_subtraction() -> None:
    """At site level a total beside all sites but one would tell the one that is hidden; so the total is hidden too."""
    study = program("institutional", "site_level")
    ended = {"cohort": [40, 40, 1, 12], "ended": {"values": {"terms": []}, "warnings": []}}
    small = {"cohort": [2, 2, 1, 12], "ended": {"too_few": True}}
    hidden = released(study.plan, {"round": 3, "slots": [ended, small, ended]})
    assert [hidden[name] for name in ("n", "people", "n_dropped")] == [{"suppressed": True}] * 3
    assert released(study.plan, {"round": 3, "slots": [ended, ended, ended]})["n"] == 120


class _Blocks:
    """A method whose layout is given."""

    def __init__(self, *blocks: Block) -> None:
        self.blocks = blocks

    state_type = State

    def layout(self, state: State) -> tuple[Block, ...]:
        """The blocks."""
        return self.blocks


def codec_of(*blocks: Block, rows_max: int = 1) -> Codec:
    """The codec of a round with these blocks, of three sites with so many rows each."""
    study = program("public_data")
    study.plan = dataclasses.replace(study.plan, method=_Blocks(*blocks), rows_max=dict.fromkeys(SITES, rows_max))  # type: ignore[arg-type]
    return study.codec({"phase": "method", "round": 1, "slots": [{"cohort": [1, 1, 1, 0], "state": {}}]})


def test_numbers_with_a_grain_travel_in_one_word() -> None:
    """A round takes the short codec only where every number has a grain and the total is exact in it."""
    counts, fine = Block("counts", "1", 3, 1.0, grain=0), Block("gradients", "1", 3, 2.0, grain=40)
    assert codec_of(counts, rows_max=1000) == Codec.fixed64(1000.0, 3)
    assert codec_of(counts, fine, rows_max=1000) == Codec.fixed64(2000.0, 3)
    assert codec_of(counts, fine, rows_max=10**6) == Codec.q63_64()
    assert codec_of(counts, Block("sums", "1", 1, 1.0)) == Codec.q63_64()
    assert codec_of() == Codec.q63_64()


@given(
    grain=st.integers(0, 45), bound=st.sampled_from([0.5, 1.0, 2.0, 31.0]), rows=st.integers(1, 10**6),
    seed=st.integers(0, 10_000),
)  # fmt: skip
def test_a_total_in_one_word_is_the_total(grain: int, bound: float, rows: int, seed: int) -> None:
    """Where the short codec is taken, it opens the very total that the long one opens."""
    codec = codec_of(Block("sums", "1", 5, bound, grain=grain), rows_max=rows)
    most = bound * rows * 2.0**grain
    rng = np.random.default_rng(seed)
    parts = [np.rint(rng.uniform(-most, most, 5)) * 2.0**-grain for _ in SITES]
    parts[0] = np.full(5, np.floor(most) * 2.0**-grain)
    found = []
    for one in (codec, Codec.q63_64()):
        total = one.zeros(5)
        for part in parts:
            one.add_into(total, one.encode(part, bound * rows))
        found.append(one.decode(total))
    np.testing.assert_array_equal(*found)
