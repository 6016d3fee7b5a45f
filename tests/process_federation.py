"""A hub and its sites as real processes over HTTPS on loopback, in folders of their own."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from disk_federation import witnesses_in
from summand.encoding import parse
from summand.federation import Federation
from summand.federation._remote import RemoteNetwork
from summand.hub._folder import LEDGER, HubFolder
from summand.ledger import VerifierKey, verify_directory
from summand.ledger._verify import read_entries
from summand.site._folder import REPLICA, DataFile, SiteFolder
from summand.testing.federations import ANALYST, Partnership
from summand.transport import HubClient

START_SECONDS = 60.0


class ProcessFederation:
    """A served federation: start it, ask it, kill parts of it, look at what it left."""

    def __init__(self, root: Path, partnership: Partnership, write_rows: Any) -> None:
        self.root, self.partnership = root, partnership
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        folder = HubFolder.create(root / "hub", origin="acceptance.example/log", hosts=["localhost"], port=0)
        self.start_hub("--port", "0")
        self.description = folder.federation()
        self.client = HubClient(self.description, partnership.analyst_key)
        self.network = RemoteNetwork(self.client, give_up_seconds=90)
        self.network.publish(partnership.signed)
        for site, table in partnership.tables.items():
            (root / site).mkdir()
            write_rows(root / site / "rows.csv", table)
            made = SiteFolder.create(
                root / site, party=site, party_key=partnership.party_keys[site], federation=self.description,
                fingerprint=self.description.fingerprint, files={f"data-{site}": DataFile("rows.csv")},
            )  # fmt: skip
            made.accept(partnership.signed)
        for site in partnership.tables:
            self.launch(site, "site", "serve", str(root / site))
        for site in partnership.tables:
            self.await_line(site)
        self.federation = Federation(self.network, partnership.agreement, ANALYST, partnership.analyst_key)

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────
    def launch(self, name: str, *arguments: str) -> None:
        """Start a ``summand`` process."""
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        with (self.root / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "summand", *arguments], stdout=subprocess.PIPE, stderr=log, env=environment,
                cwd=self.root / name,
            )  # fmt: skip

    def await_line(self, name: str) -> str:
        """The first line that a process prints: it is ready then."""
        stream = self.processes[name].stdout
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            assert selector.select(START_SECONDS), f"{name} said nothing"
        line = stream.readline().decode()
        assert line, f"{name} ended: {(self.root / f'{name}.log').read_text()}"
        return line

    def start_hub(self, *arguments: str) -> None:
        """Start the hub, by default at the address that its description gives."""
        self.launch("hub", "hub", "serve", str(self.root / "hub"), *arguments)
        self.await_line("hub")

    def start_site(self, site: str) -> None:
        """Start a site."""
        self.launch(site, "site", "serve", str(self.root / site))
        self.await_line(site)

    def kill(self, name: str) -> None:
        """SIGKILL: no handler runs, nothing is tidied."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()
        process.stdout.close()

    def pid(self, name: str) -> int:
        """A process's number."""
        return self.processes[name].pid

    # ── studies ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def send(self, method: dict[str, Any]) -> str:
        """Submit a study without waiting; its identifier."""
        return self.network.send(self.federation.request(method))

    def await_status(self, study: str, *wanted: str, round_number: int = 0, seconds: float = 60.0) -> dict[str, Any]:
        """The study once it has one of these states (and at least this round), or any end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = self.network.show(study)
            if shown["status"] in wanted and shown["round"] >= round_number:
                return shown
            time.sleep(0.01)
        raise AssertionError(f"the study is {shown['status']} in round {shown['round']}: {shown['error']}")

    # ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────
    def entries(self, name: str = "hub") -> list[dict[str, Any]]:
        """The parsed entries of the hub's ledger or of a site's replica, every hash derived again from the files."""
        key = VerifierKey.of_log(self.description.origin, self.description.hub_key)
        folder = self.root / name / (LEDGER if name == "hub" else REPLICA)
        report = verify_directory(folder, key, lambda leaves: witnesses_in(leaves, self.description.origin))
        return [parse(data) for data in read_entries(folder, report)]

    def log_of(self, name: str) -> str:
        """What a process wrote to its log."""
        return (self.root / f"{name}.log").read_text()

    def close(self) -> None:
        """End every process and collect it."""
        self.client.close()
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
