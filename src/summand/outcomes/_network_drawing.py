"""The network of partners as a picture: SVG as text, without a reference to anything outside.

A tie is an arrow from who says it to whom it is about, thicker with higher scores, dashed where the other end does not say
so, dotted where it did not answer. What colour tells, a word in the node's label tells too.
"""

from __future__ import annotations

from html import escape
from math import cos, hypot, pi, sin

from summand.outcomes._relationship import PartyScores, Relationship, Tie

SIZE, RADIUS, NODE = 640, 220, 26
HIDDEN, LOW, MIDDLE, HIGH = "#9a9a9a", "#c8601a", "#8a7a1f", "#1f6fb4"

Place = tuple[float, float]


def network_svg(found: Relationship, title: str) -> str:
    """The picture of a survey's network.

    Args:
        found: From `relationship`.
        title: What it is, for the heading and for screen readers.
    """
    places = _places([node.party for node in found.parties])
    density = "" if found.density is None else f"density {found.density:.2f}, "
    words = (
        f"{len(found.parties)} parties, {len(found.ties)} ties, {density}isolates: {', '.join(found.isolates) or 'none'}, "
        f"not returned: {len(found.unreciprocated)}"
    )
    ties = "".join(_arrow(tie, places) for tie in found.ties)
    nodes = "".join(_node(node, places[node.party], alone=node.party in found.isolates) for node in found.parties)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE + 30}" role="img" aria-labelledby="t d">'
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(words)}</desc>'
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
        'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>'
        f'<rect width="{SIZE}" height="{SIZE + 30}" fill="#fff"/>'
        f'<text x="20" y="28" font-family="sans-serif" font-size="16" font-weight="bold">{escape(title)}</text>'
        f'<text x="20" y="48" font-family="sans-serif" font-size="12" fill="#444">{escape(words)}</text>'
        f"{ties}{nodes}</svg>"
    )


def _places(names: list[str]) -> dict[str, Place]:
    """Round a circle, the first on top."""
    middle, n = SIZE / 2, max(1, len(names))
    return {
        name: (middle + RADIUS * sin(2 * pi * place / n), middle + 30 - RADIUS * cos(2 * pi * place / n))
        for place, name in enumerate(names)
    }


def _arrow(tie: Tie, places: dict[str, Place]) -> str:
    (x1, y1), (x2, y2) = places[tie.source], places[tie.target]
    length = hypot(x2 - x1, y2 - y1) or 1.0
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    side = 5.0  # the two directions of a pair run beside each other
    start = (x1 + dx * NODE - dy * side, y1 + dy * NODE + dx * side)
    end = (x2 - dx * (NODE + 2) - dy * side, y2 - dy * (NODE + 2) + dx * side)
    shown = tie.trust is not None and tie.value is not None
    width = 1.0 + ((tie.trust or 0) + (tie.value or 0)) / 2 if shown else 1.2
    dash = {True: "", False: ' stroke-dasharray="7 4"', None: ' stroke-dasharray="2 3"'}[tie.reciprocated]
    words = f"{tie.source} to {tie.target}: " + (
        f"trust {tie.trust}, value {tie.value}" if shown else "scores not shown"
    )
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="#555" '
        f'stroke-width="{width:.1f}"{dash} marker-end="url(#a)"><title>{escape(words)}</title></line>'
    )


def _node(node: PartyScores, place: Place, *, alone: bool) -> str:
    x, y = place
    band, colour = _band(node.trust)
    state = "alone" if alone else "did not answer" if not node.answered else ""
    label = ", ".join(part for part in (band, state) if part)
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{NODE}" fill="#fff" stroke="{colour}" stroke-width="4"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" font-family="sans-serif" font-size="12" text-anchor="middle">'
        f"{escape(node.party[:9])}</text>"
        f'<text x="{x:.1f}" y="{y + NODE + 16:.1f}" font-family="sans-serif" font-size="11" text-anchor="middle" '
        f'fill="#333">{escape(label)}<title>{escape(node.party)}</title></text>'
    )


def _band(trust: float | None) -> tuple[str, str]:
    if trust is None:
        return "", HIDDEN
    name, colour = ("low", LOW) if trust < 2 else ("middling", MIDDLE) if trust < 3 else ("high", HIGH)
    return f"trust {trust:.1f}, {name}", colour
