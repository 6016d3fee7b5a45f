"""Histograms and bars of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation._tables import has_few_levels
from summand.federation.plots._size import HEIGHT, WIDTH, Draw, Values


def _columns(alt: Any, result: Values) -> Any:
    """A histogram for each number, bars for each column with levels; kept-back bars are not drawn."""
    charts = [drawn for row in result.get("columns") or () if (drawn := _column(alt, row)) is not None]
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


def _correlations(alt: Any, result: Values) -> Any:
    """Every pair of columns as a square, red where they rise together and blue where one falls; none where kept back."""
    pairs = [row for row in result.get("correlations") or () if row.get("estimate") is not None]
    if not pairs:
        return None
    cells = [
        {"x": row[one], "y": row[other], "r": row["estimate"], "shown": f"{row['estimate']:.2f}"}
        for row in pairs
        for one, other in (("first", "second"), ("second", "first"))
    ]
    order = list(dict.fromkeys(row[end] for row in result["correlations"] for end in ("first", "second")))
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("x:N", sort=order, title=None), y=alt.Y("y:N", sort=order, title=None)
    )
    scale = alt.Scale(domain=[-1, 0, 1], range=["#2b5c8a", "#f7f7f7", "#9e3d22"])
    squares = base.mark_rect().encode(color=alt.Color("r:Q", scale=scale, title="correlation"))
    side = max(HEIGHT, 40 * len(order))
    return (squares + base.mark_text().encode(text="shown:N")).properties(width=side, height=side)


DRAWINGS: Mapping[str, Draw] = {"describe": _columns, "correlation": _correlations}
