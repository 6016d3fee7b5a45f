"""The International Stroke Trial, federated by its 36 countries, and by its 466 hospitals.

Source of data and of the published counts: Sandercock, Niewada, Czlonkowska & the IST Collaborative Group (2011), The
International Stroke Trial database, Trials 12, 101 (ODC-By 1.0): deaths within 14 days, 872 of 9,720 with aspirin and 909
of 9,715 without.
"""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pandas as pd

from docs.evidence._shared import DATA, worst
from summand.federation import Federation
from summand.methods import Setting, from_spec
from summand.tables import NO_LIMITS, Batch, Column, Dictionary
from summand.testing.plain import run_counted

ADJUSTED = "died ~ aspirin + heparin + age + sex + pressure + C(conscious) + C(stroke)"
DICTIONARY = Dictionary(
    "stroke_trial",
    (
        Column("died", "integer", 0, 1, 1),
        Column("aspirin", "integer", 0, 1, 1),
        Column("heparin", "integer", 0, 1, 1),
        Column("age", "integer", 16, 99, 1, unit="a"),
        Column("sex", "category", levels=("F", "M")),
        Column("pressure", "integer", 70, 295, 1, unit="mm[Hg]"),
        Column("conscious", "category", levels=("D", "F", "U")),
        Column("stroke", "category", levels=("LACS", "OTH", "PACS", "POCS", "TACS")),
    ),
)


def frame() -> pd.DataFrame:
    """The trial's 19,435 patients: the columns of `DICTIONARY`, with country and hospital."""
    with gzip.open(DATA / "stroke_trial" / "IST.csv.gz", "rb") as file:
        raw = pd.read_csv(file, encoding="latin-1", low_memory=False)
    return pd.DataFrame(
        {
            "died": raw["ID14"],
            "aspirin": (raw["RXASP"] == "Y").astype(int),
            "heparin": (raw["RXHEP"] != "N").astype(int),
            "age": raw["AGE"],
            "sex": raw["SEX"],
            "pressure": raw["RSBP"],
            "conscious": raw["RCONSC"],
            "stroke": raw["STYPE"].str.strip(),
            "country": raw["COUNTRY"].str.strip(),
            "hospital": raw["HOSPNUM"],
        }
    )


def batches(table: pd.DataFrame, by: str) -> list[list[Batch]]:
    """One batch for each site, for sums without messages."""
    columns: dict[str, np.ndarray] = {}
    for column in DICTIONARY:
        values = table[column.name]
        codes = {level: i for i, level in enumerate(column.levels)}
        is_number = column.is_numeric
        columns[column.name] = values.to_numpy(np.float64) if is_number else values.map(codes).to_numpy(np.int32)
    sites = table[by].to_numpy()
    places = [np.flatnonzero(sites == site) for site in sorted(set(sites))]
    return [[Batch({name: values[place] for name, values in columns.items()}, len(place))] for place in places]


def pooled_fit(table: pd.DataFrame, by: str) -> tuple[list[float], list[float]]:
    """Coefficients and errors of statsmodels' GLM with a dummy for each site, over sites with both outcomes."""
    import statsmodels.api as sm

    varies = table.groupby(by)["died"].transform("nunique") == 2
    kept = table[varies]
    dummies = pd.get_dummies(kept[by].astype(str), dtype=float)
    own = pd.concat(
        [
            kept[["aspirin", "heparin", "age"]].astype(float),
            (kept["sex"] == "M").astype(float).rename("sex"),
            kept["pressure"].astype(float),
            pd.get_dummies(kept["conscious"], dtype=float)[["F", "U"]],
            pd.get_dummies(kept["stroke"], dtype=float)[["OTH", "PACS", "POCS", "TACS"]],
        ],
        axis=1,
    )
    fit = sm.GLM(kept["died"].to_numpy(), np.column_stack([own, dummies]), family=sm.families.Binomial())
    found = fit.fit(tol=1e-14, maxiter=100)
    width = own.shape[1]
    return found.params[:width].tolist(), found.bse[:width].tolist()


def rows() -> list[list[str]]:
    """The counts, the adjusted model by country and by hospital, and what the countries have in common."""
    if not DATA.exists():
        return [["International Stroke Trial", "not here", "", "", "", ""]]
    table = frame()
    n = f"{len(table):,}"
    sites = {country: rows.drop(columns=["country", "hospital"]) for country, rows in table.groupby("country")}
    with Federation.in_memory(sites, dictionary=DICTIONARY) as federation:
        counted = federation.run({"name": "crosstab", "row": "aspirin", "column": "died"}).to_dict()
        adjusted = federation.run({"name": "logistic", "formula": ADJUSTED, "site": "fixed"}).to_dict()
        pooled = federation.run({"name": "meta", "formula": "died ~ aspirin", "measure": "odds_ratio"}).to_dict()
    by_hospital, rounds = run_counted(
        from_spec({"name": "logistic", "formula": ADJUSTED, "site": "fixed"}),
        batches(table, "hospital"),
        Setting(DICTIONARY, NO_LIMITS, len(table), table["hospital"].nunique()),
    )
    return [
        ["IST: deaths within 14 days", n, "36", str(counted["rounds"]), "published counts", _deaths(counted)],
        _adjusted("IST: adjusted model, one intercept for each country", n, 36, adjusted, pooled_fit(table, "country")),
        _adjusted(
            "IST: adjusted model, one intercept for each hospital (sums alone)", n, 466,
            {**by_hospital.values, "rounds": rounds}, pooled_fit(table, "hospital"),
        ),
        _heterogeneity(n, pooled),
    ]  # fmt: skip


def _deaths(counted: dict[str, Any]) -> str:
    cells = {(cell["row"], cell["column"]): cell["people"] for cell in counted["cells"]}
    treated, control = (cells[arm, "1"] for arm in ("1", "0"))
    return (
        f"{treated} of {treated + cells['1', '0']:,} with aspirin, {control} of {control + cells['0', '0']:,} without "
        f"(published: 872 of 9,720, 909 of 9,715)"
    )


def _adjusted(
    what: str, n: str, sites: int, result: dict[str, Any], theirs: tuple[list[float], list[float]]
) -> list[str]:
    import statsmodels

    estimates = [term["estimate"] for term in result["terms"]]
    errors = [term["std_error"] for term in result["terms"]]
    largest = max(worst(estimates, theirs[0]), worst(errors, theirs[1]))
    return [what, n, str(sites), str(result["rounds"]), f"statsmodels {statsmodels.__version__}", f"{largest:.1e}"]


def _heterogeneity(n: str, pooled: dict[str, Any]) -> list[str]:
    effect = next(term for term in pooled["terms"] if term["term"] == "random effects")
    said = (
        f"odds ratio {effect['odds_ratio']:.3f} ({effect['odds_ratio_low']:.3f} to {effect['odds_ratio_high']:.3f}); "
        f"Q {pooled['q']:.2f} on {pooled['q_degrees_of_freedom']}, I² {pooled['i_squared']:.0%}, τ² {pooled['tau2']:.4f}"
    )
    return ["IST: aspirin over countries, random effects", n, "36", str(pooled["rounds"]), "", said]
