"""The demonstrations on real patients, each study beside the pooled fit of an independent library."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from docs.evidence._shared import DATA


def _demo(name: str) -> dict[str, Any]:
    """The document of one demonstration; the heart hospitals are downloaded where ../shared/data is not there."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "summand", "demo", name, "--out", folder]
        if name == "heart" and (DATA / "heart").exists():
            command += ["--data", str(DATA / "heart")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return dict(json.loads((Path(folder) / "result.json").read_text()))


def rows() -> list[list[str]]:
    """One for each comparison of each demonstration."""
    return [row for name in ("lung", "heart") for row in _compared(_demo(name))]


def _compared(document: dict[str, Any]) -> list[list[str]]:
    titles = {study["key"]: study for study in document["studies"]}
    found = []
    for item in document["comparison"]["studies"]:
        study = titles[item["study"]]
        result = study["result"]
        largest = max((pair["difference"] for pair in item["pairs"]), default=0.0)
        n = result["n"] if isinstance(result["n"], int) else "hidden"
        what = f"{document['demo']}: {study['title']}"
        found.append([what, str(n), str(result["sites"]), str(result["rounds"]), item["library"], f"{largest:.1e}"])
    return found
