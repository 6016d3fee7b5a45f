"""Reference values that an R script printed: a name and its numbers on each line."""

from __future__ import annotations

from pathlib import Path


def r_values(name: str) -> dict[str, list[float]]:
    """The numbers of ``r_<name>.txt`` beside this file, by name."""
    lines = (Path(__file__).parent / f"r_{name}.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {key: [float(number) for number in numbers] for key, *numbers in rows}
