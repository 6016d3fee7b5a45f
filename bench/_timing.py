"""Ours and a reference on the same files, in one go."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from summand.federation import Federation


def ours(federation: Federation, spec: dict[str, Any], repeats: int) -> tuple[list[float], dict[str, Any]]:
    """Seconds from submission to result, the first study first, and the last result."""
    seconds, result = [], {}
    for _ in range(repeats):
        start = time.perf_counter()
        result = federation.run(spec).to_dict()
        seconds.append(time.perf_counter() - start)
    return seconds, result


def reference(script: str, files: dict[str, Path], repeats: int) -> dict[str, Any]:
    """What a script prints as JSON, run by itself: it gets the files (JSON) and the repeats as arguments."""
    paths = json.dumps([str(path) for path in files.values()])
    done = subprocess.run(
        [sys.executable, "-c", script, paths, str(repeats)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def compared(seconds: list[float], name: str, theirs: list[float]) -> dict[str, str]:
    """Both times and their ratios: the first study opens, checks and decodes the files, later ones find them decoded."""
    first, later = seconds[0], float(np.median(seconds[1:] or seconds))
    other_first, other_later = theirs[0], float(np.median(theirs[1:] or theirs))
    return {
        f"{name}, first (s)": f"{other_first:.2f}",
        f"{name}, later (s)": f"{other_later:.2f}",
        f"ratio to {name}, first": f"{first / other_first:.2f}",
        f"ratio to {name}, later": f"{later / other_later:.2f}",
    }


def shown(seconds: list[float]) -> dict[str, str]:
    """Our times."""
    return {
        "ours, submission to result, first study (s)": f"{seconds[0]:.2f}",
        "ours, later, median (s)": f"{np.median(seconds[1:] or seconds):.2f}",
    }
