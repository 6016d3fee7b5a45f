"""A federation in folders, as real processes would have it, driven by hand: so that a test can let it crash anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from summand.encoding import parse
from summand.errors import SummandError
from summand.federation import Federation
from summand.hub import Convener
from summand.hub._folder import LEDGER, HubFolder
from summand.ledger import AddCheckpoint, VerifierKey, verify_directory
from summand.site import Agent
from summand.site._folder import REPLICA, DataFile, SiteFolder
from summand.study import SignedStudy, certified_witnesses, whole_entries
from summand.testing.federations import ANALYST, Partnership
from summand.transport import read_message
from wire import LINEAR, small_partnership

ORIGIN = "crash.example/log"
CURSOR = "inbox_cursor"


class Crash(BaseException):
    """The process ended here: nothing that follows in it happens. No handler of errors sees it."""


def write_csv(path: Path, table: dict[str, list[Any]]) -> None:
    """A table as a CSV file."""
    lines = [",".join(table), *(",".join(map(repr, row)) for row in zip(*table.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")


def witnesses_in(leaves: Sequence[bytes], origin: str) -> list[VerifierKey]:
    """The witnesses that a ledger's own entries name."""
    return certified_witnesses((value for _, value in whole_entries(leaves)), origin)


class DiskFederation:
    """A hub and its sites, each in a folder; `crash_hub` and `crash_site` lose everything but the folders."""

    def __init__(self, root: Path, partnership: Partnership | None = None, port: int = 1) -> None:
        self.root, self.partnership = root, partnership or small_partnership()
        signed = self.partnership.signed
        self.hub_folder = HubFolder.create(root / "hub", origin=ORIGIN, hosts=["localhost", "127.0.0.1"], port=port)
        self.description = self.hub_folder.federation()
        self.site_folders: dict[str, SiteFolder] = {}
        for site, table in self.partnership.tables.items():
            folder = root / site
            folder.mkdir()
            write_csv(folder / "rows.csv", table)
            made = SiteFolder.create(
                folder, party=site, party_key=self.partnership.party_keys[site], federation=self.description,
                fingerprint=self.description.fingerprint, files={f"data-{site}": DataFile("rows.csv")},
            )  # fmt: skip
            made.accept(signed)
            self.site_folders[site] = made
        self._agents: dict[str, Agent] = {}
        self._convener: Convener | None = None
        self.uploads: dict[tuple[str, int], set[bytes]] = {}
        self.last_sent = b""
        self.crashes = 0

    def publish(self) -> None:
        """Bring the agreement and the certificates to the hub."""
        self.convener.put_agreement(self.partnership.signed.envelope.to_dict())
        for folder in self.site_folders.values():
            self.convener.put_certificate(folder.certificate())

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def convener(self) -> Convener:
        """The hub, started from its folder if it does not run."""
        if self._convener is None:
            self._convener = self.start_hub()
        return self._convener

    def start_hub(self) -> Convener:
        """A hub as it starts from its folder."""
        return self.hub_folder.convener()

    def agent(self, site: str) -> Agent:
        """A site, started from its folder if it does not run."""
        if site not in self._agents:
            self._agents[site] = self.site_folders[site].agent()
            self.synchronise(site)
        return self._agents[site]

    def crash_hub(self) -> None:
        """The hub is gone; its locks with it."""
        hub, self._convener = self._convener, None
        if hub is not None:
            hub.close()

    def crash_site(self, site: str) -> None:
        """A site is gone; its locks with it."""
        agent = self._agents.pop(site, None)
        if agent is not None:
            agent.store.close()
            agent.replica.close()

    def close(self) -> None:
        """End everything."""
        self.crash_hub()
        for site in list(self._agents):
            self.crash_site(site)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def synchronise(self, site: str) -> None:
        """Bring a site's replica up to the hub's checkpoint."""
        agent = self._agents[site]
        since = self.convener.ledger_since(agent.replica.size)
        agent.advance_replica(since["checkpoint"], since["entries"], since["proof"])

    def request(self, method: dict[str, Any] = LINEAR) -> SignedStudy:
        """A study that the analyst signed."""

        class Named:
            origin = ORIGIN

        federation = Federation(Named(), self.partnership.agreement, ANALYST, self.partnership.analyst_key)
        return federation.request(method)

    def run(self, study: SignedStudy, *, after_send: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """A study to its end, whatever crashes on the way; each message is tried until it is taken."""
        identifier = study.request.study_id
        self.surviving(lambda: self.convener.submit(study.to_dict()))
        while sum(self.step(site, after_send) for site in self.site_folders):
            pass
        for site in self.site_folders:
            self.surviving(lambda site=site: self.witness(site), site)
        return self.convener.show(identifier)

    def witness(self, site: str) -> None:
        """Have a site cosign the hub's checkpoint."""
        agent = self.agent(site)
        size = agent.replica.size
        since = self.convener.ledger_since(size)
        asked = AddCheckpoint(size, tuple(since["proof"]), since["checkpoint"])
        self.convener.witnesses.put(site, agent.cosign(asked.to_text(), since["entries"]).encode())

    def step(self, site: str, after_send: Callable[[], None] = lambda: None) -> bool:
        """The next message to a site, handled, answered and then passed over, as `SiteService` does; False if none."""
        letters = self.surviving(lambda: self.convener.inbox(site, int(self.agent(site).store.get(CURSOR, "0"))))
        for seq, data in letters[:1]:
            self.surviving(lambda data=data, seq=seq: self._answer(site, data, seq, after_send), site)
        return bool(letters)

    def _answer(self, site: str, data: bytes, seq: int, after_send: Callable[[], None]) -> None:
        agent = self.agent(site)
        if read_message(data).kind in ("study.request", "study.ended"):
            self.synchronise(site)
        for answer in agent.handle(data):
            message = read_message(answer)
            if message.kind == "round.upload":
                self.uploads.setdefault((site, message.round), set()).add(answer)
            self.last_sent = answer
            with suppress(SummandError):  # the service logs what the hub does not take, and goes on
                self.convener.receive(answer)
            after_send()
        if self.is_answered():
            agent.store.put(CURSOR, str(seq))

    def is_answered(self) -> bool:
        """Whether the hub answered what it took just now; a site passes over a letter only then."""
        return True

    def surviving(self, action: Callable[[], Any], site: str | None = None) -> Any:
        """Do something; if a process crashes in it, start that process again from its folder and do it again."""
        for _ in range(20):
            try:
                return action()
            except Crash as crash:
                self.crashes += 1
                if crash.args == ("hub",):
                    self.crash_hub()
                elif site is not None:
                    self.crash_site(site)
        raise AssertionError("it crashes again and again")

    # ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────
    def entries(self) -> list[dict[str, Any]]:
        """The ledger's entries, parsed, from the hub's files alone, every stored hash derived again."""
        self.close()
        key = VerifierKey.of_log(ORIGIN, self.description.hub_key)
        verify_directory(self.root / "hub" / LEDGER, key, lambda leaves: witnesses_in(leaves, ORIGIN))
        for site in self.site_folders:
            verify_directory(self.root / site / REPLICA, key)
        log = self.convener.log
        return [parse(data) for data in log.entries(0, log.size)]

    def check_rounds(self, study: str) -> None:
        """No round was opened twice, summed twice, or uploaded to with two different vectors."""
        entries = [entry for entry in self.entries() if entry.get("study") == study]
        for kind in ("round.opened", "round.summed"):
            numbers = [entry["round"] for entry in entries if entry["type"] == kind]
            assert numbers == sorted(set(numbers))
        once = ("study.request", "study.cohort", "study.result", "study.confirmed", "study.released", "study.ended")
        assert all(sum(entry["type"] == kind for entry in entries) <= 1 for kind in once)
        assert all(len(sent) == 1 for sent in self.uploads.values())


class HoldingFederation(DiskFederation):
    """As a service has it, at its worst: what is postponed is never done, and a held message is answered only once a
    later transaction has stored it.
    """

    def start_hub(self) -> Convener:
        """A hub that postpones for ever."""
        made = super().start_hub()
        made.postpone = lambda _work, _seconds: None
        return made

    def is_answered(self) -> bool:
        """Once nothing is held any more."""
        return not self.convener.store.holds
