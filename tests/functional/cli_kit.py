"""What the tests of the command line share: run one command in this process, and read what it printed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from summand.cli import main

SCHEMAS = Path(__file__).resolve().parent.parent.parent / "docs" / "reference"


@dataclass(frozen=True)
class Said:
    """Exit code, standard output and standard error of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which is exactly one JSON object."""
        return dict(json.loads(self.out))

    @property
    def error(self) -> dict[str, Any]:
        """Standard error, which is exactly one JSON object."""
        return dict(json.loads(self.err))

    def matches(self, schema: str) -> dict[str, Any]:
        """Standard output, once it is what the documented schema says."""
        jsonschema.validate(self.json, json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8")))
        return self.json


def say(capsys: pytest.CaptureFixture[str], *words: object) -> Said:
    """Run ``summand WORDS`` in this process."""
    capsys.readouterr()
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err)
