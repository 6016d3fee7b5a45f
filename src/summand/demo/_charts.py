"""Charts as static SVG that stands in the page: Vega-Lite, drawn by vl-convert without network or browser.

The specifications are plain Vega-Lite: building them with Altair would cost a second of imports and give the same JSON.
Colours that a reader's dark page must change are sentinels, replaced by CSS variables in the SVG.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INK, FAINT, GROUND = "#010203", "#040506", "#070809"
"""Stand for the page's text, its lines, and its land: `var(--ink)`, `var(--line)`, `var(--land)`."""
COLOURS = ("#3a80c2", "#cc6128", "#5a9440", "#8e63b5", "#9a7c2a")
"""At least 3 to 1 against a white and a dark page (WCAG 2.2, 1.4.11)."""
WIDE_PIXELS, NARROW_PIXELS = 640, 400
RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_SENTINELS = {INK: "var(--ink)", FAINT: "var(--line)", GROUND: "var(--land)"}
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Chart:
    """A drawn chart.

    Attributes:
        title: What it shows, read by screen readers.
        description: What it says, in a sentence.
        wide, narrow: SVG elements for a wide page and for a telephone.
    """

    title: str
    description: str
    wide: str
    narrow: str


def draw(title: str, description: str, spec: Callable[[int], Mapping[str, Any]]) -> Chart:
    """Draw a Vega-Lite specification, given the width it may take in pixels, for a wide page and for a telephone."""
    wide, narrow = (_svg(spec(width), title, description, str(width)) for width in (WIDE_PIXELS, NARROW_PIXELS - 80))
    return Chart(title, description, wide, narrow)


def within(spec: Mapping[str, Any], labels: int) -> Callable[[int], Mapping[str, Any]]:
    """A specification whose plot leaves ``labels`` pixels of the width to what stands beside it."""
    return lambda width: {**spec, "width": width - labels}


def _svg(spec: Mapping[str, Any], title: str, description: str, key: str) -> str:
    import vl_convert  # loads a drawing engine of 60 MB: only where something is drawn

    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "background": None, "padding": 4,
        "config": CONFIG, "autosize": {"type": "pad"}, **spec,
    }  # fmt: skip
    text: str = vl_convert.vegalite_to_svg(whole)
    for sentinel, variable in _SENTINELS.items():
        text = text.replace(sentinel, variable)
    size = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', text)
    box = size.group(0) if size else ""
    label = re.sub(r"[^a-z0-9]+", "-", title.lower())[:60] + f"-{key}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="t-{label} d-{label}">'
        f'<title id="t-{label}">{html.escape(title)}</title><desc id="d-{label}">{html.escape(description)}</desc>'
    )
    return _numbered(re.sub(r"^<svg[^>]*>", head, text, count=1), label)


def _numbered(svg: str, label: str) -> str:
    """Element ids made unique, since several drawings share one page."""
    svg = re.sub(r'id="(clip|gradient)([^"]*)"', rf'id="\1\2-{label}"', svg)
    return re.sub(r"url\(#(clip|gradient)([^)]*)\)", rf"url(#\1\2-{label})", svg)


CONFIG: dict[str, Any] = {
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "titleColor": INK, "domainColor": FAINT, "tickColor": FAINT, "gridColor": FAINT,
        "gridOpacity": 0.6, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
    },
    "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
    "text": {"color": INK},
}  # fmt: skip


