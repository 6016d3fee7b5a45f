"""``summand site stop`` and ``resume`` beside a running site, with the hub there and without it."""

from __future__ import annotations

import pytest
from cli_kit import say

from disk_federation import write_csv
from process_federation import ProcessFederation
from summand.errors import SiteStopped
from summand.site._folder import SiteFolder
from summand.site._stop import OUTBOX
from summand.study import read_statements
from wire import COLUMNS, small_partnership, small_tables

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
SITES = ("north", "south", "west")
METHOD = {"name": "linear", "formula": "y ~ x"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A hub and three sites, serving."""
    made = small_partnership(tables=small_tables(SITES, rows=30), schema=COLUMNS)
    federation = ProcessFederation(tmp_path_factory.mktemp("stopped"), made, write_csv)
    yield federation
    federation.close()


def stated(served: ProcessFederation) -> list[tuple[str, str, str]]:
    """Kind, signer and party of every stop in the ledger that counts."""
    kinds = ("site.stopped", "site.resumed")
    counted, ignored = read_statements(served.federation.entries(), [served.partnership.agreement], kinds)
    assert ignored == []
    return [(item.statement.kind, item.statement.person, item.party) for item in counted]


def test_stop_and_resume_while_the_site_serves(served, capsys):
    """Stopped: the next study is refused with the clause, and the ledger says so. Resumed: studies run again."""
    folder = served.root / "south"
    assert served.federation.run(METHOD).to_dict()["sites"] == 3
    said = say(capsys, "site", "stop", folder, "--reason", "a patient complained")
    assert said.code == 0
    assert "The ledger holds it." in said.out
    with pytest.raises(SiteStopped) as refused:
        served.federation.run(METHOD)
    assert refused.value.clause == "H.emergency_stop"
    assert {item["site"] for item in refused.value.refusals} == {"south"}
    assert stated(served) == [("site.stopped", "south", "south")]
    assert say(capsys, "site", "resume", folder).code == 0
    assert served.federation.run(METHOD).to_dict()["sites"] == 3
    assert stated(served)[1:] == [("site.resumed", "south", "south")]
    assert say(capsys, "site", "resume", folder).code == 2


def test_a_stop_needs_no_hub(served, capsys):
    """With the hub gone the site is stopped all the same; its service tells the ledger once the hub is back."""
    folder = served.root / "west"
    before = len(stated(served))
    served.kill("hub")
    said = say(
        capsys, "site", "stop", folder, "--reason", "power cut", "--agreement", served.partnership.agreement.hash[:8]
    )
    assert said.code == 0
    assert "was not told yet" in said.out
    assert len(SiteFolder(folder).stop.orders()) == 1
    assert len(list((folder / OUTBOX).iterdir())) == 1
    served.start_hub()
    with pytest.raises(SiteStopped):
        served.federation.run(METHOD)
    study = served.send({"name": "describe", "columns": ["y"]})
    served.await_status(study, "refused")
    assert ("site.stopped", "west", "west") in stated(served)[before:]
    assert list((folder / OUTBOX).iterdir()) == []
