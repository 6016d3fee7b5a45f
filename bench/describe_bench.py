"""Mean, sd and exact quartiles of 10 columns × 10,000,000 rows at 4 sites: ours beside the same query in DuckDB."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from bench._cohorts import deal, names_of, schema_of, worst
from bench._federation import served
from bench._timing import compared, ours, reference, shown

ROWS, COLUMNS, REPEATS = 2_500_000, 10, 3

_DUCKDB = """
import json, sys, time
import duckdb, pyarrow as pa, pyarrow.parquet as pq
pooled = sys.argv[1].split('"')[1].replace("east", "pooled")  # one file beside the sites', written before the clock runs
with pq.ParquetWriter(pooled, pq.read_schema(json.loads(sys.argv[1])[0])) as file:
    for path in json.loads(sys.argv[1]):
        file.write_table(pq.read_table(path))
names = pq.read_schema(pooled).names
wanted = ", ".join(f"avg({n}), stddev_samp({n}), quantile_cont({n}, [0.25, 0.5, 0.75])" for n in names)
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    (row,) = duckdb.connect().execute(f"SELECT {wanted} FROM read_parquet(?)", [pooled]).fetchall()
    seconds.append(time.perf_counter() - start)
figures = [[row[3 * i], row[3 * i + 1], *row[3 * i + 2]] for i in range(len(names))]
print(json.dumps({"seconds": seconds, "figures": figures}))
"""


def _draw(rng: np.random.Generator, rows: int, columns: int, beta: np.ndarray) -> dict[str, np.ndarray]:
    spread = rng.uniform(0.5, 2.0, size=columns)
    return {
        name: np.clip(rng.normal(1.0, s, size=rows), -8, 8) for name, s in zip(names_of(columns), spread, strict=True)
    }


def run() -> dict[str, str]:
    """Times of both, their ratios, and how far the figures differ."""
    with tempfile.TemporaryDirectory() as folder:
        files = deal(Path(folder), _draw, rows=ROWS, columns=COLUMNS)
        theirs = reference(_DUCKDB, files, REPEATS)
        with served(files, schema_of(COLUMNS), rows_max=ROWS) as bench:
            spec = {"name": "describe", "columns": names_of(COLUMNS)}
            seconds, result = ours(bench.federation, spec, REPEATS)
    wanted = ("mean", "sd", "q25", "median", "q75")
    figures = [row[name] for row in result["columns"] for name in wanted]
    return {
        **shown(seconds),
        "rounds": str(result["rounds"]),
        **compared(seconds, "DuckDB", theirs["seconds"]),
        "largest relative difference": f"{worst(figures, np.ravel(theirs['figures'])):.1e}",
    }
