"""Bad input to ``summand run``: a code, an exit code, one line, and never a traceback or a value."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from cli_kit import say

from summand.errors import by_code

FILES: Mapping[str, bytes] = {
    "ok.csv": b"y,x\n1,2\n2,3\n4,5\n3,7\n5,8\n",
    "noise.csv": bytes(range(256)) * 20,
    "noise.parquet": bytes(range(255, -1, -1)) * 20,
    "empty.csv": b"",
    "header.csv": b"y,x\n",
    "one.csv": b"y,x\n1,2\n",
    "three.csv": b"y,t,s\n1,1,0\n2,2,1\n1,3,2\n",
    "separated.csv": b"y,x,z,c\n0,1,2,5\n0,2,4,5\n0,3,6,5\n1,4,8,5\n1,5,10,5\n1,6,12,5\n",
    "constant.csv": b"y,x\n1,1\n1,2\n1,3\n1,5\n",
    "missing.csv": b"y,x\n1,\n2,\n3,\n",
    "negative.csv": b"t,s,g\n5,1,a\n6,0,a\n7,0,b\n-1,1,b\n",
    "nobody.csv": b"t,s,g\n5,0,a\n6,0,a\n7,0,b\n8,0,b\n",
    "weights.csv": b"t,s,g,w\n5,1,1,1\n6,0,2,0\n7,1,1,2\n8,0,2,1\n",
    "yes.csv": b"t,s\n5,yes\n6,no\n7,yes\n",
    "varied.csv": "\n".join(
        ["y,x,c", *(f"{1.25 * k + 0.01 * (k % 7)},{(k * 37 % 50) + 0.31},3" for k in range(60))]
    ).encode(),
    "wedge.csv": b"y,p,c,s\n5,1,a,2\n5,2,a,2\n5,3,a,2\n5,1,b,3\n5,2,b,3\n5,3,b,3\n5,1,d,3\n5,2,d,3\n5,3,d,3\n",
    "utf16.csv": "y,x\n1,2\n".encode("utf-16"),
    "schema.json": b'{"fields": [{"name": "y", "type": "number"}]}',
    "noise.json": b"\x00\x01",
}

CASES: Mapping[str, tuple[str, str]] = {
    "a file that is not there": ("linear|y ~ x|--sites|absent.csv", "data.unreadable"),
    "a folder": ("linear|y ~ x|--sites|.", "data.unreadable"),
    "noise as CSV": ("linear|y ~ x|--sites|noise.csv", "data.unreadable"),
    "noise as Parquet": ("linear|y ~ x|--sites|noise.parquet", "data.unreadable"),
    "UTF-16": ("linear|y ~ x|--sites|utf16.csv", "data.unreadable"),
    "no bytes": ("linear|y ~ x|--sites|empty.csv", "data.empty"),
    "a header alone": ("linear|y ~ x|--sites|header.csv", "data.empty"),
    "one row": ("linear|y ~ x|--sites|one.csv", "method.singular"),
    "an unknown column": ("linear|y ~ nope|--sites|ok.csv", "data.column_missing"),
    "a column without values": ("linear|y ~ x|--sites|missing.csv", "method.formula_invalid"),
    "half a formula": ("linear|y ~ x +|--sites|ok.csv", "method.formula_invalid"),
    "code in a formula": ("linear|y ~ __import__('os')|--sites|ok.csv", "method.formula_invalid"),
    "no outcome": ("linear|y|--sites|ok.csv", "method.formula_invalid"),
    "a survival outcome in a linear model": ("linear|Surv(t, s) ~ y|--sites|three.csv", "method.formula_invalid"),
    "status 0, 1 and 2": ("cox|Surv(t, s) ~ y|--sites|three.csv", "data.status_invalid"),
    "status yes and no": ("km|Surv(t, s) ~ 1|--sites|yes.csv", "data.status_invalid"),
    "a negative time": ("km|Surv(t, s) ~ g|--sites|negative.csv", "data.value_out_of_range"),
    "no event": ("cox|Surv(t, s) ~ g|--sites|nobody.csv", "method.outcome_constant"),
    "a constant outcome": ("logistic|y ~ x|--sites|constant.csv", "method.outcome_constant"),
    "separation": ("logistic|y ~ x|--sites|separated.csv", "method.separation"),
    "collinear columns": ("linear|y ~ x + z|--sites|separated.csv", "method.singular"),
    "a constant column": ("linear|y ~ x + c|--sites|separated.csv", "method.singular"),
    "no groups to compare": ("logrank|Surv(t, s) ~ 1|--sites|nobody.csv", "method.formula_invalid"),
    "an unknown column to deal by": ("linear|y ~ x|--sites|ok.csv|--by|nope", "data.column_missing"),
    "two files to deal": ("linear|y ~ x|--sites|ok.csv|one.csv|--by|x", "usage"),
    "no file": ("linear|y ~ x", "usage"),
    "an unknown site effect": ("linear|y ~ x|--sites|ok.csv|--site|strata", "usage"),
    "an unknown handling of ties": ("cox|Surv(t, s) ~ g|--sites|nobody.csv|--ties|exact", "usage"),
    "an unknown option": ("linear|y ~ x|--sites|ok.csv|--nope", "usage"),
    "an unknown command": ("forest|y ~ x|--sites|ok.csv", "usage"),
    "a dictionary that is not there": ("linear|y ~ x|--sites|ok.csv|--dictionary|absent.json", "usage"),
    "noise as a dictionary": ("linear|y ~ x|--sites|ok.csv|--dictionary|noise.json", "data.dictionary_invalid"),
    "a dictionary without a range": ("linear|y ~ x|--sites|ok.csv|--dictionary|schema.json", "data.dictionary_invalid"),
    "trees of a curve": ("boosting|y ~ poly(x, 2)|--sites|ok.csv", "method.formula_invalid"),
    "a column that may only rise and only fall": ("boosting|y ~ x|--sites|ok.csv|--rising|x|--falling|x", "usage"),
    "a curve to fill": ("impute|y ~ poly(x, 2)|--sites|varied.csv", "method.formula_invalid"),
    "a constant column to fill": ("impute|y ~ x + c|--sites|varied.csv", "method.singular"),
    "a code for never that is no number": (
        "difference_in_differences|y|--period|x|--treated-from|x|--never|nan|--sites|ok.csv",
        "method.formula_invalid",
    ),
    "a stepped wedge whose outcome is constant": (
        "stepped_wedge|y|--period|p|--cluster|c|--treated-from|s|--sites|wedge.csv",
        "method.outcome_constant",
    ),
    "a picture of an unknown kind": ("linear|y ~ x|--sites|ok.csv|--plot|a.bmp", "usage"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the bad files."""
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", CASES)
def test_bad_input_gets_a_code_and_a_remedy(capsys: pytest.CaptureFixture[str], case: str) -> None:
    """With --json the error is one object on standard error, standard output is empty, and the exit code is the kind's."""
    words, code = CASES[case]

    said = say(capsys, "run", *words.split("|"), "--json")

    assert said.error["code"] == code
    assert set(said.error) >= {"code", "message", "remedy"}
    assert said.out == ""
    assert said.code == by_code()[code].exit_code


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", ["separation", "a file that is not there", "an unknown option"])
def test_a_person_gets_one_line(capsys: pytest.CaptureFixture[str], case: str) -> None:
    """Without --json the error is one line that ends with its code."""
    words, code = CASES[case]

    said = say(capsys, "run", *words.split("|"))

    assert said.err.count("\n") == 1
    assert said.err.startswith("summand: ")
    assert said.err.endswith(f"[{code}]\n")


