"""connect, and the study and ledger commands, against a real hub and three real sites, and once the hub is dead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from cli_kit import Said, say

import summand
from summand.errors import ApprovalMissing, RequesterNotPermitted, UsageError
from summand.signing import PrivateKey
from summand.testing.federations import ANALYST, STEWARD, Partnership
from summand.transport import FederationDescription

pytestmark = pytest.mark.processes

TABLES = {
    "north": {"y": [1.0, 2.2, 2.9, 4.1], "x": [1, 2, 3, 4]},
    "south": {"y": [5.2, 5.9], "x": [5, 6]},
    "west": {"y": [7.3, 7.9, 9.1], "x": [7, 8, 9]},
}
START_SECONDS = 60.0


@dataclass
class Served:
    """The folder of a served federation, and how to ask it."""

    folder: Path
    partnership: Partnership
    processes: list[subprocess.Popen[bytes]]

    @property
    def federation(self) -> Path:
        """The hub's description."""
        return self.folder / "hub" / "federation.json"

    def ask(self, capsys: pytest.CaptureFixture[str], *words: object, key: str = "analyst") -> Said:
        """Run ``summand study WORDS`` with this federation and key."""
        options = ["--federation", self.federation, "--key", self.folder / f"{key}.pem"]
        return say(capsys, "study", *words, *options)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub and three sites as processes, under an agreement whose studies need a data steward's approval."""
    folder = tmp_path_factory.mktemp("served")
    approvals = [{"role": "data_steward", "party": "any", "count": 1}]
    partnership = Partnership.of(TABLES, {"y": (0, 10), "x": (0, 10)}, governance={"study_approvals": approvals})
    (folder / "agreement.signed.json").write_bytes(partnership.signed.to_bytes())
    partnership.analyst_key.save(folder / "analyst.pem")
    partnership.steward_key.save(folder / "steward.pem")
    PrivateKey.generate().save(folder / "stranger.pem")
    processes: list[subprocess.Popen[bytes]] = []
    _run("hub", "init", folder / "hub", "--origin", "example.org/served", "--port", "0")
    try:
        hub, line = _serve(folder / "hub.log", "hub", "serve", folder / "hub")
        processes.append(hub)
        fields = json.loads((folder / "hub" / "federation.json").read_bytes())
        fields["url"] = line.rsplit(" ", 1)[1].replace("127.0.0.1", "localhost")
        (folder / "hub" / "federation.json").write_text(json.dumps(fields))
        for party, table in TABLES.items():
            _set_up_site(folder, party, table, partnership)
        processes += [_serve(folder / f"{party}.log", "site", "serve", folder / party)[0] for party in TABLES]
        yield Served(folder, partnership, processes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def _set_up_site(folder: Path, party: str, table: dict[str, list[float]], partnership: Partnership) -> None:
    rows = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    (folder / f"{party}.csv").write_text("\n".join(rows) + "\n")
    partnership.party_keys[party].save(folder / f"{party}.pem")
    federation = folder / "hub" / "federation.json"
    fingerprint = FederationDescription.load(federation).fingerprint
    _run(
        "site", "init", folder / party, "--federation", federation, "--fingerprint", fingerprint, "--party", party,
        "--party-key", folder / f"{party}.pem", "--data", f"data-{party}={folder / f'{party}.csv'}",
    )  # fmt: skip
    _run("site", "accept", folder / party, folder / "agreement.signed.json")


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "summand", *map(str, words)]


def _run(*words: object) -> None:
    subprocess.run(_command(*words), check=True, capture_output=True)


