"""Curves over time, and events of groups beside what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation.plots._models import forest
from summand.federation.plots._size import HEIGHT, ROW_HEIGHT, WIDTH, Draw, Values


def _observed(alt: Any, result: Values) -> Any:
    """Events of each group beside those that equal hazards would give."""
    rows = [
        {"group": group["group"], "what": what, "events": group[what]}
        for group in result["groups"]
        for what in ("observed", "expected")
        if isinstance(group.get(what), (int, float))
    ]
    if not rows:
        return None
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("group:N", title=None),
            xOffset=alt.XOffset("what:N", sort=["observed", "expected"]),
            y=alt.Y("events:Q", title="events"),
            color=alt.Color("what:N", sort=["observed", "expected"], title=None),
        )
        .properties(width=WIDTH, height=HEIGHT)
    )


def _curves(alt: Any, result: Values) -> Any:
    """Survival as steps, with confidence bands."""
    return _steps(alt, result, "survival", alt.Scale(domain=[0, 1]))


def _hazards(alt: Any, result: Values) -> Any:
    """Cumulative hazards as steps, with confidence bands."""
    return _steps(alt, result, "cumulative_hazard", alt.Undefined)


def _steps(alt: Any, result: Values, what: str, scale: Any) -> Any:
    rows = [
        {"group": group["group"], "time": time, what: value, "low": low, "high": high}
        for group in result["groups"]
        if group.get("curve")
        for time, value, low, high in zip(
            *(group["curve"][name] for name in ("time", what, "conf_low", "conf_high")), strict=True
        )
    ]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("time:Q", title="time"), color=alt.Color("group:N", title=None)
    )
    band = base.mark_area(opacity=0.2, interpolate="step-after").encode(
        y=alt.Y("low:Q", scale=scale, title=f"{what.replace('_', ' ')} (95 % interval)"), y2="high:Q"
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2).encode(y=f"{what}:Q")
    return (band + line).properties(width=WIDTH, height=HEIGHT)


def _incidence(alt: Any, result: Values) -> Any:
    """Cumulative incidence as steps, with confidence bands: colours for groups, dashes for causes."""
    names = ("time", "cumulative_incidence", "conf_low", "conf_high")
    rows = [
        {"group": row["group"], "cause": row["cause"], "time": time, "incidence": value, "low": low, "high": high}
        for row in result["groups"]
        if row.get("curve")
        for time, value, low, high in zip(*(row["curve"][name] for name in names), strict=True)
    ]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("time:Q", title="time"), color=alt.Color("group:N", title=None), detail="cause:N"
    )
    band = base.mark_area(opacity=0.15, interpolate="step-after").encode(
        y=alt.Y("low:Q", scale=alt.Scale(domain=[0, 1]), title="cumulative incidence (95 % interval)"), y2="high:Q"
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y="incidence:Q", strokeDash=alt.StrokeDash("cause:N", title="cause")
    )
    return (band + line).properties(width=WIDTH, height=HEIGHT)


def _rates(alt: Any, result: Values) -> Any:
    """Rates of groups with their intervals, standardised ones beside them."""
    rows = [
        {"group": row["group"], "what": what, "rate": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
        for row in result["rates"]
        for name, what in (("rate", "crude"), ("standardised_rate", "standardised"))
        if isinstance(row.get(name), (int, float))
    ]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("group:N", title=None), xOffset="what:N", color=alt.Color("what:N", title=None)
    )
    bars = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title=f"events per {result['per']:g} of follow-up (95 % interval)"), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=70, shape="square").encode(y="rate:Q")
    return (bars + points).properties(width=WIDTH, height=HEIGHT)


def _means(alt: Any, result: Values) -> Any:
    """Restricted means of the groups with their 95 % intervals."""
    rows = [
        {"group": row["group"], "mean": row["rmst"], "low": row["conf_low"], "high": row["conf_high"]}
        for row in result["groups"]
        if isinstance(row.get("rmst"), (int, float))
    ]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("group:N", title=None))
    title = f"mean survival time until {result['tau']:g} (95 % interval)"
    bars = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", scale=alt.Scale(zero=False), title=title), x2="high:Q")
    points = base.mark_point(filled=True, size=70, shape="square").encode(x="mean:Q")
    return (bars + points).properties(width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2))


DRAWINGS: Mapping[str, Draw] = {
    "km": _curves,
    "logrank": _observed,
    "nelson_aalen": _hazards,
    "rmst": _means,
    "cox": forest,
    "aalen_johansen": _incidence,
    "fine_gray": forest,
    "parametric_survival": forest,
    "piecewise_exponential": forest,
    "rates": _rates,
}