def survival_chart(title: str, exact: Fields, coarse: Fields | None, names: Fields, unit: str) -> Chart:
    """Kaplan–Meier curves by group with 95 % bands, and dashed what a stricter profile would release."""
    domain = [str(names.get(group["group"], group["group"])) for group in exact["groups"]]
    scale = {"domain": domain, "range": list(COLOURS[: len(domain)])}
    colour = {
        "field": "group",
        "type": "nominal",
        "scale": scale,
        "title": None,
        "legend": {"orient": "top", "symbolOpacity": 1, "symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    x = {
        "field": "time",
        "type": "quantitative",
        "title": f"Time in {unit}",
        "scale": {"nice": False},
        "axis": {"tickCount": 6},
    }
    y = {"type": "quantitative", "title": "Share alive", "axis": {"format": "%", "tickCount": 5}}
    area = {"scale": {"domain": [0, 1]}, **y}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": _steps(exact, names)},
            "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.16},
            "encoding": {
                "x": x, "y": {**area, "field": "low"}, "y2": {"field": "high"}, "color": colour,
            },
        },
        {
            "data": {"values": _steps(exact, names)},
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
            "encoding": {"x": x, "y": {**area, "field": "survival"}, "color": colour},
        },
    ]  # fmt: skip
    if coarse is not None:
        layers.append(
            {
                "data": {"values": _steps(coarse, names)},
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.5, "strokeDash": [5, 4]},
                "encoding": {"x": x, "y": {**area, "field": "survival"}, "color": colour},
            }
        )
    medians = ", ".join(
        f"{names.get(g['group'], g['group'])} {g['median']:g} {unit}" if g["median"] is not None else ""
        for g in exact["groups"]
    )
    return draw(
        title, f"Kaplan-Meier curves by group; medians: {medians}.", within({"height": 300, "layer": layers}, 60)
    )


def _steps(result: Fields, names: Fields) -> list[dict[str, Any]]:
    rows = []
    for group in result["groups"]:
        curve = group.get("curve") or {"time": []}
        for i, time in enumerate(curve["time"]):
            rows.append(
                {
                    "time": time, "survival": curve["survival"][i], "low": curve["conf_low"][i],
                    "high": curve["conf_high"][i], "group": str(names.get(group["group"], group["group"])),
                }
            )  # fmt: skip
    return rows


def forest_chart(title: str, axis: str, rows: Sequence[Fields]) -> Chart:
    """Ratios with their 95 % intervals on a logarithmic axis, one line each, the line of no effect at 1.

    Args:
        title: What it shows.
        axis: What the ratio is.
        rows: ``{"label", "ratio", "low", "high", "series"}``.
    """
    words = "; ".join(f"{row['label']} {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})" for row in rows)
    return draw(title, f"{axis}, with 95 % intervals: {words}.", lambda width: _forest(axis, rows, width))


def _forest(axis: str, rows: Sequence[Fields], width: int) -> dict[str, Any]:
    series = list(dict.fromkeys(str(row["series"]) for row in rows))
    labels = list(dict.fromkeys(str(row["label"]) for row in rows))
    narrow = width < NARROW_PIXELS
    low, high = min(float(row["low"]) for row in rows) / 1.1, max(float(row["high"]) for row in rows) * 1.1
    x = {
        "type": "quantitative", "title": axis, "scale": {"type": "log", "nice": False, "domain": [low, high]},
        "axis": {"values": [tick for tick in RATIO_TICKS if low <= tick <= high], "format": "~g"},
    }  # fmt: skip
    beside = None if narrow else {"grid": False, "ticks": False, "labelLimit": 300}
    y = {"field": "label", "type": "nominal", "sort": labels, "title": None, "axis": beside}
    offset = {"field": "series", "sort": series}
    colour = {
        "field": "series", "type": "nominal", "title": None,
        "legend": {"orient": "top", "labelLimit": 300} if len(series) > 1 else None,
        "scale": {"domain": series, "range": list(COLOURS[: len(series)])},
    }  # fmt: skip
    step = (22 if len(series) > 1 else 30) + (18 / len(series) if narrow else 0)
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "rule", "color": INK, "strokeDash": [3, 3]}, "encoding": {"x": {"datum": 1}}},
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "x": {**x, "field": "low"},
                "x2": {"field": "high"},
                "y": y,
                "yOffset": offset,
                "color": colour,
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {"x": {**x, "field": "ratio"}, "y": y, "yOffset": offset, "color": colour},
        },
    ]
    if narrow:  # a label of its own line above the intervals, since beside them it would take most of the width
        above = {"type": "text", "align": "left", "x": 0, "fontSize": 12, "dy": -step * len(series) / 2}
        first = [dict(row) for row in rows if row["series"] == series[0]]
        layers.append({"data": {"values": first}, "mark": above, "encoding": {"y": y, "text": {"field": "label"}}})
    beside_width = 12 if narrow else 12 + 7 * max(map(len, labels), default=0)
    return {
        "width": width - beside_width, "height": {"step": step}, "data": {"values": [dict(row) for row in rows]},
        "layer": layers,
    }  # fmt: skip
