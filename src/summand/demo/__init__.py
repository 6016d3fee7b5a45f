"""The demonstrations: real patients, real processes, from a signed agreement to a settled account.

Promise: every figure that a demonstration prints or writes comes from the run itself; what is invented is marked
"sample"; beside each estimate stands the pooled fit of an independent library, made in another process after the
result's hash was in the ledger; whatever happens, no process stays behind.

::

    run_demo("lung", out=Path("out"))        # writes out/result.json and out/report.html
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

DEMOS = ("lung", "heart")

__all__ = ["DEMOS", "run_demo"]


def run_demo(
    name: str, *, out: Path, data: Path | None = None, serve: bool = False, console: Console | None = None
) -> dict[str, Any]:
    """Run a demonstration with real processes and write its result and report.

    Args:
        name: One of `DEMOS`.
        out: Where ``result.json``, ``report.html`` and the run's folders go; made if it is not there.
        data: For ``heart``, a folder with the archive's files; downloaded or taken from the cache if not given.
        serve: Whether the hub and the sites stay up until interrupted.
        console: Where to print; standard output if not given.

    Returns:
        What ``result.json`` holds; docs/reference/result.schema.json describes it.

    Raises:
        SummandError: whatever stops it; every process that it started has been ended then.
    """
    # Imported here, so that the reference process, a module of this room too, starts without the rooms it must not need.
    from summand.demo._run import run

    return run(name, out=out, data=data, serve=serve, console=console)
