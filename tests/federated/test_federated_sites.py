"""k sites of any kind together find what one table finds; round-off between machines stays far below the check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from summand.methods import Describe, LinearRegression, LogisticRegression, Method, Result, Setting
from summand.tables import NO_LIMITS, Array, Batch, Column, Dictionary
from summand.testing.plain import run_plain, site_summand

DICTIONARY = Dictionary(
    "sites",
    (
        Column("x", "number", minimum=-4, maximum=4),
        Column("kind", "category", levels=("a", "b", "c")),
        Column("y", "integer", minimum=0, maximum=1, step=1),
        Column("cost", "number", minimum=0, maximum=1e6),
    ),
)
METHODS: dict[str, Method] = {
    "logistic": LogisticRegression("y ~ x*kind"),
    "logistic fixed": LogisticRegression("y ~ x + kind", "fixed"),
    "linear": LinearRegression("cost ~ x*kind"),
    "linear fixed": LinearRegression("cost ~ x + kind", "fixed"),
    "describe": Describe(),
}


def rows(n: int, seed: int = 0) -> Batch:
    """Rows with a cost of many digits."""
    rng = np.random.default_rng(seed)
    x, kind = np.clip(rng.normal(size=n), -4, 4), rng.integers(0, 3, n).astype(np.int32)
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-x))).astype(float)
    return Batch({"x": x, "kind": kind, "y": y, "cost": np.clip(5e5 + 1e4 * x + 1e3 * rng.normal(size=n), 0, 1e6)}, n)


def setting(sites: int) -> Setting:
    return Setting(DICTIONARY, NO_LIMITS, 100_000, sites)


def estimates(result: Result) -> Array:
    if "columns" in result.values:
        names = ("mean", "sd", "min", "q25", "median", "q75", "max")
        return np.array([row[name] for row in result.values["columns"] for name in names if row[name] is not None])
    return np.array([row[name] for row in result.values["terms"] for name in ("estimate", "std_error")])


@pytest.mark.parametrize("name", ["logistic", "linear", "describe"])
@pytest.mark.parametrize("count", [1, 2, 50])
def test_sites_that_lack_a_level(name: str, count: int) -> None:
    """Sites sorted so that most lack levels, classes or any row find what one table finds."""
    whole = rows(1500)
    order = np.lexsort((whole.columns["y"], whole.columns["kind"]))
    parts = np.array_split(order, count)
    sites = [[Batch({k: v[part] for k, v in whole.columns.items()}, len(part))] for part in parts]
    pooled = run_plain(METHODS[name], [[whole]], setting(1))
    found = run_plain(METHODS[name], [*sites, [], []], setting(count + 2))
    np.testing.assert_allclose(estimates(found), estimates(pooled), rtol=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_round_off_of_another_machine_stays_below_the_check(name: str) -> None:
    """A total that differs in the last bits gives a state within 1e-9 relative of the one that is broadcast."""
    method = METHODS[name].under(setting(3))
    rng = np.random.default_rng(5)
    sites = [rows(400, seed) for seed in range(3)]
    state: Any = method.start()
    memories: list[Any] = [{} for _ in sites]
    for _ in range(12):
        total = np.zeros(0)
        for i, batch in enumerate(sites):
            summand, memories[i] = site_summand(method, [batch], state, memories[i])
            total = summand if i == 0 else total + summand
        noisy = total * (1.0 + 2.0**-52 * rng.integers(-2, 3, len(total)))
        exact = np.where(total == np.rint(total), total, noisy)
        after, other = method.update(total, state), method.update(exact, state)
        if isinstance(after, Result):
            np.testing.assert_allclose(estimates(other), estimates(after), rtol=1e-9)
            break
        one, two = (np.array(flat(x.to_json())) for x in (after, other))
        scale = 1.0 + np.abs(one).max(initial=0.0)
        assert np.abs(one - two).max(initial=0.0) <= 1e-9 * scale
        state = after
    else:
        pytest.fail("no result")


def flat(value: Any) -> list[float]:
    """Every number of a JSON value."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in flat(item)]
    if isinstance(value, list):
        return [number for item in value for number in flat(item)]
    return [float(value)] if isinstance(value, (int, float)) else []


def test_a_repeated_round_gives_the_same_bytes() -> None:
    """A site that is asked again with the memory it had before gives the same summand: rounds can be resumed."""
    method = METHODS["logistic fixed"].under(setting(3))
    batch, state, memory = rows(300), method.start(), {}
    for _ in range(4):
        first, kept = site_summand(method, [batch], state, memory)
        again, _ = site_summand(method, [batch], state, memory)
        assert first.tobytes() == again.tobytes()
        memory = kept
        state = method.update(first, state)
        if isinstance(state, Result):
            break
