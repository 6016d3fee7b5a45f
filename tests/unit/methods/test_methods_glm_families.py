"""Families of generalized linear models: derivatives are those of the likelihood, bounds hold, digits last."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from summand.methods.models._glm_binomial import CLogLog, Logit, Probit
from summand.methods.models._glm_counts import NegativeBinomial, Poisson
from summand.methods.models._glm_family import ROOM, Family, Gaussian
from summand.methods.models._glm_positive import Gamma, InverseGamma

FAMILIES: dict[str, tuple[Family, np.ndarray, tuple[float, float]]] = {
    "gaussian": (Gaussian(2.0), np.linspace(-1, 1, 7), (-3.0, 3.0)),
    "logit": (Logit(), np.array([0.0, 1.0]), (-9.0, 9.0)),
    "probit": (Probit(), np.array([0.0, 1.0]), (-7.0, 7.0)),
    "cloglog": (CLogLog(), np.array([0.0, 1.0]), (-9.0, 3.0)),
    "poisson": (Poisson(20.0), np.array([0.0, 1.0, 7.0, 20.0]) / 20, (-7.0, 2.0)),
    "negative binomial": (NegativeBinomial(20.0, 0.8), np.array([0.0, 1.0, 7.0, 20.0]) / 20, (-7.0, 2.0)),
    "nearly poisson": (NegativeBinomial(20.0, 1e-5), np.array([0.0, 1.0, 7.0, 20.0]) / 20, (-7.0, 2.0)),
    "gamma": (Gamma(50.0), np.array([0.01, 0.3, 1.0]), (-5.0, 5.0)),
    "inverse gamma": (InverseGamma(50.0), np.array([0.01, 0.3, 1.0]), (0.3, 40.0)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_score_and_information_are_derivatives(name: str) -> None:
    """By central differences of half the deviance, and of the score."""
    family, outcomes, (low, high) = FAMILIES[name]
    y, eta = (a.ravel() for a in np.meshgrid(outcomes, np.linspace(low, high, 41)))
    h = 1e-4
    up, down, at = family.rows(y, eta + h), family.rows(y, eta - h), family.rows(y, eta)
    np.testing.assert_allclose((down.half_deviance - up.half_deviance) / (2 * h), at.score, rtol=2e-5, atol=2e-7)
    np.testing.assert_allclose((down.score - up.score) / (2 * h), at.weight, rtol=2e-5, atol=2e-7)
    assert (at.weight >= 0.0).all()
    assert (at.half_deviance >= -1e-12).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_no_row_exceeds_its_bound(name: str) -> None:
    """Even far out, where rows are cut off and counted."""
    family, outcomes, _ = FAMILIES[name]
    y, eta = (a.ravel() for a in np.meshgrid(outcomes, np.linspace(-600, 600, 2001)))
    rows, most = family.rows(y, eta), family.most(600.0)
    assert np.abs(rows.half_deviance).max() <= most.half_deviance
    assert np.abs(rows.score).max() <= most.score * (1 + 1e-12)
    assert rows.weight.max() <= most.weight * (1 + 1e-12)
    assert family.expected(eta).max() <= most.expected * (1 + 1e-12)
    assert np.abs(family.saturated(y)).max() <= family.saturated_max
    assert np.isfinite(family.pearson(y, eta)).all()


@pytest.mark.parametrize("name", [n for n in FAMILIES if n != "gaussian"])
def test_expected_information_is_the_mean_of_the_observed(name: str) -> None:
    """Over the distribution of the outcome at a mean that its range holds."""
    family, _, _ = FAMILIES[name]
    eta = {"inverse gamma": 5.0, "gamma": -1.6}.get(name, -1.2)
    if isinstance(family, Poisson):
        mean = family.unit * math.exp(eta)
        size = 1.0 / family.overdispersion if isinstance(family, NegativeBinomial) else None
        counts = np.arange(2000.0)
        chance = (
            stats.poisson.pmf(counts, mean) if size is None else stats.nbinom.pmf(counts, size, size / (size + mean))
        )
        y = counts / family.unit
    elif isinstance(family, Gamma):
        mean = 1 / eta if name.startswith("inverse") else math.exp(eta)
        y = mean * stats.gamma.ppf((np.arange(200_000) + 0.5) / 200_000, 2.0) / 2.0
        chance = np.full(len(y), 1 / len(y))
    else:
        y = np.array([0.0, 1.0])
        mean = {
            "logit": stats.logistic.cdf(eta),
            "probit": stats.norm.cdf(eta),
            "cloglog": -math.expm1(-math.exp(eta)),
        }[name]
        chance = np.array([1 - mean, mean])
    at = family.rows(y, np.full(len(y), eta))
    expected = float(family.expected(np.array([eta]))[0])
    assert float(chance @ at.weight) == pytest.approx(expected, rel=1e-5)
    assert float(chance @ at.score) == pytest.approx(0.0, abs=1e-5)
    assert float(chance @ family.pearson(y, np.full(len(y), eta))) > 0.0


@pytest.mark.parametrize("alpha", [30.0, 1.3, 0.021, 0.019, 1e-3])
def test_negative_binomial_likelihood(alpha: float) -> None:
    """Deviance and constants add up to the distribution's logarithm, on both sides of where the series takes over."""
    family = NegativeBinomial(40.0, alpha)
    counts, eta = (a.ravel() for a in np.meshgrid([0.0, 1.0, 6.0, 40.0], np.linspace(-5, 1, 13)))
    y, size = counts / 40.0, 1.0 / alpha
    expected = stats.nbinom.logpmf(counts, size, size / (size + 40.0 * np.exp(eta)))
    found = family.saturated(y) - 40.0 * family.rows(y, eta).half_deviance
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("alpha", [30.0, 1.3, 0.021, 0.019, 1e-4, 1e-6])
def test_overdispersion_derivatives(alpha: float) -> None:
    """Score and information of its logarithm are derivatives; near the Poisson distribution they keep their digits."""
    counts, eta = (a.ravel() for a in np.meshgrid([0.0, 1.0, 6.0, 40.0], np.linspace(-4, 1, 11)))
    y, h = counts / 40.0, 1e-4

    def at(log_alpha: float, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        family = NegativeBinomial(40.0, math.exp(log_alpha))
        part, score, cross, own = family.size_rows(y, eta + shift)
        return part - family.rows(y, eta + shift).half_deviance, score, cross, own

    centre = math.log(alpha)
    up, down, now = at(centre + h), at(centre - h), at(centre)
    size = max(1.0, float(np.abs(now[1]).max()))
    if alpha > 1e-5:  # nearer to the Poisson distribution differences of the log-likelihood are rounding
        np.testing.assert_allclose((up[0] - down[0]) / (2 * h), now[1], rtol=1e-4, atol=2e-8 * size)
    np.testing.assert_allclose((down[1] - up[1]) / (2 * h), now[3], rtol=1e-4, atol=1e-6 * np.abs(now[3]).max())
    right, left = at(centre, h)[1], at(centre, -h)[1]
    np.testing.assert_allclose((left - right) / (2 * h), now[2], rtol=1e-4, atol=1e-6 * np.abs(now[2]).max())
    limit = 0.5 * alpha * ((counts - 40 * np.exp(eta)) ** 2 - counts) / 40.0
    if alpha < 1e-5:  # Dean & Lawless (1989): the score for overdispersion of Poisson counts
        np.testing.assert_allclose(now[1], limit, rtol=2e-3)
    bounds = NegativeBinomial(40.0, alpha).size_most()
    assert all(
        float(np.abs(values).max()) <= most
        for values, most in zip((NegativeBinomial(40.0, alpha).size_rows(y, eta)), bounds, strict=True)
    )


def test_rows_out_of_range_are_counted() -> None:
    """Means beyond `ROOM` times the largest outcome, or amounts beyond it times their mean; certain events are fine."""
    far = math.log(ROOM) + 1.0
    y = np.array([0.5, 1.0])
    assert Poisson(9.0).rows(y, np.array([far, 0.0])).cut_off == 1
    assert Gamma(9.0).rows(y, np.array([-far, 0.0])).cut_off == 1
    assert InverseGamma(9.0).rows(y, np.array([-1.0, 0.0])).cut_off == 2
    assert CLogLog().rows(np.array([0.0, 1.0]), np.array([far, far])).cut_off == 1
