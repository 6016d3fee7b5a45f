"""Real processes as witnesses: cosigned checkpoints on disk, and a hub that is set back to an older copy of itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import pytest

from disk_federation import write_csv
from process_federation import ProcessFederation
from summand.ledger import VerifierKey, cosignature_times
from summand.site._alarm import ALARM, Alarm
from summand.study import certified_witnesses
from wire import COLUMNS, LINEAR, small_partnership, small_tables

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
SITES = ("north", "south", "west")


@pytest.fixture
def served(tmp_path):
    """A hub and three sites, serving."""
    made = small_partnership(tables=small_tables(SITES, rows=60), schema=COLUMNS)
    federation = ProcessFederation(tmp_path, made, write_csv)
    yield federation
    federation.close()


def summand(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "summand", *map(str, words)], capture_output=True, text=True, check=False
    )


def status(served: ProcessFederation, site: str) -> dict:
    return json.loads(summand("site", "status", served.root / site, "--json").stdout)


def test_the_published_checkpoint_carries_every_sites_cosignature(served: ProcessFederation) -> None:
    """After a study and a moment, the hub's file `checkpoint` has three cosignatures that anybody can verify."""
    served.federation.run(LINEAR)
    log_key = VerifierKey.of_log(served.description.origin, served.description.hub_key)
    deadline, found = time.monotonic() + 30, {}
    while time.monotonic() < deadline and len(found) < 3:
        note = (served.root / "hub" / "ledger" / "checkpoint").read_text()
        keys = certified_witnesses(served.entries(), served.description.origin)
        found = cosignature_times(note, [log_key, *keys])
        time.sleep(0.05)
    assert {name.rsplit("/", 1)[1] for name in found} == set(SITES)
    assert served.client.get("/v1/ledger/checkpoint").decode() == note
    assert status(served, "north")["own_alarm"] is False
    checked = summand("ledger", "verify", served.root / "hub", "--federation", served.root / "hub" / "federation.json")
    assert checked.returncode == 0, checked.stderr


def test_a_hub_set_back_to_an_older_copy_is_found_out(served: ProcessFederation, tmp_path) -> None:
    """Its ledger loses its tail: every site ends with exit code 15, keeps both checkpoints, and does not start again."""
    served.federation.run(LINEAR)
    served.kill("hub")
    shutil.copytree(served.root / "hub", tmp_path / "older")
    served.start_hub()
    served.federation.run(LINEAR)
    time.sleep(0.5)
    served.kill("hub")
    shutil.rmtree(served.root / "hub")
    shutil.copytree(tmp_path / "older", served.root / "hub")
    served.start_hub()
    for site in SITES:
        assert served.processes[site].wait(90) == 15
        alarm = Alarm.load(served.root / site / ALARM)
        assert alarm is not None
        assert alarm.site == site
        assert alarm.held.split("\n")[1] != alarm.shown.split("\n")[1]
        told = status(served, site)
        assert told["own_alarm"] is True
        assert told["alarms"][0]["shown"] == alarm.shown
    again = summand("site", "serve", served.root / "north")
    assert again.returncode == 15
    assert "two histories" in again.stderr
    alarms = [entry for entry in served.entries() if entry["type"] == "ledger.alarm"]
    assert {entry["site"] for entry in alarms} == set(SITES)
    refused = summand(
        "study", "verify", "0" * 32, "--federation", served.root / "hub" / "federation.json",
        "--replica", served.root / "north",
    )  # fmt: skip
    assert refused.returncode == 15
