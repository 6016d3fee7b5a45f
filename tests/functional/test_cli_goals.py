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
