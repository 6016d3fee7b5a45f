"""A round that computes nothing: 4 site processes, TLS, signatures, guard, masks, ledger; beside a bare TLS relay."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench._federation import served
from bench._relay import relay_times

PAUSE_SECONDS = 5.0
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
        times.mkdir()
        nothing = (sys.executable, "-m", "bench._nothing")
        with served(
            files, schema, rows_max=10, hub=(*nothing, "hub"), site=(*nothing, "site"), BENCH_TIMES=str(times)
        ) as bench:
            bench.federation.run({"name": "describe"})
            bench.federation.run({"name": "describe"})
        rounds = {path.name: _rounds(path) for path in times.iterdir()}
    ours = rounds["hub-hub"][:, 0]
    sites = [of[:, 1] for name, of in rounds.items() if name.startswith("site-")]
    bare = np.diff(np.array(relay_times()))
    return {
        "ours, median of a round (ms)": f"{np.median(ours) * 1e3:.1f}",
        "ours, 90th percentile (ms)": f"{np.quantile(ours, 0.9) * 1e3:.1f}",
        "bare TLS relay of the same messages, median (ms)": f"{np.median(bare) * 1e3:.1f}",
        "ratio": f"{np.median(ours) / np.median(bare):.2f}",
        "processor time of the hub in a round, median (ms)": f"{np.median(rounds['hub-hub'][:, 1]) * 1e3:.1f}",
        "processor time of a site in a round, median (ms)": f"{np.median(sites) * 1e3:.1f}",
    }


def _rounds(path: Path) -> NDArray[np.float64]:
    """Length and processor time of each round of a process, shape (rounds, 2), in seconds; pauses between studies apart."""
    found = np.diff(np.loadtxt(path), axis=0)
    return found[found[:, 0] < PAUSE_SECONDS]
