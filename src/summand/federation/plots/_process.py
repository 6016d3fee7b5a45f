"""A process behaviour chart: points with their signals, mean, limits, target, changes of base, and the two icons."""

from __future__ import annotations

from typing import Any

from summand.encoding import to_base64
from summand.errors import UsageError
from summand.federation.plots._size import HEIGHT, WIDTH
from summand.outcomes import (
    COLOURS,
    ProcessChart,
    assurance_icon,
    assurance_words,
    variation_icon,
    variation_words,
)  # fmt: skip

MEANINGS = ("common_cause", "improvement", "concern", "neutral")
SHAPES = ("circle", "triangle-up", "diamond", "square")
WORDS = {
    "common_cause": "common cause", "improvement": "special cause: improvement",
    "concern": "special cause: concern", "neutral": "special cause",
}  # fmt: skip
ICON = 48


def process_plot(chart: ProcessChart, heading: str, unit: str = "") -> Any:
    """The chart, drawn by Altair.

    Args:
        chart: From `summand.outcomes.process_chart`.
        heading: What is measured.
        unit: Its unit, beside the axis.

    Raises:
        UsageError: if Altair is not installed.
    """
    try:
        import altair as alt
    except ImportError:
        raise UsageError(
            "Drawing needs Altair, which is not installed.", remedy="Install the extra: pip install 'summand[plots]'"
        ) from None
    return _draw(alt, chart, unit).properties(title=_title(chart, heading))


def _draw(alt: Any, chart: ProcessChart, unit: str) -> Any:
    order = [point.period for point in chart.points]
    x = alt.X("at:Q", title=None, axis=_axis(alt, order), scale=alt.Scale(domain=[-0.5, len(order) - 0.5], nice=False))
    y = alt.Y("value:Q", title=unit or None, scale=alt.Scale(zero=False))
    data = alt.Chart(alt.Data(values=_rows(chart))).encode(x=x)
    line = data.mark_line(color="#8a8a8a", strokeWidth=1.5).encode(y=y, detail="base:N")
    lines = [
        data.mark_line(color=colour, strokeDash=dash, strokeWidth=1.2).encode(y=alt.Y(f"{name}:Q"), detail="base:N")
        for name, colour, dash in (("centre", "#333", [1, 0]), ("lower", "#777", [5, 4]), ("upper", "#777", [5, 4]))
    ]
    told = [WORDS[name] for name in MEANINGS]
    points = data.mark_point(filled=True, size=70, opacity=1).encode(
        y=y,
        color=alt.Color(
            "meaning:N", title=None, scale=alt.Scale(domain=told, range=[COLOURS[name] for name in MEANINGS])
        ),
        shape=alt.Shape("meaning:N", title=None, scale=alt.Scale(domain=told, range=list(SHAPES))),
        tooltip=["period:N", "value:Q", "signal:N", "meaning:N"],
    )
    layers = [*lines, line, points, *_changes(alt, chart), *_target(alt, chart)]
    drawn = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return alt.hconcat(drawn, _icons(alt, chart), spacing=12)


def _rows(chart: ProcessChart) -> list[dict[str, Any]]:
    return [
        {
            "at": place, "period": point.period, "value": point.value, "centre": point.centre, "lower": point.lower,
            "upper": point.upper, "base": point.base, "signal": point.signal.replace("_", " "),
            "meaning": WORDS[point.meaning],
        }
        for place, point in enumerate(chart.points)
    ]  # fmt: skip


def _axis(alt: Any, order: list[str]) -> Any:
    step = max(1, -(-len(order) // 12))
    return alt.Axis(
        values=list(range(0, len(order), step)), labelExpr=f"{order}[datum.value] || ''", labelAngle=-40, grid=False
    )


def _changes(alt: Any, chart: ProcessChart) -> list[Any]:
    """A rule before each new base, with its reason."""
    starts = {base.first: base.reason for base in chart.bases[1:]}
    rows = [
        {"at": place - 0.5, "reason": starts[point.period]}
        for place, point in enumerate(chart.points)
        if point.period in starts
    ]
    if not rows:
        return []
    base = alt.Chart(alt.Data(values=rows)).encode(x="at:Q")
    text = base.mark_text(align="left", dx=4, dy=8, fontSize=10, color="#444").encode(y=alt.value(0), text="reason:N")
    return [base.mark_rule(color="#444", strokeDash=[2, 2]), text]


def _target(alt: Any, chart: ProcessChart) -> list[Any]:
    if chart.target is None:
        return []
    base = alt.Chart(alt.Data(values=[{"value": chart.target, "text": "target"}])).encode(y="value:Q")
    text = base.mark_text(align="right", dx=-4, dy=-6, fontSize=10, color="#a01c3c").encode(
        x=alt.value(WIDTH), text="text:N"
    )
    return [base.mark_rule(color="#a01c3c", strokeDash=[8, 3], strokeWidth=1.5), text]


def _icons(alt: Any, chart: ProcessChart) -> Any:
    icons = [text for text in (variation_icon(chart), assurance_icon(chart)) if text]
    rows = [
        {"url": f"data:image/svg+xml;base64,{to_base64(text.encode())}", "row": place}
        for place, text in enumerate(icons)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_image(width=ICON, height=ICON)
        .encode(y=alt.Y("row:O", axis=None), url="url:N")
        .properties(width=ICON + 8, height=(ICON + 12) * len(icons), view=alt.ViewBackground(stroke=None))
    )


def _title(chart: ProcessChart, heading: str) -> dict[str, Any]:
    said = variation_words(chart) + ("" if chart.assurance == "none" else f"; {assurance_words(chart)}")
    return {"text": heading, "subtitle": [said, *chart.warnings], "anchor": "start"}
