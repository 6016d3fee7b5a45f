"""Logistic regression by statsmodels on the pooled records, as the reference process gives it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import statsmodels
from numpy.typing import NDArray
from statsmodels.discrete.discrete_model import Logit

from summand.demo._reference_describe import frame_of
from summand.demo._studies import CLASS_MINIMUM

LIBRARY = f"statsmodels {statsmodels.__version__}"
NUMERIC = ["age", "sex", "trestbps", "thalach", "exang", "oldpeak"]
COLUMNS = ["num", "cp", *NUMERIC]
TERMS = ("age", "sex", "cp[T.2]", "cp[T.3]", "cp[T.4]", "trestbps", "thalach", "exang", "oldpeak")
Numbers = NDArray[np.float64]


def logistic(table: Any) -> dict[str, Any]:
    """The model with one intercept per hospital, as dummy variables, and its area under the curve at each hospital."""
    rows = _complete(table)
    dummies = pandas.get_dummies(rows["site"]).to_numpy(dtype=float)
    x = np.hstack([dummies, _design(rows)])
    fitted, score = _fit(_outcome(rows), x)
    beta = fitted.params[dummies.shape[1] :]
    return {
        "library": LIBRARY, "n": len(rows), "log_likelihood": float(fitted.llf), "score_max": score,
        "terms": _terms(beta, fitted.bse[dummies.shape[1] :]),
        "auc": {site: _auc_or_none(group, beta) for site, group in rows.groupby("site")},
    }  # fmt: skip


def own_models(table: Any) -> dict[str, Any]:
    """Each hospital's own model where it has enough of each class, and its area under the curve at each hospital."""
    rows = _complete(table)
    hospitals = dict(list(rows.groupby("site")))
    models = []
    for site, group in hospitals.items():
        y = _outcome(group)
        model: dict[str, Any] = {
            "site": site,
            "n": len(group),
            "positive": int(y.sum()),
            "negative": int((1 - y).sum()),
        }
        if min(model["positive"], model["negative"]) >= CLASS_MINIMUM:
            fitted, score = _fit(y, np.hstack([np.ones((len(group), 1)), _design(group)]))
            beta = fitted.params[1:]
            auc = {name: _auc_or_none(other, beta) for name, other in hospitals.items()}
            terms = [
                {"term": "Intercept", "estimate": float(fitted.params[0]), "std_error": float(fitted.bse[0])},
                *_terms(beta, fitted.bse[1:]),
            ]
            model |= {"terms": terms, "score_max": score, "auc": auc}
        models.append(model)
    return {"library": LIBRARY, "models": models}


def area_under_curve(score: Numbers, y: Numbers) -> float:
    """The share of pairs, one of each class, that the score puts in order; ties count half (Mann & Whitney 1947)."""
    positive, negative = score[y == 1], score[y == 0]
    above = (positive[:, None] > negative).sum() + 0.5 * (positive[:, None] == negative).sum()
    return float(above / (len(positive) * len(negative)))


def _complete(table: Any) -> pandas.DataFrame:
    rows: pandas.DataFrame = frame_of(table)[["site", *COLUMNS]].dropna()
    return rows


def _outcome(rows: pandas.DataFrame) -> Numbers:
    return np.asarray(rows["num"] > 0, dtype=np.float64)


def _design(rows: pandas.DataFrame) -> Numbers:
    pain = np.column_stack([(rows["cp"] == level).to_numpy(dtype=float) for level in (2, 3, 4)])
    numbers = rows[NUMERIC].to_numpy()
    return np.hstack([numbers[:, :2], pain, numbers[:, 2:]])


def _fit(y: Numbers, x: Numbers) -> tuple[Any, float]:
    """The library's Newton steps until they no longer lower the score: it stops by their size, which leaves 1e-10."""
    model: Any = Logit(y, x)  # type: ignore[no-untyped-call]
    fitted = model.fit(method="newton", tol=1e-14, maxiter=100, disp=False)
    score = float(np.abs(model.score(fitted.params)).max())
    while True:
        again = model.fit(start_params=fitted.params, method="newton", tol=0.0, maxiter=1, disp=False)
        better = float(np.abs(model.score(again.params)).max())
        if better >= score:
            return fitted, score
        fitted, score = again, better


def _terms(beta: Numbers, errors: Numbers) -> list[dict[str, Any]]:
    return [
        {"term": name, "estimate": float(estimate), "std_error": float(error)}
        for name, estimate, error in zip(TERMS, beta, errors, strict=True)
    ]


def _auc_or_none(rows: pandas.DataFrame, beta: Numbers) -> float | None:
    y = _outcome(rows)
    if min(y.sum(), (1 - y).sum()) < CLASS_MINIMUM:
        return None
    return area_under_curve(_design(rows) @ beta, y)
