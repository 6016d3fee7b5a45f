"""Real cohorts with follow-up for the tests, as tables, dictionaries and sites."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shared_files import shared_data
from summand.methods import Setting
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits


def lung() -> pd.DataFrame:
    """The NCCTG lung cancer trial as lifelines ships it: 18 institutions, times in days with ties."""
    from lifelines.datasets import load_lung

    table = load_lung()[["inst", "time", "status", "age", "sex", "ph.ecog"]].dropna().astype(int)
    return table.rename(columns={"ph.ecog": "ecog", "inst": "site"}).reset_index(drop=True)


def veteran() -> pd.DataFrame:
    """The Veterans' Administration lung cancer trial: 137 patients, nearly all of whom die."""
    table = pd.read_csv(shared_data("survival/veteran.csv"))
    table["cell"] = pd.Categorical(table["celltype"], categories=sorted(set(table["celltype"]))).codes
    return table[["time", "status", "trt", "karno", "age", "prior", "diagtime", "cell"]].astype(int)


def cgd() -> pd.DataFrame:
    """Chronic granulomatous disease: time to the first infection, 13 hospitals."""
    table = pd.read_csv(shared_data("survival/cgd.csv"))
    first = table[table["enum"] == 1].reset_index(drop=True)
    out = first[["age", "steroids", "status"]].astype(int)
    out["time"] = first["tstop"].astype(int)
    out["treated"] = (first["treat"] == "rIFN-g").astype(int)
    out["site"] = first["center"].astype("category").cat.codes.astype(int)
    return out


def colon() -> pd.DataFrame:
    """Adjuvant chemotherapy for colon cancer, time to death: 929 patients in three arms."""
    table = pd.read_csv(shared_data("survival/colon.csv"))
    table = table[table["etype"] == 2].dropna(subset=["nodes"]).reset_index(drop=True)
    table["arm"] = table["rx"].astype("category").cat.codes
    return table[["time", "status", "age", "sex", "nodes", "arm", "obstruct"]].astype(int)


def pbc() -> pd.DataFrame:
    """Primary biliary cholangitis, death or transplantation: real-valued age, bilirubin and albumin."""
    table = pd.read_csv(shared_data("survival/pbc.csv")).dropna(subset=["trt", "bili", "albumin", "protime"])
    out = table[["time", "age", "bili", "albumin", "edema"]].astype(float)
    out["status"] = (table["status"] > 0).astype(int)
    return out.reset_index(drop=True)


def retinopathy() -> pd.DataFrame:
    """Diabetic retinopathy: 394 eyes, times in months with two decimals."""
    table = pd.read_csv(shared_data("survival/retinopathy.csv"))
    out = table[["status", "trt", "age", "risk"]].astype(int)
    out["time"] = table["futime"].astype(float)
    return out


def nwtco() -> pd.DataFrame:
    """National Wilms tumour study, relapse: 4,028 children, heavy ties when counted in months."""
    table = pd.read_csv(shared_data("survival/nwtco.csv"))
    out = table[["histol", "stage", "age"]].astype(int)
    out["status"], out["time"] = table["rel"].astype(int), np.ceil(table["edrel"] / 30.4).astype(int)
    return out


def dictionary_of(table: pd.DataFrame) -> Dictionary:
    """A dictionary with the table's own ranges; integer columns have step 1, and levels where they have few values."""
    return Dictionary("cohort", tuple(_column(str(name), table[name]) for name in table))


def _column(name: str, values: pd.Series) -> Column:
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "f":
        return Column(name, "number", low, high)
    distinct = sorted(set(values))
    levels = tuple(map(str, distinct)) if 2 <= len(distinct) <= 6 else ()
    return Column(name, "integer", low, high, 1, levels)


def batch_of(table: pd.DataFrame) -> Batch:
    """All rows of a table as one batch."""
    return Batch({str(name): table[name].to_numpy(np.float64) for name in table}, len(table))


def dealt(table: pd.DataFrame, site: np.ndarray) -> list[list[Batch]]:
    """Sites by label; each in two batches, so that batches are added too."""
    sites = []
    for label in sorted(set(site)):
        rows = table[site == label]
        half = len(rows) // 2
        sites.append([batch_of(rows.iloc[:half]), batch_of(rows.iloc[half:])])
    return sites


def uneven(rows: int, sites: int) -> np.ndarray:
    """Site labels for some rows: sizes that fall geometrically, the last site with one row only."""
    share = 0.6 ** np.arange(sites - 1)
    cuts = np.floor(np.cumsum(share / share.sum()) * (rows - 1))
    labels = np.searchsorted(cuts, np.arange(rows), side="right")
    return np.random.default_rng(7).permutation(np.minimum(labels, sites - 1))


def setting_of(table: pd.DataFrame, sites: int, limits: Limits = NO_LIMITS) -> Setting:
    """A study's setting over a table's own dictionary."""
    return Setting(dictionary_of(table), limits, 1_000_000, sites)
