"""Methods on competing events, parametric models and rates under an institutional agreement, through masks and ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from summand.federation import Federation
from summand.methods import Setting, from_spec
from summand.tables import Batch, Column, Dictionary, Limits
from summand.testing.federations import Partnership, deal
from summand.testing.plain import run_plain

SCHEMA = {
    "fields": [
        {"name": "days", "type": "integer", "constraints": {"minimum": 1, "maximum": 100}},
        {"name": "status", "type": "integer", "constraints": {"enum": [0, 1, 2]}},
        {"name": "died", "type": "integer", "constraints": {"enum": [0, 1]}},
        {"name": "age", "type": "integer", "constraints": {"minimum": 20, "maximum": 90}},
        {"name": "treated", "type": "integer", "constraints": {"enum": [0, 1]}},
    ]
}
SIZES = {"north": 200, "south": 120, "west": 40}
ROWS_MAX = 1_000_000
SPECS: dict[str, dict[str, Any]] = {
    "aalen_johansen": {"formula": "Surv(days, status) ~ treated"},
    "fine_gray": {"formula": "Surv(days, status) ~ age + treated", "site": "pooled"},
    "parametric_survival": {"formula": "Surv(days, died) ~ age + treated", "distribution": "loglogistic"},
    "piecewise_exponential": {"formula": "Surv(days, died) ~ treated"},
    "rates": {"formula": "Surv(days, died) ~ treated", "by": "age", "cuts": [50, 70], "standard": [3, 2, 1]},
}


@pytest.fixture(scope="module")
def columns() -> dict[str, Any]:
    """Made-up people whose hazards depend on age and treatment."""
    rng, rows = np.random.default_rng(5), sum(SIZES.values())
    age, treated = rng.integers(20, 91, rows), rng.integers(0, 2, rows)
    first = rng.exponential(60 * np.exp(-(age - 55) / 60 + 0.4 * treated))
    second, censored = rng.exponential(90, rows), rng.uniform(20, 140, rows)
    days = np.clip(np.ceil(np.minimum(np.minimum(first, second), censored)), 1, 100)
    status = np.where(np.minimum(first, second) > np.minimum(censored, 100), 0, np.where(first < second, 1, 2))
    return {"days": days, "status": status, "died": (status == 1).astype(int), "age": age, "treated": treated}


@pytest.fixture(scope="module")
def federation(columns: dict[str, Any]) -> Iterator[Federation]:
    """Three hospitals under one institutional agreement."""
    lists = {name: values.astype(int).tolist() for name, values in columns.items()}
    made = Partnership.of(deal(lists, SIZES), SCHEMA, profile="institutional", rows_max=ROWS_MAX)
    with made.federation() as running:
        yield running


def close(released: Any, plain: Any) -> bool:
    """Whether every number of a result, where it is shown, is the one of the plain sums."""
    if isinstance(plain, dict):
        return all(close(released[key], value) for key, value in plain.items())
    if isinstance(plain, list):
        return len(released) == len(plain) and all(map(close, released, plain))
    if isinstance(plain, float):
        return bool(abs(released - plain) <= 1e-8 * (1.0 + abs(plain)))
    return True if hasattr(plain, "people") else bool(released == plain)


@pytest.mark.parametrize("name", SPECS)
def test_released_numbers_are_those_of_plain_sums(federation: Federation, columns: dict[str, Any], name: str) -> None:
    """A million rows may come, and bounds still fit: what is released equals the fit by sums in float64, and is drawn."""
    spec = {"name": name, **SPECS[name]}
    result = federation.run(spec)

    def number(column: str, low: float, high: float, *levels: str) -> Column:
        return Column(column, "integer", low, high, 1, levels)

    dictionary = Dictionary(
        "made up",
        (
            number("days", 1, 100), number("status", 0, 2, "0", "1", "2"), number("died", 0, 1, "0", "1"),
            number("age", 20, 90), number("treated", 0, 1, "0", "1"),
        ),
    )  # fmt: skip
    batch = Batch({column: values.astype(np.float64) for column, values in columns.items()}, len(columns["age"]))
    setting = Setting(dictionary, Limits(), 3 * ROWS_MAX, 3)
    plain = run_plain(from_spec(spec), [[batch], [], []], setting)
    assert close(result.to_dict(), dict(plain.values))
    assert result.plot().to_dict()["title"]["subtitle"][0].startswith("profile institutional")
    assert name in result.to_dict()["method"]
