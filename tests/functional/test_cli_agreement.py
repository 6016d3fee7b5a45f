"""``summand agreement``: what each command prints is what its schema says."""

from __future__ import annotations

import base64
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


def test_a_signature_made_on_another_device(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The printed bytes are signed elsewhere, and the signature is taken with --signature; another party's is not."""
    request = say(capsys, "agreement", "signing-request", folder / "a.json", "--party", "north").matches(
        "agreement-signing-request"
    )
    signature = base64.b64encode(
        PrivateKey.load(folder / "north.pem").sign(base64.b64decode(request["to_sign"]))
    ).decode()
    words = ["agreement", "sign", folder / "a.json", "--signature", signature, "--out", folder / "n.signed.json"]

    assert say(capsys, *words, "--party", "south").code == 10
    assert "1 of 3 parties" in say(capsys, *words, "--party", "north").out
    assert say(capsys, "agreement", "sign", folder / "a.json", "--party", "north").code == 2


def test_compare_in_words_and_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What changed in meaning, with its direction and who gains."""
    page = json.loads((folder / "a.json").read_text())
    page["data"]["min_cell"] = 25
    (folder / "b.json").write_text(json.dumps(page))

    assert (
        "patients gains; data users loses"
        in say(capsys, "agreement", "compare", folder / "a.json", folder / "b.json").out
    )
    found = say(capsys, "agreement", "compare", folder / "b.json", folder / "a.json", "--json").matches(
        "agreement-compare"
    )
    assert found["counts"] == {"tighter": 0, "looser": 1, "shifts": 0, "read": 0}
    assert "Nothing changed" in say(capsys, "agreement", "compare", folder / "a.json", folder / "a.json").out


def test_a_negotiation_from_offer_to_signed_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Offer, comment, agree, sign: each a command; what is out of turn is refused and not written."""
    acts = folder / "n.jsonl"

    def as_party(party: str) -> list[object]:
        return ["--party", party, "--key", folder / f"{party}.pem"]

    assert (
        "Turn of: south, west"
        in say(capsys, "agreement", "offer", acts, folder / "a.json", *as_party("north"), "--note", "hello").out
    )
    refused = say(capsys, "agreement", "agree", acts, *as_party("north"))
    assert refused.code == 10 and len(acts.read_text().splitlines()) == 1
    say(
        capsys, "agreement", "comment", acts, "--clause", "J.foreground_rule", "--text", "Why joint?", *as_party("west")
    )
    assert (
        "[2] J.foreground_rule, west: Why joint? (resolved by west)"
        in say(capsys, "agreement", "resolve", acts, 2, *as_party("west")).out
    )
    for party in ("south", "west"):
        assert say(capsys, "agreement", "agree", acts, *as_party(party)).code == 0
    for party in NAMES:
        assert say(capsys, "agreement", "conclude", acts, *as_party(party)).code == 0
    said = say(capsys, "agreement", "negotiation", acts, "--json", "--out", folder / "done.signed.json")
    assert said.matches("agreement-negotiation")["state"] == "executed"
    assert say(capsys, "agreement", "verify", folder / "done.signed.json").code == 0
    assert say(capsys, "agreement", "withdraw", acts, *as_party("north")).code == 10

    lines = acts.read_bytes().splitlines()
    acts.write_bytes(b"\n".join([lines[0], *lines[2:]]))
    assert "does not follow" in say(capsys, "agreement", "negotiation", acts).err


def test_priorities_side_by_side(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Signed statements of two parties, laid side by side against the agreement's keys."""
    urn = json.loads((folder / "a.json").read_text())["identity"]["id"]
    for party, cost in (("north", 1), ("south", 5)):
        rows = [{"topic": "cost", "importance": cost}, {"topic": "quality", "importance": 6 - cost}]
        (folder / f"{party}.json").write_text(
            json.dumps({"agreement": urn, "party": party, "priorities": rows, "stated_on": "2026-03-01"})
        )
        assert (
            say(
                capsys,
                "agreement",
                "sign-priorities",
                folder / f"{party}.json",
                "--key",
                folder / f"{party}.pem",
                "--out",
                folder / f"{party}.s.json",
            ).code
            == 0
        )
    words = ["agreement", "priorities", folder / "a.json", folder / "north.s.json", folder / "south.s.json"]

    assert say(capsys, *words, "--json").matches("agreement-priorities")["silent"] == ["west"]
    assert "trade   north cares more for better care, south for lower cost" in say(capsys, *words).out


def test_exports(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON, ODRL and Dataspace Protocol to the screen or a file; consent in words and as JSON; other forms are refused."""
    file = folder / "a.json"
    assert say(capsys, "agreement", "export", file, "--as", "json").json["format"] == "summand.agreement/1"
    assert len(say(capsys, "agreement", "export", file, "--as", "odrl").matches("agreement-odrl")["agreements"]) == 6
    said = say(capsys, "agreement", "export", file, "--as", "dataspace", "--dataset", "north", "--recipient", "south")
    assert said.matches("agreement-dataspace")["agreements"][0]["@type"] == "Agreement"
    assert say(capsys, "agreement", "export", file, "--as", "odrl", "--out", folder / "o.json").code == 0
    assert json.loads((folder / "o.json").read_text())["agreements"]
    assert (
        say(capsys, "agreement", "consent", file, "--json").matches("agreement-consent")["rows"][0]["answer"] == "yes"
    )
    assert "yes  north for south, 53(1)(e): DUO:0000006 (HMB)" in say(capsys, "agreement", "consent", file).out
    for words in (
        ["--as", "word"],
        ["--as", "pdf"],
        ["--as", "odrl", "--dataset", "nothing"],
        ["--as", "odrl", "--out", file],
    ):
        assert say(capsys, "agreement", "export", file, *words).code == 2


def test_a_pdf(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A PDF is written, and never over a file that is there."""
    pytest.importorskip("typst", reason="the extra 'reports' is not installed")
    words = ["agreement", "export", folder / "a.json", "--as", "pdf", "--out", folder / "a.pdf"]
    assert say(capsys, *words).code == 0 and (folder / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert say(capsys, *words).code == 2


def test_cards_and_setting_a_term(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cards in words and as JSON; a term is set by its pointer, and what the checker says about it is told."""
    assert (
        say(capsys, "agreement", "cards", folder / "a.json", "--json").matches("agreement-cards")["cards"][0]["letter"]
        == "A"
    )
    say(capsys, "agreement", "new", "cross-border", "--out", folder / "d.yaml")
    text = say(capsys, "agreement", "cards", folder / "d.yaml").out
    assert "? /identity/governing_law" in text and "Without a choice of law" in text
    words = ["agreement", "set", folder / "a.json", "/data/min_cell"]
    assert "looser than the profile" in say(capsys, *words, "5", "--out", folder / "b.json").out
    assert json.loads((folder / "b.json").read_text())["data"]["min_cell"] == 5
    assert say(capsys, *words, "ten", "--out", folder / "c.json").code == 2
