"""Histograms and bars of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation._tables import has_few_levels
from summand.federation.plots._size import HEIGHT, ROW_HEIGHT, WIDTH, Draw, Values


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


def _crosstab(alt: Any, result: Values) -> Any:
    """How each level of the rows divides into the columns; nothing where a cell is kept back."""
    cells = [row for row in result.get("cells") or () if row["row_percent"] is not None]
    if not cells:
        return None
    # a narrow bar has no room for its label
    labels = [f"{cell['people']} ({cell['row_percent']:.0f}%)" if cell["row_percent"] >= 10.0 else "" for cell in cells]
    shown = [{**cell, "shown": label} for cell, label in zip(cells, labels, strict=True)]
    rows, columns = (list(dict.fromkeys(cell[name] for cell in cells)) for name in ("row", "column"))
    base = alt.Chart(alt.Data(values=shown)).encode(
        y=alt.Y("row:N", sort=rows, title=str(result.get("row"))),
        x=alt.X("row_percent:Q", stack=True, title="percent of the row", scale=alt.Scale(domain=[0, 100])),
        order=alt.Order("column:N"),
    )
    bars = base.mark_bar().encode(color=alt.Color("column:N", sort=columns, title=str(result.get("column"))))
    text = base.mark_text(align="right", dx=-4).encode(detail="column:N", text="shown:N")
    return (bars + text).properties(width=WIDTH, height=max(80, 36 * len(rows)))


def _balance(alt: Any, result: Values) -> Any:
    """The standardised difference of each variable between the groups, with the line of one tenth."""
    rows = [{"variable": row["variable"], "smd": row["smd"]} for row in result["variables"] if row["smd"] is not None]
    if not rows:
        return None
    points = alt.Chart(alt.Data(values=rows)).mark_point(filled=True, size=70)
    tenth = alt.Chart(alt.Data(values=[{"at": 0.1}])).mark_rule(strokeDash=[4, 4], color="#888")
    axis = alt.X("smd:Q", title="standardised mean difference", scale=alt.Scale(zero=True))
    drawn = points.encode(x=axis, y=alt.Y("variable:N", sort=[row["variable"] for row in rows], title=None))
    return (tenth.encode(x="at:Q") + drawn).properties(width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2))


def _differences(alt: Any, result: Values) -> Any:
    """The difference of every pair of groups with its interval, a panel for each variable."""
    charts = []
    for variable in dict.fromkeys(row["variable"] for row in result.get("differences") or ()):
        rows = [row for row in result["differences"] if row["variable"] == variable]
        base = alt.Chart(alt.Data(values=rows)).encode(
            y=alt.Y("difference:N", sort=[row["difference"] for row in rows], title=None)
        )
        bars = base.mark_rule(strokeWidth=2).encode(x=alt.X("conf_low:Q", title=variable), x2="conf_high:Q")
        points = base.mark_point(filled=True, size=70, shape="square").encode(x="estimate:Q")
        none = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[4, 4], color="#888").encode(x="at:Q")
        charts.append((none + bars + points).properties(width=WIDTH, height=ROW_HEIGHT * max(len(rows), 2)))
    return alt.vconcat(*charts) if charts else None


DRAWINGS: Mapping[str, Draw] = {
    "describe": _columns,
    "correlation": _correlations,
    "crosstab": _crosstab,
    "table_one": _balance,
    "compare_groups": _differences,
}
