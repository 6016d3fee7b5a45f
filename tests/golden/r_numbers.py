"""Reading what the R scripts of this folder printed: one line for each name, its numbers at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def r_numbers(file: str) -> dict[str, np.ndarray]:
    """The numbers of every line of an R script's output, by the words before them: ``name`` or ``a longer name``."""
    found = {}
    for line in Path(__file__).with_name(file).read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        words = line.split(" = ")
        found[words[0]] = np.array([np.nan if w == "NA" else float(w) for w in words[1].split()])
    return found
