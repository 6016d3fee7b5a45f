"""Logistic regression, 4 sites × 250,000 rows × 20 columns, from the same Parquet files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench._cohorts import binary, deal, names_of, schema_of, worst
from bench._federation import served
from bench._timing import compared, ours, reference, shown

ROWS, COLUMNS, REPEATS = 250_000, 20, 5

_READ = """
import json, sys, time
import numpy as np, pyarrow.parquet as pq
def read():
    tables = [pq.read_table(path) for path in json.loads(sys.argv[1])]
    names = [name for name in tables[0].column_names if name != "y"]
    y = np.concatenate([table["y"].to_numpy() for table in tables])
    return y, [np.concatenate([table[name].to_numpy() for table in tables]) for name in names]
"""
_STATSMODELS = (
    _READ
    + """
import statsmodels.api as sm
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    y, columns = read()
    fit = sm.Logit(y, np.column_stack([np.ones(len(y)), *columns])).fit(disp=0, method="newton", tol=1e-12)
    se = fit.bse
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "estimate": fit.params.tolist(), "std_error": se.tolist()}))
"""
)
_SKLEARN = (
    _READ
    + """
import warnings
from sklearn.linear_model import LogisticRegression
warnings.simplefilter("ignore")
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    y, columns = read()
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8).fit(np.column_stack(columns), y)
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds}))
"""
)


def run() -> dict[str, str]:
    """Times of ours and two references, their ratios, and how far the estimates differ."""
    schema = schema_of(COLUMNS, {"name": "y", "type": "integer", "constraints": {"minimum": 0, "maximum": 1}})
    with tempfile.TemporaryDirectory() as folder:
        files = deal(Path(folder), binary, rows=ROWS, columns=COLUMNS)
        pooled, sklearn = reference(_STATSMODELS, files, REPEATS), reference(_SKLEARN, files, REPEATS)
        with served(files, schema, rows_max=ROWS) as bench:
            spec = {"name": "logistic", "formula": f"y ~ {' + '.join(names_of(COLUMNS))}"}
            seconds, result = ours(bench.federation, spec, REPEATS)
    return {
        **shown(seconds),
        "rounds": str(result["rounds"]),
        **compared(seconds, "statsmodels Logit", pooled["seconds"]),
        **compared(seconds, "scikit-learn newton-cholesky", sklearn["seconds"]),
        "largest relative difference, estimates": f"{worst([t['estimate'] for t in result['terms']], pooled['estimate']):.1e}",
        "largest relative difference, standard errors": f"{worst([t['std_error'] for t in result['terms']], pooled['std_error']):.1e}",
    }
