"""The sites of a demonstration, each a process of its own: ``python -m summand.demo.sites``.

One process loads the program, reads one line ``{"logs": …, "folders": […]}`` from standard input and then forks once for
every folder (as web servers "preload"), which saves the second of CPU that each of eighteen interpreters would take to
load it. Nothing of any site is open or read before the fork: each child gets its own session, its own log, and runs
exactly what ``summand site serve FOLDER`` runs. The first process stays as their parent: it ends them when it is told
to, when one of them ends, and when the demonstration is gone and its standard input ends with it.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

PRELOADED = ("summand.site._service", "duckdb", "scipy.special", "encodings.idna")
"""What every site comes to need, most of it in its first study; none of them starts a thread, which a fork would lose."""


def main() -> int:
    """Serve every folder until told to end."""
    for module in PRELOADED:
        importlib.import_module(module)
    line = sys.stdin.readline()
    if not line:
        return 0
    given = json.loads(line)
    children: dict[int, str] = {}

    def end(*_: object) -> NoReturn:
        for process in children:
            os.kill(process, signal.SIGTERM)
        for process in children:
            os.waitpid(process, 0)
        raise SystemExit(0)

    for folder in map(Path, given["folders"]):
        children[_fork(folder, Path(given["logs"]) / f"{folder.name}.log")] = folder.name
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=_end_with_input, daemon=True).start()  # after the forks: a fork takes no thread along
    process, status = os.waitpid(-1, 0)
    name = children.pop(process)
    sys.stdout.write(f"Site {name} ended with exit code {os.waitstatus_to_exitcode(status)}\n")
    sys.stdout.flush()
    return end()


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _fork(folder: Path, log: Path) -> int:
    """Start one site; the child does not return."""
    process = os.fork()
    if process:
        return process
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os._exit(_serve(folder))


def _serve(folder: Path) -> int:
    from summand.errors import SummandError
    from summand.site._folder import SiteFolder
    from summand.site._service import SiteService

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # what was handled is stored, what was not comes again
    try:
        service = SiteService(SiteFolder(folder))
        service.serve(_say_connected)
    except SummandError as error:
        logging.getLogger("summand.site").error("%s", error)
        return error.exit_code
    except Exception:
        logging.getLogger("summand.site").exception("a defect")
        return 1
    return 0


def _say_connected() -> None:
    sys.stdout.write("The site is connected\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
