"""Forests of sites."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from summand.federation.plots._size import ROW_HEIGHT, WIDTH, Draw, Values

_PREDICTION = "a further site (prediction)"
_KINDS = ("site", "pooled", "prediction")


def forest_of_sites(alt: Any, result: Values) -> Any:
    """The sites' own estimates, where the agreement lets them be released, above the pooled ones.

    What is pooled of released estimates follows from them alone: nothing more was asked of the sites.
    """
    from summand.methods.across import pooled_estimates

    rows: list[dict[str, Any]] = []
    settings: Values = {}
    for site, values in result["by_site"].items():
        for term in values.get("terms") or ():
            if isinstance(term.get("std_error"), float) and term["std_error"] > 0.0:
                rows.append(_row(site, "site", term["estimate"], term["conf_low"], term["conf_high"]))
                rows[-1]["std_error"] = term["std_error"]
                settings = values
    if not rows:
        return None
    asked = {name: settings[name] for name in ("measure", "random", "interval")}
    pooled = pooled_estimates([row["estimate"] for row in rows], [row["std_error"] for row in rows], **asked)
    return _forest(alt, [*rows, *_pooled_rows(pooled)], settings)


def forest_of_pooled(alt: Any, result: Values) -> Any:
    """The pooled estimates, and where a further site would lie."""
    rows = _pooled_rows(result)
    return _forest(alt, rows, result) if rows else None


def _pooled_rows(values: Values) -> list[dict[str, Any]]:
    terms = [term for term in values.get("terms") or () if isinstance(term.get("estimate"), float)]
    rows = [_row(t["term"], "pooled", t["estimate"], t["conf_low"], t["conf_high"]) for t in terms]
    if rows and isinstance(values.get("prediction_low"), float):
        low, high = values["prediction_low"], values["prediction_high"]
        rows.append(_row(_PREDICTION, "prediction", rows[-1]["estimate"], low, high))
    return rows


def _row(label: str, kind: str, estimate: float, low: float, high: float) -> dict[str, Any]:
    return {"row": label, "kind": kind, "estimate": estimate, "low": low, "high": high}


def _forest(alt: Any, rows: list[dict[str, Any]], values: Values) -> Any:
    """Squares for sites, diamonds for what is pooled, a bare line for the prediction; ratios on a logarithmic scale."""
    is_ratio = str(values.get("effect", "")).startswith("log ")
    if is_ratio:
        rows = [
            {**row, **{name: math.exp(row[name]) for name in ("estimate", "low", "high")}}
            for row in rows
            if max(abs(row["low"]), abs(row["high"])) < 700.0
        ]
    title = f"{str(values.get('effect', 'estimate')).removeprefix('log ')} (95 % interval)"
    scale = alt.Scale(type="log", nice=False, padding=20) if is_ratio else alt.Scale(zero=False)
    order = [row["row"] for row in rows]
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=list(_KINDS), range=["#555", "#1f5fa8", "#1f5fa8"]), legend=None
    )
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("row:N", sort=order, title=None), color=colour)
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale, title=title),
        x2="high:Q",
        strokeDash=alt.StrokeDash(
            "kind:N", scale=alt.Scale(domain=list(_KINDS), range=[[1, 0], [1, 0], [4, 3]]), legend=None
        ),
    )
    points = (
        base.transform_filter("datum.kind != 'prediction'")
        .mark_point(filled=True, opacity=1)
        .encode(
            x=alt.X("estimate:Q", scale=scale),
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(domain=list(_KINDS), range=["square", "diamond", "square"]), legend=None
            ),
            size=alt.Size("kind:N", scale=alt.Scale(domain=list(_KINDS), range=[50, 240, 50]), legend=None),
            tooltip=["row:N", *(alt.Tooltip(f"{name}:Q", format=".4g") for name in ("estimate", "low", "high"))],
        )
    )
    none = alt.Chart(alt.Data(values=[{"at": 1 if is_ratio else 0}])).mark_rule(strokeDash=[4, 4], color="#888")
    return (none.encode(x=alt.X("at:Q", scale=scale)) + bars + points).properties(
        width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2)
    )


DRAWINGS: Mapping[str, Draw] = {"meta": forest_of_pooled}
SITE_DRAWINGS: Mapping[str, Draw] = {"meta": forest_of_sites}
"""Of a result that every site released by itself."""
