"""``summand agreement``: what each command prints is what its schema says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_kit import say

from summand.agreement import TEMPLATES, complete_example
from summand.signing import PrivateKey

NAMES = ("north", "south", "west")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a complete agreement and the three parties' keys."""
    parties = []
    for name in NAMES:
        key = PrivateKey.generate()
        key.save(tmp_path / f"{name}.pem")
        parties.append({"id": name, "key": key.public.text})
    (tmp_path / "a.json").write_text(json.dumps(complete_example(parties).to_dict()))
    return tmp_path


def test_what_is_printed_is_what_the_schemas_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--json`` of each command is one object of its documented form."""
    words = ["--party", "north", "--key", folder / "north.pem", "--out", folder / "s.signed.json"]
    assert say(capsys, "agreement", "sign", folder / "a.json", *words).code == 0

    kinds = say(capsys, "agreement", "kinds", "--json").matches("agreement-kinds")["kinds"]
    assert [kind["template"] for kind in kinds] == list(TEMPLATES)
    assert say(capsys, "agreement", "check", folder / "a.json", "--json").matches("agreement-check")["ok"]
    assert say(capsys, "agreement", "show", folder / "a.json", "--json").matches("agreement-show")["hash"]
    said = say(capsys, "agreement", "verify", folder / "s.signed.json", "--json")
    assert said.code == 10 and not said.matches("agreement-verify")["fully_signed"]
