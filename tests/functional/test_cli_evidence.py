"""``summand evidence``: from a partner's replica with the hub dead, and from a hub that serves; what is printed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Said, say

from disk_federation import DiskFederation
from evidence_world import EvidenceWorld
from summand.encoding import dump
from summand.evidence import read_pack
from summand.testing.federations import Partnership


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """What is left of a federation whose hub is dead and gone: a site's folder, the agreement, a result that was kept."""
    folder = tmp_path_factory.mktemp("left")
    disk = DiskFederation(folder)
    disk.publish()
    shown = disk.run(disk.request())
    for site in disk.site_folders:
        disk.synchronise(site)
    (folder / "agreement.signed.json").write_bytes(disk.partnership.signed.to_bytes())
    shutil.copy(folder / "hub" / "federation.json", folder / "federation.json")
    (folder / "result.json").write_bytes(dump(shown))
    disk.close()
    shutil.rmtree(folder / "hub")
    return folder, shown


def pack(capsys: pytest.CaptureFixture[str], folder: Path, out: Path, *words: object) -> Said:
    """``summand evidence pack`` from the first site's replica."""
    options = (
        "--federation",
        folder / "federation.json",
        "--agreement",
        folder / "agreement.signed.json",
        "--out",
        out,
    )
    return say(capsys, "evidence", "pack", folder / "north" / "replica", *options, "--no-pdf", *words)


def test_from_a_replica_with_the_hub_dead(
    capsys: pytest.CaptureFixture[str], left: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """With the result that somebody kept, byte for byte; then verified as a zip and as a folder."""
    folder, shown = left
    out = tmp_path / "pack.zip"
    told = pack(capsys, folder, out, "--result", folder / "result.json", "--json").matches("evidence-pack")
    assert told["studies"] == {shown["study"]: "released"}
    assert told["pack"]["studies"][0]["result"] == "included"
    assert told["bytes"] == len(out.read_bytes())

    verified = say(capsys, "evidence", "verify", out, "--json").matches("evidence-verify")
    assert verified["studies"] == told["studies"]
    assert "Verified." in say(capsys, "evidence", "verify", out).out
    shutil.unpack_archive(out, tmp_path / "unpacked")
    assert say(capsys, "evidence", "verify", tmp_path / "unpacked", "--json").json == verified
    (tmp_path / "unpacked" / "README.txt").write_text("nothing to see")
    said = say(capsys, "evidence", "verify", tmp_path / "unpacked", "--json")
    assert (said.code, said.error["code"]) == (15, "verify.failed")


def test_what_it_says_to_people(
    capsys: pytest.CaptureFixture[str], left: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """That a released result was not given is said, not hidden; only the studies named; the same bytes every time."""
    folder, shown = left
    said = pack(capsys, folder, tmp_path / "one.zip", "--study", shown["study"])
    assert said.code == 0
    assert "its result was not given" in said.out
    assert "python -I verify.py" in said.out
    assert "its values are not in this pack" in read_pack((tmp_path / "one.zip").read_bytes())["README.txt"].decode()
    assert pack(capsys, folder, tmp_path / "two.zip").code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_what_it_refuses(capsys: pytest.CaptureFixture[str], left: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """A changed result, a file that is there, no clock, a study unknown here, no pack, and no hub without a key."""
    folder, shown = left
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps({**shown, "result": {**shown["result"], "n": 1}}))
    out = tmp_path / "pack.zip"
    for words, code, exit_code in (
        (("--result", changed), "verify.failed", 15),
        (("--result", folder / "federation.json"), "usage", 2),
        (("--at", "soon"), "usage", 2),
        (("--study", "0" * 32), "usage", 2),
        (("--earlier", folder / "federation.json"), "agreement.syntax", 10),
    ):
        said = pack(capsys, folder, out, *words, "--json")
        assert (said.error["code"], said.code) == (code, exit_code), said.err
        assert not out.exists()
    assert pack(capsys, folder, out).code == 0
    assert pack(capsys, folder, out, "--json").error["code"] == "usage"
    assert say(capsys, "evidence", "verify", tmp_path / "nothing", "--json").error["code"] == "usage"
    assert say(capsys, "evidence", "verify", changed, "--json").code == 15
    options = (
        "--federation",
        folder / "federation.json",
        "--agreement",
        folder / "agreement.signed.json",
        "--out",
        tmp_path / "x",
    )
    assert "--key" in say(capsys, "evidence", "pack", *options, "--json").error["remedy"]


def test_a_spoilt_replica_makes_no_pack(
    capsys: pytest.CaptureFixture[str], left: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """A spoilt tile is named, and nothing is written."""
    folder, _ = left
    copy = tmp_path / "copy"
    shutil.copytree(folder / "north", copy / "north")
    for name in ("federation.json", "agreement.signed.json"):
        shutil.copy(folder / name, copy / name)
    tile = max((copy / "north" / "replica" / "tile" / "entries").rglob("*.p/*"), key=lambda path: path.stat().st_size)
    tile.write_bytes(tile.read_bytes().replace(b"permit", b"PERMIT").replace(b"study.", b"Study.", 1))
    said = pack(capsys, copy, tmp_path / "pack.zip", "--json")
    assert said.code == 15
    assert not (tmp_path / "pack.zip").exists()


def test_from_a_hub(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledger and released results are fetched; one that awaits witnesses is not among them."""
    tables = {site: {"y": [0.1, 0.2, 0.4], "x": [1, 2, 3]} for site in ("north", "south", "west")}
    made = Partnership.of(tables, {"y": (0, 1), "x": (0, 9)})
    world = EvidenceWorld(made, made.network())
    world.run("first", {"name": "linear", "formula": "y ~ x"})
    monkeypatch.setattr(world.network, "witness", lambda: None)
    world.run("second", {"name": "describe", "columns": ["x"]})
    made.analyst_key.save(tmp_path / "analyst.pem")
    (tmp_path / "agreement.signed.json").write_bytes(made.signed.to_bytes())
    hub = _Hub(world)
    monkeypatch.setattr("summand.federation._remote.RemoteNetwork", lambda client: hub)
    monkeypatch.setattr("summand.federation._remote.describe", lambda _: hub)
    monkeypatch.setattr("summand.transport.HubClient", lambda *_: None)
    options = (
        "--federation",
        "federation.json",
        "--agreement",
        tmp_path / "agreement.signed.json",
        "--key",
        tmp_path / "analyst.pem",
    )
    told = say(capsys, "evidence", "pack", *options, "--out", tmp_path / "pack.zip", "--no-pdf", "--json").matches(
        "evidence-pack"
    )
    assert [(one["title"], one["outcome"], one["result"]) for one in told["pack"]["studies"]] == [
        ("first", "released", "included"), ("second", "awaiting witnesses", None),
    ]  # fmt: skip
    assert hub.closed


class _Hub:
    """A served hub as the command sees it, answered from the network in memory."""

    def __init__(self, world: EvidenceWorld) -> None:
        agent = next(iter(world.network.agents.values()))
        self.origin, self.hub_key, self.closed = world.network.origin, agent.hub_key, False
        self.show, self.release_proof = world.network.show, world.network.release_proof
        self.studies = world.network.convener.list_studies
        self._world = world

    def replica(self) -> Any:
        self._world.network.ledger_entries()
        return next(iter(self._world.network.agents.values())).replica

    def close(self) -> None:
        self.closed = True
