"""The compiled loops of boosting, where they are installed, beside those of scipy and NumPy: the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.methods import Boosting, Setting
from summand.methods.learning import _boosting_kernel, _boosting_rows
from summand.methods.learning._boosting_kernel import Kernel, kernel
from summand.methods.learning._boosting_rows import Grain, Histograms, divided
from summand.tables import NO_LIMITS, Batch, Column, Dictionary
from summand.testing.plain import run_plain


@pytest.fixture(scope="module")
def loops() -> Kernel:
    """The compiled loops."""
    found = kernel()
    if found is None:
        pytest.skip("numba is not installed (the extra 'fast')")
    return found


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if numba were not there."""

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(_boosting_kernel, "importlib", SimpleNamespace(import_module=missing))
    kernel.cache_clear()
    yield
    kernel.cache_clear()


@given(seed=st.integers(0, 10_000), rows=st.integers(0, 400), features=st.integers(1, 6))
def test_both_histograms_are_the_same(loops: Kernel, seed: int, rows: int, features: int) -> None:
    """Sums of gradient, curvature and people by bin agree to the last bit, whichever rows are asked for."""
    rng = np.random.default_rng(seed)
    widths = rng.integers(1, 257, features)
    binning: Any = SimpleNamespace(
        features=(None,) * features, starts=np.cumsum(widths) - widths, total=int(widths.sum())
    )  # fmt: skip
    bins = np.column_stack([rng.integers(0, width, 500) for width in widths]).astype(np.uint8)
    sums = np.ones((500, 3))
    sums[:, :2] = Grain.of(500, 2.0)(rng.uniform(-1, 1, (500, 2)))
    some = np.sort(rng.permutation(500)[:rows])
    by_feature = np.ascontiguousarray(bins.T)
    ours, theirs = (Histograms(binning, one)(bins, by_feature, sums, some) for one in (loops, None))
    np.testing.assert_array_equal(ours, theirs)
    assert ours[: widths[0], 2].sum() == rows


@given(seed=st.integers(0, 10_000), rows=st.integers(0, 400))
def test_both_divisions_are_the_same(loops: Kernel, seed: int, rows: int) -> None:
    """Rows keep their order on both sides, and none is lost."""
    rng = np.random.default_rng(seed)
    bins, goes_left = rng.integers(0, 256, 500).astype(np.uint8), rng.random(256) < rng.random()
    some = np.sort(rng.permutation(500)[:rows])
    for ours, theirs in zip(*(divided(bins, goes_left, some, one) for one in (loops, None)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def fitted() -> dict[str, Any]:
    """A model of two sites' rows."""
    columns = (Column("a", "number", -5, 5), Column("b", "integer", 0, 9, 1), Column("ill", "integer", 0, 1, 1))
    sites = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        a, b = np.clip(rng.normal(size=900), -5, 5), rng.integers(0, 10, 900).astype(float)
        ill = (rng.uniform(size=900) < 1 / (1 + np.exp(-a - 0.2 * b + 1))).astype(float)
        sites.append([Batch({"a": a, "b": b, "ill": ill}, 900)])
    method = Boosting("ill ~ a + b", trees=5, depth=4, bins=16, rows_min=5)
    return dict(run_plain(method, sites, Setting(Dictionary("d", columns), NO_LIMITS, 10_000, 2)).values)


def test_a_model_is_the_same_without_numba(loops: Kernel, without_numba: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no numba gets the very same trees."""
    assert _boosting_rows.kernel() is None
    plain = fitted()
    kernel.cache_clear()
    compiled = SimpleNamespace(njit=lambda **_: lambda loop: getattr(loops, loop.__name__[1:]))
    monkeypatch.setattr(_boosting_kernel, "importlib", SimpleNamespace(import_module=lambda _: compiled))
    assert _boosting_rows.kernel() == loops
    assert fitted() == plain


def test_the_loops_say_what_they_compile() -> None:
    """Uncompiled, the loops give a histogram and a division by hand."""
    bins, out = np.array([[0, 1, 1], [1, 1, 0]], np.uint8), np.zeros((4, 3))
    sums = np.array([[0.5, 0.25, 1.0], [-0.25, 0.5, 1.0], [1.0, 0.125, 1.0]])
    _boosting_kernel._histogram(bins, np.array([0, 2]), sums, np.array([0, 2]), out)
    np.testing.assert_array_equal(out, [[0.5, 0.25, 1], [1, 0.125, 1], [1, 0.125, 1], [0.5, 0.25, 1]])
    left, right = np.zeros(3, np.intp), np.zeros(3, np.intp)
    goes_left = np.arange(256) < 1
    assert _boosting_kernel._divide(np.array([1, 0, 1], np.uint8), goes_left, np.arange(3), left, right) == 1
    assert (left[:1].tolist(), right[:2].tolist()) == ([1], [0, 2])
