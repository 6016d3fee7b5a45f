"""Correct digits of federated linear regression on NIST's Statistical Reference Datasets, dealt to 3 sites."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from summand.federation import Federation

MODELS = {
    "Norris": "y ~ x1",
    "Pontius": "y ~ x1 + I(x1^2)",
    "Longley": "y ~ x1 + x2 + x3 + x4 + x5 + x6",
}
_NUMBER = r"[-+]?\d+\.?\d*(?:[Ee][-+]?\d+)?"


def read(path: Path) -> tuple[list[float], np.ndarray]:
    """The certified coefficients, and the data of shape (rows, 1 + predictors), outcome first."""
    text = path.read_text()
    certified = [float(value) for value in re.findall(rf"^\s+B\d+\s+({_NUMBER})\s+{_NUMBER}\s*$", text, re.MULTILINE)]
    first = int(re.search(r"Data\s+\(lines (\d+) to", text).group(1))  # type: ignore[union-attr]
    lines = [line.split() for line in text.splitlines()[first - 1 :] if line.strip()]
    return certified, np.array(lines, dtype=float)


def digits(folder: Path) -> list[tuple[str, int, int, float]]:
    """For each data set: its name, rows, rounds, and correct digits of its worst coefficient."""
    found = []
    for name, formula in MODELS.items():
        certified, data = read(folder / f"{name}.dat")
        tables = {
            f"site{i}": {"y": data[i::3, 0], **{f"x{j}": data[i::3, j] for j in range(1, data.shape[1])}}
            for i in range(3)
        }
        with Federation.in_memory(tables) as federation:
            result = federation.run({"name": "linear", "formula": formula}).to_dict()
        worst = min(
            15.0 if term["estimate"] == true else -math.log10(abs(term["estimate"] - true) / abs(true))
            for term, true in zip(result["terms"], certified, strict=True)
        )
        found.append((name, len(data), result["rounds"], worst))
    return found
