"""How predictions go with what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation.plots._size import HEIGHT, ROW_HEIGHT, WIDTH, Draw, Values


def _calibration(alt: Any, result: Values) -> Any:
    """Observed against predicted risk, with the diagonal of a perfect model."""
    rows = [
        {"model": str(row.get("model")), "predicted": point["predicted"], "observed": point["observed"]}
        for row in result["models"]
        for point in row.get("calibration") or []
        if point.get("observed") is not None and point.get("predicted") is not None
    ]
    if not rows:
        return None
    unit = alt.Scale(domain=[0, 1])
    line = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(strokeDash=[4, 4], color="#888")
    points = alt.Chart(alt.Data(values=rows)).mark_line(point=True)
    return (
        line.encode(x=alt.X("x:Q", scale=unit, title="predicted risk"), y=alt.Y("y:Q", scale=unit, title="observed"))
        + points.encode(x="predicted:Q", y="observed:Q", color=alt.Color("model:N", title=None))
    ).properties(width=HEIGHT, height=HEIGHT)


def _roc(alt: Any, result: Values) -> Any:
    """The true against the false positive rate of each model, with the diagonal of a coin."""
    areas = {row["model"]: row["auc"] for row in result.get("areas") or () if row["group"] == "all"}
    rows = [
        {"model": f"{model}, AUC {areas[model]:.3f}", "order": k, **point}
        for model, points in (result.get("curves") or {}).items()
        for k, point in enumerate(points)
    ]
    if not rows:
        return None
    unit = alt.Scale(domain=[0, 1])
    line = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(strokeDash=[4, 4], color="#888")
    curves = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2)
    return (
        line.encode(
            x=alt.X("x:Q", scale=unit, title="1 − specificity"), y=alt.Y("y:Q", scale=unit, title="sensitivity")
        )
        + curves.encode(
            x="false_positive_rate:Q", y="true_positive_rate:Q", order="order:Q", color=alt.Color("model:N", title=None)
        )
    ).properties(width=HEIGHT, height=HEIGHT)


def _decision_curve(alt: Any, result: Values) -> Any:
    """Net benefit of each model over the thresholds, beside treating everybody and nobody."""
    points = [row for row in result.get("decisions") or () if row["group"] == "all"]
    first = points[0]["model"] if points else None
    rows = [
        {"threshold": row["threshold"], "strategy": row["model"], "benefit": row["net_benefit"]}
        for row in points
        if row["net_benefit"] is not None
    ]
    if not rows:
        return None
    for name, key in (("treat all", "treat_all"), ("treat none", "treat_none")):
        own = [row for row in points if row["model"] == first and row[key] is not None]
        rows += [{"threshold": row["threshold"], "strategy": name, "benefit": row[key]} for row in own]
    most = max(row["benefit"] for row in rows)
    scale = alt.Scale(domain=[-0.2 * most if most > 0 else -0.1, 1.1 * most if most > 0 else 0.1])
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True, clip=True)
        .encode(
            x=alt.X("threshold:Q", title="threshold of risk"),
            y=alt.Y("benefit:Q", scale=scale, title="net benefit"),
            color=alt.Color("strategy:N", title=None),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )


def _risk_groups(alt: Any, result: Values) -> Any:
    """Observed against predicted risk of each group, with intervals and the diagonal of a perfect model."""
    names = ("predicted", "observed", "conf_low", "conf_high")
    rows = [
        {"model": row["model"], **{name: row[name] for name in names}}
        for row in result.get("risk_groups") or ()
        if row["observed"] is not None
    ]
    if not rows:
        return None
    unit = alt.Scale(domain=[0, 1])
    line = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(strokeDash=[4, 4], color="#888")
    base = alt.Chart(alt.Data(values=rows)).encode(x="predicted:Q", color=alt.Color("model:N", title=None))
    return (
        line.encode(x=alt.X("x:Q", scale=unit, title="predicted risk"), y=alt.Y("y:Q", scale=unit, title="observed"))
        + base.mark_rule().encode(y="conf_low:Q", y2="conf_high:Q")
        + base.mark_point(filled=True, size=60).encode(y="observed:Q")
    ).properties(width=HEIGHT, height=HEIGHT)


def _left_out(alt: Any, result: Values) -> Any:
    """The area under the curve at each site of the model that was made without it, with its interval."""
    rows = [
        {"site": site, **{name: row[name] for name in ("auc", "auc_low", "auc_high")}}
        for site, values in result["by_site"].items()
        for row in values.get("models") or ()
        if row.get("auc") is not None
    ]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("site:N", title=None))
    axis = alt.X("auc_low:Q", title="area under the ROC curve (95 % interval)", scale=alt.Scale(zero=False))
    coin = alt.Chart(alt.Data(values=[{"at": 0.5}])).mark_rule(strokeDash=[4, 4], color="#888").encode(x="at:Q")
    bars = base.mark_rule(strokeWidth=2).encode(x=axis, x2="auc_high:Q")
    points = base.mark_point(filled=True, size=70, shape="square").encode(x="auc:Q")
    return (coin + bars + points).properties(width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2))


SITE_DRAWINGS: Mapping[str, Draw] = {"internal_external": _left_out}
"""Those of results that are one for each site."""

DRAWINGS: Mapping[str, Draw] = {
    "evaluate": _calibration,
    "roc": _roc,
    "thresholds": _decision_curve,
    "evaluate_survival": _risk_groups,
}
