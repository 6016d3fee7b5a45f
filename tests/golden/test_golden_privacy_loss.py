"""What a privacy loss means as epsilon, beside two independent libraries and a published figure."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from summand.disclosure import epsilon_of, rho_of, sigma_for
from summand.disclosure._privacy_loss import rho_of_noise

TEXT = (Path(__file__).parent / "dp_accounting_values.txt").read_text(encoding="utf-8")
VALUES = [tuple(map(float, line.split())) for line in TEXT.splitlines()]


@pytest.mark.parametrize(("rho", "delta", "epsilon"), VALUES)
def test_epsilon_is_that_of_dp_accounting(rho: float, delta: float, epsilon: float) -> None:
    """Never above its value, which is the least over a list of orders, and below it by at most two parts in ten thousand."""
    found = epsilon_of(rho, delta)
    assert found <= epsilon * (1 + 1e-12)
    assert found == pytest.approx(epsilon, rel=2e-4)


@pytest.mark.parametrize("rho", [0.01, 0.5, 3.125])
@pytest.mark.parametrize("delta", [1e-6, 1e-9])
def test_epsilon_is_that_of_opendp(rho: float, delta: float) -> None:
    """OpenDP's own conversion of a Gaussian over whole numbers, to nine digits."""
    dp = importlib.import_module("opendp.prelude")
    dp.enable_features("contrib")
    domain, metric = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="i64")
    measurement = dp.m.make_gaussian(domain, metric, scale=1000.0)
    distance = round(1000.0 * (2.0 * rho) ** 0.5)
    exact = measurement.map(distance)
    assert exact == pytest.approx(rho_of_noise(distance, 1000.0), rel=1e-12)
    theirs = dp.c.make_zCDP_to_approxDP(measurement).map(distance).epsilon(delta)
    assert epsilon_of(exact, delta) == pytest.approx(theirs, rel=1e-9)


def test_twenty_five_rounds_of_the_worked_example() -> None:
    """Sensitivity 50, noise 100, 25 rounds: rho 3.125, epsilon 15.328 at delta 1e-6; and back."""
    rho = 25 * rho_of_noise(50.0, 100.0)
    assert rho == 3.125
    assert epsilon_of(rho, 1e-6) == pytest.approx(15.328, abs=1e-3)
    assert rho_of(epsilon_of(rho, 1e-6), 1e-6) == pytest.approx(rho, rel=1e-9)
    assert sigma_for(50.0, rho / 25) == pytest.approx(100.0)


def test_nothing_spent_is_nothing() -> None:
    """No loss is epsilon 0, and more loss is more epsilon."""
    assert epsilon_of(0.0, 1e-6) == 0.0
    assert epsilon_of(0.1, 1e-6) < epsilon_of(0.2, 1e-6) < epsilon_of(0.2, 1e-9)
