"""What each partner's data add: values by hand, the axioms, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import ContributionUnknown, SettlementInvalid
from summand.sharing.data_value import data_value, require_site_level

SCORES = {"a": 0.70, "b": 0.60, "c": 0.70, "a+b": 0.75, "a+c": 0.70, "b+c": 0.75, "a+b+c": 0.75}


def test_values_by_hand() -> None:
    """A and c have the same data: leave-one-out gives them nothing, Shapley shares between them."""
    found = data_value(SCORES, baseline=0.5, metric="auc")
    a, b, c = found.lines
    assert [line.leave_one_out for line in found.lines] == [0.0, 0.05, 0.0]
    assert a.shapley == c.shapley == pytest.approx((2 * 0.2 + 0.15 + 0.0 + 2 * 0.0) / 6, abs=1e-12)
    assert sum(line.shapley for line in found.lines) == pytest.approx(0.25, abs=1e-12)
    assert (a.alone, b.alone) == (0.2, 0.1)
    assert sum(found.weights().values()) == 10**6
    assert found.to_dict()["lines"][0]["party"] == "a"


def test_data_that_take_something_off_weigh_nothing() -> None:
    """And it is said."""
    found = data_value({"a": 0.8, "b": 0.4, "a+b": 0.7}, baseline=0.5)
    assert found.weights() == {"a": 10**6, "b": 0}
    assert found.warnings == ("The data of b take something off; its weight is 0.",)
    assert data_value({"a": 0.4}, baseline=0.5).weights() == {"a": 0}


@given(st.lists(st.floats(0, 1), min_size=7, max_size=7), st.floats(0, 1))
def test_values_add_up_and_are_equivariant(values: list[float], baseline: float) -> None:
    """Shapley parts add up to the whole; renaming the parties renames the values."""
    names = ["a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"]
    found = data_value(dict(zip(names, values, strict=True)), baseline=baseline)
    assert sum(line.shapley for line in found.lines) == pytest.approx(values[-1] - baseline, abs=1e-9)
    swap = str.maketrans("ac", "ca")
    other = data_value({name.translate(swap): v for name, v in zip(names, values, strict=True)}, baseline=baseline)
    assert {line.party.translate(swap): line.shapley for line in other.lines} == {
        line.party: line.shapley for line in found.lines
    }


def test_what_is_refused() -> None:
    """A coalition without a score, a score that is none, an agreement without site_level."""
    with pytest.raises(SettlementInvalid, match="no value"):
        data_value({"a": 0.7, "b": 0.6}, baseline=0.5)
    with pytest.raises(SettlementInvalid, match="no number"):
        data_value({"a": float("nan")}, baseline=0.5)
    with pytest.raises(ContributionUnknown):
        require_site_level(SimpleNamespace(data=SimpleNamespace(release_levels=("total",))))  # type: ignore[arg-type]
