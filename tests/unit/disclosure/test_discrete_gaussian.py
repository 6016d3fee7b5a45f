"""Whole-number noise has the weights that it claims, from OpenDP and from the table; bits are an AES keystream's."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from scipy.stats import chi2, norm

from summand.disclosure import _discrete_gaussian as sampler
from summand.errors import UsageError

KEY = bytes(range(32))


def chi_square(draws: np.ndarray, scale: float) -> tuple[float, int]:
    """Pearson's statistic against the exact weights, bins of at least 20 expected, and its degrees of freedom."""
    most = int(8 * scale)
    numbers = np.arange(-most, most + 1)
    weights = np.exp(-(numbers**2) / (2 * scale**2))
    expected = weights / weights.sum() * draws.size
    observed = np.bincount(np.clip(draws, -most, most) + most, minlength=numbers.size)
    width = max(1, int(scale / 4))
    edges = np.arange(0, numbers.size, width)
    expected, observed = np.add.reduceat(expected, edges), np.add.reduceat(observed, edges)
    large = expected >= 20
    rest = [expected[~large].sum()], [observed[~large].sum()]
    expected, observed = np.append(expected[large], rest[0]), np.append(observed[large], rest[1])
    return float(((observed - expected) ** 2 / np.maximum(expected, 1e-9)).sum()), len(expected) - 1


@pytest.mark.parametrize("scale", [2.0, 7.3, 100.0, 4096.0])
def test_table_draws_have_the_exact_weights(scale: float) -> None:
    """Two hundred thousand draws under one key: chi-square within its 99.9999 % quantile, so is its other end."""
    statistic, freedom = chi_square(sampler.by_table(scale, 200_000, key=KEY), scale)
    assert chi2.ppf(1e-6, freedom) < statistic < chi2.ppf(1 - 1e-6, freedom)


def test_a_wrong_scale_would_be_noticed() -> None:
    """The same test fails on noise that is three per cent too narrow."""
    statistic, freedom = chi_square(sampler.by_table(97.0, 200_000, key=KEY), 100.0)
    assert statistic > chi2.ppf(1 - 1e-6, freedom)


def test_opendp_draws_have_the_exact_weights() -> None:
    """Ten thousand draws of the library, which takes no seed: a false alarm once in a million runs."""
    statistic, freedom = chi_square(sampler.by_opendp(12.5, 10_000), 12.5)
    assert statistic < chi2.ppf(1 - 1e-6, freedom)


def test_table_is_right_to_its_last_bits() -> None:
    """Cumulative weights beside the normal distribution's sums in whole numbers; symmetric, increasing, never wrapping."""
    first, places = sampler._table(64.0)
    numbers = range(first, -first + 1)
    weights = [float(np.exp(-(k**2) / (2 * 64.0**2))) for k in numbers]
    total, sums = sum(weights), np.cumsum(weights)
    assert np.all(np.diff(places.astype(object)) >= 0)
    assert np.max(np.abs(places.astype(float) / 2.0**64 - sums[:-1] / total)) < 1e-14
    assert abs(float(places[-first - 1]) + float(places[-first]) - 2.0**64) < 2.0**12
    assert places[-first] / 2.0**64 == pytest.approx(0.5 + 0.5 * (2 * norm.cdf(0.5 / 64.0) - 1), rel=1e-4)


def test_draws_follow_the_bits_of_the_keystream() -> None:
    """The same key gives the same draws, by hand: the first number above 64 bits of AES-256 in counter mode."""
    stream = Cipher(algorithms.AES(KEY), modes.CTR(bytes(16))).encryptor().update(bytes(80))
    bits = np.frombuffer(stream, dtype=np.uint64)
    first, places = sampler._table(10.0)
    by_hand = [first + sum(int(bit) >= int(place) for place in places) for bit in bits]
    assert sampler.by_table(10.0, 10, key=KEY).tolist() == by_hand
    assert not np.array_equal(sampler.by_table(10.0, 100), sampler.by_table(10.0, 100))


def test_which_sampler_is_used_and_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a hundred thousand numbers the library samples, exactly; above, the table, at a distance that is accounted."""
    used = []
    monkeypatch.setattr(sampler, "by_opendp", lambda scale, size: used.append(("opendp", size)) or np.zeros(1))
    monkeypatch.setattr(sampler, "by_table", lambda scale, size: used.append(("table", size)) or np.zeros(1))
    for size in (1, 100_000, 100_001):
        sampler.discrete_gaussian(3000.0, size)
    assert used == [("opendp", 1), ("opendp", 100_000), ("table", 100_001)]
    assert sampler.distance_each(3000.0, 100_000) == 0.0
    assert sampler.distance_each(3000.0, 100_001) == (2 * 10 * 3000 + 2) * 2.0**-64


def test_without_the_library_a_site_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """No noise is made up in its place."""

    def missing(name: str) -> None:
        raise ImportError(name)

    sampler._opendp.cache_clear()
    monkeypatch.setattr(sampler.importlib, "import_module", missing)
    with pytest.raises(UsageError, match="opendp"):
        sampler.discrete_gaussian(10.0, 5)
    with pytest.raises(UsageError, match="2 to 65,536"):
        sampler.by_table(1.0, 5)
