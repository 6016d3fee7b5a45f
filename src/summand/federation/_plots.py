"""Charts of released results (Vega-Lite, by Altair): curves, forest plots, histograms, calibration."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from summand.errors import UsageError
from summand.federation._tables import has_few_levels, is_hidden

WIDTH, HEIGHT, ROW_HEIGHT = 560, 320, 26
_ESTIMATE = ("estimate", "conf_low", "conf_high")
RATIOS = {"cox": "hazard ratio", "logistic": "odds ratio"}

Values = Mapping[str, Any]


def chart(result: Values, heading: str = "") -> Any:
    """The chart of a result: what was kept back is left out of it, never drawn as zero.

    Args:
        result: The released values.
        heading: What was computed; the method's name if empty.

    Raises:
        UsageError: if there is nothing to draw, or Altair is not installed.
    """
    try:
        import altair as alt
    except ImportError:
        raise UsageError(
            "Drawing needs Altair, which is not installed.", remedy="Install the extra: pip install 'summand[plots]'"
        ) from None
    for name, draw in _DRAWINGS.items():
        if result.get(name):
            drawn = draw(alt, result)
            if drawn is not None:
                return drawn.properties(title=_title(result, heading))
    raise UsageError("There is nothing to draw in this result.", remedy="Use .table() or .to_dict() to see its values.")


def _title(result: Values, heading: str) -> dict[str, Any]:
    people = "hidden" if is_hidden(result.get("n")) else result.get("n")
    warnings = [line for text in result.get("warnings") or [] for line in textwrap.wrap(str(text), 100)]
    subtitle = [f"profile {result.get('profile')}, n {people}", *warnings]
    return {"text": heading or str(result.get("method")), "subtitle": subtitle, "anchor": "start"}


def _forest(alt: Any, result: Values) -> Any:
    """Estimates with their 95 % intervals; hazard and odds ratios on a logarithmic scale."""
    ratio = RATIOS.get(str(result.get("method")))
    rows = _terms(result["terms"], ratio is not None)
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
        if len(values) < len(_ESTIMATE) or (is_ratio and (term["term"] == "Intercept" or max(map(abs, values)) > 700)):
            continue
        estimate, low, high = map(math.exp, values) if is_ratio else values
        rows.append({"term": term["term"], "estimate": estimate, "low": low, "high": high})
    return rows


def _groups(alt: Any, result: Values) -> Any:
    groups = result["groups"]
    if any("curve" in group for group in groups):
        return _curves(alt, groups)
    if "columns" in groups[0]:
        return None
    rows = [
        {"group": group["group"], "what": what, "events": group[what]}
        for group in groups
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


def _curves(alt: Any, groups: Sequence[Values]) -> Any:
    """Survival as steps, with confidence bands."""
    rows = [
        {"group": group["group"], "time": time, "survival": survival, "low": low, "high": high}
        for group in groups
        if group.get("curve")
        for time, survival, low, high in zip(
            *(group["curve"][name] for name in ("time", "survival", "conf_low", "conf_high")), strict=True
        )
    ]
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("time:Q", title="time"), color=alt.Color("group:N", title=None)
    )
    band = base.mark_area(opacity=0.2, interpolate="step-after").encode(
        y=alt.Y("low:Q", scale=alt.Scale(domain=[0, 1]), title="survival (95 % interval)"), y2="high:Q"
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2).encode(y="survival:Q")
    return (band + line).properties(width=WIDTH, height=HEIGHT)


def _columns(alt: Any, result: Values) -> Any:
    """A histogram for each number, bars for each column with levels; kept-back bars are not drawn."""
    charts = [drawn for row in result["columns"] if (drawn := _column(alt, row)) is not None]
    return alt.concat(*charts, columns=2) if charts else None


def _column(alt: Any, row: Values) -> Any:
    found = row.get("histogram")
    if found and not has_few_levels(row):
        edges, cells = found["edges"], [people for (people,) in found["counts"]["cells"]]
        bars = [
            {"low": edges[i], "high": edges[i + 1], "people": people}
            for i, people in enumerate(cells)
            if people is not None
        ]
        x = alt.X("low:Q", bin="binned", title=row["column"], scale=alt.Scale(domain=[edges[0], edges[-1]]))
        drawn = alt.Chart(alt.Data(values=bars)).mark_bar().encode(x=x, x2="high:Q", y=alt.Y("people:Q"))
    elif row.get("levels"):
        table = row["levels"]
        bars = [
            {"level": level, "people": people}
            for level, (people,) in zip(table["rows"], table["cells"], strict=True)
            if people is not None
        ]
        x = alt.X("level:N", sort=table["rows"], title=row["column"])
        drawn = alt.Chart(alt.Data(values=bars)).mark_bar().encode(x=x, y=alt.Y("people:Q"))
    else:
        return None
    return drawn.properties(width=WIDTH // 2, height=HEIGHT // 2) if bars else None


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


_DRAWINGS: Mapping[str, Callable[[Any, Values], Any]] = {
    "terms": _forest,
    "groups": _groups,
    "columns": _columns,
    "models": _calibration,
}
