"""The hub's part of a study: it relays, adds masked vectors, opens totals and runs `update`; it never sees a row.

`Convener` is the same object behind the HTTP service and in memory. Every message goes the same way: verified, stored
with everything that follows from it in one transaction, then appended to the ledger, then announced. A restart reads
the store and stands where it stood.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from summand.agreement import SignedAgreement
from summand.encoding import dump, parse, sha256_hex
from summand.errors import (
    BodyTooLarge,
    OwnProtocolError,
    PeerProtocolError,
    RoundReplayed,
    RoundTimedOut,
    StorageFailed,
    StudyReplayed,
    SummandError,
    UsageError,
)
from summand.guard import read_event
from summand.hub import _store as rows
from summand.hub._inboxes import Inboxes
from summand.hub._register import Register, stranger
from summand.hub._rounds import Rounds
from summand.hub._store import Store
from summand.hub._study import OPEN_STATES, Running
from summand.hub._witnesses import Witnesses
from summand.ledger import ENTRY_BYTES_MAX, Log
from summand.signing import Envelope, PrivateKey, PublicKey
from summand.study import (
    REQUEST_TYPE,
    STATEMENT_TYPE,
    CohortShape,
    History,
    Plan,
    SignedStudy,
    Statement,
    entry,
    in_parts,
)
from summand.study.messages import HUB, SITE_KINDS
from summand.transport import Message, read_message

Notify = Callable[[set[str]], None]
CLOCKS_APART = timedelta(minutes=5)
ANSWERED_SECONDS = 0.003
"""How long after an answer the ledger's tiles follow: the answer is on its way then."""
ROUNDS_SECONDS = 0.25
"""How long tiles, and messages that nobody was answered for, may wait while rounds follow each other."""
PINNED_KEYS = "study.keys"
"""Among a study's stored messages: its sites' service keys as they were certified when it began."""


