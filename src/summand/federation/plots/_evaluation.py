"""How predictions go with what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.federation.plots._size import HEIGHT, Draw, Values


def _calibration(alt: Any, result: Values) -> Any:
    """Observed against predicted risk, with the diagonal of a perfect model."""
    rows = [
        {"model": str(row.get("model")), "predicted": point["predicted"], "observed": point["observed"]}
        for row in result["models"]
        for point in row.get("calibration") or []
        if point.get("observed") is not None and point.get("predicted") is not None
    ]
    if not rows:
        return None
    unit = alt.Scale(domain=[0, 1])
    line = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}])).mark_line(strokeDash=[4, 4], color="#888")
    points = alt.Chart(alt.Data(values=rows)).mark_line(point=True)
    return (
        line.encode(x=alt.X("x:Q", scale=unit, title="predicted risk"), y=alt.Y("y:Q", scale=unit, title="observed"))
        + points.encode(x="predicted:Q", y="observed:Q", color=alt.Color("model:N", title=None))
    ).properties(width=HEIGHT, height=HEIGHT)


DRAWINGS: Mapping[str, Draw] = {"evaluate": _calibration}
