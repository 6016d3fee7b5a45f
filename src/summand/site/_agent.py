"""A site's part of a study: it decides, tallies, masks and answers; it believes nobody but its own copy of things.

`Agent` is the same object behind the service and in memory: `handle` takes one message of the hub and gives the
messages to send, each of which is stored before it is given. A message that came before gets the very same answer; a
different message in its place gets none.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from summand.agreement import SignedAgreement
from summand.encoding import dump, parse
from summand.errors import (
    AgreementError,
    OwnProtocolError,
    PeerProtocolError,
    RoundReplayed,
    SiteStopped,
    SplitView,
    StorageFailed,
    SummandError,
    VerificationError,
)
from summand.ledger import AddCheckpoint, Replica, VerifierKey, Witness, attach
from summand.securesum import Cohort, PairKeys
from summand.signing import PrivateKey, PublicKey
from summand.site import _audit, _joining, _sealing, _summing
from summand.site._alarm import Alarm
from summand.site._budget import BudgetAccount
from summand.site._record import ReleaseRecord
from summand.site._stop import StopSwitch, write_whole
from summand.site._store import SiteStore, StudyMemory
from summand.site.sources import Source
from summand.study import History, Plan, Program, SignedStudy, witness_key
from summand.study.messages import HUB
from summand.transport import Message, read_message, sign_message

log = logging.getLogger("summand.site")
log.addHandler(logging.NullHandler())  # a site's program says where its log goes; others get the error itself

WITNESSED = 200
COSIGNED_SIZE = "cosigned_size"
"""Among the site's settings: the size of the checkpoint that it cosigned last."""

Handler = Callable[["Agent", Message], "tuple[StudyMemory, bytes | None]"]


