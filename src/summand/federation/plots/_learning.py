"""Importance, components and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation.plots._size import HEIGHT, WIDTH, Draw, Values


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


DRAWINGS: Mapping[str, Draw] = {"pca": _scree}
