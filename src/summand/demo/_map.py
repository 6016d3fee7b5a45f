"""A map of the parties that have coordinates: Natural Earth's land, and a dot for each."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from summand.demo._charts import COLOURS, FAINT, GROUND, INK, Chart, draw

MARGIN_DEGREES = 10.0
HEIGHT_RANGE = (170.0, 380.0)
LABEL_NEAR_PIXELS = 90.0
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Frame:
    """What part of the world is shown, in Mercator's projection (radians, y upwards), on how many pixels."""

    middle_longitude: float
    middle_latitude: float
    scale: float
    width: float
    height: float

    @classmethod
    def around(cls, dots: Sequence[Fields], width: float) -> Frame:
        """The parties' box with a margin, as wide as ``width``."""
        west, east = (side(float(dot["longitude"]) for dot in dots) for side in (min, max))
        south, north = (side(float(dot["latitude"]) for dot in dots) for side in (min, max))
        span = math.radians(min(360.0, max(east - west + 2 * MARGIN_DEGREES, 30.0)))
        bottom, top = _mercator(south - MARGIN_DEGREES), _mercator(north + MARGIN_DEGREES)
        scale = width / span
        height = min(max(scale * (top - bottom), HEIGHT_RANGE[0]), HEIGHT_RANGE[1])
        scale = min(scale, height / (top - bottom))
        middle = math.degrees(2 * math.atan(math.exp((top + bottom) / 2)) - math.pi / 2)
        return cls((west + east) / 2, middle, scale, width, height)

    def pixel(self, longitude: float) -> float:
        """How far right of the middle a longitude lies."""
        return self.scale * math.radians(longitude - self.middle_longitude)

    @property
    def projection(self) -> dict[str, Any]:
        """The same for Vega."""
        return {
            "type": "mercator", "rotate": [-self.middle_longitude, 0, 0], "center": [0, self.middle_latitude],
            "scale": self.scale, "translate": [self.width / 2, self.height / 2],
        }  # fmt: skip


def party_map(parties: Sequence[Fields]) -> Chart | None:
    """The map, or None if no party has coordinates.

    Land is one layer without data, since Vega-Lite's geographic marks leave out shapes whose value is missing; the
    view is turned to the parties' middle and clipped, so that nothing is drawn across the antimeridian.

    Args:
        parties: ``{"label", "name", "coordinates": {"latitude", "longitude"} or None}``.
    """
    dots = [
        {"label": party["label"], **party["coordinates"]} for party in parties if party.get("coordinates")
    ]  # fmt: skip
    if not dots:
        return None
    names = ", ".join(str(party["name"]) for party in parties if party.get("coordinates"))
    land = json.loads((resources.files("summand.demo") / "assets" / "land-110m.json").read_text(encoding="utf-8"))
    return draw(
        "Where the partners are",
        f"A map with {len(dots)} parties: {names}.",
        lambda width: _spec(dots, land, Frame.around(dots, width)),
    )


def _spec(dots: Sequence[Fields], land: Any, frame: Frame) -> dict[str, Any]:
    at = {
        "longitude": {"field": "longitude", "type": "quantitative"},
        "latitude": {"field": "latitude", "type": "quantitative"},
    }
    place = {name: {"expr": f"datum.{name}"} for name in ("align", "dx", "dy")}
    label = {"type": "text", "fontSize": 12, "fontWeight": "bold", "color": INK, "baseline": "middle", **place}
    return {
        "width": frame.width,
        "height": frame.height,
        "projection": frame.projection,
        "layer": [
            {
                "data": {"values": land, "format": {"type": "topojson", "feature": "land"}},
                "mark": {"type": "geoshape", "fill": GROUND, "stroke": FAINT, "strokeWidth": 0.5, "clip": True},
            },
            {
                "data": {"values": list(dots)},
                "mark": {"type": "circle", "size": 90, "color": COLOURS[1], "opacity": 1},
                "encoding": at,
            },
            {
                "data": {"values": [{**dot, **_beside(dot, dots, frame)} for dot in dots]},
                "mark": label,
                "encoding": {**at, "text": {"field": "label"}},
            },
        ],
    }


def _beside(dot: Fields, dots: Sequence[Fields], frame: Frame) -> dict[str, Any]:
    """Where a label stands: above its dot, below where another dot is near to the west, inside the frame's edges."""
    here = frame.pixel(dot["longitude"])
    near = any(0 < here - frame.pixel(other["longitude"]) < LABEL_NEAR_PIXELS for other in dots if other is not dot)
    half, label = frame.width / 2, 3.6 * len(str(dot["label"]))
    align = "left" if here + half < label else "right" if half - here < label else "center"
    return {"align": align, "dx": {"left": -6, "right": 6}.get(align, 0), "dy": 16 if near else -15}


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(min(85.0, max(-85.0, latitude))) / 2))
