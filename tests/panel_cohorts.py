"""Panels for the tests of changes in time: firms over years (real), and patients of clinics over months (drawn)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from summand.methods import Setting
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits


def firms() -> pd.DataFrame:
    """Grunfeld's investment of eleven firms from 1935 to 1954, with firms said to be treated from some year on.

    The years of treatment are the tests' own: 1942 for three firms, 1947 for two, never (9999) for the others.
    """
    from statsmodels.datasets import grunfeld

    table = grunfeld.load_pandas().data
    names = sorted(table["firm"].unique())
    since = dict(zip(names, [1942, 9999, 1947, 9999, 1942, 9999, 1947, 9999, 1942, 9999, 9999], strict=True))
    firm = table["firm"].map({name: k + 1 for k, name in enumerate(names)})
    out = pd.DataFrame({"year": table["year"], "since": table["firm"].map(since), "firm": firm})
    return out.assign(invest=table["invest"]).astype(float)


def clinics(rows: int = 1500, clusters: int = 9, seed: int = 5) -> pd.DataFrame:
    """Patients of clinics that begin a programme in month 3, in month 5 or never; months 1 to 7."""
    rng = np.random.default_rng(seed)
    clinic = rng.choice(clusters, size=rows, p=rng.dirichlet(np.full(clusters, 4.0)))
    month = rng.integers(1, 8, rows)
    since = np.array([3, 5, 99])[clinic % 3]
    age = rng.integers(20, 91, rows)
    level = 20 + 2 * rng.normal(size=clusters)[clinic] + 0.4 * month + 0.05 * age
    days = level - 3 * (month >= since) + 4 * rng.normal(size=rows)
    back = rng.uniform(size=rows) < 0.55 - 0.1 * (month >= since)
    return pd.DataFrame(
        {"month": month, "since": since, "clinic": clinic + 1, "age": age, "days": days, "back": back.astype(int)}
    ).astype(float)


def dictionary_of(table: pd.DataFrame) -> Dictionary:
    """The table's own ranges; whole numbers as integers, clusters with levels."""
    columns = []
    for name in table:
        values = table[name].dropna()
        whole = bool((values == values.round()).all())
        levels = tuple(f"{v:g}" for v in sorted(set(values))) if name in ("firm", "clinic") else ()
        kind = "integer" if whole else "number"
        columns.append(Column(str(name), kind, float(values.min()), float(values.max()), 1 if whole else None, levels))
    return Dictionary("panel", tuple(columns))


def dealt(table: pd.DataFrame, site: np.ndarray) -> list[list[Batch]]:
    """Sites by label, each in two batches, and an empty site at the end."""
    sites = []
    for label in sorted(set(site)):
        own = table[site == label]
        halves = (own.iloc[: len(own) // 2], own.iloc[len(own) // 2 :])
        sites.append([Batch({str(n): half[n].to_numpy(np.float64) for n in half}, len(half)) for half in halves])
    return [*sites, []]


def setting_of(table: pd.DataFrame, sites: int = 4, limits: Limits = NO_LIMITS) -> Setting:
    """A study's setting over a table's own dictionary."""
    return Setting(dictionary_of(table), limits, 100_000, sites)
