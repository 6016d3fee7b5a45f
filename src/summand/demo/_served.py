"""A demonstration's network of real processes: one hub and one agent per site, over HTTPS on loopback."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

from summand.agreement import SignedAgreement
from summand.demo._case import Case, Keys
from summand.demo._children import Children
from summand.demo._network import Asker, ReplicaCheck, Result, SiteCheck
from summand.encoding import canonical, parse
from summand.errors import SplitView
from summand.federation._connect import connect
from summand.hub._folder import HubFolder
from summand.ledger import AddCheckpoint, Replica, VerifierKey, verify_directory
from summand.site._folder import DataFile, SiteFolder
from summand.transport import FederationDescription, HubClient, LedgerGrowth

CATCH_UP_SECONDS = 20.0
CHECK_FILE = "data-check.json"


class ServedNetwork:
    """Hub and sites as processes under one folder: ``hub/``, and ``sites/PARTY/`` for each site's own.

    What a hospital does by hand when it joins is done here for each site in turn: its folder is made with a service key
    that its organisation's key certifies, the hub's fingerprint is compared, its data are put there and checked, and
    the signed agreement is accepted. From then on each site's process (`summand.demo.sites`) opens nothing outside that
    folder but its log.
    """

    def __init__(self, case: Case, keys: Keys, signed: SignedAgreement, folder: Path) -> None:
        self._case, self._signed, self._folder = case, signed, folder
        self._children = Children()
        self._checks: list[SiteCheck] = []
        try:
            self._start(keys)
        except BaseException:
            self._children.close()
            raise

    def _start(self, keys: Keys) -> None:
        self._folder.mkdir(mode=0o700, parents=True)
        logs = self._folder / "logs"
        logs.mkdir()
        made = HubFolder.create(
            self._folder / "hub", origin=f"summand.demo/{self._case.name}", hosts=["127.0.0.1", "localhost"],
            port=free_port(),
        )  # fmt: skip
        hub = self._children.start("the hub", "summand", ["hub", "serve", str(made.path)], logs / "hub.log")
        sites = self._children.start("the sites", "summand.demo.sites", [], logs / "sites.log")  # loads meanwhile
        self._federation = made.federation()
        for site in self._case.sites:
            self._join(site.party, keys)
        self._children.wait_for_line({"the hub": hub.log}, r"answers at https://\S+")
        keys.analyst.save(self._folder / "analyst.pem")
        (self._folder / "agreement.signed.json").write_bytes(self._signed.to_bytes())
        self._client = HubClient(self._federation, keys.analyst)
        self._client.put_until_taken(f"/v1/agreements/{self._signed.agreement.hash}", self._signed.to_bytes())
        folders = [str(self._site(site.party)) for site in self._case.sites]
        self._children.tell(sites, {"logs": str(logs), "folders": folders})
        self._replica = Replica.open(None, self._log_key)
        self._asker = connect(self._federation, key=keys.analyst)
        ready = {site.party: logs / f"{site.party}.log" for site in self._case.sites}
        self._children.wait_for_line(ready, "is connected")

    def _site(self, party: str) -> Path:
        return self._folder / "sites" / party

    def _join(self, party: str, keys: Keys) -> None:
        site = self._case.site(party)
        path = f"data/{site.file_name}"
        folder = SiteFolder.create(
            self._site(party), party=party, party_key=keys.parties[party], federation=self._federation,
            fingerprint=self._federation.fingerprint, files={site.dataset: DataFile(path)},
        )  # fmt: skip
        (folder.path / "data").mkdir()
        (folder.path / path).write_bytes(site.to_csv())
        folder.accept(self._signed)
        report = folder.sources({self._signed.agreement.hash: self._signed})[site.dataset].check()
        (folder.path / CHECK_FILE).write_bytes(canonical(report.summary()))  # the counts stay in the site's folder
        self._checks.append(SiteCheck(party, report.passed))

    @property
    def _log_key(self) -> VerifierKey:
        return VerifierKey.of_log(self._federation.origin, self._federation.hub_key)

    @property
    def url(self) -> str:
        """Where the hub answers."""
        return self._federation.url

    @property
    def portal_url(self) -> str:
        """The address of the hub's portal."""
        return f"{self.url}/portal/"

    @property
    def hub_folder(self) -> Path:
        """The hub's folder, where the portal's accounts are."""
        return self._folder / "hub"

    @property
    def federation(self) -> FederationDescription:
        """What one needs to reach the hub."""
        return self._federation

    @property
    def process_count(self) -> int:
        """The hub and the sites."""
        return 1 + len(self._case.sites)

    @property
    def asker(self) -> Asker:
        """The analyst's connection."""
        return self._asker

    def data_checks(self) -> tuple[SiteCheck, ...]:
        """Pass or fail of each site's own check."""
        return tuple(self._checks)

    def leaf_index(self, result: Result) -> int:
        """Where the ledger holds the result's hash, in a replica that the analyst follows by proofs."""
        before = self._replica.size
        self._follow()
        for index, entry in enumerate(self._replica.entries(before), start=before):
            fields = parse(entry, "ledger entry")
            if (fields.get("type"), fields.get("result_sha256")) == ("study.result", result.result_hash):
                return index
        return -1

    def _follow(self) -> None:
        growth = LedgerGrowth.read(self._client.get(f"/v1/ledger?size={self._replica.size}"))
        asked = AddCheckpoint.from_text(growth.add_checkpoint)
        self._replica.advance(asked.checkpoint_text, growth.entries, asked.proof)

    def replica_checks(self) -> tuple[ReplicaCheck, ...]:
        """Each site's own replica, every hash derived again from its files once it has caught up with the hub.

        Raises:
            VerificationError: if one does not verify, or does not catch up.
        """
        self._follow()
        types = tuple(str(parse(entry, "ledger entry").get("type")) for entry in self._replica.entries())
        return tuple(self._checked(site.party, types) for site in self._case.sites)

    def _checked(self, party: str, types: tuple[str, ...]) -> ReplicaCheck:
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            self._children.check_alive()
            report = verify_directory(self._site(party) / "replica", self._log_key)
            if report.leaf_count >= self._replica.size:
                return ReplicaCheck(party, report.leaf_count, report.root_hash.hex(), types)
            if time.monotonic() > deadline:
                raise SplitView(
                    f"The replica of {party} stays at {report.leaf_count} of {self._replica.size} entries.",
                    remedy=f"Read its log in {self._folder / 'logs'}.",
                )
            time.sleep(0.05)

    def check_alive(self) -> None:
        """See that every process still runs.

        Raises:
            SiteUnreachable: if one ended.
        """
        self._children.check_alive()

    def close(self) -> None:
        """End every process."""
        with contextlib.suppress(AttributeError):  # what was not reached while starting is not there
            self._asker.close()
            self._client.close()
            self._replica.close()
        self._children.close()


def free_port() -> int:
    """A port that was free a moment ago; the hub says so if another process was quicker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
