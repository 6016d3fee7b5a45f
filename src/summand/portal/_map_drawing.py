"""The world with partners on it, as SVG inside a page: land from Natural Earth, no boundary between states drawn.

The projection is the plate carrée: a degree is as wide as it is high everywhere, so that a place is found by its numbers.
Places nearer than four degrees share one mark that says how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from markupsafe import Markup

WIDTH, HEIGHT, SCALE, NORTH = 1080, 450, 3.0, 84.0
CLUSTER_DEGREES = 4.0


@dataclass(frozen=True)
class Place:
    """Where an organisation is, in WGS 84 degrees."""

    id: str
    name: str
    latitude: float
    longitude: float


def map_svg(places: Sequence[Place], lines: Sequence[tuple[str, str]]) -> Markup:
    """The map.

    Args:
        places: Organisations.
        lines: Pairs of their identifiers that work together.
    """
    groups = _grouped(places)
    at = {place.id: spot for spot, members in groups for place in members}
    parts = [f'<path class="land" d="{_land()}"/>']
    for one, other in lines:
        (x1, y1), (x2, y2) = _xy(*at[one]), _xy(*at[other])
        if (x1, y1) != (x2, y2):
            lift = min(60.0, abs(x2 - x1) / 4 + 6)
            parts.append(
                f'<path class="tie" d="M{x1:.1f} {y1:.1f}Q{(x1 + x2) / 2:.1f} {(y1 + y2) / 2 - lift:.1f} {x2:.1f} {y2:.1f}"/>'
            )
    for spot, members in groups:
        x, y = _xy(*spot)
        names = escape("; ".join(place.name for place in members))
        size = 6 + min(8, len(members))
        text = (
            f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{len(members)}</text>' if len(members) > 1 else ""
        )
        parts.append(f'<g class="place"><title>{names}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="{size}"/>{text}</g>')
    label = f"World map with {len(places)} partners at {len(groups)} places; the table below says the same."
    return Markup(  # noqa: S704  names are escaped above, the rest are numbers and our own file
        f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _grouped(places: Sequence[Place]) -> list[tuple[tuple[float, float], list[Place]]]:
    groups: list[tuple[tuple[float, float], list[Place]]] = []
    for place in places:
        for (latitude, longitude), members in groups:
            if max(abs(latitude - place.latitude), abs(longitude - place.longitude)) < CLUSTER_DEGREES:
                members.append(place)
                break
        else:
            groups.append(((place.latitude, place.longitude), [place]))
    return groups


def _xy(latitude: float, longitude: float) -> tuple[float, float]:
    return (longitude + 180.0) * SCALE, (NORTH - latitude) * SCALE


@cache
def _land() -> str:
    return (Path(__file__).parent / "static" / "land.txt").read_text(encoding="ascii").strip()
