"""That a result counts as released, for whoever has only the agreement and the hub's key: no ledger is needed.

What is proved: the agreement's person asked for the study; the leaf that releases exactly this result is in the ledger;
and enough of the study's sites, by keys that their parties certified, have cosigned checkpoints over that leaf.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from summand.agreement import Agreement
from summand.encoding import from_base64, parse, to_base64
from summand.errors import AwaitingWitnesses, PeerProtocolError, SummandError, VerificationError
from summand.ledger import Note, Receipt, SignatureLine, VerifierKey
from summand.signing import Envelope, PublicKey, open_sealed
from summand.study._certificates import CERTIFICATE_TYPE, Certificate
from summand.study._plan import Plan
from summand.study._request import SignedStudy
from summand.study._witnessing import cosigners, witness_key


@dataclass(frozen=True)
class Release:
    """What was proved: the result's hash (hex), the sites that cosigned, and how many must."""

    result_sha256: str
    witnesses: tuple[str, ...]
    quorum: int


@dataclass(frozen=True)
class ReleaseProof:
    """The parts of the proof; nothing is verified before `verify`.

    Attributes:
        study: The signed request.
        released: The bytes of the leaf ``study.released``.
        receipts: That leaf under one checkpoint or several (c2sp.org/tlog-proof), each with cosignatures.
        certificates: The certificates of the study's sites: site, party and envelope.
    """

    study: SignedStudy
    released: bytes
    receipts: tuple[Receipt, ...]
    certificates: tuple[tuple[str, str, Envelope], ...]

    @classmethod
    def from_dict(cls, fields: Any) -> ReleaseProof:
        """The proof behind its JSON form.

        Raises:
            PeerProtocolError, VerificationError: if it is malformed.
        """
        try:
            return cls(
                SignedStudy.from_dict(fields["request"]),
                from_base64(fields["released"], "release"),
                tuple(Receipt.from_text(text) for text in fields["receipts"]),
                tuple(
                    (str(item["site"]), str(item["party"]), Envelope.from_dict(item["envelope"]))
                    for item in fields["certificates"]
                ),
            )
        except (KeyError, TypeError, AttributeError):
            raise PeerProtocolError(
                "This is no proof of a release: request, released, receipts, certificates.", remedy="Check versions."
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "request": self.study.to_dict(), "released": to_base64(self.released),
            "receipts": [receipt.to_text() for receipt in self.receipts],
            "certificates": [
                {"site": site, "party": party, "envelope": envelope.to_dict()}
                for site, party, envelope in self.certificates
            ],
        }  # fmt: skip

    def verify(self, study: str, agreement: Agreement, log_key: VerifierKey) -> Release:
        """Check every signature and every count.

        Args:
            study: The identifier of the study that was asked for.
            agreement: The reader's own copy, whose parties' signatures were checked.
            log_key: The hub's key as the ledger's.

        Raises:
            AwaitingWitnesses: if all is right, but too few sites have cosigned yet.
            VerificationError: if anything else is not as it must be.
        """
        # (1) A person of this agreement asked for this study, in this federation.
        request = self.study.request
        people = [PublicKey.from_text(one.key) for one in agreement.people if one.name == request.requester]
        if not any(_signed(self.study, key) for key in people):
            _fail("The request is not signed by a person of the agreement.")
        if (request.study_id, request.agreement_hash, request.federation) != (study, agreement.hash, log_key.name):
            _fail("The proof is about another study, agreement or federation.")
        plan = Plan.of(self.study, agreement)
        # (2) The leaf releases it.
        leaf: Any = parse(self.released, "release")
        if not isinstance(leaf, dict) or (leaf.get("type"), leaf.get("study")) != ("study.released", study):
            _fail("The leaf does not release the study.")
        # (3) The leaf is in the ledger, under each checkpoint, at one place.
        if len({receipt.index for receipt in self.receipts}) > 1:
            _fail("The leaf is said to be at several places.")
        roots: dict[int, bytes] = {}
        for receipt in self.receipts:
            checkpoint = receipt.verify(self.released, [log_key])
            if (
                checkpoint.origin != log_key.name
                or roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root
            ):
                _fail("The checkpoints are of another ledger, or of two histories.")
        # (4) Enough of the study's sites cosigned them, each by a key that its party had certified then.
        sites = self._cosigned(plan, agreement, log_key.name, roots)
        if len(sites) < plan.witness_quorum:
            raise awaiting(study, sites, plan)
        return Release(str(leaf.get("result_sha256")), tuple(sites), plan.witness_quorum)

    def _cosigned(self, plan: Plan, agreement: Agreement, origin: str, roots: Mapping[int, bytes]) -> list[str]:
        keys: dict[VerifierKey, str] = {}
        certificates: dict[str, list[Certificate]] = {}
        for site, party, envelope in self.certificates:
            if plan.party_of.get(site) == party:
                certificate = _certificate(site, party, envelope, PublicKey.from_text(agreement.party(party).key))
                keys[witness_key(origin, site, certificate.key)] = site
                certificates.setdefault(site, []).append(certificate)
        known = {(key.name, key.key_id) for key in keys}
        notes = [receipt.checkpoint_text for receipt in self.receipts]
        cosigned = [note for note in notes if any((line.name, line.key_id) in known for line in _lines(note))]
        found = cosigners(cosigned, keys, -1, roots.get)
        return sorted(site for site, when in found.items() if any(_valid(item, when) for item in certificates[site]))


def _certificate(site: str, party: str, envelope: Envelope, party_key: PublicKey) -> Certificate:
    """A certificate with its party's signature checked; whether it was valid when it was used is asked later."""
    fields: Any = open_sealed(envelope, CERTIFICATE_TYPE, [party_key])
    try:
        begin = datetime.fromisoformat(fields["from"])
    except (KeyError, TypeError, ValueError):
        _fail(f"The certificate of {site} is malformed.")
    return Certificate.read(envelope, site, party, party_key, begin)


def _valid(certificate: Certificate, when: int) -> bool:
    return certificate.valid_from.timestamp() <= when <= certificate.valid_to.timestamp()


def _lines(note: str) -> tuple[SignatureLine, ...]:
    return Note.from_text(note).signatures


def awaiting(study: str, sites: list[str], plan: Plan) -> AwaitingWitnesses:
    """The error of a release that too few sites have cosigned yet."""
    missing = [site for site in plan.sites if site not in sites]
    return AwaitingWitnesses(
        f"The result is awaiting witnesses: {len(sites)} of the {plan.witness_quorum} sites that must have cosigned the "
        f"ledger over its release; not yet {', '.join(missing[:20])}.",
        remedy=f"Look again later: summand study show {study} --wait. If it stays so, ask those sites what they saw.",
        clause="H.witnesses",
    )


def _signed(study: SignedStudy, key: PublicKey) -> bool:
    try:
        study.verify_requester(key)
    except SummandError:
        return False
    return True


def _fail(message: str) -> NoReturn:
    raise VerificationError(message, remedy="Do not rely on this result. Compare with a site's replica, and ask why.")
