"""Profiles as limits, their order, and the judgement of a cohort."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.agreement import _profiles as floors
from summand.disclosure import CMS_MINIMUM_CELL, PROFILES, is_at_least_as_strict, judge_cohort, limits_for, strictest
from summand.errors import AgreementError, CohortTooSmall, TooManyParameters
from summand.tables import NO_LIMITS, Limits

limits = st.builds(
    Limits,
    minimum_cell=st.integers(0, 20),
    minimum_sites=st.integers(1, 5),
    parameters_per_person_max=st.none() | st.sampled_from([0.1, 0.33, 1.0]),
    exact_times=st.booleans(),
    exact_quantiles=st.booleans(),
)


def test_profiles_are_those_of_the_design():
    """Ten people, three sites and 0.33 parameters a person for patient data; eleven people where CMS data take part."""
    assert PROFILES["institutional"] == Limits(10, 3, 0.33, exact_times=False, exact_quantiles=False)
    assert CMS_MINIMUM_CELL == 11
    assert limits_for("public_data") == limits_for("trial") == NO_LIMITS


def test_what_an_agreement_is_checked_against_is_what_is_enforced():
    """The floors by which `agreement.check` judges a document are those of the profiles that the release applies."""
    assert floors.PROFILES.keys() == PROFILES.keys() and floors.CMS_MINIMUM_CELL == CMS_MINIMUM_CELL
    for profile, least in floors.PROFILES.items():
        assert limits_for(profile, least) == PROFILES[profile]
        assert max(least["minimum_cell"], 1) == max(PROFILES[profile].minimum_cell, 1)
        assert least["minimum_sites"] == PROFILES[profile].minimum_sites
        assert least.get("parameters_per_person") == PROFILES[profile].parameters_per_person_max


def test_a_request_may_be_stricter_never_looser():
    """Under an agreement of published data a study may ask for the institutional rules; not the other way round."""
    assert is_at_least_as_strict(PROFILES["institutional"], PROFILES["public_data"])
    assert not is_at_least_as_strict(PROFILES["public_data"], PROFILES["institutional"])


def test_an_agreement_tightens():
    """Stricter values take the place of the profile's."""
    tight = limits_for("institutional", {"minimum_cell": 20, "parameters_per_person": 0.1, "minimum_sites": 4})
    assert tight == Limits(20, 4, 0.1)
    assert limits_for("institutional", {"minimum_exits": 15}).minimum_cell == 15


@given(
    st.sampled_from(sorted(PROFILES)),
    st.dictionaries(st.sampled_from(["minimum_cell", "minimum_sites", "minimum_exits"]), st.integers(1, 50)),
    st.none() | st.floats(0.01, 1),
)
def test_an_agreement_never_loosens(profile, agreed, share):
    """Whatever an agreement says, its profile's own limits hold too (a floor cannot be lowered)."""
    own = agreed if share is None else {**agreed, "parameters_per_person": share}
    assert is_at_least_as_strict(limits_for(profile, own), PROFILES[profile])


def test_a_minimum_of_one_person_is_none():
    """Zero describes nobody, so data published cell by cell stay exact under a minimum of one."""
    assert limits_for("public_data", {"minimum_cell": 1, "minimum_sites": 1}) == NO_LIMITS


@pytest.mark.parametrize(
    ("profile", "agreed"),
    [("open", {}), ("trial", {"minimum_celll": 3}), ("trial", {"minimum_cell": -3}), ("trial", {"minimum_cell": 0})],
)
def test_unknown_names_and_values_are_refused(profile, agreed):
    """An unknown profile or limit means no."""
    with pytest.raises(AgreementError):
        limits_for(profile, agreed)


@given(limits, limits, limits)
def test_strictness_is_a_partial_order(a, b, c):
    """Reflexive, antisymmetric, transitive; the strictest of two is at least as strict as each, and the least such."""
    assert is_at_least_as_strict(a, a)
    assert not (is_at_least_as_strict(a, b) and is_at_least_as_strict(b, a)) or a == b
    if is_at_least_as_strict(a, b) and is_at_least_as_strict(b, c):
        assert is_at_least_as_strict(a, c)
    both = strictest(a, b)
    assert is_at_least_as_strict(both, a) and is_at_least_as_strict(both, b)
    if is_at_least_as_strict(c, a) and is_at_least_as_strict(c, b):
        assert is_at_least_as_strict(c, both)


@pytest.mark.parametrize("people", range(10))
def test_text_never_tells_how_many_below_the_limit(people):
    """The refusal reads the same for none and for nine."""
    with pytest.raises(CohortTooSmall) as refusal:
        judge_cohort(people, 3, 0, PROFILES["institutional"])
    assert refusal.value.public == refusal.value.message == "The cohort over all sites has fewer than 10 people."


def test_sites_and_parameters_are_judged():
    """Two sites are too few, nine parameters are too many for twenty people, six are not."""
    with pytest.raises(CohortTooSmall, match="3 sites"):
        judge_cohort(200, 2, 0, PROFILES["institutional"])
    with pytest.raises(TooManyParameters):
        judge_cohort(20, 3, 9, PROFILES["institutional"])
    judge_cohort(20, 3, 6, PROFILES["institutional"])
    judge_cohort(1, 1, 9, NO_LIMITS)


def test_nobody_at_all_is_refused_under_every_profile():
    """A study about no one has no result."""
    with pytest.raises(CohortTooSmall):
        judge_cohort(0, 0, 0, NO_LIMITS)
