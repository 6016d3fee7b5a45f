"""Infections of children with chronic granulomatous disease: several intervals of a child, 13 hospitals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pooled_cohorts import batch_of

from shared_files import shared_data
from summand.tables import PERSONS, Batch, Column, Dictionary

COLUMNS = (
    Column("status", "integer", minimum=0, maximum=1, step=1),
    Column("days", "number", minimum=0.5, maximum=500),
    Column("treated", "category", levels=("0", "1")),
    Column("age", "number", minimum=0, maximum=60),
    Column("weight", "number", minimum=0, maximum=120),
    Column("old", "integer", minimum=0, maximum=1, step=1),
    Column("stage", "integer", minimum=0, maximum=2, step=1, levels=("0", "1", "2")),
)
CGD = Dictionary("cgd", (*COLUMNS, Column("child", "text")), person_id="child")


def cgd() -> pd.DataFrame:
    """All 203 intervals of 128 children; ``treated`` is 1 for interferon gamma."""
    table = pd.read_csv(shared_data("survival/cgd.csv"))
    return table[["status", "age", "weight"]].assign(
        days=(table["tstop"] - table["tstart"]).astype(float),
        treated=(table["treat"] == "rIFN-g").astype(int),
        old=(table["age"] > 14).astype(int),
        stage=np.minimum(table["age"] // 10, 2).astype(int),
        child=table["id"],
        site=table["center"].astype("category").cat.codes.astype(int),
    )


def design(table: pd.DataFrame) -> np.ndarray:
    """Constant, treatment and age."""
    return np.column_stack([np.ones(len(table)), table["treated"], table["age"]]).astype(float)


def dealt(table: pd.DataFrame, labels: np.ndarray) -> list[list[Batch]]:
    """One site per label, each in two batches, with the children's numbers; and an empty site."""
    plain = Dictionary("plain", COLUMNS)
    sites = []
    for label in np.unique(labels):
        rows = table[labels == label]
        half = len(rows) // 2
        parts = [rows.iloc[:half], rows.iloc[half:]]
        sites.append([_with_persons(batch_of(part, plain), part) for part in parts])
    return [*sites, []]


def _with_persons(batch: Batch, rows: pd.DataFrame) -> Batch:
    # as hashes are: of any size and sign
    persons = rows["child"].to_numpy(np.int64) * 7_919_000_000_001 - 4 * 10**14
    return Batch({**batch.columns, PERSONS: persons}, batch.rows)
