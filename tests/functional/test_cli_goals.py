"""``summand outcomes`` over a served federation: goals measured, verified, scored."""

from __future__ import annotations

import json

import pytest
from cli_kit import Said, say

from disk_federation import write_csv
from process_federation import ProcessFederation
from summand.federation import Desk
from summand.testing.federations import ANALYST, Partnership
from wire import COLUMNS, small_tables

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
SITES = ("north", "south", "west")
DESCRIBE = {"name": "describe", "columns": ["x"]}
GOAL = {
    "id": "level", "owner": "north", "aim": "quality", "text": "A higher level", "indicator_id": "mean(x)",
    "unit": "points", "direction": "increase", "target": 0.0, "due": "2030-12-31",
    "measurement_method": "xmr", "data_source": "describe", "schedule": "monthly",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A hub and three sites under an agreement with one goal whose first measurement is overdue."""
    from datetime import UTC, datetime, timedelta

    begun = datetime.now(UTC).date() - timedelta(days=40)
    made = Partnership.of(
        small_tables(SITES, rows=30),
        COLUMNS,
        purpose={"goals": [GOAL, {**GOAL, "id": "other", "aim": "cost"}]},
        start=begun,
    )
    federation = ProcessFederation(tmp_path_factory.mktemp("goals"), made, write_csv)
    (federation.root / "federation.json").write_text(json.dumps(federation.description.to_dict()))
    for party, key in made.party_keys.items():
        key.save(federation.root / f"{party}.pem")
    made.analyst_key.save(federation.root / "analyst.pem")
    yield federation
    federation.close()


def ask(served: ProcessFederation, capsys: pytest.CaptureFixture[str], *words: object, who: str = "analyst") -> Said:
    """Run ``summand outcomes WORDS`` with somebody's key."""
    options = ["--federation", served.root / "federation.json", "--key", served.root / f"{who}.pem"]
    return say(capsys, "outcomes", *words, *options)


def test_a_goal_is_measured_when_due_and_verified(served, capsys, tmp_path):
    """Due, measured by its plan, no longer due; entered with evidence; re-based; every value links to its leaf."""
    due = ask(served, capsys, "due", "--json").matches("goals-due")
    assert [item["goal"] for item in due["due"]] == ["level", "other"]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"goals": [{"goal": "level", "method": DESCRIBE}]}))
    assert ask(served, capsys, "run", plan, "--json").matches("goals-run")["measured"] == ["level"]
    assert ask(served, capsys, "run", plan, "--json").json["measured"] == []
    shown = ask(served, capsys, "goal", "level", "--verify", "--json").matches("goal")
    assert shown["verified"] is True
    (point,) = shown["points"]
    assert point["conf_low"] < point["value"] < point["conf_high"]
    entries = dict(served.federation.entries())
    assert entries[point["leaf"]]["type"] == "goal.measured"
    report = tmp_path / "report.pdf"
    report.write_bytes(b"sample")
    given = ["measure", "level", "--period", "2026-02", "--value", 1.5, "--evidence", report]
    assert (
        ask(served, capsys, *given, "--reason", "a count of all", who="west").code == 0
    )  # stated, but not the owner's
    assert ask(served, capsys, *given).code == 2  # neither an interval nor a reason
    more = ask(served, capsys, *given, "--low", 1.0, "--high", 2.0, "--json", who="north").matches("goal")
    assert [item["source"] for item in more["points"]] == ["study", "evidence"]
    assert more["chart"]["warnings"]
    picture = tmp_path / "goal.svg"
    told = ask(served, capsys, "goal", "level", "--plot", picture)
    assert "Trial limits" in told.out
    assert "<svg" in picture.read_text()
    rebased = ask(served, capsys, "rebase", "level", "--period", "2026-02", "--reason", "new form", who="north")
    assert rebased.code == 0
    assert ask(served, capsys, "goal", "nowhere").code == 10


def test_a_value_that_its_study_does_not_give_is_found(served, capsys):
    """Stated by hand over a released study: --verify derives it again."""
    study = served.federation.run(DESCRIBE).study_id
    made = served.partnership
    desk = Desk(served.network, [made.agreement], ANALYST, made.analyst_key)
    document = {
        "goal": "other", "period": "2026-01", "value": 9.0, "conf_low": 8.0, "conf_high": 10.0, "interval_method": "t",
        "reason": "", "unit": "points", "source": {"kind": "study"},
    }  # fmt: skip
    desk.state("goal.measured", document, study=study)
    assert ask(served, capsys, "goal", "other", "--json").code == 0
    told = ask(served, capsys, "goal", "other", "--verify", "--json")
    assert told.code == 10
    assert "its study gives" in told.error["message"]


def test_the_scorecard_answers_with_reasons(served, capsys, tmp_path):
    """All six aims, warnings, the backup plan and its test."""
    card = ask(served, capsys, "scorecard", "--json").matches("scorecard")
    assert len(card["aims"]) == 6
    assert card["answer"] in ("continue", "continue_with_changes", "not_enough_evidence", "reconsider")
    assert card["reasons"]
    trigger = card["backups"][0]["trigger"]
    report = tmp_path / "test.pdf"
    report.write_bytes(b"sample")
    assert ask(served, capsys, "backup-test", trigger, "worked", "--evidence", report).code == 0
    after = ask(served, capsys, "scorecard", "--json").json["backups"][0]
    assert (after["last_outcome"], after["test_overdue"]) == ("worked", False)
    assert "Worth continuing?" in ask(served, capsys, "scorecard").out


def test_the_survey_is_answered_by_hash_and_evaluated(served, capsys, tmp_path):
    """Answers stay in their files; a changed one, or one about oneself, is refused; the scorecard takes what was stated."""
    from summand.outcomes import QUESTIONS

    assert "Answers: 1 hardly" in say(capsys, "outcomes", "survey", "questions").out
    files = []
    for who, about in (("north", "south"), ("south", "north"), ("west", "south"), ("analyst", "south")):
        given, out = tmp_path / f"{who}.in.json", tmp_path / f"{who}.json"
        given.write_text(json.dumps({about: dict.fromkeys(QUESTIONS, 4)}))
        assert ask(served, capsys, "survey", "answer", given, "--out", out, "--survey", "2026", who=who).code == 0
        files.append(out)
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"north": dict.fromkeys(QUESTIONS, 4)}))
    told = ask(
        served, capsys, "survey", "answer", own, "--out", tmp_path / "x", "--survey", "2026", "--json", who="north"
    )
    assert told.code in (2, 12)
    picture = tmp_path / "network.svg"
    words = ["survey", "evaluate", *files, "--survey", "2026", "--state", "--plot", picture, "--json"]
    found = ask(served, capsys, *words).matches("survey")
    assert found["respondents"] == 4
    assert {node["party"]: node["trust"] for node in found["parties"]} == {"north": None, "south": 4.0, "west": None}
    assert found["unreciprocated"] == [["west", "south"]]
    assert "<svg" in picture.read_text()
    assert ask(served, capsys, "scorecard", "--json").json["relationship"] == {"trust": 4.0, "value": 4.0}
    changed = json.loads(files[0].read_text())
    changed["answers"][0]["ratings"]["openness"] = 1
    files[0].write_text(json.dumps(changed))
    assert ask(served, capsys, *words).code == 12
    ledger = json.dumps([entry for _, entry in served.federation.entries() if entry["type"] == "relationship.answered"])
    assert "ratings" not in ledger
