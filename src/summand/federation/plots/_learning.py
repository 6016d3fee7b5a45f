"""Importance, components and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation.plots._size import HEIGHT, ROW_HEIGHT, WIDTH, Draw, Values


def _scree(alt: Any, result: Values) -> Any:
    """How much of the variance each component explains, and how much they do together."""
    rows = [row for row in result.get("components") or [] if row.get("proportion") is not None]
    if not rows:
        return None
    order = [row["component"] for row in rows]
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("component:N", sort=order, title=None))
    bars = base.mark_bar().encode(y=alt.Y("proportion:Q", title="part of the variance", scale=alt.Scale(domain=[0, 1])))
    line = base.mark_line(point=True, color="#888").encode(y="cumulative:Q")
    return (bars + line).properties(width=WIDTH, height=HEIGHT)


def _importance(alt: Any, result: Values) -> Any:
    """Which columns the gains of a boosted model come from, beside its loss by number of trees."""
    rows = [row for row in result.get("importance") or [] if row["splits"]]
    if not rows:
        return None
    bars = alt.Chart(alt.Data(values=rows)).mark_bar()
    bars = bars.encode(
        x=alt.X("importance:Q", title="part of the gain"), y=alt.Y("column:N", sort="-x", title=None)
    ).properties(width=WIDTH, height=ROW_HEIGHT * len(rows))
    points = [
        {"trees": row["trees"], "loss": row[name], "rows": name.replace("_", " ")}
        for row in result.get("curve") or []
        for name in ("training", "held_out")
        if row.get(name) is not None
    ]
    lines = alt.Chart(alt.Data(values=points)).mark_line()
    return bars & lines.encode(
        x="trees:Q", y=alt.Y("loss:Q", scale=alt.Scale(zero=False)), color=alt.Color("rows:N", title=None)
    ).properties(width=WIDTH, height=HEIGHT)


def _centres(alt: Any, result: Values) -> Any:
    """Where each cluster's centre lies in each column, from the lowest centre to the highest."""
    rows = []
    for row in result.get("centres") or []:
        values = {name: value for name, value in row.items() if name != "column" and value is not None}
        low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
        rows += [
            {"column": row["column"], "cluster": name, "value": value,
             "place": (value - low) / (high - low) if high > low else 0.5}
            for name, value in values.items()
        ]  # fmt: skip
    if not rows:
        return None
    points = alt.Chart(alt.Data(values=rows)).mark_point(filled=True, size=90)
    return points.encode(
        x=alt.X("place:Q", title="from the lowest centre to the highest", axis=alt.Axis(labels=False)),
        y=alt.Y("column:N", title=None), color=alt.Color("cluster:N", title=None), tooltip=["cluster:N", "value:Q"],
    ).properties(width=WIDTH, height=ROW_HEIGHT * len(result["centres"]))  # fmt: skip


DRAWINGS: Mapping[str, Draw] = {"boosting": _importance, "kmeans": _centres, "pca": _scree}
