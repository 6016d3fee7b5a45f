"""One cohort for the federated tests, and the pooled fits by statsmodels and lifelines that they compare with."""

from __future__ import annotations

import numpy as np
import pandas as pd

SCHEMA = {
    "fields": [
        {"name": "person", "type": "string"},
        {"name": "y", "type": "number", "constraints": {"minimum": -20, "maximum": 20}},
        {"name": "x", "type": "number", "constraints": {"minimum": -5, "maximum": 5}},
        {"name": "event", "type": "integer", "constraints": {"minimum": 0, "maximum": 1, "enum": [0, 1]}},
        {"name": "time", "type": "integer", "constraints": {"minimum": 1, "maximum": 40}},
        {"name": "status", "type": "integer", "constraints": {"minimum": 0, "maximum": 1, "enum": [0, 1]}},
    ],
    "x-person-id": "person",
}
SPLITS = {
    "one": {"north": 240},
    "three": {"north": 80, "south": 80, "west": 80},
    "four, uneven, one empty, one with one person": {"north": 190, "south": 0, "west": 1, "east": 49},
    "eighteen": {f"site-{i:02d}": size for i, size in enumerate([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20, 40, 60])},
}  # fmt: skip


def cohort(rows: int = 240, seed: int = 7) -> pd.DataFrame:
    """A cohort with an effect of x on everything."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows).clip(-4.5, 4.5)
    return pd.DataFrame(
        {
            "person": [f"person-{i:05d}" for i in range(rows)],
            "y": (1.0 + 2.0 * x + rng.normal(size=rows)).clip(-19, 19),
            "x": x,
            "event": (rng.random(rows) < 1 / (1 + np.exp(-0.3 - 0.8 * x))).astype(int),
            "time": rng.integers(1, 41, rows),
            "status": (rng.random(rows) < 0.7).astype(int),
        }
    )


def dealt(table: pd.DataFrame, sizes: dict[str, int]) -> dict[str, pd.DataFrame]:
    """The table's rows dealt to sites in order."""
    stops = np.cumsum(list(sizes.values()))
    return {
        site: table.iloc[stop - size : stop].reset_index(drop=True)
        for (site, size), stop in zip(sizes.items(), stops, strict=True)
    }


def terms(result) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors of a released result."""
    rows = result.to_dict()["terms"]
    return np.array([row["estimate"] for row in rows]), np.array([row["std_error"] for row in rows])


def entries_of(network, agent=None) -> list[dict]:
    """The parsed entries of the hub's ledger, or of one site's replica."""
    from summand.encoding import parse

    log = network.convener.log if agent is None else network.agents[agent].replica
    return [parse(data) for data in log.entries(0, log.size)]
