"""Estimates with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from summand.federation.plots._size import ROW_HEIGHT, WIDTH, Draw, Values

_ESTIMATE = ("estimate", "conf_low", "conf_high")
RATIOS = {
    "cox": "hazard ratio",
    "fine_gray": "subdistribution hazard ratio",
    "logistic": "odds ratio",
    "multinomial": "odds ratio",
    "ordinal": "odds ratio",
    "parametric_survival": "time ratio",
    "piecewise_exponential": "hazard ratio",
}
RATIO_COLUMNS = {"odds_ratio": "odds ratio", "rate_ratio": "rate ratio", "mean_ratio": "ratio of means"}


def forest(alt: Any, result: Values) -> Any:
    """Estimates with their 95 % intervals; hazard and odds ratios on a logarithmic scale."""
    terms = result.get("terms") or ()
    named = next((title for name, title in RATIO_COLUMNS.items() if terms and name in terms[0]), None)
    own = None if result.get("link") == "probit" else RATIOS.get(str(result.get("method")))
    ratio = own or named
    rows = _terms(terms, ratio is not None)
    if not rows:
        return None
    scale = alt.Scale(type="log", nice=False, padding=20) if ratio else alt.Scale(zero=False)
    order = [row["term"] for row in rows]
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("term:N", sort=order, title=None))
    axis = alt.X("low:Q", scale=scale, title=f"{ratio or 'coefficient'} (95 % interval)")
    bars = base.mark_rule(strokeWidth=2).encode(x=axis, x2="high:Q")
    points = base.mark_point(filled=True, size=70, shape="square").encode(
        x=alt.X("estimate:Q", scale=scale),
        tooltip=["term:N", *(alt.Tooltip(f"{name}:Q", format=".4g") for name in ("estimate", "low", "high"))],
    )
    none = alt.Chart(alt.Data(values=[{"at": 1 if ratio else 0}])).mark_rule(strokeDash=[4, 4], color="#888")
    return (none.encode(x=alt.X("at:Q", scale=scale)) + bars + points).properties(
        width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2)
    )


def _terms(terms: Sequence[Values], is_ratio: bool) -> list[dict[str, Any]]:
    rows = []
    for term in terms:
        values = [float(term[name]) for name in _ESTIMATE if isinstance(term.get(name), (int, float))]
        if len(values) < len(_ESTIMATE) or (
            is_ratio and (term["term"] in ("Intercept", "log(scale)") or max(map(abs, values)) > 700)
        ):
            continue
        estimate, low, high = map(math.exp, values) if is_ratio else values
        name = f"{term['term']} ({term['level']})" if "level" in term else term["term"]
        rows.append({"term": name, "estimate": estimate, "low": low, "high": high})
    return rows


def effects(alt: Any, result: Values) -> Any:
    """Average marginal effects with their 95 % intervals."""
    rows = [{**row, "term": f"{row['variable']} ({row['contrast']})"} for row in result.get("margins") or ()]
    return forest(alt, {"method": "linear", "terms": rows})


def path(alt: Any, result: Values) -> Any:
    """The cross-validated deviance by penalty, with the two penalties it chooses; without it, the coefficients."""
    penalty = alt.X("lambda:Q", scale=alt.Scale(type="log", nice=False), title="penalty (lambda)")
    rows = [dict(row) for row in result.get("path") or () if "cv_deviance" in row]
    if not rows:
        return _coefficients(alt, result, penalty)
    for row in rows:
        row |= {"low": row["cv_deviance"] - row["cv_std_error"], "high": row["cv_deviance"] + row["cv_std_error"]}
    base = alt.Chart(alt.Data(values=rows)).encode(x=penalty)
    axis = alt.Y("low:Q", scale=alt.Scale(zero=False), title="deviance per person left out (± standard error)")
    bars = base.mark_rule().encode(y=axis, y2="high:Q")
    points = base.mark_point(filled=True).encode(y="cv_deviance:Q", tooltip=["lambda:Q", "cv_deviance:Q", "nonzero:Q"])
    chosen = [{"lambda": result[name]} for name in ("lambda_min", "lambda_1se")]
    marks = alt.Chart(alt.Data(values=chosen)).mark_rule(strokeDash=[4, 4], color="#888").encode(x=penalty)
    return (marks + bars + points).properties(width=WIDTH)


def _coefficients(alt: Any, result: Values, penalty: Any) -> Any:
    found = result.get("coefficients") or {"lambda": (), "terms": {}}
    rows = [
        {"lambda": at, "term": term, "estimate": value}
        for term, values in found["terms"].items()
        if term != "Intercept"
        for at, value in zip(found["lambda"], values, strict=True)
    ]
    if not rows:
        return None
    lines = alt.Chart(alt.Data(values=rows)).mark_line(point=True)
    return lines.encode(x=penalty, y=alt.Y("estimate:Q", title="coefficient"), color="term:N").properties(width=WIDTH)


DRAWINGS: Mapping[str, Draw] = {
    **dict.fromkeys(("linear", "logistic", "glm", "multinomial", "ordinal"), forest),
    "margins": effects,
    "penalised": path,
}
