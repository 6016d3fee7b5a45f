"""Real processes: a site is killed in the midst of a study and stays away; the others finish it, with either kind of hub."""

from __future__ import annotations

import time

import numpy as np
import pytest

from disk_federation import write_csv
from process_federation import ProcessFederation
from summand.federation import Federation, open_shown
from wire import COLUMNS, small_partnership, small_tables

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
SITES = ("east", "north", "south", "west")
TABLES = small_tables(SITES, rows=60)
METHOD = {"name": "logistic", "formula": "y > 1 ~ x"}


@pytest.mark.parametrize("hub", ["opens_totals", "blind"])
def test_a_site_that_is_killed_for_good_is_left_out(tmp_path, hub: str) -> None:
    """South is killed while a study runs; two seconds later the others go on; the result is theirs and says so."""
    made = small_partnership(tables=TABLES, schema=COLUMNS, data={"hub": hub, "round_deadline_seconds": 2})
    served = ProcessFederation(tmp_path, made, write_csv)
    try:
        study, shown = "", {}
        for _ in range(10):
            study = served.send(METHOD)
            served.await_status(study, "readying", "running", "confirming", "released")
            served.kill("south")
            shown = served.await_status(study, "released", "failed", "refused")
            if shown["status"] == "released":
                shown = _witnessed(served, study)
            if shown["status"] == "released" and _result(served, shown)["sites"] == 3:
                break
            served.start_site("south")  # the study was over before the kill, or had not begun: once more
            time.sleep(0.1)
        result = _result(served, shown)
        log = served.log_of("hub")
    finally:
        served.close()

    others = [site for site in SITES if site != "south"]
    merged = {name: [value for site in others for value in TABLES[site][name]] for name in ("y", "x")}
    with Federation.in_memory({"all": merged}) as pooled:
        expected = pooled.run(METHOD).result
    assert result["n"] == 180
    assert "south stayed away" in " ".join(result["warnings"])
    for mine, other in zip(result["terms"], expected["terms"], strict=True):
        np.testing.assert_allclose(mine["estimate"], other["estimate"], rtol=1e-9)
    assert "Traceback" not in log


def _witnessed(served: ProcessFederation, study: str) -> dict:
    """A released study once its sites have cosigned it, which takes them a moment."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        shown = served.network.show(study)
        if shown["result"] is not None or "sealed" in shown:
            return shown
        time.sleep(0.05)
    raise AssertionError("the release was never witnessed")


def _result(served: ProcessFederation, shown) -> dict:
    return open_shown(shown, served.partnership.analyst_key)["result"]
