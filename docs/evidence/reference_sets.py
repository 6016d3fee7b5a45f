"""NIST's Statistical Reference Datasets (linear regression), dealt to 3 sites: correct digits of the worst coefficient."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from docs.evidence._shared import DATA
from summand.errors import SingularInformation
from summand.federation import Federation


def _powers(most: int) -> str:
    return " + ".join(["x1", *(f"I(x1^{power})" for power in range(2, most + 1))])


MODELS = {
    "Norris": "y ~ x1",
    "Pontius": f"y ~ {_powers(2)}",
    "NoInt1": "y ~ x1 - 1",
    "NoInt2": "y ~ x1 - 1",
    "Longley": "y ~ x1 + x2 + x3 + x4 + x5 + x6",
    "Wampler1": f"y ~ {_powers(5)}",
    "Wampler2": f"y ~ {_powers(5)}",
    "Filip": f"y ~ {_powers(10)}",
}
_NUMBER = r"[-+]?\d+\.?\d*(?:[Ee][-+]?\d+)?"


def read(path: Path) -> tuple[list[float], np.ndarray]:
    """The certified coefficients, and the data of shape (rows, 1 + predictors), outcome first."""
    text = path.read_text()
    certified = [float(value) for value in re.findall(rf"^\s+B\d+\s+({_NUMBER})\s+{_NUMBER}\s*$", text, re.MULTILINE)]
    first = int(re.search(r"Data\s+\(lines (\d+) to", text).group(1))  # type: ignore[union-attr]
    lines = [line.split() for line in text.splitlines()[first - 1 :] if line.strip()]
    return certified, np.array(lines, dtype=float)


def _fit(outcome: np.ndarray, columns: np.ndarray, formula: str) -> dict:
    tables = {
        f"site{i}": {"y": outcome[i::3], **{f"x{j + 1}": columns[i::3, j] for j in range(columns.shape[1])}}
        for i in range(3)
    }
    with Federation.in_memory(tables) as federation:
        return federation.run({"name": "linear", "formula": formula}).to_dict()


def rows() -> list[list[str]]:
    """One for each data set, and one for Filip given as ten columns instead of powers of one."""
    if not DATA.exists():
        return [["NIST StRD", "not here", "", "", "", ""]]
    found = []
    for name, formula in MODELS.items():
        certified, data = read(DATA / "nist" / f"{name}.dat")
        result = _fit(data[:, 0], data[:, 1:], formula)
        digits = min(
            15.0 if term["estimate"] == true else -math.log10(abs(term["estimate"] - true) / abs(true))
            for term, true in zip(result["terms"], certified, strict=True)
        )
        what = f"NIST StRD {name} (linear, trial)"
        found.append([what, str(len(data)), "3", str(result["rounds"]), "certified values", f"{digits:.1f} digits"])
    return [*found, _filip_as_columns()]


def _filip_as_columns() -> list[str]:
    """Ten powers computed beforehand are too nearly dependent: a diagnosis, and no wrong digits."""
    _, data = read(DATA / "nist" / "Filip.dat")
    try:
        _fit(data[:, 0], data[:, [1]] ** np.arange(1, 11), "y ~ " + " + ".join(f"x{i}" for i in range(1, 11)))
    except SingularInformation as error:
        return ["NIST StRD Filip, powers as columns of their own", str(len(data)), "3", "", "", error.message]
    return ["NIST StRD Filip, powers as columns of their own", str(len(data)), "3", "", "", "was fitted"]