class Agent:
    """One site.

    Args:
        site: The site's name in studies: its party's identifier, or its dataset's in a trial.
        party: The party whose rows these are.
        key: The site's service key.
        hub_key: The hub's key, compared by fingerprint when the site was set up.
        origin: The federation's ledger origin.
        agreements: The site's own copies, by hash.
        sources: The site's datasets by identifier.
        store: The site's durable memory.
        replica: The site's own copy of the ledger.
        allow_trial: Whether a one-party trial agreement is accepted; a site service never does.
        stop: The site's emergency stop.
        alarm_path: Where an alarm is kept; None keeps it in memory.
    """

    def __init__(
        self,
        site: str,
        party: str,
        key: PrivateKey,
        *,
        hub_key: PublicKey,
        origin: str,
        agreements: Mapping[str, SignedAgreement],
        sources: Mapping[str, Source],
        store: SiteStore,
        replica: Replica,
        allow_trial: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        stop: StopSwitch | None = None,
        alarm_path: Path | None = None,
    ) -> None:
        self.site, self.party, self.key, self.hub_key, self.origin = site, party, key, hub_key, origin
        self.agreements, self.sources = agreements, sources
        self.store, self.replica, self.record = store, replica, ReleaseRecord(store)
        self.budget = BudgetAccount(store)
        self.allow_trial, self.now = allow_trial, now
        self.stop = stop or StopSwitch(None)
        self.alarm = None if alarm_path is None else Alarm.load(alarm_path)
        self._alarm_path = alarm_path
        self._witness = Witness(
            replica, VerifierKey.of_log(origin, hub_key), witness_key(origin, site, key.public).name, key,
            lambda: self.now().timestamp(),
        )  # fmt: skip
        self._history = History()
        self._programs: dict[str, Program] = {}
        self._memories: dict[str, StudyMemory] = {}
        self._cohorts: dict[str, Cohort] = {}
        self._pair_keys: dict[str, PairKeys] = {}

    @property
    def dataset(self) -> str | None:
        """The dataset this site takes part with, where its name does not follow from its party's."""
        return None if self.site == self.party else self.site

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────
    def advance_replica(self, checkpoint: str, entries: Sequence[bytes], proof: Sequence[bytes]) -> None:
        """Take in the ledger's growth, checked against the checkpoint this site holds.

        Raises:
            SplitView: if it contradicts what this site saw: the alarm is kept, and the site takes part in nothing more.
            VerificationError: if it is not proved; the replica stays as it is.
        """
        self.require_no_alarm()
        try:
            self.replica.advance(checkpoint, entries, proof)
        except SplitView as split:
            raise self._raise_alarm(checkpoint, split) from None

    def cosign(self, asked: str, entries: Sequence[bytes]) -> str:
        """As `advance_replica`, for an ``add-checkpoint`` request (c2sp.org/tlog-witness); the checkpoint, cosigned.

        What is cosigned is durable here first, and its size is remembered apart from the replica.
        """
        self.require_no_alarm()
        answer = self._witness.add_checkpoint(asked, entries)
        if answer.split is not None:
            raise self._raise_alarm(AddCheckpoint.from_text(asked).checkpoint_text, answer.split)
        if answer.status != WITNESSED:
            raise VerificationError(
                f"The hub's checkpoint was not cosigned (status {answer.status} of c2sp.org/tlog-witness).",
                remedy="It is fetched again; if it stays so, ask the hub's operator.",
            )
        self.store.put(COSIGNED_SIZE, str(self.replica.size))
        return attach(self.replica.checkpoint_text, [answer.text.rstrip("\n")])

    def require_no_alarm(self) -> None:
        """Return if this site was not shown two histories.

        Raises:
            SplitView: if it was.
        """
        if self.alarm is not None:
            raise self.alarm.error()

    def _raise_alarm(self, shown: str, split: SplitView) -> SplitView:
        at = self.now().isoformat(timespec="seconds")
        self.alarm = Alarm(self.site, at, self.replica.checkpoint_text, shown, split.message)
        if self._alarm_path is not None:
            write_whole(self._alarm_path, self.alarm.to_bytes())
        log.error("two histories of the ledger were shown here: %s", split.message)
        return self.alarm.error()

    def halt_all(self, error: SummandError) -> list[bytes]:
        """Stop every study that runs here; what to tell the hub of each."""
        return [self.stop_study(study.id, max(study.round, 0), error) for study in self.store.running_studies()]

    def history(self) -> History:
        """The past as this site's own replica has it."""
        if self.replica.size > self._history.tree_size:
            grown = History.from_entries(self.replica.entries(self._history.tree_size, self.replica.size))
            entries = (*self._history.entries, *grown.entries)
            self._history = History(entries, self.replica.size, self.replica.root.hex())
        return self._history

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def handle(self, data: bytes) -> list[bytes]:
        """Answer one message of the hub.

        Returns:
            The messages to send to the hub, each already stored; none where the message asks for none.

        Raises:
            SignatureInvalid, PeerProtocolError: if it is not the hub's message; nothing is changed.
        """
        return self.answer(read_message(data))

    def answer(self, message: Message) -> list[bytes]:
        """As `handle`, for a message that was read already, and not yet verified."""
        self.require_no_alarm()
        if message.sender != HUB:
            raise PeerProtocolError("A message in the inbox is not the hub's.", remedy="Check the hub's address.")
        message.verify(self.hub_key, self.origin)
        digest = message.content_digest.hex()
        known = self.store.answer(message.study, message.kind, message.round)
        halted = self._halted_by_stop(message)
        if halted is not None:
            return halted
        if known is not None and known[0] == digest:
            return self.store.halts(message.study) if known[1] is None else [known[1]]
        memory = self._known(message.study)
        if memory is not None and memory.status == "over" and message.kind != "study.ended":
            return self.store.halts(message.study)  # this site left the study, and says so until it is heard
        if known is not None:
            return self._halt(message, _replayed(message))
        return self._answer(message, digest)

    def _answer(self, message: Message, digest: str) -> list[bytes]:
        if message.kind == "study.ended":
            _audit.ended(self, message)
            self._forget(message.study)
            return []
        handler = _HANDLERS.get(message.kind)
        if handler is None:
            raise PeerProtocolError(f"'{message.kind[:40]}' is no message for a site.", remedy="Update this program.")
        try:
            memory, out = handler(self, message)
            if message.kind != "study.request":  # a request that came during a stop is refused, with its clause
                self.require_running(message.study)  # it may have been ordered while the rows were read
        except StorageFailed:
            raise
        except SummandError as error:
            return self._halt(message, error)
        except Exception as error:
            return self._halt(message, _of_defect(error))
        self._memories.pop(message.study, None)
        self.store.commit(memory, message.kind, message.round, digest, out)
        self._memories[message.study] = memory  # only once it is durable
        return [] if out is None else [out]

    def _halted_by_stop(self, message: Message) -> list[bytes] | None:
        """What a stopped site says to anything about a study that it knows; None where nothing is stopped.

        A study that it does not know yet is refused like any other, with the clause: see `_joining.request`.
        """
        if message.kind == "study.ended" or not self.stop.orders():
            return None
        memory = self._known(message.study)
        if memory is None or memory.status == "over":
            return None
        try:
            self.require_running(message.study)
        except SiteStopped as error:
            return self._halt(message, error)
        return None

    def require_running(self, study: str) -> None:
        """Return if this site may answer for a study that it takes part in.

        Raises:
            SiteStopped: if the data holder stopped it.
        """
        memory = self._known(study) if self.stop.orders() else None
        if memory is not None and memory.status != "over":  # over: it sends no more than why
            asked = SignedStudy.from_dict(parse(memory.request)).request
            self.stop.require_running(asked.agreement_hash)

    def _halt(self, message: Message, error: SummandError) -> list[bytes]:
        return [self.stop_study(message.study, message.round, error)]

    def stop_study(self, study: str, round_number: int, error: SummandError) -> bytes:
        """Stop a study: nothing of the current round will ever be answered again. What this site says of it."""
        log.warning("study %s stopped here: %s %s", study, error.code, error.public)
        self._let_go(study)
        halt = self.sign("site.halt", study, round_number, dump({"error": error.to_public_dict()}))
        self.store.halt(study, halt)
        return halt

    def sign(self, kind: str, study: str, round_number: int, body: bytes, **fields: Any) -> bytes:
        """A message of this site."""
        return sign_message(kind, self.site, study, round_number, self.key, self.origin, body=body, **fields)

    # ── what the handlers share ──────────────────────────────────────────────────────────────────────────────────────
    def agreement(self, digest: str) -> SignedAgreement:
        """This site's own copy.

        Raises:
            AgreementError: if the site never accepted that agreement.
        """
        try:
            return self.agreements[digest]
        except KeyError:
            raise AgreementError(
                f"{self.site} has not accepted the agreement that the study names.",
                remedy="Ask the site's data steward to run 'summand site accept' on the signed agreement.",
            ) from None

    def memory(self, message: Message) -> StudyMemory:
        """What this site knows of the message's study.

        Raises:
            RoundReplayed: if it never joined it, or it is over here.
        """
        memory = self._known(message.study)
        if memory is None or memory.status == "over":
            raise _replayed(message)
        return memory

    def _known(self, study: str) -> StudyMemory | None:
        """A copy of what is stored of a study: handlers change it freely, and it counts once it is committed."""
        memory = self._memories.get(study) or self.store.study(study)
        return None if memory is None else replace(memory)

    def _forget(self, study: str) -> None:
        self._let_go(study)
        self.store.finish(study)

    def _let_go(self, study: str) -> None:
        for kept in (self._programs, self._memories, self._cohorts, self._pair_keys):
            kept.pop(study, None)

    def cohort(self, memory: StudyMemory) -> Cohort:
        """The cohort as this site derives it."""
        cohort = self._cohorts.get(memory.id)
        if cohort is None:
            plan = self.program(memory).plan
            keys = {site: PublicKey.from_text(text) for site, text in memory.site_keys.items()}
            cohort = self._cohorts[memory.id] = Cohort.form(keys, plan.agreement_hash, plan.epoch)
        return cohort

    def pair_keys(self, memory: StudyMemory) -> PairKeys:
        """The study's pair keys.

        Raises:
            RoundReplayed: if the set-up is not over.
        """
        if memory.keys is None:
            raise RoundReplayed("A round came before the set-up was over.", remedy="Start the study again.")
        keys = self._pair_keys.get(memory.id)
        if keys is None:
            keys = self._pair_keys[memory.id] = PairKeys.from_bytes(memory.keys)
        return keys

    def program(self, memory: StudyMemory) -> Program:
        """The study's program, derived by this site itself."""
        program = self._programs.get(memory.id)
        if program is None:
            study = SignedStudy.from_dict(parse(memory.request))
            plan = Plan.of(study, self.agreement(study.request.agreement_hash).agreement)
            program = self._programs[memory.id] = Program(plan)
        return program

    def source(self, program: Program) -> Source:
        """This site's rows for the study.

        Raises:
            OwnProtocolError: if the site's folder does not hold the dataset.
        """
        dataset = program.plan.dataset_of[self.site]
        try:
            return self.sources[dataset]
        except KeyError:
            raise OwnProtocolError(
                f"{self.site} holds no file for dataset '{dataset}'.", remedy="Add it to the site's settings."
            ) from None


def _of_defect(error: Exception) -> OwnProtocolError:
    """What is said of an exception that is none of ours: its kind and place, never its text, which may show data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("a defect: %s in %s, line %s", type(error).__name__, place.name, place.lineno)
    return OwnProtocolError(
        f"The site could not work out its answer ({type(error).__name__}).",
        remedy="Report this defect with the study's method; the study ended and can be started again.",
    )


def _replayed(message: Message) -> RoundReplayed:
    return RoundReplayed(
        f"A '{message.kind}' of round {message.round} does not follow what this site saw of the study.",
        remedy="The study ends here. Start it again; if it happens twice, ask the hub's operator why.",
    )


_HANDLERS: Mapping[str, Handler] = {
    "study.request": _joining.request,
    "study.records": _joining.records,
    "study.sealed": _joining.sealed,
    "round.open": _summing.opened,
    "round.survivors": _summing.survivors,
    "round.unmask": _summing.unmask,
    "round.total": _sealing.step,
    "study.result": _summing.result,
}
