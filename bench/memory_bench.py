"""Logistic regression over 4 sites × 2,500,000 rows × 20 columns, each site process capped at 1 GiB: its peak memory."""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

from bench._cohorts import binary, deal, names_of, schema_of
from bench._federation import served
from bench._timing import ours, shown

ROWS, COLUMNS, CAP_BYTES = 2_500_000, 20, 1 << 30


def run() -> dict[str, str]:
    """Times, each site's peak resident memory, and its ratio to the site's columns in float64."""
    schema = schema_of(COLUMNS, {"name": "y", "type": "integer", "constraints": {"minimum": 0, "maximum": 1}})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = deal(folder, binary, rows=ROWS, columns=COLUMNS)
        capped = (sys.executable, "-m", "bench.memory_bench")
        with served(files, schema, rows_max=ROWS, site=capped, BENCH_PEAKS=str(folder / "peaks")) as bench:
            spec = {"name": "logistic", "formula": f"y ~ {' + '.join(names_of(COLUMNS))}"}
            seconds, result = ours(bench.federation, spec, 2)
        peaks = [int(line) for line in (folder / "peaks").read_text().split()]
    own = ROWS * (COLUMNS + 1) * 8
    return {
        **shown(seconds),
        "rounds": str(result["rounds"]),
        "cap on a site, MiB": str(CAP_BYTES >> 20),
        "largest peak of a site (MiB)": f"{max(peaks) / 1024:.0f}",
        "its columns in float64 (MiB)": f"{own / 2**20:.0f}",
        "ratio": f"{max(peaks) * 1024 / own:.2f}",
    }


def _serve_capped() -> None:
    """A site's process that may not allocate more than `CAP_BYTES`, and writes its peak when it ends."""
    import atexit
    import os

    from summand.cli import main

    resource.setrlimit(resource.RLIMIT_DATA, (CAP_BYTES, CAP_BYTES))

    def tell() -> None:
        with Path(os.environ["BENCH_PEAKS"]).open("a") as file:
            file.write(f"{_peak_kib()}\n")

    atexit.register(tell)
    sys.exit(main(["site", "serve", *sys.argv[1:]]))


def _peak_kib() -> int:
    """The most memory this process ever held, in KiB.

    Not ``ru_maxrss``: Linux counts in it what the process that started this one held when it did, here the simulated
    data of all sites.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    _serve_capped()
