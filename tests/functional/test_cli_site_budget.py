"""``summand site budget``: what each study cost a site's data, and what is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import say

from disk_federation import DiskFederation
from summand.errors import UsageError
from summand.testing.federations import Partnership
from wire import COLUMNS, small_tables

BUDGET = {
    "unit_of_privacy": "patient", "neighbouring": "add_remove", "epsilon_total": 4.0, "delta": 1e-6, "period": "term",
    "composition": "zcdp", "epsilon_per_study": 1.0,
}  # fmt: skip


def test_the_balance_of_a_site_that_ran_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before, all is left; after, the study stands there with its loss and its rounds, as text and as JSON."""
    made = Partnership.of(small_tables(rows=60), COLUMNS, privacy={"budget": BUDGET})
    federation = DiskFederation(tmp_path, made)
    federation.publish()
    (empty,) = say(capsys, "site", "budget", tmp_path / "north", "--json").json["budgets"]
    assert (empty["dataset"], empty["rho_spent"], empty["studies"]) == ("data-north", 0.0, [])
    assert empty["rho_left"] == empty["rho"]
    shown = federation.run(federation.request({"name": "describe", "columns": ["x"]}))
    assert shown["status"] == "released"
    (found,) = say(capsys, "site", "budget", tmp_path / "north", "--json").json["budgets"]
    (study,) = found["studies"]
    assert study["study"] == shown["study"]
    assert (study["rounds"], study["committed"], study["over"]) == (2, 2, True)
    assert study["epsilon"] == pytest.approx(1.0, rel=1e-6)
    assert found["rho_left"] == pytest.approx(found["rho"] - study["rho"])
    text = say(capsys, "site", "budget", tmp_path / "north").out
    assert "epsilon 1 of 4 spent" in text and shown["study"] in text and "2 of 2 rounds committed" in text


def test_a_site_without_a_budget_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No agreement with clause E: a sentence, not an empty table."""
    DiskFederation(tmp_path)
    said = say(capsys, "site", "budget", tmp_path / "north")
    assert said.code == UsageError.exit_code and "privacy budget" in said.err