class Convener:
    """Convenes studies over one store and one ledger.

    Args:
        store: The hub's database.
        log: The federation's ledger; its origin names the federation.
        key: The hub's key: signs messages and checkpoints.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: Store, log: Log, key: PrivateKey, *, clock: Callable[[], float] = time.time) -> None:
        self.store, self._log, self.key, self.clock = store, log, key, clock
        self.inboxes = Inboxes(store)
        self.origin = log.verifier_key.name
        self.started = clock()
        self.on_change: Notify = lambda _: None
        self.postpone: Callable[[Callable[[], None], float], None] | None = None
        """How a service does what nobody waits for, so many seconds later; None: at once.

        Whoever sets it calls `acknowledge_received` before it answers a message.
        """
        self.released_shapes: dict[str, tuple[set[str], CohortShape] | None] = {}
        """By released study what tells its cohorts apart; None where nothing is compared with it."""
        self._live: dict[str, Running] = {}
        self._changed: set[str] = set()
        self.has_closed = False
        """Whether a study ended since this was last set to False: who waits for an end is woken by nothing else."""
        self._unsettled = True
        self._rounds = Rounds(self)
        with store.transaction() as tx:
            self.register = Register(tx, self._now)
            _check_same_past(rows.entry_count(tx), log)
            self.witnesses = Witnesses(self, tx)
        self._settle()  # entries committed before a crash but not yet in the tiles are appended now

    # ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────
    def put_agreement(self, fields: Any, *, expected: str | None = None, by_operator: bool = False) -> str:
        """Take in a fully signed agreement; its hash.

        Raises:
            AgreementError: if it is malformed or a signature is missing.
            StrangerRefused: if nobody known here signed it, or a party is known here under another key; the operator
                may take it in all the same.
        """
        signed = self.register.read_agreement(fields, by_operator=by_operator)
        digest = signed.agreement.hash
        if expected not in (None, digest):
            raise PeerProtocolError("The agreement has another hash than its address.", remedy="Send it to its own.")
        if digest not in self.register.agreements:
            with self.store.transaction() as tx:
                self.record(tx, *self.register.put_agreement(tx, signed))
            self.register.take_agreement(signed)
            self._settle()
        return digest

    def agreement(self, digest: str) -> SignedAgreement:
        """The agreement of that hash.

        Raises:
            AgreementError: if the hub does not hold it.
        """
        return self.register.agreement(digest)

    def agreements(self) -> dict[str, SignedAgreement]:
        """All agreements by hash."""
        return self.register.agreements

    def put_certificate(self, fields: Any) -> str:
        """Take in a site's certificate, checked against the party's key in any agreement here; the site's name.

        Raises:
            StrangerRefused: if no agreement here names that party, or the site's name is not the party's to give.
            SignatureInvalid: if it is not signed by the party's key.
        """
        certificate = self.register.read_certificate(fields)
        if not self.register.is_outdated(certificate):
            with self.store.transaction() as tx:
                self.record(tx, *self.register.put_certificate(tx, certificate, fields))
            self.register.take_certificate(certificate, fields)
            self._settle()
        return certificate.site

    def site_key(self, site: str) -> PublicKey:
        """The certified service key of a site.

        Raises:
            StrangerRefused: if the hub holds no certificate of it.
        """
        return self.register.site_key(site)

    def find_key(self, fingerprint: str) -> PublicKey | None:
        """The key of that fingerprint, of a party or person of an agreement here or of a certified site."""
        return self.register.find_key(fingerprint)

    # ── the analyst ──────────────────────────────────────────────────────────────────────────────────────────────────
    def submit(self, fields: Any) -> str:
        """Take in a signed study and put it before its sites; its identifier. The sites decide, not the hub.

        Raises:
            PeerProtocolError, AgreementError, UsageError: if it is malformed or its agreement is not here.
            StrangerRefused: if the requester's key is not in the agreement.
            StudyReplayed: if another request used the identifier.
        """
        study = SignedStudy.from_dict(fields)
        request = study.request
        agreement = self.agreement(request.agreement_hash).agreement
        keys = [PublicKey.from_text(person.key) for person in agreement.people if person.name == request.requester]
        if not keys or request.federation != self.origin:
            raise stranger("the requester")
        study.envelope.verify(REQUEST_TYPE, keys)  # one person may have had several keys
        plan = Plan.of(study, agreement)
        data = dump(study.to_dict())
        with self.store.transaction() as tx:
            known = rows.study_row(tx, plan.study_id)
            if known is not None:
                if known.request == data:
                    return plan.study_id
                raise StudyReplayed("The study identifier is in use.", remedy="Make the request anew.")
            rows.add_study(tx, plan.study_id, data, self.clock())
            recorded = entry("study.request", study=plan.study_id, request_hash=study.hash, signed=study.to_dict())
            self.record(tx, f"{plan.study_id}/request", recorded)
            running = self._make_running(study)
            pinned = dump({site: key.text for site, key in running.site_keys.items()})
            rows.put_message(tx, plan.study_id, PINNED_KEYS, 0, HUB, hashlib.sha256(pinned).hexdigest(), pinned)
            self._rounds.announce(tx, running)
        self._live[plan.study_id] = running
        self._settle()
        return plan.study_id

    def put_statement(self, fields: Any) -> str:
        """Take in a signed statement about an agreement; the hash of the document it is about.

        Raises:
            PeerProtocolError, AgreementError: if it is malformed or its agreement is not here.
            StrangerRefused, SignatureInvalid: if no person, party or certified site of the agreement with that name
                signed it.
        """
        statement = Statement.from_dict(fields)
        agreement = self.agreement(statement.agreement_hash).agreement
        keys = self.register.keys_of(statement.person, agreement)
        if not keys:
            raise stranger("the person who states this")
        statement.envelope.verify(STATEMENT_TYPE, keys)
        with self.store.transaction() as tx:
            recorded = entry(
                statement.kind,
                agreement_hash=statement.agreement_hash,
                study=statement.study,
                person=statement.person,
                document_sha256=statement.document_sha256,
                envelope=statement.envelope.to_dict(),
            )
            self.record(tx, f"statement/{sha256_hex(statement.envelope.payload)}", recorded)
        for party in agreement.parties:
            self.changed(party.id)  # nothing waits for the sites but the ledger itself
        self._settle()
        return statement.document_sha256

    def put_event(self, digest: str, fields: Any) -> str:
        """Take in an event of an agreement's life, signed by the parties that cause it; what happened.

        An event that does not count would stand in the way of every study, so none is recorded.

        Raises:
            PeerProtocolError, AgreementError: if it is malformed, its agreement not here, or it cannot happen now.
            SignatureInvalid: if the parties that it names did not all sign it, or it is dated wrongly.
        """
        signed = self.agreement(digest)
        envelope = Envelope.from_dict(fields)
        key = f"event/{sha256_hex(envelope.payload)}"
        with self.store.transaction() as tx:
            known = rows.has_entry(tx, key)
            leaves = [] if known else [leaf for leaf in rows.entries_from(tx, 0) if b'"agreement.event"' in leaf]
        if known:
            return digest
        event = read_event(signed, History.from_entries(leaves), envelope, self._now().date())
        if datetime.fromisoformat(event["at"]) > self._now() + CLOCKS_APART:
            raise PeerProtocolError(
                "The event is dated in the future.", remedy="Set the clock right, and sign it anew."
            )
        with self.store.transaction() as tx:
            recorded = entry(
                "agreement.event", agreement_hash=digest, event=event["event"], envelope=envelope.to_dict()
            )
            self.record(tx, key, recorded)
        for party in signed.agreement.parties:
            self.changed(party.id)
        self._settle()
        return digest

    def show(self, study: str) -> dict[str, Any]:
        """A study as JSON: status, request, result or error, and which sites have cosigned a release that awaits others.

        Raises:
            UsageError: if there is none of that identifier.
        """
        with self.store.transaction() as tx:
            row = rows.study_row(tx, study)
        if row is None:
            raise _no_study()
        shown = self._describe(row)
        if shown["awaiting_witnesses"] is not None:
            shown.pop("sealed", None)
            shown["result"] = None  # it counts as released only under a checkpoint with the quorum
        return shown

    def list_studies(self) -> list[dict[str, Any]]:
        """All studies as JSON, oldest first, without their results."""
        with self.store.transaction() as tx:
            found = rows.study_rows(tx)
        return [{k: v for k, v in self._describe(row).items() if k not in ("result", "sealed")} for row in found]

    def _describe(self, row: rows.StudyRow) -> dict[str, Any]:
        signed = SignedStudy.from_dict(parse(row.request))
        return {
            "study": row.id, "status": row.status, "round": row.round, "title": signed.request.title,
            "requester": signed.request.requester, "agreement": signed.request.agreement_hash,
            "request_hash": signed.hash, "method": dict(signed.request.method),
            **_result_of(row),
            "error": None if row.error is None else parse(row.error.encode()),
            "awaiting_witnesses": self.witnesses.standing(row.id),
        }  # fmt: skip

    # ── the sites ────────────────────────────────────────────────────────────────────────────────────────────────────
    def require_open(self, study: str, site: str) -> None:
        """Look at a message's address before its body is read: a stranger cannot make the hub hold a large one.

        Raises:
            StrangerRefused: if the site is none of the study's.
            UsageError: if there is no such study.
        """
        running = self._running_or_none(study)
        if running is not None and site not in running.site_keys:
            raise stranger(site[:80])

    def receive(self, data: bytes) -> str | None:
        """Take in one site's message; accepted again if it is the same, refused if it is another under the same key.

        Returns:
            The site whose message this is, if it came for the first time: nobody else can have sent it before, so it
            also proves who asks now. None for a message that was known, or came too late to change anything.

        Raises:
            StrangerRefused, SignatureInvalid, PeerProtocolError, SumError: and then nothing is stored.
        """
        message = read_message(data)
        running = self._running_or_none(message.study)
        if running is None:
            return None  # the study is over: a late message changes nothing
        key = running.site_keys.get(message.sender)
        if key is None or message.kind not in SITE_KINDS:
            raise stranger(message.sender[:80])
        message.verify(key, self.origin)
        completes = self._rounds.may_complete(running, message)
        try:
            if self.postpone is not None and not completes:
                if not self._take(running, message):
                    return None
                # Stored with what follows from it, or a little later by itself; a service answers only then.
                self.store.hold(lambda tx: _put(tx, message))
                self.postpone(self._catch_up, ROUNDS_SECONDS)
                return message.sender
            with self.store.transaction(survives_power_loss=completes) as tx:
                if not self._take(running, message):
                    return None
                _put(tx, message)
                # If we crash before this commit the site was not answered and sends again; after it, nothing is lost.
                self._rounds.advance(tx, running)
        except Exception:
            self.witnesses.forget(message.study)
            self._live.pop(message.study, None)  # memory may be ahead of the store: read it again next time
            self._changed.clear()
            raise
        if self.postpone is None or message.study not in self._live:
            self._settle()
        else:  # the sites' next step rests on the store; the ledger's tiles follow while they compute
            self._announce()
            self.postpone(self._catch_up, ROUNDS_SECONDS)
        return message.sender

    def _take(self, running: Running, message: Message) -> bool:
        """Take a verified message in, in memory; False if it was known, or comes too late to change anything."""
        place = (message.kind, message.round, message.sender)
        stored = running.seen.get(place)
        if stored == message.identity:
            return False
        if stored is not None:
            raise RoundReplayed(
                f"{message.sender} sent two different '{message.kind}' messages for round {message.round}.",
                remedy="One message counts, ever. Restore the site's state, or start the study again.",
            )
        if self._rounds.is_late(running, message):
            return False
        self._rounds.accept(running, message)
        running.seen[place] = message.identity
        return True

    def acknowledge_received(self) -> None:
        """Call before the answer to a message leaves: whatever was received is stored when this returns.

        Raises:
            StorageFailed: if it is not; then nothing may be answered.
        """
        self.store.write_held()

    def inbox(self, party: str, after: int) -> list[tuple[int, bytes]]:
        """What waits for a party behind ``after``, as (sequence number, message) pairs."""
        return self.inboxes.read(party, after)

    def acknowledge(self, party: str, up_to: int) -> None:
        """Forget what a party has read and acted on."""
        self.inboxes.drop(party, up_to)

    def expire(self) -> list[str]:
        """Go on without the sites that stayed away past their agreement's deadline, or end the study; those that ended."""
        ended, now = [], self.clock()
        with self.store.transaction() as tx:
            open_rows = rows.open_study_rows(tx, OPEN_STATES)
        for row in open_rows:
            try:
                running = self._running_or_none(row.id)
            except (SummandError, KeyError) as unreadable:
                self._abandon(row, unreadable)  # one study that cannot be read keeps no other waiting
                ended.append(row.id)
                continue
            if running is None:
                continue
            # Time during which the hub itself was down is not held against the sites.
            waited = now - max(row.phase_started, self.started)
            if waited <= running.plan.round_deadline_seconds:
                continue
            if self._went_on(running):
                self._settle()
                continue
            missing = self._rounds.missing(running)
            error = RoundTimedOut(
                f"{', '.join(missing)} stayed away for more than {running.plan.round_deadline_seconds} seconds in round "
                f"{running.round}; the study ended and nothing of this round can be opened.",
                clause="D.round_deadline_seconds",
                remedy="Start the study again when every site can be reached, or ask without that site's dataset.",
            )
            with self.store.transaction() as tx:
                self._rounds.end(tx, running, "failed", error.to_public_dict())
            self._settle()
            ended.append(row.id)
        return ended

    def _went_on(self, running: Running) -> bool:
        try:
            with self.store.transaction() as tx:
                return self._rounds.go_on_without(tx, running)
        except Exception:
            self._live.pop(running.plan.study_id, None)  # memory may be ahead of the store: read it again next time
            self._changed.clear()
            raise

    def _abandon(self, row: rows.StudyRow, error: Exception) -> None:
        if isinstance(error, StorageFailed):
            raise error
        reason = OwnProtocolError(
            f"The hub cannot read this study from its store any more ({type(error).__name__}).",
            remedy="Start the study again; if the hub was updated, say so to its operator.",
        ).to_public_dict()
        with self.store.transaction() as tx:
            self.record(
                tx, f"{row.id}/ended", entry("study.ended", study=row.id, status="failed", by=HUB, error=reason)
            )
            rows.set_study(tx, row.id, "failed", row.round, self.clock())
            rows.end_study(tx, row.id, error=dump(reason).decode())
            self.inboxes.forget(tx, row.id)
            rows.forget_bodies(tx, row.id)
        self._settle()

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────
    def ledger_since(self, size: int) -> dict[str, Any]:
        """What a replica of ``size`` entries needs: checkpoint, entries and consistency proof, bytes as they are.

        A replica that holds more than this hub gets the checkpoint alone: it will say that the log went back.
        """
        log = self.log
        known = min(size, log.size)
        return {
            "checkpoint": log.checkpoint_without_cosignatures(),
            "entries": log.entries(known, log.size),
            "proof": log.consistency_proof(known),
        }

    @property
    def log(self) -> Log:
        """The ledger, with everything that the store holds of it."""
        self._append()
        return self._log

    @property
    def settled_log(self) -> Log:
        """The ledger as its tiles are now, for what must not begin another append."""
        return self._log

    def settle_later(self) -> None:
        """Do what the store now allows, once the answer is on its way: append, publish, announce."""
        if self.postpone is None:
            self._settle()
        else:
            self._announce()
            self.postpone(self._append, ANSWERED_SECONDS)

    def put_entry(self, key: str, data: bytes) -> None:
        """Record one entry that belongs to no study."""
        with self.store.transaction() as tx:
            self.record(tx, key, data)
        self._settle()

    def record(self, tx: Connection, key: str, data: bytes, *, is_new: bool = False) -> None:
        """Put an entry where the ledger is made from, once.

        Args:
            is_new: Whether the transaction itself makes sure that there is none yet, as a study's steps do.

        Raises:
            BodyTooLarge: if the ledger could not hold it; it must not get into the store then, where it would stand in
                the way of every later one.
        """
        if len(data) > ENTRY_BYTES_MAX:
            raise BodyTooLarge(
                f"The ledger holds entries of at most {ENTRY_BYTES_MAX} bytes; this one has {len(data)}.",
                remedy="Make the request, its approvals or its reasons shorter.",
            )
        if is_new or not rows.has_entry(tx, key):
            rows.put_entry(tx, key, data)
            self._unsettled = True

    def record_long(self, tx: Connection, key: str, data: bytes) -> None:
        """Put an entry of the hub's own, which grows with a study's sites, where the ledger is made from.

        What others wrote has a limit instead: see `record`.
        """
        for number, part in enumerate(in_parts(data, ENTRY_BYTES_MAX)):
            self.record(tx, f"{key}#{number}" if number else key, part, is_new=True)

    def _settle(self) -> None:
        """Append to the tiles what the store holds beyond them, then announce."""
        self._append()
        self._announce()

    def _append(self) -> None:
        """Append to the tiles what the store holds beyond them.

        If we crash before this, `__init__` does it; who reads the ledger reads it behind this, and entries are
        acknowledged only under a checkpoint.
        """
        if self._unsettled:
            with self.store.transaction() as tx:
                waiting = rows.entries_from(tx, self._log.size)
            if waiting:
                self._log.append(waiting)
                self._log.commit()
            self._unsettled = False
        self.witnesses.publish()

    def _catch_up(self) -> None:
        """What a running study does not wait for."""
        self.store.write_held()
        self._append()

    def _announce(self) -> None:
        self.inboxes.committed()
        changed, self._changed = self._changed, set()
        self.on_change(changed)

    def changed(self, party: str) -> None:
        """Remember that ``party``'s inbox has something new, to be announced once it is safe."""
        self._changed.add(party)

    def close(self) -> None:
        """Let go of store and ledger; what is not in the tiles yet is appended at the next start."""
        self._log.close()
        self.store.close()

    # ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _running_or_none(self, study: str) -> Running | None:
        """The study in memory, read from the store if need be; None if it is over."""
        running = self._live.get(study)
        if running is not None:
            return running
        with self.store.transaction() as tx:
            row = rows.study_row(tx, study)
            if row is None:
                raise _no_study()
            if row.status not in OPEN_STATES:
                return None
            pinned = parse(rows.study_messages(tx, study, PINNED_KEYS, 0)[HUB])
            running = self._make_running(SignedStudy.from_dict(parse(row.request)), pinned)
            self._rounds.restore(tx, running, row)
        self._live[study] = running
        return running

    def _make_running(self, study: SignedStudy, pinned: dict[str, str] | None = None) -> Running:
        """A study in memory; its sites' keys stay those of its beginning, whatever is certified while it runs."""
        agreement = self.agreement(study.request.agreement_hash).agreement
        plan = Plan.of(study, agreement)
        keys = pinned or {site: self.site_key(site).text for site in plan.sites}
        return Running(study, agreement, plan, {site: PublicKey.from_text(text) for site, text in keys.items()})

    def forget(self, study: str) -> None:
        """Drop a finished study from memory."""
        self._live.pop(study, None)
        self.has_closed = True

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


def _result_of(row: rows.StudyRow) -> dict[str, Any]:
    """The result, or the sealed one that only the requester opens."""
    found = None if row.result is None else parse(row.result.encode())
    if isinstance(found, dict) and "sealed" in found:
        return {"result": None, "sealed": found}
    return {"result": found}


def _put(tx: Connection, message: Message) -> None:
    place = (message.study, message.kind, message.round, message.sender)
    rows.put_message(tx, *place, message.identity, message.raw)


def _no_study() -> SummandError:
    return UsageError("There is no study of that identifier here.", remedy="List them with 'summand study list'.")


def _check_same_past(entries: int, log: Log) -> None:
    """The store holds every entry of the ledger: else the next ones would be taken for some that are there already."""
    if entries < log.size:
        raise StorageFailed(
            f"The hub's database holds {entries} ledger entries, fewer than the ledger's {log.size}: it is an older copy.",
            remedy="Restore database and ledger from the same moment; never the database alone.",
        )


__all__ = ["HUB", "Convener"]
