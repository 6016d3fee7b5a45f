"""What the ledger proves about one study: from its entries, the signed agreement and nobody's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from summand.agreement import SignedAgreement
from summand.encoding import dump, from_base64, parse
from summand.errors import AgreementError, SummandError, VerificationError
from summand.federation._results import ADDED_FIELDS
from summand.federation._round_evidence import ROUND_KINDS, check_rounds
from summand.ledger import Tree, leaf_hash
from summand.securesum import Cohort
from summand.signing import Envelope, PublicKey, open_sealed
from summand.study import Certificate, Plan, SignedStudy, cosigners, whole_entries, witness_key
from summand.study.messages import COHORT_DOMAIN, CONFIRMED, DECISION_TYPE, result_hash
from summand.transport import Message

Leaf = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Evidence:
    """What was proved about a study.

    Attributes:
        study: Its identifier.
        outcome: ``released``, ``awaiting witnesses``, ``refused``, ``failed``, or ``open`` if the ledger does not know
            its end yet.
        result_sha256: The released result's hash, hexadecimal; None if nothing was released, or it awaits witnesses.
        steps: What each check proved, in the order of the study: leaf index (None for what is about several) and
            sentence.
    """

    study: str
    outcome: str
    result_sha256: str | None
    steps: tuple[tuple[int | None, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        steps = [{"leaf": leaf, "proved": text} for leaf, text in self.steps]
        return {"study": self.study, "outcome": self.outcome, "result_sha256": self.result_sha256, "steps": steps}


def agreement_of(study: str, entries: Sequence[bytes]) -> str:
    """The hash of the agreement that a study was asked under.

    Raises:
        VerificationError: if the ledger holds no request of that study.
    """
    _, request = _one(_leaves(entries), study, "study.request")
    return _signed_study(request, study).request.agreement_hash


def verify_study(study: str, entries: Sequence[bytes], signed: SignedAgreement, origin: str) -> Evidence:
    """Check every signature and every order that the ledger holds about a study.

    Args:
        study: The study's identifier.
        entries: All entries of a verified replica of the ledger.
        signed: The agreement that the study names; its parties' signatures are checked here.
        origin: The ledger's origin.

    Raises:
        VerificationError: if something is missing, out of order or not signed as it must be; it is named.
        AgreementError: if the agreement's own signatures do not hold.
    """
    tree = Tree()
    for entry in entries:
        tree.append(leaf_hash(entry))
    return verify_leaves(
        study, _leaves(entries), signed, origin, lambda size: tree.root(size) if size <= tree.size else None
    )


def verify_leaves(
    study: str, leaves: Sequence[Leaf], signed: SignedAgreement, origin: str, root_at: Callable[[int], bytes | None]
) -> Evidence:
    """As `verify_study`, from those entries alone that are about the study, its agreement or its parties' site keys.

    Args:
        study: The study's identifier.
        leaves: The entries with the numbers of their leaves, in order; that none is missing is the caller's to know.
        signed, origin: As in `verify_study`.
        root_at: The root hash of each size of the ledger; None past its end.

    Raises:
        VerificationError, AgreementError: as `verify_study`.
    """
    try:
        return _Case(study, list(leaves), signed, origin, root_at).verify()
    except (VerificationError, AgreementError):
        raise
    except (SummandError, KeyError, TypeError, AttributeError, ValueError):
        _fail("An entry about the study is malformed.")


def released_hash(result: Mapping[str, Any], evidence: Evidence) -> str:
    """The hash of a result that somebody holds, if it is the one that the study released.

    Args:
        result: As ``--json`` prints it, or as ``summand study show --json`` does.
        evidence: What was proved about the study.

    Raises:
        VerificationError: if it is another result.
    """
    values = result["result"] if isinstance(result.get("result"), dict) else result
    digest = result_hash({name: value for name, value in values.items() if name not in ADDED_FIELDS})
    if digest != evidence.result_sha256:
        _fail(f"The result given has the hash {digest}, not the one that the ledger holds.")
    return digest


class _Case:
    def __init__(
        self, study: str, leaves: list[Leaf], signed: SignedAgreement, origin: str,
        root_at: Callable[[int], bytes | None],
    ) -> None:  # fmt: skip
        self.study, self.leaves, self.signed, self.origin = study, leaves, signed, origin
        self.root_at = root_at
        self.agreement = signed.agreement
        self.steps: list[tuple[int | None, str]] = []

    def verify(self) -> Evidence:
        self._check_agreement()
        request_leaf, plan = self._check_request()
        keys, refusing = self._check_decisions(plan)
        ended = _all(self.leaves, self.study, "study.ended")
        if ended or refusing:
            return self._without_result(ended, refusing)
        cohort = self._check_cohort(plan, keys)
        if cohort is None:
            return self._evidence("open", None)
        last = self._check_rounds(cohort, request_leaf)
        return self._check_result(cohort, last, plan.witness_quorum)

    def _evidence(self, outcome: str, result: str | None) -> Evidence:
        return Evidence(self.study, outcome, result, tuple(self.steps))

    # ── who may ask what ─────────────────────────────────────────────────────────────────────────────────────────────
    def _check_agreement(self) -> None:
        self.signed.require_effective()
        digest = self.agreement.hash
        found = [
            leaf
            for leaf, item in self.leaves
            if item.get("agreement_hash") == digest and _is(item, "agreement.executed")
        ]
        if not found:
            _fail("The agreement is not in the ledger.")
        self.steps.append((found[0], f"'{self.agreement.title}' is in the ledger, signed by all its parties."))

    def _check_request(self) -> tuple[int, Plan]:
        leaf, entry = _one(self.leaves, self.study, "study.request")
        asked = _signed_study(entry, self.study)
        request = asked.request
        if (request.agreement_hash, request.federation) != (self.agreement.hash, self.origin):
            _fail("The request is for another agreement or another federation.")
        keys = [PublicKey.from_text(person.key) for person in self.agreement.people if person.name == request.requester]
        if not any(_holds(partial(asked.verify_requester, key)) for key in keys):
            _fail(f"The request is not signed by {request.requester} with a key of the agreement.")
        if entry.get("request_hash") != asked.hash:
            _fail("The request's hash is not that of the signed request.")
        self.steps.append((leaf, f"{request.requester} signed the request for '{request.method.get('name')}'."))
        for person in self.agreement.people:
            if asked.approval_of(person.name, PublicKey.from_text(person.key)):
                self.steps.append((leaf, f"{person.name} ({person.role.replace('_', ' ')}) signed an approval of it."))
        return leaf, Plan.of(asked, self.agreement)

    # ── the sites ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _check_decisions(self, plan: Plan) -> tuple[dict[str, PublicKey], list[str]]:
        keys: dict[str, PublicKey] = {}
        refusing: list[str] = []
        for leaf, entry in _all(self.leaves, self.study, "study.decision"):
            site = str(entry.get("site"))
            if site not in plan.sites or site in keys:
                _fail(f"There is a second or a stranger's decision ({site[:80]}).")
            fields, keys[site] = self._open_decision(entry, site, plan)
            if fields.get("decision") == "permit":
                self.steps.append((leaf, f"{site} signed its permit."))
            else:
                refusing.append(site)
                reasons = ", ".join(str(reason.get("code")) for reason in fields.get("reasons", []))
                self.steps.append((leaf, f"{site} signed its refusal ({reasons})."))
        return keys, refusing

    def _open_decision(self, entry: dict[str, Any], site: str, plan: Plan) -> tuple[dict[str, Any], PublicKey]:
        envelope = Envelope.from_dict(entry.get("envelope"))
        signers = [
            key
            for key in self._certified(site, plan.party_of[site], entry)
            if _holds(partial(open_sealed, envelope, DECISION_TYPE, [key]))
        ]
        if not signers:
            _fail(f"The decision of {site} is not signed by a key that its organisation certified in the ledger.")
        fields = open_sealed(envelope, DECISION_TYPE, signers[:1])
        about = tuple(fields.get(name) for name in ("study", "request_hash", "agreement_hash"))
        named = fields.get("site") in (site, plan.party_of[site])
        if about != (self.study, plan.request_hash, plan.request.agreement_hash) or not named:
            _fail(f"The decision of {site} is about another request.")
        return fields, signers[0]

    def _certified(self, site: str, party: str, decided: dict[str, Any]) -> list[PublicKey]:
        party_key, at = PublicKey.from_text(self.agreement.party(party).key), _time(decided)
        found = []
        for _, entry in self.leaves:
            if _is(entry, "site.certified") and (entry.get("site"), entry.get("party")) == (site, party):
                try:
                    envelope = Envelope.from_dict(entry.get("envelope"))
                    found.append(Certificate.read(envelope, site, party, party_key, at).key)
                except SummandError:
                    continue
        return found

    def _check_cohort(self, plan: Plan, keys: Mapping[str, PublicKey]) -> Cohort | None:
        found = _all(self.leaves, self.study, "study.cohort")
        if not found:
            later = ("round.opened", "round.summed", "study.result", "study.confirmed", "study.released")
            if any(_all(self.leaves, self.study, kind) for kind in later):
                _fail("There are rounds or a result, but no cohort.")
            return None
        leaf, entry = _one(self.leaves, self.study, "study.cohort")
        if set(keys) != set(plan.sites):
            _fail("There is a cohort, but not every site's permit.")
        cohort = Cohort.from_dict(entry.get("cohort"))
        if cohort != Cohort.form(keys, plan.agreement_hash, plan.epoch):
            _fail("The cohort's sites, keys or threshold are not those of the request and the agreement.")
        signatures = entry.get("signatures") or {}
        for site, key in keys.items():
            signature = from_base64(str(signatures.get(site)), "cohort signature")
            if not _holds(partial(key.verify, signature, COHORT_DOMAIN + cohort.digest())):
                _fail(f"{site} did not sign the cohort.")
        self.steps.append((leaf, f"All {len(keys)} sites signed the same list of sites, keys and threshold."))
        return cohort

    # ── the rounds ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _check_rounds(self, cohort: Cohort, after: int) -> int:
        """Rounds 0, 1, 2 … are each opened once, then summed once over exactly those who took part; the last leaf."""
        steps = [
            (leaf, entry) for leaf, entry in self.leaves
            if entry.get("study") == self.study and entry.get("type") in ROUND_KINDS
        ]  # fmt: skip
        seen = check_rounds(cohort, [entry for _, entry in steps])
        if steps:
            over = (
                "all sites"
                if len(seen.members) == len(cohort.sites)
                else f"{len(seen.members)} of {len(cohort.sites)} sites"
            )
            again = f"; the study started over {seen.started_over} times" if seen.started_over else ""
            self.steps.append((None, f"{seen.opened} rounds, each opened once and summed once over {over}{again}."))
        return steps[-1][0] if steps else after

    def _check_result(self, cohort: Cohort, after: int, quorum: int) -> Evidence:
        if not _all(self.leaves, self.study, "study.released"):
            return self._evidence("open", None)
        result_leaf, result = _one(self.leaves, self.study, "study.result")
        confirmed_leaf, confirmed = _one(self.leaves, self.study, "study.confirmed")
        released_leaf, released = _one(self.leaves, self.study, "study.released")
        digest = str(result.get("result_sha256"))
        if not after < result_leaf < confirmed_leaf < released_leaf:
            _fail("Result, confirmations and release are not in this order behind the rounds.")
        if {confirmed.get("result_sha256"), released.get("result_sha256")} != {digest}:
            _fail("What was confirmed or released is another result.")
        self.steps.append((result_leaf, f"The result's hash {digest[:16]}… was recorded before its release."))
        sites = [
            site for site in confirmed.get("confirmations") or {} if self._confirms(cohort, site, confirmed, digest)
        ]
        if len(sites) < cohort.threshold:
            _fail(f"Only {len(sites)} sites signed the result; {cohort.threshold} must.")
        self.steps.append((confirmed_leaf, f"{len(sites)} sites recomputed the result from the total and signed it."))
        self.steps.append((released_leaf, "The result was released."))
        witnessed = self._check_witnesses(cohort, released_leaf, quorum)
        return self._evidence("released", digest) if witnessed else self._evidence("awaiting witnesses", None)

    def _check_witnesses(self, cohort: Cohort, released: int, quorum: int) -> bool:
        """Whether the ledger holds a quorum's cosignatures over the release; False if it holds none yet."""
        if not _all(self.leaves, self.study, "study.witnessed"):
            self.steps.append((None, f"It is awaiting witnesses: {quorum} sites must cosign the ledger over it."))
            return False
        leaf, entry = _one(self.leaves, self.study, "study.witnessed")
        keys = {
            witness_key(self.origin, site, key): site
            for site, key in zip(cohort.sites, cohort.identity_keys, strict=True)
        }
        notes = [str(note) for note in entry["notes"]]
        sites = cosigners(notes, keys, released, lambda size: self.root_at(size) if size <= leaf else None)
        if len(sites) < quorum:
            _fail(f"Only {len(sites)} sites cosigned the ledger over the release; {quorum} must.")
        self.steps.append((leaf, f"{len(sites)} sites cosigned the ledger over the release; {quorum} must."))
        return True

    def _confirms(self, cohort: Cohort, site: str, confirmed: dict[str, Any], digest: str) -> bool:
        given = confirmed["confirmations"][site]
        header_bytes, signature = (from_base64(str(given.get(name)), name) for name in ("header", "signature"))
        header = parse(header_bytes, "confirmation")
        wanted = {"kind": "site.confirm", "sender": site, "study": self.study, "result_sha256": digest}
        if site not in cohort.sites or any(header.get(name) != value for name, value in wanted.items()):
            _fail(f"The confirmation of {site[:80]} is about something else.")
        said = Message(
            "site.confirm", site, self.study, 0, header, header_bytes, dump(CONFIRMED), signature, b""
        )  # fmt: skip
        key = cohort.identity_keys[cohort.index(site)]
        if not _holds(partial(said.verify, key, self.origin)):
            _fail(f"The confirmation of {site} is not signed by its key.")
        return True

    def _without_result(self, ended: list[Leaf], refusing: list[str]) -> Evidence:
        if _all(self.leaves, self.study, "study.released"):
            _fail("The study ended without a result, and yet something was released.")
        if not ended:
            return self._evidence("open", None)
        leaf, entry = ended[0]
        outcome = "refused" if refusing else "failed"
        if len(ended) > 1 or entry.get("status") != outcome:
            _fail("The recorded end does not fit the sites' decisions.")
        code = (entry.get("error") or {}).get("code")
        self.steps.append((leaf, f"The study ended as {outcome} ({code}); nothing was released."))
        return self._evidence(outcome, None)


