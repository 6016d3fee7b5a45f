"""Logistic regression, 4 sites × 250,000 rows × 20 columns, from the same Parquet files: ours beside statsmodels."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench._federation import served

SITES, ROWS, COLUMNS, REPEATS = ("east", "north", "south", "west"), 250_000, 20, 3

_REFERENCE = """
import json, sys, time
import numpy as np, pyarrow.parquet as pq
import statsmodels.api as sm
out = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    tables = [pq.read_table(path) for path in json.loads(sys.argv[1])]
    names = [name for name in tables[0].column_names if name != "y"]
    y = np.concatenate([table["y"].to_numpy() for table in tables])
    x = np.column_stack([np.ones(len(y)), *(np.concatenate([t[name].to_numpy() for t in tables]) for name in names)])
    fit = sm.Logit(y, x).fit(disp=0, method="newton", tol=1e-12)
    se = fit.bse
    out.append(time.perf_counter() - start)
print(json.dumps({"seconds": out, "estimate": fit.params.tolist(), "std_error": se.tolist()}))
"""


def run() -> dict[str, str]:
    """Median seconds of both, their ratio, and how far the estimates differ."""
    names = [f"x{i:02d}" for i in range(COLUMNS)]
    fields = [{"name": name, "type": "number", "constraints": {"minimum": -8, "maximum": 8}} for name in names]
    schema = {"fields": [{"name": "y", "type": "integer", "constraints": {"minimum": 0, "maximum": 1}}, *fields]}
    with tempfile.TemporaryDirectory() as folder:
        files = _write(Path(folder), names)
        paths = json.dumps([str(path) for path in files.values()])
        done = subprocess.run(
            [sys.executable, "-c", _REFERENCE, paths, str(REPEATS)], capture_output=True, text=True, check=True
        )
        reference = json.loads(done.stdout)
        with served(files, schema, rows_max=ROWS) as bench:
            seconds, result = [], {}
            for _ in range(REPEATS):
                start = time.perf_counter()
                result = bench.federation.run({"name": "logistic", "formula": f"y ~ {' + '.join(names)}"}).to_dict()
                seconds.append(time.perf_counter() - start)
    estimate = np.array([term["estimate"] for term in result["terms"]])
    error = np.array([term["std_error"] for term in result["terms"]])
    return {
        "ours, submission to result, first (s)": f"{seconds[0]:.2f}",
        "ours, median of the rest (s)": f"{np.median(seconds[1:]):.2f}",
        "rounds": str(result["rounds"]),
        "statsmodels Logit on the pooled rows, first (s)": f"{reference['seconds'][0]:.2f}",
        "statsmodels, median of the rest (s)": f"{np.median(reference['seconds'][1:]):.2f}",
        "ratio, first study (opens, checks and decodes the files)": f"{seconds[0] / reference['seconds'][0]:.2f}",
        "ratio, later": f"{np.median(seconds[1:]) / np.median(reference['seconds'][1:]):.2f}",
        "largest relative difference, estimates": f"{_worst(estimate, reference['estimate']):.1e}",
        "largest relative difference, standard errors": f"{_worst(error, reference['std_error']):.1e}",
    }


def _write(folder: Path, names: list[str]) -> dict[str, Path]:
    rng = np.random.default_rng(7)
    beta = rng.normal(scale=0.3, size=COLUMNS)
    files = {}
    for site in SITES:
        x = np.clip(rng.normal(size=(ROWS, COLUMNS)), -8, 8)
        y = (rng.random(ROWS) < 1 / (1 + np.exp(0.5 - x @ beta))).astype(np.int64)
        files[site] = folder / f"{site}.parquet"
        pq.write_table(pa.table({"y": y, **{name: x[:, i] for i, name in enumerate(names)}}), files[site])
    return files


def _worst(ours: np.ndarray, theirs: list[float]) -> float:
    other = np.array(theirs)
    return float(np.max(np.abs(ours - other) / np.abs(other)))
