"""SIGKILL to real processes in the middle of a study: restarted, they go on with it, to the same result."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

import numpy as np
import pytest

from disk_federation import write_csv
from process_federation import ProcessFederation
from summand.errors import RoundTimedOut
from wire import COLUMNS, small_partnership, small_tables

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
SITES = ("north", "south", "west")
TABLES = small_tables(SITES, rows=60)
METHOD = {"name": "logistic", "formula": "y > 1 ~ x", "site": "fixed"}
DESCRIBE = {"name": "describe", "columns": ["y", "x"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A hub and three sites, serving."""
    made = small_partnership(tables=TABLES, schema=COLUMNS)
    federation = ProcessFederation(tmp_path_factory.mktemp("killed"), made, write_csv)
    yield federation
    federation.close()


@pytest.fixture(scope="module")
def undisturbed(served):
    """The terms of the study when nobody is killed."""
    return served.federation.run(METHOD).to_dict()["terms"]


def check_ended_well(served: ProcessFederation, study: str, undisturbed) -> None:
    """Released, equal, one sum a round, one entry a step."""
    shown = served.network.show(served.network.wait(study))
    assert shown["status"] == "released", shown["error"]
    for mine, other in zip(shown["result"]["terms"], undisturbed, strict=True):
        np.testing.assert_allclose(mine["estimate"], other["estimate"], rtol=1e-12)
        np.testing.assert_allclose(mine["std_error"], other["std_error"], rtol=1e-12)
    kinds = Counter(
        (entry["type"], entry.get("round"), entry.get("site"))
        for entry in served.entries()
        if entry.get("study") == study
    )
    assert max(kinds.values()) == 1


def in_the_middle(served: ProcessFederation, round_number: int) -> str:
    """A study that stands in a round from this one on, and cannot go on while west is stopped."""
    for _ in range(20):
        study = served.send(METHOD)
        served.await_status(study, "running", "confirming", "released", round_number=round_number)
        os.kill(served.pid("west"), signal.SIGSTOP)
        time.sleep(0.1)  # what north and south still do, they do
        if served.network.show(study)["status"] == "running":
            return study
        os.kill(served.pid("west"), signal.SIGCONT)
    raise AssertionError("every study was over before it could be stopped")


@pytest.mark.parametrize("round_number", [0, 3])
def test_a_killed_hub_goes_on(served, undisturbed, round_number: int) -> None:
    """The hub is killed in a round and started again: the same study goes on from its store."""
    study = in_the_middle(served, round_number)
    served.kill("hub")
    os.kill(served.pid("west"), signal.SIGCONT)
    served.start_hub()
    check_ended_well(served, study, undisturbed)


@pytest.mark.parametrize("round_number", [0, 3])
def test_a_killed_site_goes_on(served, undisturbed, round_number: int) -> None:
    """A site is killed in a round and started again within the deadline: the same study goes on."""
    study = in_the_middle(served, round_number)
    served.kill("south")
    os.kill(served.pid("west"), signal.SIGCONT)
    time.sleep(0.1)
    served.start_site("south")
    check_ended_well(served, study, undisturbed)


def test_all_killed_at_once_go_on(served, undisturbed) -> None:
    """Power fails: hub and sites are killed together; started again they finish the study."""
    study = in_the_middle(served, 1)
    for name in ("hub", "south", "west", "north"):
        served.kill(name)
    served.start_hub()
    for site in SITES:
        served.launch(site, "site", "serve", str(served.root / site))
    for site in SITES:
        served.await_line(site)
    check_ended_well(served, study, undisturbed)


def test_killed_again_and_again(served, undisturbed) -> None:
    """The hub is killed four times in one study, at whatever instant: it comes out the same."""
    study = served.send(METHOD)
    for pause in (0.0, 0.013, 0.034, 0.005):
        time.sleep(pause)
        served.kill("hub")
        served.start_hub()
    check_ended_well(served, study, undisturbed)


def test_a_site_that_stays_away_ends_the_study_by_name(tmp_path) -> None:
    """An agreement with two seconds, a site that is killed and not started: round_timed_out, and the ledger says so."""
    made = small_partnership(tables=small_tables(SITES), schema=COLUMNS, data={"round_deadline_seconds": 2})
    served = ProcessFederation(tmp_path, made, write_csv)
    try:
        served.kill("west")
        with pytest.raises(RoundTimedOut) as ended:
            served.federation.run(DESCRIBE)
        assert "west" in str(ended.value)
        last = served.entries()[-1]
        assert (last["type"], last["error"]["code"]) == ("study.ended", "transport.round_timed_out")
        served.start_site("west")
        assert served.federation.run(DESCRIBE).to_dict()["sites"] == 3
    finally:
        served.close()
