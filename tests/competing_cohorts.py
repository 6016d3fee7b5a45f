"""Real cohorts with competing events for the tests; `survival_cohorts` deals them to sites."""

from __future__ import annotations

import numpy as np
import pandas as pd

from shared_files import shared_data


def pbc_causes() -> pd.DataFrame:
    """Primary biliary cholangitis, the trial's 312 patients: status 1 transplantation, 2 death; times in days."""
    table = pd.read_csv(shared_data("survival/pbc.csv")).dropna(subset=["trt"]).reset_index(drop=True)
    out = table[["time", "status", "trt"]].astype(int)
    out["female"] = (table["sex"] == "f").astype(int)
    out["age"], out["bili"], out["albumin"] = table["age"], table["bili"], table["albumin"]
    return out


def colon_causes() -> pd.DataFrame:
    """Colon cancer, whichever comes first: status 1 recurrence, 2 death without it; times in months, with many ties."""
    table = pd.read_csv(shared_data("survival/colon.csv")).dropna(subset=["nodes"])
    recurrence = table[table["etype"] == 1].set_index("id")
    death = table[table["etype"] == 2].set_index("id").loc[recurrence.index]
    died = (recurrence["status"] == 0) & (death["status"] == 1)
    out = recurrence[["age", "sex", "nodes"]].astype(int)
    out["arm"] = recurrence["rx"].astype("category").cat.codes.astype(int)
    out["status"] = np.where(recurrence["status"] == 1, 1, np.where(died, 2, 0))
    out["time"] = np.ceil(recurrence["time"] / 30.4).astype(int)
    return out.reset_index(drop=True)
