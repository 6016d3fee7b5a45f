"""``./run bench [round|secure_sum|logistic|cox|describe|memory|boosting|portal …] [--json] [--write]``: all of them if none is named.

``--write`` puts the ratios into docs/speed.md and the README.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

NAMES = ("round", "secure_sum", "logistic", "cox", "describe", "memory", "boosting", "portal")


def main() -> None:
    """Run the benchmarks named, print what they measured."""
    # BLAS kernels pinned for old libraries slow both sides down, and not equally.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")] or list(NAMES)
    found = {}
    for name in wanted:
        if name not in NAMES:
            sys.exit(f"bench: there is no benchmark '{name}'; there are {', '.join(NAMES)}")
        found[name] = importlib.import_module(f"bench.{name}_bench").run()
        if "--json" not in sys.argv:
            for key, value in found[name].items():
                print(f"{name:9s} {key:58s} {value}", flush=True)
    if "--json" in sys.argv:
        print(json.dumps(found))
    if "--write" in sys.argv:
        from bench._table import write

        write(found)


main()
