"""Simulated patients for benchmarks, dealt to four sites as Parquet files that the reference reads too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SITES = ("east", "north", "south", "west")


def names_of(columns: int) -> list[str]:
    """Covariates ``x00``, ``x01``, …"""
    return [f"x{i:02d}" for i in range(columns)]


def schema_of(columns: int, *others: Mapping[str, Any], bound: float = 8.0) -> dict[str, Any]:
    """A Table Schema of covariates within ±bound and of ``others``."""
    limits = {"minimum": -bound, "maximum": bound}
    return {"fields": [*others, *({"name": n, "type": "number", "constraints": limits} for n in names_of(columns))]}


def binary(rng: np.random.Generator, rows: int, columns: int, beta: np.ndarray) -> dict[str, np.ndarray]:
    """Standard normal covariates and an outcome ``y`` with log-odds x @ beta - 0.5."""
    x = np.clip(rng.normal(size=(columns, rows)), -8, 8)
    y = (rng.random(rows) < 1 / (1 + np.exp(0.5 - beta @ x))).astype(np.int64)
    return {"y": y, **dict(zip(names_of(columns), x, strict=True))}


def survival(times: int | None) -> Callable[[np.random.Generator, int, int, np.ndarray], dict[str, np.ndarray]]:
    """Exponential follow-up with censoring at rates that give about 60 % events; on a grid of ``times`` times, or exact."""

    def draw(rng: np.random.Generator, rows: int, columns: int, beta: np.ndarray) -> dict[str, np.ndarray]:
        x = np.round(np.clip(rng.normal(size=(columns, rows)), -8, 8), 3)
        event, censored = rng.exponential(np.exp(-(beta @ x))), rng.exponential(1.5, size=rows)
        time = np.minimum(event, censored)
        time = np.minimum(time, 5.0) if times is None else np.clip(np.ceil(time / 5.0 * times), 1, times)
        return {
            "time": time,
            "status": (event <= censored).astype(np.int64),
            **dict(zip(names_of(columns), x, strict=True)),
        }

    return draw


def deal(
    folder: Path,
    draw: Callable[[np.random.Generator, int, int, np.ndarray], dict[str, np.ndarray]],
    *,
    rows: int,
    columns: int,
) -> dict[str, Path]:
    """A Parquet file of ``rows`` patients for each site."""
    rng = np.random.default_rng(7)
    beta = rng.normal(scale=0.3, size=columns)
    files = {}
    for site in SITES:
        files[site] = folder / f"{site}.parquet"
        pq.write_table(pa.table(draw(rng, rows, columns, beta)), files[site])
    return files


def worst(ours: list[float] | np.ndarray, theirs: list[float] | np.ndarray) -> float:
    """The largest relative difference."""
    one, other = np.asarray(ours), np.asarray(theirs)
    return float(np.max(np.abs(one - other) / np.abs(other)))
