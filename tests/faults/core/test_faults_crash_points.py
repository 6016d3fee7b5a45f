"""Every process ends once at every commit point, at every message, and the study comes out as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from disk_federation import Crash, DiskFederation, HoldingFederation
from summand.hub import _store as rows
from summand.hub._convener import Convener
from summand.ledger import DirectoryStorage, Log
from summand.signing import PrivateKey
from summand.site._agent import Agent
from summand.site._store import SiteStore
from summand.transport import read_message
from wire import LINEAR, Wire

pytestmark = pytest.mark.slow

METHOD = {"name": "logistic", "formula": "y > 1 ~ x", "site": "fixed"}


class Once:
    """Crashes at a place the first time that each message comes by, and lets it pass the second time."""

    def __init__(self, who: str) -> None:
        self.who, self.seen, self.count = who, set(), 0

    def __call__(self, what: Any) -> None:
        """Crash, unless this was seen before."""
        if what not in self.seen:
            self.seen.add(what)
            self.count += 1
            raise Crash(self.who)


def _before_commit(patch: pytest.MonkeyPatch, once: Once) -> None:
    put = rows.put_message

    def put_message(tx, study, kind, number, site, sha256, data):
        put(tx, study, kind, number, site, sha256, data)
        if site != "hub":
            once((kind, number, site))

    patch.setattr(rows, "put_message", put_message)


def _after_commit(patch: pytest.MonkeyPatch, once: Once) -> None:
    settle = Convener._settle

    def _settle(self):
        with self.store.transaction() as tx:
            once(len(tx.execute(rows.messages.select()).all()))
        settle(self)

    patch.setattr(Convener, "_settle", _settle)


def _between_append_and_commit(patch: pytest.MonkeyPatch, once: Once) -> None:
    commit = Log.commit

    def commit_late(self):
        if self.pending_count:
            once((self.size, self.pending_count))
        return commit(self)

    patch.setattr(Log, "commit", commit_late)


def _before_the_checkpoint(patch: pytest.MonkeyPatch, once: Once) -> None:
    write = DirectoryStorage.write

    def write_late(self, files):
        if "checkpoint" in files and self._root.name == "ledger":
            once(files["checkpoint"])
        write(self, files)

    patch.setattr(DirectoryStorage, "write", write_late)


def _after_the_checkpoint(patch: pytest.MonkeyPatch, once: Once) -> None:
    write = DirectoryStorage.write

    def write_then(self, files):
        write(self, files)
        if "checkpoint" in files and self._root.name == "ledger":
            once(files["checkpoint"])

    patch.setattr(DirectoryStorage, "write", write_then)


def _before_announcing(patch: pytest.MonkeyPatch, once: Once) -> None:
    settle = Convener._settle

    def _settle(self):
        settle(self)
        once(self.log.size)

    patch.setattr(Convener, "_settle", _settle)


def _site_before_commit(patch: pytest.MonkeyPatch, once: Once) -> None:
    commit = SiteStore.commit

    def commit_late(self, memory, kind, number, digest, data):
        once((digest, id(self) and memory.id, kind, number, data[:0] if data else None, memory.own_share is None))
        commit(self, memory, kind, number, digest, data)

    patch.setattr(SiteStore, "commit", commit_late)


def _site_after_commit(patch: pytest.MonkeyPatch, once: Once) -> None:
    handle = Agent.handle

    def handled(self, data):
        out = handle(self, data)
        once((self.site, data))
        return out

    patch.setattr(Agent, "handle", handled)


POINTS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch, Once], None]]] = {
    "hub: before the store's commit": ("hub", _before_commit),
    "hub: after the store's commit, before the ledger": ("hub", _after_commit),
    "hub: between the ledger's append and commit": ("hub", _between_append_and_commit),
    "hub: after the ledger's tiles, before its checkpoint": ("hub", _before_the_checkpoint),
    "hub: after the ledger's checkpoint": ("hub", _after_the_checkpoint),
    "hub: after the ledger, before the answer": ("hub", _before_announcing),
    "site: before its commit": ("site", _site_before_commit),
    "site: after its commit, before it sends": ("site", _site_after_commit),
}


@pytest.fixture(scope="module")
def undisturbed() -> list[dict[str, Any]]:
    """The terms of the study without any crash."""
    wire = Wire.of()
    shown = wire.run(wire.request(METHOD))
    wire.close()
    return shown["result"]["terms"]


def equal_terms(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """The same numbers: sums are exact, so crashes change nothing but the last bits of a file's order."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["term"] == other["term"]
        np.testing.assert_allclose(mine["estimate"], other["estimate"], rtol=1e-12)
        np.testing.assert_allclose(mine["std_error"], other["std_error"], rtol=1e-12)


@pytest.mark.parametrize("kind", [DiskFederation, HoldingFederation])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_every_message_changes_nothing(
    point: str, kind: type[DiskFederation], tmp_path, undisturbed
) -> None:
    """At each message the process ends once at this point; restarted from its folder it goes on to the same result."""
    federation = kind(tmp_path)
    federation.publish()
    who, arm = POINTS[point]
    study = federation.request(METHOD)
    with pytest.MonkeyPatch.context() as patch:
        once = Once(who)
        arm(patch, once)
        shown = federation.run(study)
    assert once.count == federation.crashes
    rare = kind is HoldingFederation and "ledger" in point  # it writes the ledger when somebody reads it
    assert federation.crashes >= (1 if rare else 10)
    assert shown["status"] == "released"
    equal_terms(shown["result"]["terms"], undisturbed)
    federation.check_rounds(study.request.study_id)
    federation.close()


