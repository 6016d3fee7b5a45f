"""A walk through the catalogue: what the institutional profile asks holds for every method, whichever it is."""

from __future__ import annotations

import dataclasses
import itertools
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.disclosure import PROFILES, release
from summand.errors import CohortTooSmall, MethodError, Refusal, SummandError, TooManyParameters
from summand.methods import METHODS, AcrossSlots, Result, Setting, from_spec
from summand.study import Plan, Program, SignedStudy, StudyRequest
from summand.tables import Batch, Column, Limits, dictionary_to_table_schema
from summand.testing.federations import ANALYST, Partnership
from summand.testing.plain import run_plain

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "laws"))

from law_case import Case, all_cases

LIMITS = PROFILES["institutional"]
SITES = ("east", "north", "west")
CASES = [dataclasses.replace(case, limits=LIMITS) for case in all_cases()]
FIRST = {case.method.name: case for case in reversed(CASES)}
FEW = 3
# Whole numbers that count no people, by their key in a result.
NO_PEOPLE = {
    "classes", "clusters", "cycles", "degree", "degrees_of_freedom", "event_time", "feature", "high", "imputations",
    "informative_strata", "iterations", "lags", "left", "low", "nodes", "nonzero", "right", "risk_group", "splits", "start",
    "treated_clusters", "trees", "interaction_degrees_of_freedom", "rounds", "components", "order", "knots", "suppressed_cells",
}  # fmt: skip
# What docs/threat-model.md names as not stopped: a step of a curve has ten exits, of whom few may have the event.
STEPS = {"aalen_johansen", "km", "nelson_aalen", "rmst", "logrank"}
BANDS = {"min", "q25", "median", "q75", "max"}


def test_the_walk_meets_every_method() -> None:
    """A method of the catalogue has a case here, or runs at the sites' own level alone."""
    absent = set(METHODS) - set(FIRST)
    assert absent == {"internal_external"}
    assert all(issubclass(METHODS[name], AcrossSlots) for name in absent)


def plan_of(case: Case) -> Plan:
    """The plan of a study of the case's method over three sites."""
    schema = dictionary_to_table_schema(case.dictionary)
    made = Partnership.of({site: {} for site in SITES}, schema, profile="institutional", rows_max=100_000)
    request = StudyRequest.new(
        federation="hub.example/log", agreement_hash=made.agreement.hash, requester=ANALYST,
        purpose={"system": "EHDS53", "code": "53(1)(e)", "text": "sample"},
        datasets=tuple(dataset.id for dataset in made.agreement.datasets), method=case.method.to_spec(),
        release_level="total", disclosure_profile="institutional", title="sample",
    )  # fmt: skip
    return Plan.of(SignedStudy.sign(request, made.analyst_key), made.agreement)


