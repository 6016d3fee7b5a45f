"""``summand governance`` as it is typed, over a served federation, and the page that lists the acts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_kit import Said, say

from disk_federation import write_csv
from mailbox_kit import mailbox, serving
from process_federation import ProcessFederation
from summand.governance import FORMS
from wire import COLUMNS, small_partnership, small_tables

pytestmark = [pytest.mark.timeout(180)]
SITES = ("north", "south", "west")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A hub and three sites; the parties' keys in files."""
    made = small_partnership(tables=small_tables(SITES, rows=30), schema=COLUMNS)
    federation = ProcessFederation(tmp_path_factory.mktemp("governed"), made, write_csv)
    (federation.root / "federation.json").write_text(json.dumps(federation.description.to_dict()))
    for party, key in made.party_keys.items():
        key.save(federation.root / f"{party}.pem")
    made.analyst_key.save(federation.root / "analyst.pem")
    yield federation
    federation.close()


def ask(served: ProcessFederation, capsys: pytest.CaptureFixture[str], who: str, *words: object) -> Said:
    """Run ``summand governance WORDS`` with somebody's key."""
    options = ["--federation", served.root / "federation.json", "--key", served.root / f"{who}.pem"]
    return say(capsys, "governance", *words, *options)


@pytest.mark.processes
def test_a_motion_on_a_request_from_opening_to_veto(served, capsys, tmp_path):
    """Open it, see that it waits, vote, be told what does not count, veto; the veto closes the holder's site."""
    request = tmp_path / "request.json"
    options = ["--federation", served.root / "federation.json", "--key", served.root / "analyst.pem"]
    assert say(capsys, "study", "submit", "linear", "y ~ x", *options, "--out", request).code == 0
    opened = ask(
        served, capsys, "north", "open", "Readmissions", "--topic", "study", "--body", "steering", "--request", request,
        "--id", "m1", "--json",
    ).matches("motion")  # fmt: skip
    assert (opened["outcome"], opened["waits_for"], opened["datasets"][0]) == ("open", list(SITES), "data-north")
    needs = ask(served, capsys, "south", "needs", "--json").matches("needs")
    assert [need["text"] for need in needs["needs"] if need["kind"] == "vote"] == ["Vote for south: Readmissions"]
    assert ask(served, capsys, "south", "vote", "m1", "yes", "--json").matches("motion")["waits_for"] == [
        "north",
        "west",
    ]
    told = ask(served, capsys, "analyst", "vote", "m1", "yes", "--json")
    assert (told.code, told.error["code"]) == (10, "agreement.act_invalid")
    assert "may not vote" in told.error["message"]
    wrong = ask(served, capsys, "west", "vote", "m1", "perhaps", "--json")
    assert wrong.error["code"] == "agreement.act_invalid"
    assert ask(served, capsys, "west", "veto", "data-west", "--motion", "m1", "--reason", "not for this").code == 0
    shown = ask(served, capsys, "west", "show", "--json").matches("governance")
    assert shown["motions"][0]["vetoes"][0]["party"] == "west"
    assert len(shown["ignored"]) == 1
    refused = say(capsys, "study", "submit", *options, "--request", request, "--wait", "--json")
    assert (refused.code, refused.error["code"]) == (11, "guard.holder_veto")
    out = ask(served, capsys, "north", "approved", "m1", request, "--out", tmp_path / "approved.json")
    assert out.code == 11


@pytest.mark.processes
def test_any_act_may_be_stated_and_is_told_in_words(served, capsys):
    """A dispute and a task by the general command; the tables for a person."""
    about = {"kind": "agreement", "id": served.partnership.agreement.hash}
    dispute = {"id": "d1", "about": about, "text": "Who pays?"}
    assert ask(served, capsys, "west", "state", "dispute.raised", "--fields", json.dumps(dispute)).code == 0
    task = {"id": "t1", "on": about, "title": "Send the form", "assignee": "north", "due": "2030-01-01"}
    assert ask(served, capsys, "west", "state", "task.opened", "--fields", json.dumps(task)).code == 0
    said = ask(served, capsys, "north", "show").out
    assert "principal investigators" in said
    assert "Send the form" in said
    assert "Send the form" in ask(served, capsys, "north", "needs").out
    for words in (["state", "task.opened"], ["state", "no.act"], ["state", "task.done", "--fields", '{"act": "x"}']):
        assert ask(served, capsys, "west", *words).code in (2, 10)
    assert ask(served, capsys, "west", "show", "--at", "yesterday").code == 2
    assert ask(served, capsys, "west", "show", "--motion", "none").code == 10


@pytest.mark.processes
def test_a_digest_reaches_whom_something_waits_for(served, capsys, tmp_path):
    """A letter to who may vote, none to whom nothing waits for; news once; nothing to hosts that are not listed."""
    assert (
        ask(served, capsys, "north", "open", "Budget", "--topic", "study", "--body", "steering", "--id", "m9").code == 0
    )
    box = mailbox()
    with serving(box) as port:
        settings, memory = tmp_path / "notices.json", tmp_path / "last.txt"
        given = {
            "smtp": {"host": "127.0.0.1", "port": port, "sender": "summand@hub.example", "security": "none"},
            "addresses": {"south": "lead@south.example"},
        }  # fmt: skip
        settings.write_text(json.dumps(given))
        dry = ask(served, capsys, "north", "digest", settings, "--dry-run")
        assert "Vote for south: Budget" in dry.out
        assert box.letters == []
        sent = ask(served, capsys, "north", "digest", settings, "--memory", memory, "--json").matches("digest")
        assert sent == {"letters": 1, "webhooks": 0}
        assert "Motion opened: Budget" in box.letters[0]
        assert ask(served, capsys, "north", "digest", settings, "--memory", memory).code == 0
        assert "Motion opened: Budget" not in box.letters[1]
        hook = {"url": "https://elsewhere.example/", "name": "south"}
        settings.write_text(json.dumps({"webhooks": [hook], "allowed_hosts": ["chat.example"]}))
        told = ask(served, capsys, "north", "digest", settings, "--json")
        assert (told.code, told.error["code"]) == (16, "transport.stranger")


@pytest.mark.processes
def test_a_dispute_stops_studies_until_all_settle(served, capsys, tmp_path):
    """One party's key begins it; the file goes round, and the last to sign ends it."""
    options = ["--federation", served.root / "federation.json", "--key", served.root / "analyst.pem"]
    ask_for = ["study", "submit", "linear", "y ~ x", *options, "--wait", "--json"]
    assert ask(served, capsys, "west", "event", "dispute", "--reason", "who pays?").code == 0
    assert say(capsys, *ask_for).error["code"] == "agreement.not_in_force"
    assert ask(served, capsys, "west", "event", "settle", "--reason", "halves").code == 10
    file = tmp_path / "settle.json"
    assert ask(served, capsys, "north", "event", "settle", "--reason", "halves", "--out", file).code == 0
    assert "1 signature(s) still missing" in ask(served, capsys, "south", "join", file).out
    assert "The ledger holds it" in ask(served, capsys, "west", "join", file).out
    assert say(capsys, *ask_for).code == 0


def test_the_page_lists_every_act_with_its_fields():
    """docs/governance.md against the forms."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "governance.md").read_text("utf-8")
    for name, form in FORMS.items():
        needed, optional = (", ".join(f"`{field}`" for field in fields) for fields in (form.needed, form.optional))
        assert f"| `{name}` | {needed} | {optional} |" in page
