"""Description by pandas, as the reference process gives it."""

from __future__ import annotations

from typing import Any

import pandas


def frame_of(table: Any) -> pandas.DataFrame:
    """The pooled table as a data frame: numbers as float64, NaN where missing; ``site`` as text."""
    frame = pandas.DataFrame({name: pandas.array(cells, dtype="Float64") for name, cells in table["columns"].items()})
    frame = frame.astype("float64")
    frame.insert(0, "site", table["site"])
    return frame


def describe(table: Any) -> dict[str, Any]:
    """Counts, mean, standard deviation and quartiles of every column."""
    frame = frame_of(table).drop(columns="site")
    columns = []
    for name in frame.columns:
        values = frame[name].dropna()
        low, q25, median, q75, high = (float(values.quantile(share)) for share in (0, 0.25, 0.5, 0.75, 1))
        columns.append(
            {
                "column": name, "n": len(values), "missing": int(frame[name].isna().sum()),
                "mean": float(values.mean()), "sd": float(values.std()),
                "min": low, "q25": q25, "median": median, "q75": q75, "max": high,
            }
        )  # fmt: skip
    return {"library": f"pandas {pandas.__version__}", "columns": columns}
