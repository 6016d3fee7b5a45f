"""A round that computes nothing: 4 site processes, TLS, signatures, guard, masks, ledger; beside a bare TLS relay."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from bench._federation import served
from bench._relay import relay_times

SITES = ("east", "north", "south", "west")


def run() -> dict[str, str]:
    """Median times of a round, and their ratio."""
    schema = {"fields": [{"name": "x", "type": "number", "constraints": {"minimum": 0, "maximum": 1}}]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {}
        for site in SITES:
            files[site] = folder / f"{site}.csv"
            files[site].write_text("x\n0.5\n0.25\n")
        times = folder / "times"
        nothing = (sys.executable, "-m", "bench._nothing")
        with served(
            files, schema, rows_max=10, hub=(*nothing, "hub"), site=(*nothing, "site"), BENCH_TIMES=str(times)
        ) as bench:
            bench.federation.run({"name": "describe"})
            bench.federation.run({"name": "describe"})
        ours = np.diff(np.array([float(line) for line in times.read_text().split()]))
    ours = ours[ours < 5]
    bare = np.diff(np.array(relay_times()))
    return {
        "ours, median of a round (ms)": f"{np.median(ours) * 1e3:.1f}",
        "ours, 90th percentile (ms)": f"{np.quantile(ours, 0.9) * 1e3:.1f}",
        "bare TLS relay of the same messages, median (ms)": f"{np.median(bare) * 1e3:.1f}",
        "ratio": f"{np.median(ours) / np.median(bare):.2f}",
    }
