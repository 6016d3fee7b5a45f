"""The rounds of a running study at the hub: open, add uploads, recover from losses, ask for shares, open the total.

::

    open ─everybody uploaded─────────────────────────────→ shares ─enough of them→ total → next round or result
      └─deadline, at least t uploaded─→ certificate ─t sign→ ↗
                         └ a sum was opened before, and the agreement says so → open anew over those left, from the start

Past 64 sites every round takes the way through the certificate. With fewer than t sites left the study ends, and what
they sent opens nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from summand.encoding import dump, to_base64
from summand.errors import CertificateInvalid, RoundReplayed, ShareInvalid, SignatureInvalid, SummandError
from summand.hub import _audit
from summand.hub import _blind as blind
from summand.hub import _store as rows
from summand.hub._reading import of_defect
from summand.hub._study import Running
from summand.securesum import Codec, HubSum, Round, StandIn, context, may_suffice
from summand.study import Finished
from summand.study.messages import (
    BOX_BYTES,
    HUB,
    SHARE_BYTES,
    join_parts,
    open_body,
    read_body,
    split_parts,
    split_stand_in,
    stand_in_bytes,
)
from summand.transport import Message, read_message

if TYPE_CHECKING:
    from summand.hub._rounds import Rounds


class Sums:
    """The sums of studies; every method runs inside the caller's transaction."""

    def __init__(self, rounds: Rounds) -> None:
        self.rounds = rounds

    # ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def begin(self, tx: Connection, running: Running) -> None:
        """Open round zero over the sites that are ready; those that are not are left out."""
        running.members = tuple(site for site in running.require_cohort().sites if site in running.received)
        running.program = _audit.audited_program(self.rounds.convener, tx, running)
        try:
            _, size = running.program.check_sum(running.program.start())
        except SummandError as error:
            self.rounds.end(tx, running, "failed", error.to_public_dict())
            return
        self.rounds.phase(tx, running, "running")
        self.rounds.leave_out(tx, running, running.require_cohort().sites, running.members)
        self._open(tx, running, running.program.start(), b"", size)

    def _open(
        self, tx: Connection, running: Running, state: dict[str, Any], total: bytes, size: int, **more: Any
    ) -> None:
        cohort = running.require_cohort()
        body, json_bytes = open_body(state, total)
        members = cohort.bitmap(running.members)
        codec = running.step.header["codec"] if running.step is not None else running.program.codec(state).to_dict()
        data = self.rounds.sign(
            running, "round.open", body, json_bytes=json_bytes, codec=codec, length=size, cohort=cohort.digest().hex(),
            members=members, **more,
        )  # fmt: skip
        found = self.rounds.keep(tx, running, "round.open", data)
        self.stand_at(running, read_message(data))
        self.rounds.send(tx, running, dict.fromkeys(running.members, data), kept="round.open")
        absent = {} if len(running.members) == len(cohort.sites) else {"members": members}
        self.rounds.record(
            tx, running, f"round/{running.round}/opened", "round.opened", round=running.round,
            context=running.ctx.hex(), message_sha256=found, length=size, **absent, **more,
        )  # fmt: skip

    def stand_at(self, running: Running, opened: Message) -> None:
        """Stand at the beginning of a round, from its message alone."""
        state, _ = read_body(opened)
        cohort = running.require_cohort()
        running.members = cohort.from_bitmap(opened.header["members"])
        running.state, running.ctx = state, context(opened.content_digest)
        rnd = Round(cohort, running.ctx, running.round, running.members)
        running.codec = Codec.from_dict(opened.header["codec"])
        running.hub_sum = HubSum(rnd, running.codec, int(opened.header["length"]), blind=running.plan.blind)
        running.boxes, running.reveals, running.upload_hashes = {}, {}, {}
        running.certificate, running.survivors, running.unmasked = {}, (), False
        running.total, running.asked, running.step = None, 0, None

    # ── messages in ──────────────────────────────────────────────────────────────────────────────────────────────────
    def accept(self, running: Running, message: Message) -> None:
        """Take in an upload, a signature on the survivors, or shares.

        Raises:
            PeerProtocolError, SumError: if it is not what this round waits for; nothing is changed.
        """
        rnd = running.require_sum().round
        if message.kind == "round.upload":
            self.accept_upload(running, message)
        elif message.kind == "round.certify":
            self._accept_signature(running, message)
        elif message.kind == "round.state":
            blind.accept_step(running, message)
        else:
            if message.sender not in running.survivors:
                raise RoundReplayed("Shares came before they were asked for.", remedy="Read the inbox again.")
            running.reveals[message.sender] = split_parts(message.body, rnd.holders(message.sender), SHARE_BYTES)

    def accept_upload(self, running: Running, message: Message) -> None:
        """Add a site's masked vector, and hold the boxes that came with it."""
        hub_sum = running.require_sum()
        if message.header.get("context") != running.ctx.hex():
            raise RoundReplayed("An upload belongs to another context.", remedy="Read the round's message again.")
        peers = hub_sum.round.peers(message.sender)
        start = stand_in_bytes(len(hub_sum.round.cohort.neighbours(message.sender)))
        cut = start + BOX_BYTES * len(peers)
        boxes = split_parts(message.body[start:cut], peers, BOX_BYTES)
        masked = message.body[cut:]
        found = hashlib.sha256(masked)
        hub_sum.add(message.sender, masked, sha256=found.digest())
        running.boxes[message.sender] = boxes
        running.upload_hashes[message.sender] = found.hexdigest()

    def _accept_signature(self, running: Running, message: Message) -> None:
        rnd = running.require_sum().round
        if message.sender not in self._witnesses(running):
            raise RoundReplayed("A signature on who uploaded came unasked.", remedy="Read the inbox again.")
        try:
            running.site_keys[message.sender].verify(message.body, rnd.survivors_statement(running.survivors))
        except SignatureInvalid:
            raise CertificateInvalid(
                f"{message.sender} signed another list of who uploaded.", remedy="Read the round's message again."
            ) from None
        running.certificate[message.sender] = message.body

    def is_settled(self, running: Running) -> bool:
        """Whether it is settled who uploaded: later uploads stay masked, and are not looked at."""
        return bool(running.survivors)

    def may_advance(self, running: Running, message: Message) -> bool:
        """Whether a step may follow from this message."""
        if running.hub_sum is None:
            return True
        if message.kind == "round.upload":
            return running.hub_sum.missing in ((), (message.sender,))
        if message.kind == "round.reveal":
            return may_suffice(running.hub_sum.round, [*running.reveals, message.sender])
        return True

    def missing(self, running: Running) -> list[str]:
        """The sites that the round waits for."""
        hub_sum = running.require_sum()
        if running.total is not None:
            return list(running.survivors[: running.asked])
        if running.unmasked:
            return [site for site in running.survivors if site not in running.reveals]
        if running.survivors:
            return [site for site in self._witnesses(running) if site not in running.certificate]
        return list(hub_sum.missing)

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def advance(self, tx: Connection, running: Running) -> None:
        """Take the step that the messages so far allow, if they do."""
        hub_sum = running.require_sum()
        if running.total is not None:
            self._step(tx, running)
        elif running.unmasked:
            self._unmask(tx, running)
        elif running.survivors:
            if len(running.certificate) >= running.require_cohort().signatures_needed:
                self._ask_shares(tx, running)
        elif not hub_sum.missing:
            self._settle(tx, running)

    def go_on_without(self, tx: Connection, running: Running) -> bool:
        """At the deadline: go on without those who did not upload, where that is possible and allowed."""
        hub_sum = running.require_sum()
        if running.total is not None:
            return blind.ask_step(self.rounds, tx, running)
        if running.survivors or len(hub_sum.survivors) < running.require_cohort().threshold:
            return False
        if not running.program.may_go_on(running.state):
            return False
        if running.program.is_start(running.state):
            self._settle(tx, running)  # nothing was opened since the start: this very sum goes on over the survivors
        else:
            self._start_over(tx, running, hub_sum.survivors)
        return True

    def _start_over(self, tx: Connection, running: Running, left: tuple[str, ...]) -> None:
        """Begin again with the sites that are left, so that the result is theirs alone; this round's sum stays closed."""
        before, running.members = running.members, left
        running.round += 1
        self.rounds.phase(tx, running, "running")
        self.rounds.leave_out(tx, running, before, left)
        running.program = _audit.audited_program(self.rounds.convener, tx, running)
        start = running.program.start()
        self._open(tx, running, start, b"", running.program.check_sum(start)[1], starts_over=True)

    def _settle(self, tx: Connection, running: Running) -> None:
        """Nobody is added from here on. Shares are asked for at once, or first signatures on who uploaded."""
        hub_sum = running.require_sum()
        running.survivors = hub_sum.close()
        if not hub_sum.round.needs_certificate(running.survivors):
            self._ask_shares(tx, running)
            return
        survivors = hub_sum.round.cohort.bitmap(running.survivors)
        data = self.rounds.sign(running, "round.survivors", b"", context=running.ctx.hex(), survivors=survivors)
        self.rounds.keep(tx, running, "round.survivors", data)
        self.rounds.send(tx, running, dict.fromkeys(self._witnesses(running), data), kept="round.survivors")
        self.rounds.leave_out(tx, running, running.members, running.survivors)
        self.rounds.touch(tx, running)

    def _witnesses(self, running: Running) -> list[str]:
        return [site for site in running.require_cohort().witnesses if site in running.survivors]

    def _ask_shares(self, tx: Connection, running: Running) -> None:
        rnd = running.require_sum().round
        lost = self._stand_ins(tx, running)
        needed = dict(list(running.certificate.items())[: rnd.cohort.signatures_needed])
        certificate = dump({site: to_base64(signature) for site, signature in needed.items()}) if needed else b""
        survivors, letters = rnd.cohort.bitmap(running.survivors), {}
        for site in running.survivors:
            boxes = [
                lost[peer].share_boxes[site] if peer in lost else running.boxes[peer][site] for peer in rnd.peers(site)
            ]
            letters[site] = self.rounds.sign(
                running, "round.unmask", join_parts(boxes) + certificate, context=running.ctx.hex(), survivors=survivors
            )
        self.rounds.send(tx, running, letters)
        self.rounds.keep(tx, running, "round.unmask", b"asked")
        running.unmasked = True
        self.rounds.touch(tx, running)
        if needed:
            self.rounds.record(
                tx, running, f"round/{running.round}/certified", "round.certified", round=running.round,
                survivors=survivors, signatures={site: to_base64(signature) for site, signature in needed.items()},
            )  # fmt: skip

    def _stand_ins(self, tx: Connection, running: Running) -> dict[str, StandIn]:
        """What the lost members left for this round: with the upload before, or when they were ready."""
        found: dict[str, StandIn] = {}
        cohort, missing = running.require_cohort(), running.require_sum().missing
        kind, number = ("round.upload", running.round - 1) if running.round else ("site.ready", 0)
        sent = rows.study_messages(tx, running.plan.study_id, kind, number) if missing else {}
        for site in missing:
            neighbours = cohort.neighbours(site)
            body = read_message(sent[site]).body[: stand_in_bytes(len(neighbours))]
            found[site] = split_stand_in(body, neighbours)
        return found

    def _unmask(self, tx: Connection, running: Running) -> None:
        hub_sum = running.require_sum()
        if not may_suffice(hub_sum.round, list(running.reveals)):
            return
        try:
            bundles = {site: given.bundle for site, given in self._stand_ins(tx, running).items()}
            ring = hub_sum.unmask(running.reveals, bundles)
        except ShareInvalid as error:
            if len(running.reveals) == len(running.survivors):
                self.rounds.end(tx, running, "failed", error.to_public_dict())
            return
        except SummandError as error:
            self.rounds.end(tx, running, "failed", error.to_public_dict())
            return
        self._summed(tx, running, ring)

    def _summed(self, tx: Connection, running: Running, ring: Any) -> None:
        total = running.codec.to_bytes(ring)
        self.rounds.record(
            tx, running, f"round/{running.round}/summed", "round.summed", round=running.round,
            uploads=dict(running.upload_hashes), total_sha256=hashlib.sha256(total).hexdigest(),
        )  # fmt: skip
        running.members = running.survivors
        if running.plan.blind:
            blind.keep_total(self.rounds, tx, running, total)
            blind.ask_step(self.rounds, tx, running)
            return
        try:
            following, size = self._follow(running, ring)
        except SummandError as error:
            self.rounds.end(tx, running, "failed", error.to_public_dict())
            return
        running.round += 1
        if isinstance(following, Finished):
            self.rounds.finish(tx, running, following.result, total)
        else:
            self.rounds.phase(tx, running, "running")
            self._open(tx, running, following, total, size)

    def _step(self, tx: Connection, running: Running) -> None:
        """Where the hub is blind: pass on what a site made of the total."""
        if running.step is None or running.total is None:
            return
        given, total = running.step, running.total
        sealed = {"sealed": to_base64(given.body)}
        running.round += 1
        if given.header["finished"]:
            self.rounds.finish(tx, running, sealed, total)
        else:
            self.rounds.phase(tx, running, "running")
            self._open(tx, running, sealed, total, int(given.header["length"]), sealed_by=given.sender)

    def _follow(self, running: Running, ring: Any) -> tuple[Any, int]:
        """What follows from a total, and how many numbers the next round adds.

        Raises:
            SummandError: whatever ends the study here; a defect too, so that no study hangs on one.
        """
        try:
            following = running.program.update(running.codec.decode(ring), running.state, running.left_out)
            if isinstance(following, Finished):
                return following, 0
            return following, running.program.check_sum(following)[1]
        except SummandError:
            raise
        except Exception as error:
            raise of_defect(error) from error

    # ── after a restart ──────────────────────────────────────────────────────────────────────────────────────────────
    def restore(self, tx: Connection, running: Running) -> None:
        """Stand where the stored messages say that the round stood."""
        study, number = running.plan.study_id, running.round

        def stored(kind: str) -> dict[str, Message]:
            return {site: read_message(data) for site, data in rows.study_messages(tx, study, kind, number).items()}

        opened = stored("round.open")[HUB]
        self.stand_at(running, opened)
        for message in stored("round.upload").values():
            self.accept_upload(running, message)
        hub_sum = running.require_sum()
        asked = ("round.unmask", number, HUB) in running.seen
        if asked or ("round.survivors", number, HUB) in running.seen:
            running.survivors = hub_sum.close()
        for message in stored("round.certify").values():
            running.certificate[message.sender] = message.body
        running.unmasked = asked
        for message in stored("round.total").values():
            running.total, running.members, running.asked = message.body, running.survivors, 1
        for site, message in stored("round.reveal").items():
            running.reveals[site] = split_parts(message.body, hub_sum.round.holders(site), SHARE_BYTES)
