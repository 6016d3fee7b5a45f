"""A process behaviour chart as SVG inside a page: classes instead of colours, so that it follows the page's scheme."""

from __future__ import annotations

from html import escape

from markupsafe import Markup

from summand.outcomes import ProcessChart

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 250, 56, 14, 14, 34


def process_svg(chart: ProcessChart, unit: str) -> Markup:
    """Points and their mean, the limits, the target, and every signal by shape as well as colour.

    A common cause is a dot, an improvement a triangle up, a concern a square, another special cause a diamond; the same
    words stand in each point's title.
    """
    values = [v for p in chart.points for v in (p.value, p.lower, p.upper)]
    values += [] if chart.target is None else [chart.target]
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or 1.0
    low, high = low - room, high + room
    count = max(len(chart.points) - 1, 1)

    def x(place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / count

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [_grid(low, high, y)]
    for name in ("upper", "lower", "centre"):
        line = " ".join(f"{x(i):.1f},{y(getattr(p, name)):.1f}" for i, p in enumerate(chart.points))
        parts.append(f'<polyline class="spc {name}" points="{line}"/>')
    if chart.target is not None:
        parts.append(f'<path class="spc target" d="M{LEFT} {y(chart.target):.1f}H{WIDTH - RIGHT}"/>')
    line = " ".join(f"{x(i):.1f},{y(p.value):.1f}" for i, p in enumerate(chart.points))
    parts.append(f'<polyline class="spc course" points="{line}"/>')
    parts += [
        _mark(x(i), y(p.value), p.meaning, f"{p.period}: {p.value:g} {unit}, {p.meaning}")
        for i, p in enumerate(chart.points)
    ]
    shown = sorted({0, len(chart.points) // 2, len(chart.points) - 1})
    for place in shown:
        anchor = "start" if place == 0 else "end" if place == len(chart.points) - 1 else "middle"
        text = escape(chart.points[place].period)
        parts.append(f'<text class="spc" x="{x(place):.1f}" y="{HEIGHT - 10}" text-anchor="{anchor}">{text}</text>')
    label = escape(f"Process behaviour chart of {len(chart.points)} points in {unit}")
    return Markup(  # noqa: S704  every text is escaped above, the rest are numbers
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _grid(low: float, high: float, y: object) -> str:
    place = y  # a function of the value
    lines = []
    for step in range(5):
        value = low + (high - low) * step / 4
        at = place(value)  # type: ignore[operator]
        lines.append(f'<path class="spc grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        lines.append(f'<text class="spc" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    return "".join(lines)


def _mark(x: float, y: float, meaning: str, title: str) -> str:
    shapes = {
        "improvement": f'<path d="M{x:.1f} {y - 6:.1f}l5.5 10h-11z"',
        "concern": f'<path d="M{x - 5:.1f} {y - 5:.1f}h10v10h-10z"',
        "neutral": f'<path d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"',
    }
    shape = shapes.get(meaning, f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"')
    return f'{shape} class="spc mark {escape(meaning)}"><title>{escape(title)}</title>{"</path>" if "path" in shape else "</circle>"}'
