"""A site's folder: everything it knows, and nothing of anybody else's.

::

    site.json            site, party, the federation's description, which file holds which dataset
    keys/site.pem        the service key, readable by its owner alone
    certificate.json     the organisation's word for that key
    agreements/          the site's own signed copies; what is not here is not in force here
    data/                the rows, or wherever ``site.json`` says they are
    state.sqlite         what must outlive a crash
    replica/             the site's own copy of the ledger
    stop.json, outbox/   the emergency stop while it is in force, and what the hub has not heard of it yet
    split-view.json      only where the site was shown two histories of the ledger: both checkpoints
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summand.agreement import SignedAgreement, load_signed
from summand.encoding import canonical, parse
from summand.errors import AgreementError, StrangerRefused, UsageError
from summand.ledger import Replica, VerifierKey
from summand.signing import Envelope, PrivateKey
from summand.site._agent import Agent
from summand.site._alarm import ALARM
from summand.site._stop import StopSwitch, write_whole
from summand.site._store import SiteStore
from summand.site.sources import Source, open_source
from summand.study import Certificate
from summand.tables import dictionary_from_table_schema
from summand.transport import FederationDescription

SETTINGS, KEY, CERTIFICATE, AGREEMENTS, STATE, REPLICA = (
    "site.json", "keys/site.pem", "certificate.json", "agreements", "state.sqlite", "replica",
)  # fmt: skip


@dataclass(frozen=True)
class DataFile:
    """Where a dataset's rows are.

    Attributes:
        path: The file, relative to the folder or absolute.
        opt_out: A file with the identifiers of people who opted out, or None.
        columns: The column names of a file without a header, in order; empty where it has one.
    """

    path: str
    opt_out: str | None = None
    columns: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"path": self.path, "opt_out": self.opt_out, "columns": list(self.columns)}


class SiteFolder:
    """One site's folder, made by `create` and read by everything else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            fields = parse((path / SETTINGS).read_bytes(), SETTINGS)
            self.site, self.party = str(fields["site"]), str(fields["party"])
            self.federation = FederationDescription.from_dict(fields["federation"])
            self.files = {
                str(name): DataFile(str(item["path"]), item["opt_out"], tuple(item["columns"]))
                for name, item in fields["datasets"].items()
            }
        except (OSError, KeyError, TypeError, AttributeError):
            raise UsageError(
                f"{path} is not a site's folder: its {SETTINGS} is missing or malformed.",
                remedy="Make it with 'summand site init'.",
            ) from None

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        party: str,
        party_key: PrivateKey,
        federation: FederationDescription,
        fingerprint: str,
        files: Mapping[str, DataFile],
    ) -> SiteFolder:
        """Make a site's folder, with a fresh service key certified by the organisation's key.

        The organisation's key itself is not stored.

        Raises:
            StrangerRefused: if the federation's fingerprint is not the one that was compared.
            UsageError: if the folder holds a site already.
        """
        if federation.fingerprint != fingerprint.strip().lower():
            raise StrangerRefused(
                "The federation's fingerprint is not the one given: this may be another hub.",
                remedy="Ask the hub's operator for the fingerprint by telephone or letter, and compare it again.",
            )
        if (path / SETTINGS).exists():
            raise UsageError(f"{path} holds a site already.", remedy="Choose another folder, or use that site.")
        for name in ("keys", AGREEMENTS, REPLICA):
            (path / name).mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        key = PrivateKey.generate()
        key.save(path / KEY)
        certificate = Certificate.issue(party, key.public, party_key)
        (path / CERTIFICATE).write_bytes(canonical(certificate.envelope.to_dict()))
        settings = {
            "site": party, "party": party, "federation": federation.to_dict(),
            "datasets": {name: item.to_dict() for name, item in files.items()},
        }  # fmt: skip
        write_whole(path / SETTINGS, canonical(settings))  # last: a folder without it is no site's folder
        return cls(path)

    def accept(self, signed: SignedAgreement) -> Path:
        """Take a fully signed agreement as this site's own copy.

        Raises:
            AgreementError: if a signature is missing, or this party is not in it.
        """
        signed.require_effective()
        if self.party not in {party.id for party in signed.agreement.parties}:
            raise AgreementError(
                f"{self.party} is no party of '{signed.agreement.title}'.", remedy="Accept only agreements you signed."
            )
        target = self.path / AGREEMENTS / f"{signed.agreement.hash}.signed.json"
        write_whole(target, signed.to_bytes())
        return target

    def agreements(self) -> dict[str, SignedAgreement]:
        """This site's own copies by hash, each verified again.

        Raises:
            AgreementError: if a file there is malformed or not fully signed.
        """
        found = {}
        for file in sorted((self.path / AGREEMENTS).glob("*.signed.json")):
            signed = load_signed(file.read_bytes())
            signed.require_effective()
            found[signed.agreement.hash] = signed
        return found

    def agreement_hash(self, beginning: str) -> str:
        """The hash of the one accepted agreement whose hash begins so.

        Raises:
            UsageError: if none or several do.
        """
        found = [digest for digest in self.agreements() if digest.startswith(beginning.lower())]
        if len(found) != 1:
            raise UsageError(f"{len(found)} accepted agreements have such a hash.", remedy="Give more of its digits.")
        return found[0]

    @property
    def stop(self) -> StopSwitch:
        """The site's emergency stop."""
        return StopSwitch(self.path)

    def certificate(self) -> dict[str, Any]:
        """The certificate as the hub takes it."""
        envelope = Envelope.from_dict(parse((self.path / CERTIFICATE).read_bytes(), CERTIFICATE))
        return {"site": self.site, "party": self.party, "envelope": envelope.to_dict()}

    def key(self) -> PrivateKey:
        """The service key."""
        return PrivateKey.load(self.path / KEY)

    def sources(self, agreements: Mapping[str, SignedAgreement]) -> dict[str, Source]:
        """The site's rows by dataset, for every dataset that an agreement gives this party."""
        found: dict[str, Source] = {}
        for signed in agreements.values():
            document = signed.agreement
            for dataset in document.datasets:
                item = self.files.get(dataset.id)
                if dataset.holder != self.party or item is None or dataset.id in found:
                    continue
                schema = dictionary_from_table_schema(dataset.dictionary, document.dictionary_of(dataset.id))
                opt_out = None if item.opt_out is None else self.path / item.opt_out
                found[dataset.id] = open_source(
                    self.path / item.path, schema, opt_out=opt_out, columns=list(item.columns) or None
                )
        return found

    def agent(self) -> Agent:
        """The site, ready to answer."""
        agreements = self.agreements()
        verifier = ledger_key(self.federation)
        return Agent(
            self.site, self.party, self.key(), hub_key=self.federation.hub_key, origin=self.federation.origin,
            agreements=agreements, sources=self.sources(agreements), store=SiteStore(self.path / STATE),
            replica=Replica.open(self.path / REPLICA, verifier), stop=self.stop, alarm_path=self.path / ALARM,
        )  # fmt: skip


def ledger_key(federation: FederationDescription) -> VerifierKey:
    """The key that the federation's checkpoints are signed with: the hub's."""
    return VerifierKey.of_log(federation.origin, federation.hub_key)
