"""A served federation: requests and results over HTTPS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from summand.agreement import SignedAgreement, load_signed
from summand.encoding import dump, parse, sha256_hex
from summand.errors import SiteUnreachable, UsageError
from summand.ledger import AddCheckpoint, Replica, VerifierKey
from summand.signing import Envelope, PrivateKey
from summand.study import ReleaseProof, SignedStudy, Statement
from summand.transport import FederationDescription, HubClient, LedgerGrowth

WAIT_SECONDS = 25.0
WITNESSES_SECONDS = 60.0
"""How long a client waits for the witnesses of a result that was released."""
_ENDED = ("released", "refused", "failed")


class RemoteNetwork:
    """A connection to a hub, as the analyst's messenger.

    Args:
        client: Signs reading with the analyst's key.
        give_up_seconds: How long to wait for a study's end.
    """

    def __init__(self, client: HubClient, *, give_up_seconds: float = 86_400.0) -> None:
        self.client, self.give_up_seconds = client, give_up_seconds

    @property
    def origin(self) -> str:
        """The federation's origin."""
        return self.client.federation.origin

    def send(self, study: SignedStudy) -> str:
        """Put a study before the sites without waiting; its identifier."""
        identifier = study.request.study_id
        self.client.put_until_taken(f"/v1/studies/{identifier}", dump(study.to_dict()))
        return identifier

    def submit(self, study: SignedStudy) -> str:
        """Put a study before the sites; wait for its end; its identifier."""
        return self.wait(self.send(study))

    def wait(self, identifier: str) -> str:
        """Wait for a study's end, and a minute more for the witnesses of what was released; its identifier.

        Raises:
            SiteUnreachable: if it does not end within ``give_up_seconds``.
        """
        deadline = time.monotonic() + self.give_up_seconds
        while time.monotonic() < deadline:
            shown = self._look(identifier, WAIT_SECONDS)
            if shown["status"] in _ENDED:
                if shown["awaiting_witnesses"] is None:
                    return identifier
                return self._wait_for_witnesses(identifier, min(deadline, time.monotonic() + WITNESSES_SECONDS))
        raise SiteUnreachable(
            f"The study has not ended within {self.give_up_seconds:g} seconds.",
            remedy=f"Look again later: summand study show {identifier}",
        )

    def _wait_for_witnesses(self, identifier: str, deadline: float) -> str:
        while (left := deadline - time.monotonic()) > 0:
            if self._look(identifier, min(WAIT_SECONDS, left))["awaiting_witnesses"] is None:
                break
        return identifier

    def release_proof(self, study: str) -> tuple[ReleaseProof, VerifierKey]:
        """The hub's proof that a result counts as released, not yet verified, and the ledger's key to verify it with."""
        federation = self.client.federation
        proof = ReleaseProof.from_dict(parse(self.client.get(f"/v1/studies/{study}/release")))
        return proof, VerifierKey.of_log(federation.origin, federation.hub_key)

    def state(self, statement: Statement) -> None:
        """Put a signed statement into the ledger."""
        address = f"/v1/statements/{statement.document_sha256}"
        self.client.put_until_taken(address, dump(statement.envelope.to_dict()))

    def show(self, study: str) -> dict[str, Any]:
        """The study as the hub shows it."""
        return self._look(study, 0.0)

    def _look(self, study: str, wait_seconds: float) -> dict[str, Any]:
        pause = 0.05
        while True:
            try:
                path = f"/v1/studies/{study}?wait={wait_seconds:g}"
                shown = parse(self.client.get(path, wait_seconds=wait_seconds))
                return dict(shown)
            except SiteUnreachable:
                if pause > 2.0:
                    raise
                time.sleep(pause)  # a hub that is being restarted comes back
                pause *= 2

    def agreements(self) -> dict[str, str]:
        """The titles of the hub's agreements by hash."""
        return dict(parse(self.client.get("/v1/agreements")))

    def agreement(self, digest: str) -> SignedAgreement:
        """A signed agreement; its signatures are checked here."""
        signed = load_signed(self.client.get(f"/v1/agreements/{digest}"))
        signed.require_effective()
        if signed.agreement.hash != digest:
            raise UsageError("The hub gave another agreement than asked for.", remedy="Do not go on; ask its operator.")
        return signed

    def publish(self, signed: SignedAgreement) -> None:
        """Bring a fully signed agreement to the hub."""
        self.client.put_until_taken(f"/v1/agreements/{signed.agreement.hash}", signed.to_bytes())

    def studies(self) -> list[dict[str, Any]]:
        """All studies as the hub lists them, oldest first."""
        return list(parse(self.client.get("/v1/studies"))["studies"])

    def replica(self) -> Replica:
        """A replica of the whole ledger in memory, each entry proved against the hub's checkpoint.

        Raises:
            VerificationError: if entries, root hash or signature do not hold together.
        """
        federation = self.client.federation
        found = Replica.open(None, VerifierKey.of_log(federation.origin, federation.hub_key))
        growth = LedgerGrowth.read(self.client.get("/v1/ledger?size=0"))
        asked = AddCheckpoint.from_text(growth.add_checkpoint)
        found.advance(asked.checkpoint_text, growth.entries, asked.proof)
        return found

    def cause(self, agreement_hash: str, envelope: Envelope) -> None:
        """Put an event of an agreement's life, signed by the parties that cause it, into the ledger."""
        address = f"/v1/agreements/{agreement_hash}/events/{sha256_hex(envelope.payload)}"
        self.client.put_until_taken(address, dump(envelope.to_dict()))

    def ledger_entries(self) -> list[bytes]:
        """All leaves of the ledger, proved against the hub's checkpoint."""
        return list(self.replica().entries())

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


def describe(federation: FederationDescription | Path | str) -> FederationDescription:
    """A federation's description, given as itself or as its file."""
    if isinstance(federation, FederationDescription):
        return federation
    return FederationDescription.load(Path(federation))


def analyst_key(key: PrivateKey | Path | str) -> PrivateKey:
    """A private key, given as itself or as its PEM file."""
    return key if isinstance(key, PrivateKey) else PrivateKey.load(Path(key))
