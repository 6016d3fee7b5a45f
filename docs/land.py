"""The land of the portal's map from the world-atlas package: python -m docs.land land-110m.json

Source: npm package world-atlas 2.0.2, file land-110m.json (SHA-256 in portal/static/README.md), made from Natural Earth's
1:110m land, version 4.1.0, public domain. Points are in units of a third of a degree, as the map draws them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "src" / "summand" / "portal" / "static" / "land.txt"
SCALE, NORTH, SOUTH = 3.0, 84.0, -66.0


def pieces(ring: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """A ring cut where it leaps over the antimeridian, so that no line runs across the map."""
    found: list[list[tuple[float, float]]] = [[]]
    for before, point in zip([ring[0], *ring], ring, strict=False):
        if abs(point[0] - before[0]) > 180:
            found.append([])
        found[-1].append(point)
    if len(found) > 1:  # the ring begins somewhere inside a piece
        found[0] = [*found.pop(), *found[0]]
    return [piece for piece in found if len(piece) > 2]


def path_of(topology: dict) -> str:
    """The rings as one SVG path; what lies wholly south of 66° S is left out."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
        arcs.append(points)
    parts = []
    for shape in topology["objects"]["land"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for ring in (ring for polygon in polygons for ring in polygon):
            points = [p for number in ring for p in (arcs[number] if number >= 0 else arcs[~number][::-1])]
            if max(latitude for _, latitude in points) > SOUTH:
                for piece in pieces(points):
                    spots = [f"{(lon + 180) * SCALE:.1f} {(NORTH - lat) * SCALE:.1f}" for lon, lat in piece]
                    kept = [spot for i, spot in enumerate(spots) if i == 0 or spot != spots[i - 1]]
                    parts.append("M" + "L".join(kept) + "Z")
    return "".join(parts)


if __name__ == "__main__":
    OUT.write_text(path_of(json.loads(Path(sys.argv[1]).read_text())) + "\n", encoding="ascii")
