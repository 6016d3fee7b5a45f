"""The FLamby benchmark's own splits: exact federated fits beside its published figures.

Source of splits and figures: Ogier du Terrail et al. (2022), FLamby, NeurIPS Datasets and Benchmarks; its published results
give the mean over five seeds of stochastic gradient descent. The fits here are maxima of a likelihood and have no seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from docs.evidence._shared import DATA
from summand.federation import Federation

BRCA = DATA / "tcga_brca"
HEART_COLUMNS = [
    "age",
    "sex",
    "cp",
    "trestbps",
    "chol",
    "fbs",
    "restecg",
    "thalach",
    "exang",
    "oldpeak",
    "slope",
    "ca",
    "thal",
    "num",
]
HOSPITALS = ("cleveland", "hungarian", "switzerland", "va")
WITHOUT_ESTIMATE = (
    "icd_10_code_C50.9",  # nobody without it died
    "race_asian",  # with it, the reference group of race is one patient, who lived
    "synchronous_malignancy_Not Reported",  # repeats prior_malignancy_yes but for one patient
)
PUBLISHED_BRCA = "C-index on the pooled test set: pooled SGD .704, FedAvg .735, best federated .842"
PUBLISHED_HEART = "mean accuracy over centres: pooled SGD .735, FedAvg .685, best federated .731"


def rows() -> list[list[str]]:
    """Fed-TCGA-BRCA and Fed-Heart-Disease."""
    if not DATA.exists():
        return [["FLamby", "not here", "", "", "", ""]]
    return [*_brca_rows(), *_heart_rows()]


# ── Fed-TCGA-BRCA ────────────────────────────────────────────────────────────────────────────────────────────────────
def brca() -> tuple[pd.DataFrame, list[str]]:
    """Its 1,088 patients with region and fold, and the covariates whose coefficients have an estimate.

    Seven of the 39 columns repeat others to the last row. Three more are left out because of one or few training patients
    on whom the likelihood rises without end (which is what the fit says of them): see `WITHOUT_ESTIMATE`.
    """
    table, centres = pd.read_csv(BRCA / "brca.csv"), pd.read_csv(BRCA / "centers.csv")
    table = pd.read_csv(BRCA / "train_test_split.csv").merge(table, on="pid")
    table["TSS Code"] = table["pid"].str[5:7]
    table = table.merge(centres, on="TSS Code", how="left")
    own = [name for name in pd.read_csv(BRCA / "brca.csv", nrows=0).columns if name not in ("pid", "E", "T")]
    kept: list[str] = []
    for name in own:
        if name not in WITHOUT_ESTIMATE and not any((table[name] == table[other]).all() for other in kept):
            kept.append(name)
    short = {name: f"x{place:02d}" for place, name in enumerate(kept)}
    renamed = table.rename(columns={**short, "T": "days", "E": "died"})
    return renamed[["days", "died", "Region", "fold", *short.values()]], list(short.values())


def brca_sites(table: pd.DataFrame, fold: str) -> dict[str, pd.DataFrame]:
    """The patients of one fold by region."""
    rows = table[table["fold"] == fold].astype({"died": int})
    return {region: part.drop(columns=["Region", "fold"]) for region, part in rows.groupby("Region")}


def _brca_rows() -> list[list[str]]:
    table, names = brca()
    formula = f"Surv(days, died) ~ {' + '.join(names)}"
    found = []
    for site, what in (("pooled", "one baseline hazard"), ("strata", "one baseline hazard for each centre")):
        with Federation.in_memory(brca_sites(table, "train")) as federation:
            fit = federation.run({"name": "cox", "formula": formula, "site": site}).to_dict()
        model = {
            "name": "cox", "formula": f"~ {' + '.join(names)}",
            "terms": {term["term"]: term["estimate"] for term in fit["terms"]},
        }  # fmt: skip
        with Federation.in_memory(brca_sites(table, "test")) as federation:
            judged = federation.run(
                {"name": "evaluate_survival", "outcome": "Surv(days, died)", "models": [model]}
            ).to_dict()
        concordance = judged["concordance"][0]["c_index"]
        what = f"FLamby Fed-TCGA-BRCA, Cox, {what}"
        people = f"{fit['n']} + {judged['n']}"
        found.append([what, people, "6", str(fit["rounds"]), PUBLISHED_BRCA, f"C-index {concordance:.3f}"])
    return found


# ── Fed-Heart-Disease ────────────────────────────────────────────────────────────────────────────────────────────────
def heart() -> tuple[pd.DataFrame, list[str]]:
    """Its 303, 261, 46 and 130 patients with centre and fold, columns standardised by centre, and the covariates.

    FLamby's recipe: without slope, ca and thal; chol = 0 kept; rows with a missing value left out; chest pain and
    electrocardiogram as indicators; .66 of each centre for training, by scikit-learn's split with seed 43, stratified
    where both outcomes have three people; each centre standardised by its own training rows.
    """
    from sklearn.model_selection import train_test_split

    frames = []
    for hospital in HOSPITALS:
        path = DATA / "heart" / f"processed.{hospital}.data"
        frame = pd.read_csv(path, header=None, names=HEART_COLUMNS, na_values="?")
        frames.append(frame.drop(columns=["slope", "ca", "thal"]).dropna().assign(centre=hospital))
    table = pd.concat(frames, ignore_index=True)
    ill = (table.pop("num") > 0).astype(int)
    centre = table.pop("centre")
    x = pd.get_dummies(table, columns=["cp", "restecg"], drop_first=True).astype(float)
    fold = pd.Series("test", index=x.index)
    for hospital in HOSPITALS:
        places = np.flatnonzero(centre == hospital)
        classes = ill.to_numpy()[places]
        stratify = classes if np.bincount(classes, minlength=2).min() > 2 else None
        train, _ = train_test_split(places, test_size=1 - 0.66, train_size=0.66, random_state=43, stratify=stratify)
        fold.iloc[train] = "train"
        mean, spread = x.iloc[train].mean(), x.iloc[train].std().replace(0.0, 1.0)
        x.iloc[places] = (x.iloc[places] - mean) / spread
    names = [f"x{place:02d}" for place in range(x.shape[1])]
    x.columns = pd.Index(names)
    return x.assign(ill=ill, centre=centre, fold=fold), names


def _heart_rows() -> list[list[str]]:
    table, names = heart()
    train = table[table["fold"] == "train"].drop(columns="fold")
    sites = dict(list(train.groupby("centre")))
    penalty = 1.0 / len(train)  # scikit-learn's C = 1
    found = []
    for extra, what in (("", "one intercept"), (" + C(centre)", "one intercept for each centre")):
        formula = f"ill ~ {' + '.join(names)}{extra}"
        spec = {
            "name": "penalised", "formula": formula, "family": "binomial", "alpha": 0.0, "lambdas": [penalty], "folds": 0,
        }  # fmt: skip
        with Federation.in_memory(sites) as federation:
            fit = federation.run(spec).to_dict()
        accuracy = _accuracy(fit, table[table["fold"] == "test"], names)
        what = f"FLamby Fed-Heart-Disease, ridge logistic, {what}"
        people = f"{len(train)} + {len(table) - len(train)}"
        found.append([what, people, "4", str(fit["rounds"]), PUBLISHED_HEART, f"mean accuracy {accuracy:.3f}"])
    return found


def _accuracy(fit: dict[str, Any], test: pd.DataFrame, names: list[str]) -> float:
    """The mean over centres of the part of test rows whose outcome is the likelier one."""
    terms = {term["term"]: term["estimate"] for term in fit["terms"]}
    own = np.array([terms.get(f"centre[T.{centre}]", 0.0) for centre in test["centre"]])
    score = terms["Intercept"] + test[names].to_numpy() @ np.array([terms[name] for name in names]) + own
    right = (score > 0) == (test["ill"] == 1).to_numpy()
    return float(pd.Series(right).groupby(test["centre"].to_numpy()).mean().mean())
