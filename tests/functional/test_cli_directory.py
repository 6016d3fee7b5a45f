"""``summand directory``: from a file of organisations to a coalition with its reasons."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_kit import say

from directory_cases import holding, organisation, seeker
from summand.signing import PrivateKey

CSV = "name,country,kinds,capabilities,lat,lng\nNorth Clinic,NL,provider,imaging,52.1,4.9\nSouth Lab,DE,university,statistics,50,8\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a directory of two organisations and an entry of one that looks for partners."""
    (tmp_path / "o.csv").write_text(CSV)
    needs = seeker({"capability": "imaging"}, {"capability": "statistics"}, {"data": {"theme": "stroke"}})
    (tmp_path / "seeker.json").write_text(json.dumps(needs.to_dict()))
    return tmp_path


def test_import_list_show_match(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Each command says it in words, and with --json as its schema says."""
    where = ["--directory", folder / "d.db"]
    assert "2 lines read: 2 new" in say(capsys, "directory", "import", folder / "o.csv", *where).out
    assert (
        say(capsys, "directory", "import", folder / "o.csv", *where, "--json").matches("directory-import")["counts"][
            "unchanged"
        ]
        == 2
    )

    listed = say(capsys, "directory", "list", *where, "--country", "DE", "--json").matches("directory-list")
    assert [row["id"] for row in listed["organisations"]] == ["south-lab-de"]
    assert {"value": "NL", "count": 1} in listed["facets"]["country"]
    assert "North Clinic" in say(capsys, "directory", "list", *where).out

    assert (
        say(capsys, "directory", "show", "south-lab-de", *where, "--json").matches("directory-show")["standing"]
        == "registered"
    )
    assert "as a public register knows it" in say(capsys, "directory", "show", "south-lab-de", *where).out.lower()

    found = say(capsys, "directory", "match", folder / "seeker.json", *where, "--json").matches("directory-match")
    assert {member["id"] for member in found["coalitions"][0]["members"]} == {"north-clinic-nl", "south-lab-de"}
    assert found["uncoverable"] == ["need-2"]
    text = say(capsys, "directory", "match", folder / "seeker.json", *where).out
    assert "Nobody listed covers: need-2" in text
    assert "need-0: North Clinic has imaging." in text


def test_an_import_with_a_wrong_line(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The wrong line is named with line and column, the others go in, and the exit code tells."""
    (folder / "o.csv").write_text(CSV + "East,XX,provider,,,\n")
    said = say(capsys, "directory", "import", folder / "o.csv", "--directory", folder / "d.db")
    assert said.code == 2
    assert "o.csv:4: [country]" in said.out


def test_sign_and_add(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A signed entry goes in with its fingerprint; an unsigned one no longer takes its place."""
    key, where = PrivateKey.generate(), ["--directory", folder / "d.db"]
    key.save(folder / "north.pem")
    entry = organisation("north", key=key.public.text)
    (folder / "north.json").write_text(json.dumps(entry.to_dict()))
    assert (
        say(
            capsys,
            "directory",
            "sign",
            folder / "north.json",
            "--key",
            folder / "north.pem",
            "--out",
            folder / "s.json",
        ).code
        == 0
    )

    assert key.public.fingerprint in say(capsys, "directory", "add", folder / "s.json", *where).out
    refused = say(capsys, "directory", "add", folder / "north.json", *where)
    assert refused.code == 10 and "only its key" in refused.err
    assert say(capsys, "directory", "remove", "north", *where).code == 0
    assert say(capsys, "directory", "show", "north", *where).code == 2


def test_datasets_in_and_out(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A catalogue in JSON-LD goes out of one entry and into another; what it lacks is said on standard error."""
    where = ["--directory", folder / "d.db"]
    (folder / "h.json").write_text(json.dumps(holding("holder", "DUO:0000006").organisation.to_dict()))
    (folder / "o.json").write_text(json.dumps(organisation("other").to_dict()))
    say(capsys, "directory", "add", folder / "h.json", *where)
    said = say(capsys, "directory", "catalogue", "holder", *where)
    (folder / "c.jsonld").write_text(said.out)
    assert "healthdcatap:hdab" in said.err

    assert say(capsys, "directory", "add", folder / "o.json", "--data", folder / "c.jsonld", *where).code == 0
    shown = say(capsys, "directory", "show", "other", *where, "--json").matches("directory-show")
    assert shown["organisation"]["data_assets"][0]["title"] == "stroke registry"


@pytest.mark.parametrize(
    "words",
    [
        ["list"], ["show", "x"], ["import", "nothing.csv"], ["import", "x.txt"], ["match", "none.json"],
        ["import", "x.csv", "--kind", "starship"], ["list", "--certificate-expiry", "soon"],
    ],
)  # fmt: skip
def test_what_is_put_wrongly(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str]) -> None:
    """A wrong call ends with exit code 2 and a sentence, never a traceback."""
    said = say(capsys, "directory", *words, "--directory", tmp_path / "d.db")
    assert said.code == 2
    assert "Traceback" not in said.err + said.out