def _serve(log: Path, *words: object) -> tuple[subprocess.Popen[bytes], str]:
    """A process that serves, and the first line that it prints once it does."""
    output: IO[bytes] = log.open("wb")
    with output:
        process = subprocess.Popen(
            _command(*words), stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_text("utf-8").splitlines():
            if "answers at" in line or "is connected to" in line:
                return process, line
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError(f"{words} did not start: {log.read_text('utf-8')}")


@pytest.fixture(scope="module")
def studies(served: Served) -> dict[str, str]:
    """One study that was refused for want of an approval, and one that was released; by what became of them."""
    words = ["linear", "y ~ x", "--federation", served.federation, "--key", served.folder / "analyst.pem"]
    draft = served.folder / "request.json"
    refused = subprocess.run(
        _command("study", "submit", *words, "--title", "First", "--json"), check=True, capture_output=True
    )
    _run("study", "submit", *words, "--title", "Second", "--out", draft)
    _run("study", "approve", draft, "--key", served.folder / "steward.pem", "--as", STEWARD)
    released = subprocess.run(
        _command("study", "submit", "--request", draft, *words[2:], "--wait", "--json"), check=True, capture_output=True
    )
    return {"refused": json.loads(refused.stdout)["study"], "released": json.loads(released.stdout)["study"]}


def test_a_study_is_shown_with_its_result(
    served: Served, studies: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`study show` gives status and result; for a person, the tables with the agreement's name."""
    shown = served.ask(capsys, "show", studies["released"], "--wait", "--json").json
    said = served.ask(capsys, "show", studies["released"])

    assert (shown["status"], shown["requester"], shown["result"]["n"]) == ("released", ANALYST, 9)
    assert "Linear regression: y ~ x" in said.out
    assert served.partnership.agreement.title in said.out


def test_a_refused_study_says_why(served: Served, studies: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without the steward's approval every site refuses, with clause and remedy, and the exit code is the refusal's."""
    said = served.ask(capsys, "show", studies["refused"], "--wait")

    assert said.code == 11
    for text in ("north:", "south:", "west:", "H.study_approvals", "guard.approval_missing"):
        assert text in said.out + said.err


def test_studies_are_listed(served: Served, studies: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """`study list` names every study with its status."""
    listed = served.ask(capsys, "list", "--json").json["studies"]

    assert {(item["study"], item["status"]) for item in listed} >= {(found, kind) for kind, found in studies.items()}
    assert studies["released"] in served.ask(capsys, "list").out


def test_a_study_is_verified_from_hub_and_from_a_replica(
    served: Served, studies: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The proof from the hub's ledger is that from a site's replica, and the shown result is the released one."""
    shown = served.folder / "shown.json"
    shown.write_text(served.ask(capsys, "show", studies["released"], "--json").out)

    remote = served.ask(capsys, "verify", studies["released"], "--result", shown, "--json").matches("study-verify")
    local = say(
        capsys, "study", "verify", studies["released"], "--federation", served.federation,
        "--replica", served.folder / "south", "--agreement", served.folder / "agreement.signed.json", "--json",
    ).matches("study-verify")  # fmt: skip

    assert remote["outcome"] == local["outcome"] == "released"
    assert remote["steps"] == local["steps"]
    assert remote["compared_result_sha256"] == remote["result_sha256"] == local["result_sha256"]


def test_a_changed_result_does_not_verify(
    served: Served, studies: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A result file with another number is refused with the code of verification."""
    shown = served.ask(capsys, "show", studies["released"], "--json").json
    shown["result"]["terms"][1]["estimate"] *= 1.0000001
    changed = served.folder / "changed.json"
    changed.write_text(json.dumps(shown))

    assert served.ask(capsys, "verify", studies["released"], "--result", changed).code == 15


def test_the_ledger_verifies_without_its_hub_and_any_flipped_byte_is_named(
    served: Served, studies: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A copied replica verifies from its files alone; with one byte flipped in any file, that file is named, exit 15."""
    copy = served.folder / "copy"
    shutil.copytree(served.folder / "west" / "replica", copy)
    whole = say(capsys, "ledger", "verify", copy, "--federation", served.federation, "--json").matches("ledger")
    shown = say(capsys, "ledger", "show", copy, "--federation", served.federation, "--study", studies["released"])
    assert "permits the study" in shown.out
    assert whole["root_hash"] in shown.out
    files = [
        path
        for path in sorted(copy.rglob("*"))
        if path.is_file() and str(path.relative_to(copy)) not in whole["extra_files"]
    ]
    assert len(files) == whole["file_count"]
    for path in files:
        data = path.read_bytes()
        place = len(data) // 2
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        said = say(capsys, "ledger", "verify", copy, "--federation", served.federation, "--json")
        assert said.code == 15
        assert path.relative_to(copy).as_posix() in said.error["message"]
        path.write_bytes(data)
    assert say(capsys, "ledger", "verify", copy, "--federation", served.federation).code == 0


def test_connect_finds_agreement_and_person_by_key(served: Served, studies: dict[str, str]) -> None:
    """summand.connect runs as the key's person under the agreement that names it, by title or hash too."""
    agreement = served.partnership.agreement
    for wanted in (None, agreement.title, agreement.hash, agreement.hash[:12]):
        with summand.connect(served.federation, key=served.folder / "analyst.pem", agreement=wanted) as federation:
            assert federation.agreement.hash == agreement.hash
            assert federation.result(studies["released"]).to_dict()["n"] == 9
    with (
        summand.connect(str(served.federation), key=served.partnership.analyst_key) as federation,
        pytest.raises(ApprovalMissing),
    ):
        federation.run({"name": "linear", "formula": "y ~ x"})


def test_connect_says_what_does_not_fit(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A stranger's key, another person's name and an unknown agreement are each refused with what to do."""
    with pytest.raises(UsageError):
        summand.connect(served.federation, key=served.folder / "analyst.pem", agreement="another")
    with pytest.raises(RequesterNotPermitted):
        summand.connect(served.federation, key=served.folder / "analyst.pem", person=STEWARD)
    said = served.ask(capsys, "list", "--json", key="stranger")
    assert (said.code, said.error["code"]) == (16, "transport.stranger")
    said = served.ask(capsys, "show", "0" * 32, "--json")
    assert said.error["code"] == "usage"
