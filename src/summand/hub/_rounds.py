"""The steps of a study at the hub: what each accepted message makes possible, inside the transaction that stores it.

::

    deciding ─all permit→ sealing ─all sealed→ running: round 0 … round r ─result→ confirming ─t confirm→ released
        └─a refusal→ refused          └──────────── halt, error, deadline → failed ────────────┘
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from summand.encoding import dump, from_base64, to_base64
from summand.errors import (
    RoundReplayed,
    ShareInvalid,
    StateDisagrees,
    SummandError,
    from_dict,
)
from summand.hub import _audit
from summand.hub import _store as rows
from summand.hub._reading import of_defect, read_decision, read_error, read_halt, read_seal
from summand.hub._study import Running
from summand.securesum import HubSum, context
from summand.study import Finished, entry
from summand.study.messages import (
    BOX_BYTES,
    HUB,
    SHARE_BYTES,
    join_parts,
    open_body,
    others,
    read_body,
    result_hash,
    split_parts,
)
from summand.transport import Message, read_message, sign_message

if TYPE_CHECKING:
    from summand.hub._convener import Convener

NAMES_EVERY_SITE = ("study.cohort", "round.summed", "study.confirmed")
"""Entries that grow with the number of sites, and hold nothing that a site chose but its name and signatures."""

WAITS_FOR = {
    "deciding": ("site.decision",),
    "sealing": ("site.seal",),
    "running": ("round.upload", "round.reveal"),
    "confirming": ("site.confirm",),
}


class Rounds:
    """The transitions of a study; every method runs inside the caller's transaction."""

    def __init__(self, convener: Convener) -> None:
        self.convener = convener

    # ── messages out ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _sign(self, running: Running, kind: str, body: bytes, **fields: Any) -> bytes:
        study, key, origin = running.plan.study_id, self.convener.key, self.convener.origin
        return sign_message(kind, HUB, study, running.round, key, origin, body=body, **fields)

    def _keep(self, tx: Connection, running: Running, kind: str, data: bytes) -> str:
        """Store a message of the hub's own; its SHA-256 (hex)."""
        found = hashlib.sha256(data).hexdigest()
        rows.put_message(tx, running.plan.study_id, kind, running.round, HUB, found, data)
        running.seen[kind, running.round, HUB] = found
        return found

    def _send(self, tx: Connection, running: Running, letters: dict[str, bytes], kept: str | None = None) -> None:
        """Leave a letter for each site; ``kept`` is the kind under which `_keep` stored the one letter that all get."""
        self.convener.inboxes.put(tx, running.plan.study_id, letters, None if kept is None else (kept, running.round))
        for site in letters:
            self.convener.changed(site)

    def _send_all(self, tx: Connection, running: Running, data: bytes, kept: str | None = None) -> None:
        self._send(tx, running, dict.fromkeys(running.plan.sites, data), kept)

    def _record(self, tx: Connection, running: Running, key: str, kind: str, **fields: Any) -> None:
        study = running.plan.study_id
        data = entry(kind, study=study, **fields)
        if kind in NAMES_EVERY_SITE:
            self.convener.record_long(tx, f"{study}/{key}", data)
        else:
            self.convener.record(tx, f"{study}/{key}", data, is_new=True)

    def _phase(self, tx: Connection, running: Running, status: str) -> None:
        running.status = status
        running.received = {}
        now = self.convener.clock()
        rows.set_study(tx, running.plan.study_id, status, running.round, now)

    def announce(self, tx: Connection, running: Running) -> None:
        """Put the request before its sites."""
        self._send_all(tx, running, self._sign(running, "study.request", dump(running.signed.to_dict())))

    # ── messages in ──────────────────────────────────────────────────────────────────────────────────────────────────
    def is_late(self, running: Running, message: Message) -> bool:
        """Whether a message answers a step that is over: it changes nothing and is simply acknowledged.

        A sum that was opened stays the one that was opened: shares that come after it, or for a round before, are not
        even looked at.
        """
        order = list(WAITS_FOR)
        if message.kind == "site.halt":
            return False
        phase = next((name for name, kinds in WAITS_FOR.items() if message.kind in kinds), None)
        if phase is None:
            return False
        if phase == "running":
            return order.index(running.status) >= order.index(phase) and message.round < running.round
        return order.index(phase) < order.index(running.status)

    def may_complete(self, running: Running, message: Message) -> bool:
        """Whether a step may follow from this message: then it must outlive a power loss before anything is sent.

        One upload or reveal among several survives a killed process; a power loss that takes it ends the round at its
        deadline, with nothing opened.
        """
        if message.kind == "round.upload" and running.hub_sum is not None:
            return running.hub_sum.missing in ((), (message.sender,))
        if message.kind == "round.reveal" and running.cohort is not None:
            return len(running.reveals) + 1 >= running.cohort.threshold
        return True

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
        if message.kind == "round.upload":
            self._accept_upload(running, message)
        elif message.kind == "round.reveal":
            cohort = running.require_cohort()
            running.reveals[message.sender] = split_parts(message.body, cohort.sites, SHARE_BYTES)
        else:
            self._read(running, message)  # what is malformed is refused to its sender, not when the last site answers
            running.received[message.sender] = message

    def _read(self, running: Running, message: Message) -> dict[str, Any]:
        if message.kind == "site.decision":
            return read_decision(message, running.signed, running.site_keys[message.sender])
        if message.kind == "site.seal":
            return read_seal(message, others(running.plan.sites, message.sender))
        return {}

    def _accept_upload(self, running: Running, message: Message) -> None:
        cohort, hub_sum = running.require_cohort(), running.require_sum()
        if message.header.get("context") != running.ctx.hex():
            raise RoundReplayed("An upload belongs to another context.", remedy="Read the round's message again.")
        peers = others(cohort.sites, message.sender)
        cut = BOX_BYTES * len(peers)
        masked = message.body[cut:]
        boxes = split_parts(message.body[:cut], peers, BOX_BYTES)
        found = hashlib.sha256(masked)
        hub_sum.add(message.sender, masked, sha256=found.digest())
        running.boxes[message.sender] = boxes
        running.upload_hashes[message.sender] = found.hexdigest()

    def advance(self, tx: Connection, running: Running) -> None:
        """Take every step that the messages so far allow."""
        if running.halted is not None:
            self.end(tx, running, "failed", running.halted["error"], by=running.halted["site"])
        elif running.status == "deciding" and len(running.received) == len(running.plan.sites):
            self._decided(tx, running)
        elif running.status == "sealing" and len(running.received) == len(running.plan.sites):
            self._sealed(tx, running)
        elif running.status == "running":
            self._sum(tx, running)
        elif running.status == "confirming":
            self._confirm(tx, running)

    def missing(self, running: Running) -> list[str]:
        """The sites that the study waits for."""
        if running.status == "running" and running.unmasked:
            return others_than(running.plan.sites, running.reveals)
        if running.status == "running" and running.hub_sum is not None:
            return list(running.hub_sum.missing)
        return others_than(running.plan.sites, running.received)

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _decided(self, tx: Connection, running: Running) -> None:
        refusals: list[dict[str, Any]] = []
        for site in running.plan.sites:
            said = self._read(running, running.received[site])
            self._record(tx, running, f"decision/{site}", "study.decision", site=site, envelope=said["decision"])
            if not said["permitted"]:
                refusals.append({"site": site, "reasons": said["reasons"] or [read_error(None)]})
        if refusals:
            self.end(tx, running, "refused", {**refusals[0]["reasons"][0], "refusals": refusals})
            return
        if _audit.answer_again(self, tx, running):
            return
        records = {site: to_base64(running.received[site].raw) for site in running.plan.sites}
        self._send_all(tx, running, self._sign(running, "study.records", dump(records)))
        running.form_cohort()
        self._phase(tx, running, "sealing")

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _sealed(self, tx: Connection, running: Running) -> None:
        cohort = running.require_cohort()
        bodies = {site: self._read(running, running.received[site]) for site in cohort.sites}
        signatures = {site: body["signature"] for site, body in bodies.items()}
        letters = {}
        for site in cohort.sites:
            boxes = {peer: bodies[peer]["boxes"][site] for peer in others(cohort.sites, site)}
            letters[site] = self._sign(running, "study.sealed", dump({"boxes": boxes, "signatures": signatures}))
        self._send(tx, running, letters)
        self._record(
            tx, running, "cohort", "study.cohort", cohort=cohort.to_dict(), signatures=signatures
        )  # fmt: skip
        running.program = _audit.audited_program(self.convener, tx, running)
        try:
            size = running.program.check_sum(running.codec, running.program.start())
        except SummandError as error:
            self.end(tx, running, "failed", error.to_public_dict())
            return
        self._phase(tx, running, "running")
        self._open(tx, running, running.program.start(), b"", size)

    # ── rounds ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _open(self, tx: Connection, running: Running, state: dict[str, Any], total: bytes, size: int) -> None:
        cohort = running.require_cohort()
        body, json_bytes = open_body(state, total)
        data = self._sign(
            running, "round.open", body, json_bytes=json_bytes, codec=running.codec.to_dict(), length=size,
            cohort=cohort.digest().hex(),
        )  # fmt: skip
        found = self._keep(tx, running, "round.open", data)
        self._begin(running, read_message(data))
        self._send_all(tx, running, data, kept="round.open")
        self._record(
            tx, running, f"round/{running.round}/opened", "round.opened", round=running.round,
            context=running.ctx.hex(), message_sha256=found, length=size,
        )  # fmt: skip

    def _begin(self, running: Running, opened: Message) -> None:
        state, _ = read_body(opened)
        running.state, running.ctx = state, context(opened.content_digest)
        running.hub_sum = HubSum(running.require_cohort(), running.ctx, running.codec, int(opened.header["length"]))
        running.boxes, running.reveals, running.upload_hashes, running.unmasked = {}, {}, {}, False

    def _sum(self, tx: Connection, running: Running) -> None:
        cohort, hub_sum = running.require_cohort(), running.require_sum()
        if not running.unmasked:
            if not hub_sum.missing:
                self._ask_shares(tx, running)
            return
        if len(running.reveals) < cohort.threshold:
            return
        try:
            ring = hub_sum.unmask(running.reveals)
        except ShareInvalid as error:
            if len(running.reveals) == len(cohort.sites):
                self.end(tx, running, "failed", error.to_public_dict())
            return
        except SummandError as error:
            self.end(tx, running, "failed", error.to_public_dict())
            return
        self._summed(tx, running, ring)

    def _ask_shares(self, tx: Connection, running: Running) -> None:
        cohort = running.require_cohort()
        letters = {}
        for site in cohort.sites:
            boxes = join_parts([running.boxes[peer][site] for peer in others(cohort.sites, site)])
            letters[site] = self._sign(
                running, "round.unmask", boxes, context=running.ctx.hex(), survivors=list(cohort.sites)
            )
        self._send(tx, running, letters)
        self._keep(tx, running, "round.unmask", b"asked")
        running.unmasked = True
        rows.set_study(tx, running.plan.study_id, running.status, running.round, self.convener.clock())

    def _summed(self, tx: Connection, running: Running, ring: Any) -> None:
        total = running.codec.to_bytes(ring)
        self._record(
            tx, running, f"round/{running.round}/summed", "round.summed", round=running.round,
            uploads=dict(running.upload_hashes), total_sha256=hashlib.sha256(total).hexdigest(),
        )  # fmt: skip
        try:
            following, size = self._follow(running, ring)
        except SummandError as error:
            self.end(tx, running, "failed", error.to_public_dict())
            return
        running.round += 1
        if isinstance(following, Finished):
            self._finish(tx, running, following.result, total)
        else:
            self._phase(tx, running, "running")
            self._open(tx, running, following, total, size)

    def _follow(self, running: Running, ring: Any) -> tuple[Any, int]:
        """What follows from a total, and how many numbers the next round adds.

        Raises:
            SummandError: whatever ends the study here; a defect too, so that no study hangs on one.
        """
        try:
            following = running.program.update(running.codec.decode(ring), running.state)
            if isinstance(following, Finished):
                return following, 0
            return following, running.program.check_sum(running.codec, following)
        except SummandError:
            raise
        except Exception as error:
            raise of_defect(error) from error

    # ── the result ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _finish(self, tx: Connection, running: Running, result: dict[str, Any], total: bytes) -> None:
        body, json_bytes = open_body(result, total)
        data = self._sign(running, "study.result", body, json_bytes=json_bytes)
        self._keep(tx, running, "study.result", data)
        running.result = result
        self._send_all(tx, running, data, kept="study.result")
        self._record(tx, running, "result", "study.result", result_sha256=result_hash(result))
        self._phase(tx, running, "confirming")

    def _confirm(self, tx: Connection, running: Running) -> None:
        cohort, result = running.require_cohort(), running.result or {}
        wanted = result_hash(result)
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
        self._record(
            tx, running, "confirmed", "study.confirmed", result_sha256=wanted, confirmations=signatures
        )  # fmt: skip
        self._record(tx, running, "released", "study.released", result_sha256=wanted)
        self._close(tx, running, "released", {"status": "released"}, result=dump(result).decode())

    def end(
        self, tx: Connection, running: Running, status: str, error: dict[str, Any], by: str = HUB
    ) -> None:  # fmt: skip
        """End a study without a result; no second sum is ever opened for its last round."""
        said = {name: value for name, value in error.items() if name != "refusals"}  # the decisions stand there already
        self._record(tx, running, "ended", "study.ended", status=status, by=by, error=said)
        self._close(tx, running, status, {"status": status, "by": by, "error": error}, error=dump(error).decode())

    def _close(self, tx: Connection, running: Running, status: str, note: dict[str, Any], **fields: str) -> None:
        self.convener.inboxes.forget(tx, running.plan.study_id)
        self._send_all(tx, running, self._sign(running, "study.ended", dump(note)))
        self._phase(tx, running, status)
        rows.end_study(tx, running.plan.study_id, **fields)
        rows.forget_bodies(tx, running.plan.study_id)
        self.convener.forget(running.plan.study_id)

    def read_decision(self, running: Running, message: Message) -> dict[str, Any]:
        """One site's decision, as `accept` found it sound."""
        return self._read(running, message)

    def release_again(self, tx: Connection, running: Running, earlier: str, result: str, sha256: str) -> None:
        """End a study with the result of an earlier one that asked the same of the same rows."""
        self._record(tx, running, "answered", "study.answered", earlier=earlier, result_sha256=sha256)
        self._record(tx, running, "released", "study.released", result_sha256=sha256)
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
        running.form_cohort()
        if row.status == "sealing":
            running.received = stored("site.seal")
        elif row.status == "running":
            self._begin(running, stored("round.open")[HUB])
            for message in stored("round.upload").values():
                self._accept_upload(running, message)
            running.unmasked = ("round.unmask", row.round, HUB) in running.seen
            sites = running.require_cohort().sites
            for site, message in stored("round.reveal").items():
                running.reveals[site] = split_parts(message.body, sites, SHARE_BYTES)
        elif row.status == "confirming":
            running.result, _ = read_body(stored("study.result")[HUB])
            running.received = stored("site.confirm")


def others_than(sites: tuple[str, ...], known: dict[str, Any]) -> list[str]:
    """The sites that are not in ``known``."""
    return [site for site in sites if site not in known]


__all__ = ["Rounds", "from_base64", "from_dict"]
