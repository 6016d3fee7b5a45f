"""What leaves, value by value."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.disclosure import SUPPRESSED, is_suppressed, limits_for, release
from summand.errors import OwnProtocolError
from summand.tables import NO_LIMITS, Count, CountTable, Limits

INSTITUTIONAL = limits_for("institutional")


def test_zero_and_a_small_count_look_the_same():
    """A reader sees that something is hidden; nobody sees whether it is zero or nine."""
    shown = [release({"events": Count(people)}, INSTITUTIONAL)["events"] for people in range(11)]
    assert shown[:10] == [SUPPRESSED] * 10
    assert shown[10] == 10
    assert is_suppressed(shown[0]) and not is_suppressed(shown[10]) and not is_suppressed(0)


def test_no_limits_shows_plain_integers():
    """In published data every count is shown, zero too."""
    values = {"n": Count(3), "missing": Count(0), "levels": CountTable(("a", "b"), ("people",), ((3,), (0,)))}
    assert release(values, NO_LIMITS) == {
        "n": 3, "missing": 0,
        "levels": {"rows": ["a", "b"], "columns": ["people"], "cells": [[3], [0]], "suppressed_cells": 0},
    }  # fmt: skip


def test_hidden_missing_count_hides_the_count_of_those_present():
    """The cohort's size is known, so either both n and missing are shown or both are hidden."""
    shown = release({"column": "ecog", "n": Count(226), "missing": Count(1), "mean": 0.95}, INSTITUTIONAL)
    assert shown == {"column": "ecog", "n": SUPPRESSED, "missing": SUPPRESSED, "mean": 0.95}
    assert release({"n": Count(200), "missing": Count(28)}, INSTITUTIONAL) == {"n": 200, "missing": 28}


def test_levels_beside_a_hidden_missing_count_hide_one_more():
    """All levels shown would give the missing count away by subtraction from the cohort."""
    levels = CountTable(("1", "2"), ("people",), ((138,), (87,)))
    shown = release({"n": Count(225), "missing": Count(3), "levels": levels}, INSTITUTIONAL)
    assert shown["levels"]["cells"] == [[138], [None]]
    assert shown["levels"]["suppressed_cells"] == 1


def test_a_histogram_inside_hides_one_more_too():
    """The same holds for a table one level further in."""
    histogram = {"edges": [0.0, 50.0, 100.0], "counts": CountTable(("a", "b"), ("people",), ((138,), (87,)))}
    shown = release({"n": Count(225), "missing": Count(0), "histogram": histogram}, INSTITUTIONAL)
    assert shown["histogram"]["counts"]["cells"] == [[138], [None]]


def test_few_people_without_the_event_hide_the_events():
    """Ninety people and eighty-five events would tell that five had none."""
    assert release({"n": Count(90), "events": Count(85)}, INSTITUTIONAL) == {"n": 90, "events": SUPPRESSED}
    assert release({"n": Count(90), "events": Count(53)}, INSTITUTIONAL) == {"n": 90, "events": 53}


def test_nothing_is_shown_about_too_few_people():
    """A group of four has no mean, no curve and no size; its name stays."""
    group = {
        "group": "3",
        "n": Count(4),
        "median": 200.0,
        "events": Count(2),
        "curve": {"time": [1.0]},
        "reached": True,
    }
    shown = release(group, INSTITUTIONAL)
    assert shown == {
        "group": "3", "n": SUPPRESSED, "median": None, "events": SUPPRESSED, "curve": None, "reached": True
    }  # fmt: skip


def test_small_group_is_not_found_by_subtraction():
    """Groups divide the cohort: a hidden one takes the next smallest with it."""
    groups = [{"group": name, "n": Count(n), "median": 1.0} for name, n in [("a", 90), ("b", 30), ("c", 4)]]
    shown = release({"n": Count(124), "groups": groups}, INSTITUTIONAL)
    assert [group["n"] for group in shown["groups"]] == [90, SUPPRESSED, SUPPRESSED]
    assert [group["median"] for group in shown["groups"]] == [1.0, None, None]


def test_columns_are_not_groups():
    """Columns of a description describe the same people: one with few values hides no other."""
    columns = [{"column": "a", "n": Count(90), "mean": 1.0}, {"column": "b", "n": Count(4), "mean": 2.0}]
    shown = release({"columns": columns}, INSTITUTIONAL)["columns"]
    assert shown[0] == {"column": "a", "n": 90, "mean": 1.0}
    assert shown[1] == {"column": "b", "n": SUPPRESSED, "mean": None}


def test_numpy_values_become_plain_ones():
    """Arrays and scalars of NumPy leave as lists and numbers."""
    values = {"x": np.array([1.0, 2.0]), "k": np.int64(3), "f": np.float64(0.5), "b": np.bool_(True), "t": (1, None)}
    assert json.loads(json.dumps(release(values, INSTITUTIONAL))) == {
        "x": [1.0, 2.0], "k": 3, "f": 0.5, "b": True, "t": [1, None]
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), np.array([np.nan]), {1: "a"}, object(), b"bytes", {1, 2}, 1j,
        CountTable(("a",), ("x",), ((1, 2),)), CountTable(("a",), ("x",), ((-1,),)),
    ],
    ids=["nan", "infinity", "nan in array", "number as key", "object", "bytes", "set", "complex", "ragged", "negative"],
)  # fmt: skip
def test_what_has_no_json_form_is_a_defect(value):
    """Nothing leaves that is not JSON: a defect is named, never sent."""
    with pytest.raises(OwnProtocolError):
        release({"value": value}, INSTITUTIONAL)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.text(max_size=5) | st.integers(0, 40).map(Count),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abn"), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=3), json_values, max_size=4), st.sampled_from([0, 5, 10]))
def test_release_is_json_whatever_it_holds(values, minimum_cell):
    """A release is always JSON, and the same each time."""
    limits = Limits(minimum_cell=minimum_cell)
    once = release(values, limits)
    assert json.loads(json.dumps(once)) == once == release(values, limits)


def test_empty_table_is_released_empty():
    """A table without rows is a table without cells."""
    assert release({"t": CountTable((), ("people",), ())}, INSTITUTIONAL)["t"]["cells"] == []
