"""A total that one person dominates tells that person's value: its mean is not told, whatever the number of people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from summand.disclosure import PROFILES
from summand.methods import Describe, Setting
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits
from summand.testing.plain import run_plain


def described(costs: np.ndarray, limits: Limits = PROFILES["institutional"], low: float = 0.0) -> dict[str, Any]:
    """The description of costs over three sites."""
    dictionary = Dictionary("costs", (Column("cost", "number", low, 1_000_000),))
    site = np.arange(costs.size) % 3
    dealt = [[Batch({"cost": costs[site == k]}, int((site == k).sum()))] for k in range(3)]
    values = run_plain(Describe(("cost",)), dealt, Setting(dictionary, limits, 10_000, 3)).values
    return dict(values["columns"][0])


ALIKE = np.linspace(20_000.0, 30_000.0, 60)


@pytest.mark.parametrize(
    "largest", [[900_000.0], [450_000.0, 450_000.0], [1_000_000.0, 300_000.0]], ids=["one", "two alike", "two"]
)
def test_a_dominated_mean_is_not_told(largest: list[float]) -> None:
    """Fifty people with next to nothing and one or two with nearly all of it: neither mean nor deviation is told."""
    costs = np.concatenate([np.full(50, 100.0), largest])
    row = described(costs)
    assert row["mean"] is None and row["sd"] is None
    assert described(costs, NO_LIMITS)["mean"] == pytest.approx(costs.mean())


def test_a_mean_that_nobody_dominates_is_told() -> None:
    """Sixty people with like costs, and one with twenty times as much among them."""
    for costs in (ALIKE, np.append(ALIKE, 500_000.0)):
        assert described(costs)["mean"] == pytest.approx(costs.mean(), rel=0.05)  # means are rounded


def test_the_ends_of_both_rules() -> None:
    """The largest two with nine tenths of all, and the others with a tenth of the largest, are the last that pass."""
    from summand.methods.description._describe_cells import Cell
    from summand.methods.description._dominance import may_dominate

    cell = Cell.of(Column("visits", "integer", 0, 100), None, exact=False, bins=10)
    assert cell.first_window.width == 1

    def judged(values: list[int]) -> bool:
        return may_dominate(cell, np.bincount(values, minlength=101).astype(float), float(sum(values)))

    assert not judged([50, 40, 10])  # 90 of 100
    assert judged([50, 41, 9])
    assert not judged([100, 90] + [1] * 22)  # the rest is 22 of 100, and the two 190 of 212
    assert judged([100, 90] + [1] * 21)
    assert judged([80, 2] + [1] * 7)  # the rest, 7, is less than a tenth of 80
    assert not judged([7] * 12)
    assert judged([9])


def test_columns_with_negative_values_are_no_magnitudes() -> None:
    """A change from before has no total that one person makes up."""
    assert described(np.concatenate([np.full(50, 100.0), [900_000.0]]), low=-10.0)["mean"] is not None