def _leaves(entries: Sequence[bytes]) -> list[Leaf]:
    return list(whole_entries(entries))


def _is(entry: Mapping[str, Any], kind: str) -> bool:
    return entry.get("type") == kind


def _all(leaves: Sequence[Leaf], study: str, kind: str) -> list[Leaf]:
    return [(leaf, entry) for leaf, entry in leaves if entry.get("study") == study and _is(entry, kind)]


def _one(leaves: Sequence[Leaf], study: str, kind: str) -> Leaf:
    found = _all(leaves, study, kind)
    if len(found) != 1:
        _fail(f"The ledger holds {len(found)} entries '{kind}' of the study; exactly one belongs there.")
    return found[0]


def _signed_study(entry: Mapping[str, Any], study: str) -> SignedStudy:
    asked = SignedStudy.from_dict(entry.get("signed"))
    if asked.request.study_id != study:
        _fail("The signed request is of another study.")
    return asked


def _time(entry: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(entry.get("at")))
    except ValueError:
        _fail("An entry has no time.")


def _holds(check: Callable[[], Any]) -> bool:
    try:
        check()
    except SummandError:
        return False
    return True


def _fail(message: str) -> NoReturn:
    raise VerificationError(message, remedy="Do not rely on this study. Compare with a partner's replica, and ask why.")
