"""Cox regression, Efron, 4 sites × 25,000 rows × 10 columns: exact times stratified by site, and a shared grid of times."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench._cohorts import SITES, deal, names_of, schema_of, survival, worst
from bench._federation import served
from bench._timing import compared, ours, reference, shown

ROWS, COLUMNS, REPEATS, GRID_TIMES = 25_000, 10, 3, 1_000

_LIFELINES = """
import json, sys, time, warnings
import pandas as pd
from lifelines import CoxPHFitter
warnings.simplefilter("ignore")
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    table = pd.concat([pd.read_parquet(path).assign(site=i) for i, path in enumerate(json.loads(sys.argv[1]))])
    {drop}
    fit = CoxPHFitter().fit(table, "time", "status", {strata}fit_options={{"precision": 1e-12}})
    seconds.append(time.perf_counter() - start)
print(json.dumps({{"seconds": seconds, "estimate": fit.params_.tolist()}}))
"""


def run() -> dict[str, str]:
    """Times of ours and of lifelines, their ratios, and how far the estimates differ."""
    return {**_one("strata", None), **_one("pooled", GRID_TIMES)}


def _one(site: str, times: int | None) -> dict[str, str]:
    time = {"name": "time", "type": "number", "constraints": {"minimum": 0, "maximum": 5}}
    if times is not None:
        time = {"name": "time", "type": "integer", "constraints": {"minimum": 0, "maximum": times}}
    status = {"name": "status", "type": "integer", "constraints": {"minimum": 0, "maximum": 1}}
    own = {"drop": "", "strata": 'strata=["site"], '}
    pooled = {"drop": 'table = table.drop(columns="site")', "strata": ""}
    script = _LIFELINES.format(**(own if site == "strata" else pooled))
    with tempfile.TemporaryDirectory() as folder:
        files = deal(Path(folder), survival(times), rows=ROWS, columns=COLUMNS)
        theirs = reference(script, files, REPEATS)
        with served(files, schema_of(COLUMNS, time, status), rows_max=ROWS) as bench:
            formula = f"Surv(time, status) ~ {' + '.join(names_of(COLUMNS))}"
            seconds, result = ours(bench.federation, {"name": "cox", "formula": formula, "site": site}, REPEATS)
    found = {
        **shown(seconds),
        "rounds": str(result["rounds"]),
        **compared(seconds, "lifelines", theirs["seconds"]),
        "largest relative difference, estimates": f"{worst([t['estimate'] for t in result['terms']], theirs['estimate']):.1e}",
    }
    what = f"{len(SITES)} strata" if times is None else f"grid of {times}"
    return {f"{what}: {key}": value for key, value in found.items()}
