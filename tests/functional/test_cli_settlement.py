"""``summand settlement``: what people and programs read of a settlement."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import say

from shared_files import shared_data

FILE = "mssp/PY_Financial_and_Quality_Results_2023.csv"


def test_mssp_settles_a_whole_year(capsys: pytest.CaptureFixture[str]) -> None:
    """453 ACOs, 313 paid, three losses that only unpublished revenue explains; to people in a few lines."""
    path = shared_data(FILE)
    told = say(capsys, "settlement", "mssp", path, "--json").matches("settlement-mssp")
    assert (told["summary"]["acos"], told["summary"]["paid"], told["summary"]["owing"]) == (453, 313, 20)
    assert told["summary"]["minimum_rates_agree"] == 453
    assert told["summary"]["largest_difference_cents"] < 100
    shown = say(capsys, "settlement", "mssp", path)
    assert shown.code == 0
    assert "453 ACOs: 313 are paid 3,094,455,068.72" in shown.out
    assert "A1241" in shown.out


def test_mssp_of_one_aco_and_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    """The steps of one ACO; its payment split to the cent."""
    words = (
        "settlement",
        "mssp",
        shared_data(FILE),
        "--aco",
        "A1001",
        "--member",
        "clinics=2",
        "--member",
        "hospital=1",
    )
    told = say(capsys, *words, "--json").matches("settlement-mssp")
    assert told["acos"][0]["outcome"]["payment_cents"] == 7_342_626_774
    assert sum(part["cents"] for part in told["members"]) == 7_342_626_774
    shown = say(capsys, *words).out
    assert "73,426,267.74" in shown
    assert "48,950,845.16" in shown


def test_mssp_put_wrongly(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """No file, not text, an unknown ACO, weights that are none: one line and a code."""
    path, noise = shared_data(FILE), tmp_path / "noise.csv"
    noise.write_bytes(bytes(range(256)))
    assert say(capsys, "settlement", "mssp", tmp_path / "absent.csv", "--json").error["code"] == "usage"
    assert say(capsys, "settlement", "mssp", noise, "--json").error["code"] == "data.unreadable"
    assert say(capsys, "settlement", "mssp", path, "--aco", "A0", "--json").error["code"] == "usage"
    assert say(capsys, "settlement", "mssp", path, "--member", "a=1", "--json").error["code"] == "usage"
    wrong = say(capsys, "settlement", "mssp", path, "--aco", "A1001", "--member", "a=-1", "--json")
    assert wrong.error["code"] == "usage"


def test_split_by_coalitions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Both rules from a file; an unknown rule, a game that is none."""
    file = tmp_path / "game.json"
    file.write_text('{"values": {"a": 0, "b": 0, "c": 0, "a+b": 1200, "a+c": 1200, "b+c": 1200, "a+b+c": 1200}}')
    told = say(capsys, "settlement", "split", file, "--rule", "nucleolus", "--json").matches("settlement-split")
    assert [part["cents"] for part in told["parts"]] == [400, 400, 400]
    assert (told["in_core"], len(told["objections"])) == (False, 3)
    shown = say(capsys, "settlement", "split", file).out
    assert "a and b: by 4.00" in shown
    assert say(capsys, "settlement", "split", file, "--rule", "luck", "--json").error["code"] == "usage"
    file.write_text('{"values": {"a": 1, "b": 2}}')
    wrong = say(capsys, "settlement", "split", file, "--json")
    assert (wrong.code, wrong.error["code"]) == (10, "agreement.settlement_invalid")