@pytest.mark.parametrize("name", sorted(FIRST))
def test_cohort_sites_and_parameters_are_judged_before_the_method_begins(name: str) -> None:
    """Nine people, two sites, or a parameter too many for the people there are: nothing of the method is ever summed."""
    program = Program(plan_of(FIRST[name]))

    def after(people: int, sites: int = 3) -> Any:
        counts = [program.cohort_summand(site, 0, 0, 0) for site in SITES[sites:]]
        shares = [people // sites + (i < people % sites) for i in range(sites)]
        counts += [program.cohort_summand(site, n, n, 0) for site, n in zip(SITES, shares, strict=False)]
        return program.update(np.sum(counts, axis=0), program.start())

    needed = max(LIMITS.minimum_cell, math.ceil(program.plan.method.parameter_count() / 0.33))
    assert after(needed)["phase"] == "method"
    with pytest.raises(CohortTooSmall):
        after(needed, sites=2)
    with pytest.raises(CohortTooSmall):
        after(9)
    if needed > LIMITS.minimum_cell:
        with pytest.raises(TooManyParameters):
            after(needed - 1)


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a released result with the key that it stands under."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, key)
    else:
        yield key, value


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a released result with what stands under it."""
    if isinstance(value, dict):
        yield from value.items()
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from pairs(item)


def released(case: Case, batch: Batch) -> dict[str, Any] | None:
    """What leaves under the profile; None where the method refuses."""
    site = np.arange(batch.rows) % len(SITES)
    dealt = [[batch.where(site == k)] for k in range(len(SITES))]
    try:
        found = run_plain(case.method, dealt, Setting(case.dictionary, LIMITS, 100_000, len(SITES)))
    except (Refusal, MethodError):
        return None
    assert isinstance(found, Result)
    return release(dict(found.values), LIMITS)


def small_counts(case: Case, shown: dict[str, Any]) -> list[tuple[str, int]]:
    """Whole numbers of one to nine that may be people."""
    allowed = NO_PEOPLE | ({"events"} if case.method.name in STEPS else set())
    return [
        (key, value)
        for key, value in leaves(shown)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < LIMITS.minimum_cell
        and key not in allowed
    ]  # fmt: skip


def bands(value: Any) -> list[Any]:
    """The bands of a column, or of each of its groups; an exact value would be no list and fail."""
    assert isinstance(value, list)
    return value if any(isinstance(item, list) for item in value) else [value] if None not in value else value


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_no_small_count_of_people_is_in_a_result(case: Case) -> None:
    """Every whole number of a result is at least the minimum cell, or counts no people; extremes are bands."""
    shown = released(case, case.draw(np.random.default_rng(1), max(400, case.rows_min)))
    if shown is None:
        return
    assert small_counts(case, shown) == []
    if case.method.name in ("describe", "table_one", "compare_groups"):
        for key, value in pairs(shown):
            if key in BANDS and value is not None:
                assert all(band is None or band[0] <= band[1] for band in bands(value))


def with_rare_level(case: Case, batch: Batch, column: Column) -> Batch | None:
    """The batch with only three people at the last level of a category; None if it has no such level."""
    try:
        read = case.method.under(case.setting).columns
    except MethodError:
        return None  # the limits refuse its formula before any data
    if column.is_numeric or len(column.levels) < 2 or column.name not in read:
        return None
    codes, last = batch.codes(column.name).copy(), len(column.levels) - 1
    rng = np.random.default_rng(3)
    codes[codes == last] = rng.integers(0, last, int((codes == last).sum()))
    codes[rng.choice(batch.rows, FEW, replace=False)] = last
    return Batch({**batch.columns, column.name: codes}, batch.rows)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_level_of_three_people_is_refused_or_hidden(case: Case) -> None:
    """Whichever category has it, no whole number between one and nine leaves, nor is the level's own figure shown alone."""
    batch = case.draw(np.random.default_rng(2), max(400, case.rows_min))
    for column in case.dictionary:
        rare = with_rare_level(case, batch, column)
        if rare is None:
            continue
        shown = released(case, rare)
        if shown is not None:
            assert small_counts(case, shown) == []


CURVES = [case for case in CASES if case.method.name in STEPS and "entry" not in str(case.method.to_spec())]


@pytest.mark.parametrize("case", CURVES, ids=[case.name for case in CURVES])
def test_every_step_of_a_curve_has_ten_exits(case: Case) -> None:
    """Between one time of a curve and the next, and behind the last, at least ten people leave."""
    shown = released(case, case.draw(np.random.default_rng(4), max(400, case.rows_min)))
    for key, value in pairs(shown or {}):
        if key == "at_risk" and isinstance(value, list):
            assert value[0] == value[1]  # a curve begins at time 0, where nobody leaves
            assert all(a - b >= LIMITS.minimum_cell for a, b in itertools.pairwise([*value[1:], 0]))


@pytest.mark.parametrize("name", sorted(FIRST))
def test_a_refusal_tells_no_number_of_people(name: str) -> None:
    """Runs on thirty people fail in many ways: no text holds a whole number but the limits' own and the request's."""
    case = FIRST[name]
    rng = np.random.default_rng(5)
    batch = case.draw(rng, 33)
    site = np.arange(batch.rows) % len(SITES)
    dealt = [[batch.where(site == k)] for k in range(len(SITES))]
    try:
        run_plain(case.method, dealt, Setting(case.dictionary, LIMITS, 100_000, len(SITES)))
    except SummandError as error:
        words = error.public.replace(",", " ").replace(".", " ").split()
        spec = str(case.method.to_spec())
        numbers = {int(word) for word in words if word.isdigit()}
        allowed = {LIMITS.minimum_cell, len(SITES), 0, 1, 2}  # and names of levels, which are 0, 1 and 2
        assert {n for n in numbers if n not in allowed and str(n) not in spec} == set()


LOOSER = [
    dataclasses.replace(LIMITS, minimum_cell=9),
    dataclasses.replace(LIMITS, minimum_sites=2),
    dataclasses.replace(LIMITS, parameters_per_person_max=0.5),
    dataclasses.replace(LIMITS, parameters_per_person_max=None),
    dataclasses.replace(LIMITS, exact_times=True),
    dataclasses.replace(LIMITS, exact_quantiles=True),
]


@pytest.mark.parametrize("looser", LOOSER)
def test_the_walk_is_under_the_agreements_own_limits(looser: Limits) -> None:
    """Each of the limits that the walk is under is one that nothing looser passes for."""
    from summand.disclosure import is_at_least_as_strict

    assert is_at_least_as_strict(LIMITS, looser)
    assert not is_at_least_as_strict(looser, LIMITS)


def test_every_spec_is_read_back() -> None:
    """The walk asks for what an analyst may ask for."""
    for case in FIRST.values():
        assert from_spec(case.method.to_spec()).name == case.method.name


def _agreed(profile: str, cell: int, sites: int, share: float) -> dict[str, Any]:
    floor = PROFILES[profile]
    return {
        "minimum_cell": max(cell, floor.minimum_cell, 1), "minimum_sites": max(sites, floor.minimum_sites),
        "parameters_per_person": min(share, floor.parameters_per_person_max or share),
    }  # fmt: skip


@pytest.mark.parametrize("profile", ["institutional", "public_data"])
@given(
    asked=st.sampled_from(sorted(PROFILES)),
    cell=st.integers(1, 40),
    sites=st.integers(1, 6),
    share=st.floats(0.01, 1.0),
)
def test_a_request_is_stricter_than_the_agreement_or_as_strict(
    profile: str, asked: str, cell: int, sites: int, share: float
) -> None:
    """Whatever profile a request names, and whatever the agreement's own limits: the guard refuses it, or all of them hold."""
    from summand.disclosure import is_at_least_as_strict, limits_for

    agreed = _agreed(profile, cell, sites, share)
    if is_at_least_as_strict(PROFILES[asked], PROFILES[profile]):  # what `guard.release` asks
        assert is_at_least_as_strict(limits_for(asked, agreed), limits_for(profile, agreed))
    else:
        assert not is_at_least_as_strict(PROFILES[asked], PROFILES[profile])
        assert (profile, asked) in {("institutional", "public_data"), ("institutional", "trial")}