def test_a_site_that_crashes_after_sending_sends_the_same_again(tmp_path, undisturbed) -> None:
    """The site ends after the hub took its message and before it passed over the letter: the same answer, taken as such."""
    federation = DiskFederation(tmp_path)
    federation.publish()
    once, at = Once("site"), iter(range(10**6))
    crashed: set[int] = set()

    def after_send() -> None:
        number = next(at)
        if number - 1 not in crashed:  # every other time: the second try goes through
            crashed.add(number)
            once(number)

    study = federation.request(METHOD)
    shown = federation.run(study, after_send=after_send)
    assert federation.crashes > 10
    assert shown["status"] == "released"
    equal_terms(shown["result"]["terms"], undisturbed)
    federation.check_rounds(study.request.study_id)
    federation.close()


def test_a_hub_that_ends_with_messages_held_gets_them_again(tmp_path, undisturbed) -> None:
    """A hub that ends before it stored, and so before it answered, an upload or shares: the site sends the same again."""
    federation = HoldingFederation(tmp_path)
    federation.publish()
    lost: set[bytes] = set()

    def after_send() -> None:
        held = federation.convener.store._held
        if held and federation.last_sent not in lost:
            lost.add(federation.last_sent)
            raise Crash("hub")

    shown = federation.run(federation.request(METHOD), after_send=after_send)
    assert {read_message(data).kind for data in lost} == {"round.upload", "round.reveal"}
    assert federation.crashes == len(lost) > 10
    assert shown["status"] == "released"
    equal_terms(shown["result"]["terms"], undisturbed)


def test_a_refusal_survives_a_crash(tmp_path) -> None:
    """A site that crashed between deciding and saying so says so again: the study ends refused, not timed out."""
    from wire import small_partnership

    federation = DiskFederation(tmp_path, small_partnership(datasets={"south": {"columns_withheld": ["x"]}}))
    federation.publish()
    with pytest.MonkeyPatch.context() as patch:
        _site_after_commit(patch, Once("site"))
        shown = federation.run(federation.request(LINEAR))
    assert (shown["status"], shown["error"]["code"]) == ("refused", "guard.column_not_permitted")
    federation.close()


def test_a_halt_survives_a_crash(tmp_path) -> None:
    """A site whose file changed in the middle of a study, and that crashed before it could say so, still says so."""
    federation = DiskFederation(tmp_path)
    federation.publish()
    study = federation.request(METHOD)
    federation.convener.submit(study.to_dict())
    while federation.convener.show(study.request.study_id)["round"] < 1:
        for site in federation.site_folders:
            federation.step(site)
    (tmp_path / "south" / "rows.csv").write_text("y,x\n1,1\n")
    with pytest.MonkeyPatch.context() as patch:
        _site_after_commit(patch, Once("site"))
        while sum(federation.step(site) for site in federation.site_folders):
            pass
    shown = federation.convener.show(study.request.study_id)
    assert shown["status"] == "failed"
    federation.close()


def test_an_older_copy_of_the_database_is_refused(tmp_path) -> None:
    """A hub whose database was restored from before its ledger does not start: it would skip entries without a word."""
    import shutil

    from summand.errors import StorageFailed

    federation = DiskFederation(tmp_path)
    federation.publish()
    federation.close()
    shutil.copy(tmp_path / "hub" / "hub.sqlite", tmp_path / "old.sqlite")
    federation.run(federation.request(LINEAR))
    federation.close()
    for leftover in (tmp_path / "hub").glob("hub.sqlite*"):
        leftover.unlink()
    shutil.copy(tmp_path / "old.sqlite", tmp_path / "hub" / "hub.sqlite")
    with pytest.raises(StorageFailed) as refused:
        federation.hub_folder.convener()
    assert "older copy" in str(refused.value)


def test_a_full_disk_at_a_site_stops_it_by_name(tmp_path) -> None:
    """A site that cannot store its answer sends none: the disk's error comes out, and nothing else."""
    from summand.errors import StorageFailed

    federation = DiskFederation(tmp_path)
    federation.publish()
    federation.convener.submit(federation.request(LINEAR).to_dict())
    agent = federation.agent("north")
    federation.synchronise("north")
    ((_, data),) = federation.convener.inbox("north", 0)
    agent.store._connection.execute("PRAGMA max_page_count = 1")
    agent.store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed):
        agent.handle(data)
    agent.store._connection.execute("PRAGMA query_only = OFF")
    federation.crash_site("north")
    federation.agent("north")
    federation.synchronise("north")
    assert federation.agent("north").handle(data), "started again on a good disk, it answers"
    federation.close()


def test_a_new_certificate_in_the_middle_of_a_study_does_not_disturb_it(tmp_path) -> None:
    """A site is certified anew while a study runs, and the hub crashes: the study ends with the keys it began with."""
    from summand.study import Certificate

    federation = DiskFederation(tmp_path)
    federation.publish()
    study = federation.request(LINEAR)
    federation.convener.submit(study.to_dict())
    while federation.convener.show(study.request.study_id)["round"] < 1:
        for site in federation.site_folders:
            federation.step(site)
    fresh = Certificate.issue("south", PrivateKey.generate().public, federation.partnership.party_keys["south"])
    federation.convener.put_certificate({"site": "south", "party": "south", "envelope": fresh.envelope.to_dict()})
    assert federation.convener.site_key("south") == fresh.key
    federation.crash_hub()
    while sum(federation.step(site) for site in federation.site_folders):
        pass
    assert federation.convener.show(study.request.study_id)["status"] == "released"
    federation.close()
