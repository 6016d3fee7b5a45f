"""``summand agreement``: from a template to a file that every party has signed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from summand.agreement import TEMPLATES, complete_example, load_signed
from summand.cli._agreement import agreement_app
from summand.errors import SignatureInvalid, SummandError, UsageError
from summand.signing import PrivateKey

NAMES = ("north", "south", "west")


def run(*arguments: object, code: int = 0) -> str:
    """Standard output of one command that exits with ``code``."""
    result = CliRunner().invoke(agreement_app, [str(argument) for argument in arguments])
    if isinstance(result.exception, SummandError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a complete agreement and the three parties' keys."""
    parties = []
    for name in NAMES:
        key = PrivateKey.generate()
        key.save(tmp_path / f"{name}.pem")
        parties.append({"id": name, "key": key.public.text})
    (tmp_path / "a.json").write_text(json.dumps(complete_example(parties).to_dict(), indent=1))
    return tmp_path


@pytest.mark.parametrize("template", TEMPLATES)
def test_new_then_check(template: str, tmp_path: Path) -> None:
    """A new draft fails its check with exit code 10; each finding has file, line, clause and remedy."""
    file = tmp_path / "draft.yaml"
    run("new", template, "--party", "clinic-a", "--party", "clinic-b", "--party", "clinic-c", "--out", file)

    text = run("check", file, code=10)
    found = json.loads(run("check", file, "--json", code=10))

    assert "draft.yaml:9: A.title [incomplete]" in text
    assert "checked against each other once every term is there" in text
    assert found["ok"] is False
    assert {"code", "clause", "pointer", "line", "message", "remedy", "why"} == set(found["findings"][0])
    assert "[needs counsel]" in run("show", file)


def test_new_prints_or_writes_and_never_overwrites(tmp_path: Path) -> None:
    """Without --out the draft is printed; a file that is there is left alone."""
    file = tmp_path / "draft.yaml"
    file.write_text("mine")

    assert run("new", "provider-provider").startswith("# Cover page")
    with pytest.raises(UsageError, match="there already"):
        run("new", "provider-provider", "--out", file)
    assert file.read_text() == "mine"


def test_check_of_a_complete_agreement(folder: Path) -> None:
    """A complete agreement passes with exit code 0."""
    assert "may be signed" in run("check", folder / "a.json")
    assert json.loads(run("check", folder / "a.json", "--json")) == {"ok": True, "findings": []}


def test_show_in_plain_words(folder: Path) -> None:
    """Show prints sections in plain words and the hash; with --json, the same as one object."""
    text = run("show", folder / "a.json")
    value = json.loads(run("show", folder / "a.json", "--json"))

    assert "## Why" in text
    assert value["hash"] in text
    assert value["sections"][0]["heading"] == "This agreement"


def test_terms_prints_the_prose() -> None:
    """The standard terms can be read."""
    assert "## A. Identity" in run("terms", "cross-border")


def test_parties_sign_in_turn(folder: Path) -> None:
    """Each party signs the file the one before sent; the last makes it verify."""
    run("sign", folder / "a.json", "--party", "north", "--key", folder / "north.pem", "--out", folder / "1.signed.json")
    run(
        "sign",
        folder / "1.signed.json",
        "--party",
        "south",
        "--key",
        folder / "south.pem",
        "--out",
        folder / "2.signed.json",
    )
    with pytest.raises(SignatureInvalid, match=r"west \(missing\)"):
        run("verify", folder / "2.signed.json")
    said = run(
        "sign",
        folder / "2.signed.json",
        "--party",
        "west",
        "--key",
        folder / "west.pem",
        "--out",
        folder / "3.signed.json",
    )

    assert "3 of 3 parties" in said
    assert run("verify", folder / "3.signed.json").count("valid") == 3
    assert load_signed(folder / "3.signed.json").is_fully_signed
    assert "## Who" in run("show", folder / "3.signed.json")
    assert "may be signed" in run("check", folder / "3.signed.json")


def test_counterparts_are_joined(folder: Path) -> None:
    """Parties that signed copies apart verify them together and write the joined file."""
    for name in NAMES:
        run("sign", folder / "a.json", "--party", name, "--key", folder / f"{name}.pem")
    files = [folder / f"a.{name}.signed.json" for name in NAMES]

    value = json.loads(run("verify", *files, "--json", "--out", folder / "all.signed.json"))

    assert value["fully_signed"] is True
    assert value["effective"] is True
    assert load_signed(folder / "all.signed.json").is_effective


def test_a_wrong_key_and_a_tampered_file(folder: Path) -> None:
    """Another party's key is refused, and so is a signed file whose payload was edited."""
    with pytest.raises(SignatureInvalid, match="not the one"):
        run("sign", folder / "a.json", "--party", "north", "--key", folder / "south.pem")
    run("sign", folder / "a.json", "--party", "north", "--key", folder / "north.pem", "--out", folder / "1.signed.json")
    value = json.loads((folder / "1.signed.json").read_text())
    value["payload"] = value["payload"][:-8] + "AAAA" + value["payload"][-4:]
    (folder / "2.signed.json").write_text(json.dumps(value))

    with pytest.raises(SummandError) as caught:
        run("verify", folder / "2.signed.json")

    assert caught.value.exit_code == 10
