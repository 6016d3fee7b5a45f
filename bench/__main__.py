"""``./run bench [round|logistic|cox|describe|memory|boosting …] [--json]``: all of them if none is named."""

from __future__ import annotations

import importlib
import json
import sys

NAMES = ("round", "logistic", "cox", "describe", "memory", "boosting")


def main() -> None:
    """Run the benchmarks named, print what they measured."""
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")] or list(NAMES)
    found = {}
    for name in wanted:
        if name not in NAMES:
            sys.exit(f"bench: there is no benchmark '{name}'; there are {', '.join(NAMES)}")
        found[name] = importlib.import_module(f"bench.{name}_bench").run()
        if "--json" not in sys.argv:
            for key, value in found[name].items():
                print(f"{name:9s} {key:58s} {value}")
    if "--json" in sys.argv:
        print(json.dumps(found))


main()