@pytest.mark.usefixtures("folder")
def test_a_site_that_refuses_is_told_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a site of `summand run` finds is the error alone, also where nobody has configured logging."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    said = say(capsys, "run", "cox", "Surv(t, s) ~ g", "--weights", "w", "--sites", "weights.csv", "--json")

    assert said.error["code"] == "data.value_out_of_range"


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_drawn_is_still_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A result without a picture is printed, then the picture is refused; a folder that is not there is refused first."""
    drawn = say(capsys, "run", "ordinal", "y ~ 1", "--sites", "ok.csv", "--plot", "a.svg", "--json")
    nowhere = say(capsys, "run", "linear", "y ~ x", "--sites", "ok.csv", "--plot", "absent/a.svg", "--json")

    assert drawn.json["n"] == 5
    assert (drawn.code, drawn.error["code"]) == (2, "usage")
    assert (nowhere.out, nowhere.error["code"]) == ("", "usage")
    assert "folder" in nowhere.error["message"]


@pytest.mark.usefixtures("folder")
def test_an_empty_site_beside_a_full_one_is_a_site(capsys: pytest.CaptureFixture[str]) -> None:
    """A file with a header alone adds nothing, and the others' fit is the fit."""
    alone = say(capsys, "run", "linear", "y ~ x", "--sites", "ok.csv", "--json").json
    beside = say(capsys, "run", "linear", "y ~ x", "--sites", "ok.csv", "header.csv", "--json").json

    assert (alone["sites"], beside["sites"]) == (1, 2)
    for one, other in zip(alone["terms"], beside["terms"], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-12)


def test_a_command_without_words_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`summand` and `summand run` alone print what they can do and end with the code for usage."""
    for words in ((), ("run",), ("study",)):
        said = say(capsys, *words)
        assert said.code == 2
        assert "Usage: summand" in said.out


def test_help_and_version_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    """--help and --version are no errors."""
    assert say(capsys, "--version").out.startswith("summand ")
    assert say(capsys, "--version").code == 0
    assert say(capsys, "run", "cox", "--help").code == 0
