"""Two icons beside a chart, drawn by us: what the last point says, and whether the process reaches its target.

Each says the same three ways, by colour, by shape and by a title that a screen reader reads: colour alone tells nobody
who does not see it. SVG as text, 48 by 48, without a reference to anything outside.
"""

from __future__ import annotations

from summand.outcomes._process_chart import Assurance, Meaning, ProcessChart

COLOURS: dict[str, str] = {
    "improvement": "#1f6fb4", "concern": "#c8601a", "neutral": "#6b4c9a", "common_cause": "#6b6b6b",
    "pass": "#1f6fb4", "fail": "#c8601a", "hit_or_miss": "#6b6b6b", "none": "#6b6b6b",
}  # fmt: skip
_VARIATION_WORDS: dict[Meaning, str] = {
    "improvement": "special cause, improvement",
    "concern": "special cause, concern",
    "neutral": "special cause, neither better nor worse",
    "common_cause": "common cause, no significant change",
}
_ASSURANCE_WORDS: dict[Assurance, str] = {
    "pass": "the process as it runs reaches the target every time",
    "fail": "the process as it runs misses the target every time",
    "hit_or_miss": "the process as it runs hits and misses the target",
    "none": "no target",
}
_STEADY, _UP, _DOWN = ((8, 28), (16, 21), (24, 29), (32, 22), (40, 27)), (30, 31, 26, 18, 11), (18, 17, 22, 30, 37)


def variation_words(chart: ProcessChart) -> str:
    """What the last point says, in words."""
    last = chart.points[-1]
    how = {1: " (high or rising)", -1: " (low or falling)", 0: ""}[last.points_to]
    return _VARIATION_WORDS[chart.variation] + how


def assurance_words(chart: ProcessChart) -> str:
    """Whether the process reaches its target, in words."""
    return _ASSURANCE_WORDS[chart.assurance]


def variation_icon(chart: ProcessChart) -> str:
    """A ring with a course of points: level for common cause, rising with H or falling with L for a special one."""
    colour, side = COLOURS[chart.variation], chart.points[-1].points_to
    if side == 0:
        return _icon(colour, variation_words(chart), _course(_STEADY, colour))
    heights = _UP if side > 0 else _DOWN
    course = tuple(zip((8, 16, 24, 32, 40), heights, strict=True))
    return _icon(colour, variation_words(chart), _course(course, colour) + _letter("H" if side > 0 else "L", side))


def assurance_icon(chart: ProcessChart) -> str:
    """A ring with a dashed target and a wave on its good side (P), on its bad side (F) or across it (?); "" without one."""
    if chart.assurance == "none":
        return ""
    colour = COLOURS[chart.assurance]
    above = (chart.assurance == "pass") == (chart.better == "increase")
    line = 24 if chart.assurance == "hit_or_miss" else 33 if above else 15
    wave = f'<path d="M8 24q4 -8 8 0t8 0t8 0t8 0" fill="none" stroke="{colour}" stroke-width="2.5"/>'
    target = f'<path d="M7 {line}h34" stroke="#333" stroke-width="1.5" stroke-dasharray="3 2.5"/>'
    letter = {"pass": "P", "fail": "F"}.get(chart.assurance, "?")
    return _icon(colour, assurance_words(chart), target + wave + _letter(letter, 1 if line > 24 else -1))


def _course(points: tuple[tuple[int, int], ...], colour: str) -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.6" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dots}'


def _letter(text: str, side: int) -> str:
    height = 16 if side > 0 else 42
    return (
        f'<text x="{15 if text in "HL" else 24}" y="{height}" font-family="sans-serif" font-size="12" font-weight="bold" '
        f'text-anchor="middle" fill="#222">{text}</text>'
    )


def _icon(colour: str, words: str, inside: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48" role="img" '
        f'aria-label="{words}"><title>{words}</title>'
        f'<circle cx="24" cy="24" r="22" fill="#fff" stroke="{colour}" stroke-width="3"/>{inside}</svg>'
    )
