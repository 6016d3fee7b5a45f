"""The steps of a study at the hub: what each accepted message makes possible, inside the transaction that stores it.

::

    deciding ─all permit→ sealing ─all sealed→ readying ─ready→ running: round 0 … r ─result→ confirming ─t confirm→ released
        └─a refusal→ refused          └──────────── halt, error, too few at a deadline → failed ────────────┘

The sums of a running study are in `_sums`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from summand.encoding import dump, to_base64
from summand.errors import RoundReplayed, RoundTimedOut, StateDisagrees
from summand.hub import _audit
from summand.hub import _store as rows
from summand.hub._reading import read_decision, read_error, read_halt, read_seal
from summand.hub._study import Running
from summand.hub._sums import Sums
from summand.study import entry
from summand.study.messages import HUB, confirmed_hash, open_body, read_body, split_stand_in
from summand.transport import Message, read_message, sign_message

if TYPE_CHECKING:
    from summand.hub._convener import Convener

NAMES_EVERY_SITE = ("study.cohort", "round.certified", "round.summed", "study.confirmed")
"""Entries that grow with the number of sites, and hold nothing that a site chose but its name and signatures."""

WAITS_FOR = {
    "deciding": ("site.decision",),
    "sealing": ("site.seal",),
    "readying": ("site.ready",),
    "running": ("round.upload", "round.certify", "round.reveal", "round.state"),
    "confirming": ("site.confirm",),
}


class Rounds:
    """The transitions of a study; every method runs inside the caller's transaction."""

    def __init__(self, convener: Convener) -> None:
        self.convener = convener
        self.sums = Sums(self)

    # ── messages out ─────────────────────────────────────────────────────────────────────────────────────────────────
    def sign(self, running: Running, kind: str, body: bytes, **fields: Any) -> bytes:
        study, key, origin = running.plan.study_id, self.convener.key, self.convener.origin
        return sign_message(kind, HUB, study, running.round, key, origin, body=body, **fields)

    def keep(self, tx: Connection, running: Running, kind: str, data: bytes) -> str:
        """Store a message of the hub's own; its SHA-256 (hex)."""
        found = hashlib.sha256(data).hexdigest()
        rows.put_message(tx, running.plan.study_id, kind, running.round, HUB, found, data)
        running.seen[kind, running.round, HUB] = found
        return found

    def send(self, tx: Connection, running: Running, letters: dict[str, bytes], kept: str | None = None) -> None:
        """Leave a letter for each site; ``kept`` is the kind under which `_keep` stored the one letter that all get."""
        self.convener.inboxes.put(tx, running.plan.study_id, letters, None if kept is None else (kept, running.round))
        for site in letters:
            self.convener.changed(site)

    def _send_all(self, tx: Connection, running: Running, data: bytes, kept: str | None = None) -> None:
        self.send(tx, running, dict.fromkeys(running.plan.sites, data), kept)

    def record(self, tx: Connection, running: Running, key: str, kind: str, **fields: Any) -> None:
        study = running.plan.study_id
        data = entry(kind, study=study, **fields)
        if kind in NAMES_EVERY_SITE:
            self.convener.record_long(tx, f"{study}/{key}", data)
        else:
            self.convener.record(tx, f"{study}/{key}", data, is_new=True)

    def phase(self, tx: Connection, running: Running, status: str) -> None:
        running.status = status
        running.received = {}
        now = self.convener.clock()
        rows.set_study(tx, running.plan.study_id, status, running.round, now)

    def touch(self, tx: Connection, running: Running) -> None:
        """A step within the phase was taken: the deadline counts from now."""
        rows.set_study(tx, running.plan.study_id, running.status, running.round, self.convener.clock())

    def announce(self, tx: Connection, running: Running) -> None:
        """Put the request before its sites."""
        self._send_all(tx, running, self.sign(running, "study.request", dump(running.signed.to_dict())))

    # ── messages in ──────────────────────────────────────────────────────────────────────────────────────────────────
    def is_late(self, running: Running, message: Message) -> bool:
        """Whether a message answers a step that is over: it changes nothing and is simply acknowledged.

        A sum that was opened stays the one that was opened: shares that come after it, or for a round before, are not
        even looked at.
        """
        order = list(WAITS_FOR)
        if running.cohort is not None and message.sender in running.left_out:
            return True
        if message.kind == "site.halt":
            return False
        phase = next((name for name, kinds in WAITS_FOR.items() if message.kind in kinds), None)
        if phase is None:
            return False
        if phase == "running":
            if order.index(running.status) < order.index(phase) or message.round > running.round:
                return False
            settled = message.kind == "round.upload" and self.sums.is_settled(running)
            certified = message.kind == "round.certify" and running.unmasked
            shared = message.kind == "round.reveal" and running.total is not None
            return message.round < running.round or settled or certified or shared
        return order.index(phase) < order.index(running.status)

    def may_complete(self, running: Running, message: Message) -> bool:
        """Whether a step may follow from this message: then it must outlive a power loss before anything is sent.

        One upload or reveal among several survives a killed process; a power loss that takes it ends the round at its
        deadline, with nothing opened.
        """
        return running.status != "running" or self.sums.may_advance(running, message)

    def accept(self, running: Running, message: Message) -> None:
        """Check that a site's message is one the study waits for, and take in what it holds.

        Raises:
            PeerProtocolError, RoundReplayed, SumError: if it is not.
        """
        if message.kind == "site.halt":
            running.halted = {"site": message.sender, "error": read_halt(message)}
            return
        if message.kind not in WAITS_FOR[running.status] or message.round != running.round:
            raise RoundReplayed(
                f"A '{message.kind}' of round {message.round} came while the study is {running.status} in round "
                f"{running.round}.",
                remedy="Read the inbox: the study has moved on.",
            )
        if running.status == "running":
            self.sums.accept(running, message)
        else:
            self._read(running, message)  # what is malformed is refused to its sender, not when the last site answers
            running.received[message.sender] = message

    def _read(self, running: Running, message: Message) -> dict[str, Any]:
        if message.kind == "site.decision":
            return read_decision(message, running.signed, running.site_keys[message.sender])
        if message.kind == "site.seal":
            return read_seal(message, running.require_cohort().neighbours(message.sender))
        if message.kind == "site.ready":
            split_stand_in(message.body, running.require_cohort().neighbours(message.sender))
        return {}

    def advance(self, tx: Connection, running: Running) -> None:
        """Take every step that the messages so far allow."""
        if running.halted is not None:
            self.end(tx, running, "failed", running.halted["error"], by=running.halted["site"])
        elif running.status == "deciding" and len(running.received) == len(running.plan.sites):
            self._decided(tx, running)
        elif running.status == "sealing" and len(running.received) == len(running.plan.sites):
            self._sealed(tx, running)
        elif running.status == "readying" and len(running.received) == len(running.plan.sites):
            self.sums.begin(tx, running)
        elif running.status == "running":
            self.sums.advance(tx, running)
        elif running.status == "confirming":
            self._confirm(tx, running)

    def missing(self, running: Running) -> list[str]:
        """The sites that the study waits for."""
        if running.status == "running":
            return self.sums.missing(running)
        return [site for site in running.plan.sites if site not in (*running.received, *running.left_out)]

    def go_on_without(self, tx: Connection, running: Running) -> bool:
        """At the deadline: take the step that is possible without those who stayed away; False if none is."""
        if running.status == "readying" and len(running.received) >= running.require_cohort().threshold:
            self.sums.begin(tx, running)
            return True
        return running.status == "running" and self.sums.go_on_without(tx, running)

    def leave_out(self, tx: Connection, running: Running, before: Sequence[str], now: Sequence[str]) -> None:
        """Tell the sites that a study goes on without that it is over for them: they forget its secrets."""
        error = RoundTimedOut(
            f"This site stayed away for more than {running.plan.round_deadline_seconds} seconds in round "
            f"{running.round}; the study goes on without it.",
            clause="D.round_deadline_seconds",
            remedy="Nothing is to be done; later studies ask this site again.",
        )
        note = dump({"status": "left_out", "by": HUB, "error": error.to_public_dict()})
        lost = [site for site in before if site not in now]
        if lost:
            self.send(tx, running, dict.fromkeys(lost, self.sign(running, "study.ended", note)))

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _decided(self, tx: Connection, running: Running) -> None:
        refusals: list[dict[str, Any]] = []
        for site in running.plan.sites:
            said = self._read(running, running.received[site])
            self.record(tx, running, f"decision/{site}", "study.decision", site=site, envelope=said["decision"])
            if not said["permitted"]:
                refusals.append({"site": site, "reasons": said["reasons"] or [read_error(None)]})
        if refusals:
            self.end(tx, running, "refused", {**refusals[0]["reasons"][0], "refusals": refusals})
            return
        if _audit.answer_again(self, tx, running):
            return
        records, cohort = {}, running.form_cohort()
        raw = {site: to_base64(running.received[site].raw) for site in running.plan.sites}
        if not cohort.is_sparse:
            self._send_all(tx, running, self.sign(running, "study.records", dump(raw)))
        else:
            for site in cohort.sites:
                needed = {peer: raw[peer] for peer in (site, *cohort.neighbours(site))}
                records[site] = self.sign(running, "study.records", dump(needed))
            self.send(tx, running, records)
        self.phase(tx, running, "sealing")

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _sealed(self, tx: Connection, running: Running) -> None:
        cohort = running.require_cohort()
        bodies = {site: self._read(running, running.received[site]) for site in cohort.sites}
        signatures = {site: body["signature"] for site, body in bodies.items()}
        letters = {}
        for site in cohort.sites:
            neighbours = cohort.neighbours(site)
            boxes = {peer: bodies[peer]["boxes"][site] for peer in neighbours}
            signed = {peer: signatures[peer] for peer in (site, *neighbours)}
            letters[site] = self.sign(running, "study.sealed", dump({"boxes": boxes, "signatures": signed}))
        self.send(tx, running, letters)
        self.record(
            tx, running, "cohort", "study.cohort", cohort=cohort.to_dict(), signatures=signatures
        )  # fmt: skip
        self.phase(tx, running, "readying")

    # ── the result ───────────────────────────────────────────────────────────────────────────────────────────────────
    def finish(self, tx: Connection, running: Running, result: dict[str, Any], total: bytes) -> None:
        body, json_bytes = open_body(result, total)
        members = running.require_cohort().bitmap(running.members)
        data = self.sign(running, "study.result", body, json_bytes=json_bytes, members=members)
        self.keep(tx, running, "study.result", data)
        running.result = result
        self.send(tx, running, dict.fromkeys(running.members, data), kept="study.result")
        self.record(tx, running, "result", "study.result", result_sha256=confirmed_hash(result))
        self.phase(tx, running, "confirming")

    def _confirm(self, tx: Connection, running: Running) -> None:
        cohort, result = running.require_cohort(), running.result or {}
        wanted = confirmed_hash(result)
        for site, message in running.received.items():
            if message.header.get("result_sha256") != wanted:
                error = StateDisagrees(
                    f"{site} signed another result than the hub's.", remedy="Start the study again; ask for an audit."
                )
                self.end(tx, running, "failed", error.to_public_dict(), by=site)
                return
        if len(running.received) < cohort.threshold:
            return
        signatures = {
            site: {"header": to_base64(message.header_bytes), "signature": to_base64(message.signature)}
            for site, message in sorted(running.received.items())
        }
        self.record(
            tx, running, "confirmed", "study.confirmed", result_sha256=wanted, confirmations=signatures
        )  # fmt: skip
        self.record(tx, running, "released", "study.released", result_sha256=wanted)
        if running.plan.blind:
            shares = {site: message.header.get("share") for site, message in sorted(running.received.items())}
            result = {**result, "shares": shares, "sites": list(cohort.sites), "threshold": cohort.threshold}
        self._close(tx, running, "released", {"status": "released"}, result=dump(result).decode())

    def end(
        self, tx: Connection, running: Running, status: str, error: dict[str, Any], by: str = HUB
    ) -> None:  # fmt: skip
        """End a study without a result; no second sum is ever opened for its last round."""
        said = {name: value for name, value in error.items() if name != "refusals"}  # the decisions stand there already
        self.record(tx, running, "ended", "study.ended", status=status, by=by, error=said)
        self._close(tx, running, status, {"status": status, "by": by, "error": error}, error=dump(error).decode())

    def _close(self, tx: Connection, running: Running, status: str, note: dict[str, Any], **fields: str) -> None:
        self.convener.inboxes.forget(tx, running.plan.study_id)
        self._send_all(tx, running, self.sign(running, "study.ended", dump(note)))
        self.phase(tx, running, status)
        if status == "released":
            self.convener.witnesses.await_for(tx, running.plan)
        rows.end_study(tx, running.plan.study_id, **fields)
        rows.forget_bodies(tx, running.plan.study_id)
        self.convener.forget(running.plan.study_id)

    def read_decision(self, running: Running, message: Message) -> dict[str, Any]:
        """One site's decision, as `accept` found it sound."""
        return self._read(running, message)

    def release_again(self, tx: Connection, running: Running, earlier: str, result: str, sha256: str) -> None:
        """End a study with the result of an earlier one that asked the same of the same rows."""
        self.record(tx, running, "answered", "study.answered", earlier=earlier, result_sha256=sha256)
        self.record(tx, running, "released", "study.released", result_sha256=sha256)
        self._close(tx, running, "released", {"status": "released"}, result=result)

    # ── after a restart ──────────────────────────────────────────────────────────────────────────────────────────────
    def restore(self, tx: Connection, running: Running, row: rows.StudyRow) -> None:
        """Stand where the stored messages say that the study stood."""
        study, running.round, running.status = row.id, row.round, row.status
        running.seen = rows.message_hashes(tx, study)

        def stored(kind: str) -> dict[str, Message]:
            found = rows.study_messages(tx, study, kind, row.round)
            return {site: read_message(data) for site, data in found.items()}

        if row.status == "deciding":
            running.received = stored("site.decision")
            return
        cohort = running.form_cohort()
        if row.status in ("sealing", "readying"):
            running.received = stored("site.seal" if row.status == "sealing" else "site.ready")
        elif row.status == "running":
            self.sums.restore(tx, running)
        elif row.status == "confirming":
            found = stored("study.result")[HUB]
            running.result, _ = read_body(found)
            running.members = cohort.from_bitmap(found.header["members"])
            running.received = stored("site.confirm")
