"""Effects over time and balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation.plots._size import HEIGHT, ROW_HEIGHT, WIDTH, Draw, Values


def _love(alt: Any, result: Values) -> Any:
    """Standardised differences before and after weighting, with the line at 0.1."""
    rows = [
        {"term": row["term"], "when": when, "difference": abs(row[key])}
        for row in result.get("balance") or []
        for key, when in (("difference_before", "before"), ("difference_after", "after"))
        if row.get(key) is not None
    ]
    if not rows:
        return None
    order = [row["term"] for row in sorted(rows, key=lambda row: -row["difference"]) if row["when"] == "before"]
    points = alt.Chart(alt.Data(values=rows)).mark_point(filled=True, size=70)
    line = alt.Chart(alt.Data(values=[{"at": 0.1}])).mark_rule(strokeDash=[4, 4], color="#888").encode(x="at:Q")
    return (
        line
        + points.encode(
            y=alt.Y("term:N", sort=order, title=None),
            x=alt.X("difference:Q", title="standardised difference (absolute)"),
            color=alt.Color("when:N", sort=["before", "after"], title="weighting"),
            shape=alt.Shape("when:N", sort=["before", "after"], legend=None),
        )
    ).properties(width=WIDTH, height=ROW_HEIGHT * max(len(order), 2))


def _means(alt: Any, result: Values) -> Any:
    """The mean under each treatment with its 95 % interval."""
    rows = [row for row in result.get("means") or [] if row.get("mean") is not None]
    if not rows:
        return None
    kept = [{name: row[name] for name in ("arm", "mean", "conf_low", "conf_high")} for row in rows]
    base = alt.Chart(alt.Data(values=kept)).encode(y=alt.Y("arm:N", sort=[row["arm"] for row in kept], title=None))
    scale = alt.Scale(zero=False)
    axis = alt.X("conf_low:Q", scale=scale, title=f"mean of {result.get('outcome')} (95 % interval)")
    bars = base.mark_rule(strokeWidth=2).encode(x=axis, x2="conf_high:Q")
    points = base.mark_point(filled=True, size=70, shape="square").encode(x=alt.X("mean:Q", scale=scale))
    return (bars + points).properties(width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2))


def _events(alt: Any, result: Values) -> Any:
    """Effects by time since treatment, with the last period before it at zero."""
    names = ("event_time", "estimate", "conf_low", "conf_high")
    rows = [
        {name: row[name] for name in names} for row in result.get("events") or [] if row.get("conf_low") is not None
    ]
    if not rows:
        return None
    rows.append({"event_time": -1, "estimate": 0.0, "conf_low": 0.0, "conf_high": 0.0})
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("event_time:Q", title="periods since treatment began", axis=alt.Axis(format="d", tickMinStep=1))
    )
    effect = f"effect on {result.get('outcome')} (95 % interval)"
    bars = base.mark_rule(strokeWidth=2).encode(y=alt.Y("conf_low:Q", title=effect), y2="conf_high:Q")
    points = base.mark_point(filled=True, size=70).encode(y="estimate:Q")
    none = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[4, 4], color="#888").encode(y="at:Q")
    start = alt.Chart(alt.Data(values=[{"at": -0.5}])).mark_rule(strokeDash=[2, 2], color="#888").encode(x="at:Q")
    return (none + start + bars + points).properties(width=WIDTH, height=HEIGHT)


def _series(alt: Any, result: Values) -> Any:
    """Observed, fitted and what would have been, by period."""
    told = result.get("series") or []
    order = list(dict.fromkeys(row["period"] for row in told))
    place = {label: k for k, label in enumerate(order)}
    rows = [
        {
            "at": place[row["period"]],
            "period": row["period"],
            "what": what,
            "value": row[what],
            "series": row.get("series", ""),
        }
        for row in told
        for what in ("observed", "fitted", "counterfactual")
        if row.get(what) is not None
    ]
    if not rows or result.get("change") not in place:
        return None
    title = f"{result.get('measure')} of {result.get('outcome')}"
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("at:Q", title="period", axis=alt.Axis(labelExpr=f"{order}[datum.value] || ''")),
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
        color=alt.Color("series:N", title=None, legend=None if not told[0].get("series") else alt.Legend()),
    )
    points = base.transform_filter("datum.what == 'observed'").mark_point(filled=True, size=25)
    fitted = base.transform_filter("datum.what == 'fitted'").mark_line(strokeWidth=2).encode(detail="after:N")
    without = base.transform_filter("datum.what == 'counterfactual'").mark_line(strokeWidth=2, strokeDash=[4, 4])
    change = alt.Chart(alt.Data(values=[{"at": place[str(result["change"])] - 0.5}]))
    rule = change.mark_rule(strokeDash=[2, 2], color="#888").encode(x="at:Q")
    return (rule + points + fitted + without).properties(width=WIDTH, height=HEIGHT)


def _wedge(alt: Any, result: Values) -> Any:
    """The effect, and by time since treatment began where it was asked for."""
    names = ("effect", "estimate", "conf_low", "conf_high")
    told = [*(result.get("effects") or []), *(result.get("exposures") or [])]
    rows = [{name: row[name] for name in names} for row in told if row.get("conf_low") is not None]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("effect:N", sort=[row["effect"] for row in rows], title=None)
    )
    axis = alt.X("conf_low:Q", title=f"effect on {result.get('outcome')} (95 % interval)")
    bars = base.mark_rule(strokeWidth=2).encode(x=axis, x2="conf_high:Q")
    points = base.mark_point(filled=True, size=70, shape="square").encode(x="estimate:Q")
    none = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[4, 4], color="#888").encode(x="at:Q")
    return (none + bars + points).properties(width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2))


DRAWINGS: Mapping[str, Draw] = {
    "stepped_wedge": _wedge,
    "interrupted_time_series": _series,
    "propensity": _love,
    "standardisation": _means,
    "aipw": _means,
    "difference_in_differences": _events,
}
