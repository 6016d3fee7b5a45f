"""What R printed, read back: lines of ``name key number``."""

from __future__ import annotations

from pathlib import Path


def r_output(file: str) -> dict[str, dict[str, float]]:
    """The numbers of one output file of R beside this module, by name and key."""
    found: dict[str, dict[str, float]] = {}
    lines = (Path(__file__).parent / file).read_text("utf-8").splitlines()
    for line in lines[1:]:  # the first names the versions
        name, key, value = line.rsplit(maxsplit=2)
        found.setdefault(name, {})[key] = float(value)
    return found
