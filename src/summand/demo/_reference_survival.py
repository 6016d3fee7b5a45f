"""Survival analysis by lifelines on the pooled records, as the reference process gives it."""

from __future__ import annotations

from typing import Any

import lifelines
import numpy as np
import pandas
from lifelines.statistics import logrank_test
from numpy.typing import NDArray

from summand.demo._reference_describe import frame_of

LIBRARY = f"lifelines {lifelines.__version__}"
COVARIATES = ["age", "sex", "ph.ecog"]
CONVERGENCE = {"precision": 1e-24, "r_precision": 0.0, "max_steps": 100}
"""lifelines stops where the Newton decrement is below ``precision``: at its default the score is still near 1e-6."""
Numbers = NDArray[np.float64]


def km(table: Any) -> dict[str, Any]:
    """Kaplan–Meier curves by sex, with medians."""
    frame = frame_of(table)
    groups = []
    for level, rows in frame.groupby("sex"):
        fitted = lifelines.KaplanMeierFitter().fit(rows["time"], rows["status"])
        curve = fitted.survival_function_.iloc[:, 0]
        groups.append(
            {
                "group": f"{level:g}", "n": len(rows), "events": int(rows["status"].sum()),
                "median": float(fitted.median_survival_time_),
                "curve": {"time": [float(at) for at in curve.index], "survival": [float(s) for s in curve]},
            }
        )  # fmt: skip
    return {"library": LIBRARY, "groups": groups}


def logrank(table: Any) -> dict[str, Any]:
    """The log-rank test of the two sexes."""
    frame = frame_of(table)
    men, women = frame[frame["sex"] == 1], frame[frame["sex"] == 2]
    test = logrank_test(men["time"], women["time"], men["status"], women["status"])
    return {"library": LIBRARY, "statistic": float(test.test_statistic), "p_value": float(test.p_value)}


def cox_strata(table: Any) -> dict[str, Any]:
    """Cox regression, Efron ties, one baseline per institution."""
    return _cox(frame_of(table), strata=True)


def cox_pooled(table: Any) -> dict[str, Any]:
    """Cox regression, Efron ties, one baseline for all."""
    return _cox(frame_of(table), strata=False)


def _cox(frame: pandas.DataFrame, *, strata: bool) -> dict[str, Any]:
    rows = frame[["site", "time", "status", *COVARIATES]].dropna()
    if strata:
        fitted = lifelines.CoxPHFitter().fit(rows, "time", "status", strata=["site"], fit_options=CONVERGENCE)
        groups = [group for _, group in rows.groupby("site")]
    else:
        fitted = lifelines.CoxPHFitter().fit(rows.drop(columns="site"), "time", "status", fit_options=CONVERGENCE)
        groups = [rows]
    beta = fitted.params_[COVARIATES].to_numpy()
    score = sum((efron_score(group, beta) for group in groups), np.zeros(len(beta)))
    terms = [
        {"term": name, "estimate": float(fitted.params_[name]), "std_error": float(fitted.standard_errors_[name])}
        for name in COVARIATES
    ]
    return {
        "library": LIBRARY, "n": len(rows), "terms": terms, "log_likelihood": float(fitted.log_likelihood_),
        "score_max": float(np.abs(score).max()),
    }  # fmt: skip


def efron_score(rows: pandas.DataFrame, beta: Numbers) -> Numbers:
    """The score of Efron's partial likelihood in one stratum, term by term as Efron (1977) writes it; shape (p,).

    Computed here and not taken from the library, so that "converged" does not rest on the library's own word.
    """
    x, time = rows[COVARIATES].to_numpy(), rows["time"].to_numpy()
    died, weight = rows["status"].to_numpy() == 1, np.exp(x @ beta)
    total = np.zeros(len(beta))
    for at in np.unique(time[died]):
        risk, here = time >= at, (time == at) & died
        s0, s1 = weight[risk].sum(), weight[risk] @ x[risk]
        d0, d1 = weight[here].sum(), weight[here] @ x[here]
        share = np.arange(here.sum()) / here.sum()
        total += x[here].sum(axis=0) - ((s1 - share[:, None] * d1) / (s0 - share * d0)[:, None]).sum(axis=0)
    return total
