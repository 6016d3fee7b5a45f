"""Real tables for the golden tests, as pooled pandas frames, and how they are dealt to sites."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd

from shared_files import shared_data
from summand.methods import Setting
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits

HEART_COLUMNS = [
    "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num",
]  # fmt: skip
HOSPITALS = ("cleveland", "hungarian", "switzerland", "va")
HEART_FORMULA = "num > 0 ~ age + sex + C(cp) + trestbps + thalach + exang + oldpeak"
HEART = Dictionary(
    "heart",
    (
        Column("age", "integer", minimum=0, maximum=110, step=1),
        Column("sex", "category", levels=("0", "1")),
        Column("cp", "integer", minimum=1, maximum=4, step=1, levels=("1", "2", "3", "4")),
        Column("trestbps", "number", minimum=0, maximum=300),
        Column("thalach", "number", minimum=40, maximum=240),
        Column("exang", "category", levels=("0", "1")),
        Column("oldpeak", "number", minimum=-5, maximum=10, step=0.1),
        Column("num", "integer", minimum=0, maximum=4, step=1),
    ),
)


def heart() -> pd.DataFrame:
    """The complete cases of the four hospitals, with the hospital in ``site``."""
    frames = []
    for place, hospital in enumerate(HOSPITALS):
        path = shared_data(f"heart/processed.{hospital}.data")
        frame = pd.read_csv(path, header=None, names=HEART_COLUMNS, na_values="?")
        frames.append(frame[[column.name for column in HEART]].dropna().assign(site=place))
    return pd.concat(frames, ignore_index=True)


def lung() -> pd.DataFrame:
    """The lung cancer trial that lifelines ships, complete in what is used, institution in ``site``."""
    from lifelines.datasets import load_lung

    table = load_lung()[["inst", "age", "sex", "ph.ecog", "wt.loss", "status"]].dropna().reset_index(drop=True)
    return table.assign(site=table["inst"].astype(int))


def batch_of(table: pd.DataFrame, dictionary: Dictionary) -> Batch:
    """The rows of a table as a batch; categories as positions in their levels, -1 where missing."""
    columns: dict[str, np.ndarray] = {}
    for column in dictionary:
        if column.is_numeric:
            columns[column.name] = table[column.name].to_numpy(dtype=np.float64)
        else:
            place = {level: i for i, level in enumerate(column.levels)}
            columns[column.name] = np.array(
                [-1 if pd.isna(v) else place[f"{v:g}"] for v in table[column.name]], dtype=np.int32
            )
    return Batch(columns, len(table))


def dealt(table: pd.DataFrame, labels: np.ndarray, dictionary: Dictionary) -> list[list[Batch]]:
    """One site per label, in two batches each, and an empty site at the end."""
    sites = []
    for label in np.unique(labels):
        rows = table[labels == label]
        half = len(rows) // 2
        sites.append([batch_of(rows.iloc[:half], dictionary), batch_of(rows.iloc[half:], dictionary)])
    return [*sites, []]


def uneven(rows: int, sites: int, seed: int = 7) -> np.ndarray:
    """Site labels of very different sizes; site 0 has one row."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(sites - 1, 0.7))
    labels = 1 + rng.choice(sites - 1, size=rows, p=weights)
    labels[rng.integers(rows)] = 0
    return labels


def setting(dictionary: Dictionary, sites: int, limits: Limits = NO_LIMITS) -> Setting:
    """A study's setting with room for every table here."""
    return Setting(dictionary, limits, rows_max=100_000, site_count=sites)


def numeric_dictionary(table: pd.DataFrame) -> Dictionary:
    """A dictionary of numbers with the table's own ranges, as a trial agreement infers it."""
    columns = [Column(n, "number", float(table[n].min()), float(table[n].max())) for n in table.columns]
    return Dictionary("inferred", tuple(columns))


def nist(name: str) -> tuple[pd.DataFrame, list[tuple[float, float]], float]:
    """A StRD data set: its table (y, x1, …), certified (estimate, standard deviation) pairs, and the residual sd."""
    lines = shared_data(f"nist/{name}.dat").read_text().splitlines()
    spans = {key: re.search(rf"{key}\s*\(lines (\d+) to (\d+)\)", "\n".join(lines)) for key in ("Values", "Data")}
    values, data = (lines[int(span[1]) - 1 : int(span[2])] for span in spans.values() if span)
    pairs = [line.split() for line in values if re.match(r"\s*B\d+\s", line)]
    residual = next(float(b.split()[-1]) for a, b in itertools.pairwise(values) if a.strip() == "Residual")
    rows = np.array([[float(cell) for cell in line.split()] for line in data if line.strip()])
    names = ["y", *(f"x{i}" for i in range(1, rows.shape[1]))]
    return pd.DataFrame(rows, columns=names), [(float(b), float(sd)) for _, b, sd in pairs], residual
