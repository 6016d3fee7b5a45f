"""A site as a long-running service: it asks, the hub answers; nothing ever connects to a site.

One message at a time, in order: handle it, hand the answer over until it is taken, then move the cursor. If we crash
anywhere in between, the message is read again, gives the very same answer, and the hub takes it as the same.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from summand.encoding import dump, unpack
from summand.errors import PeerProtocolError, SiteStopped, SplitView, StorageFailed, SummandError, VerificationError
from summand.ledger import AddCheckpoint
from summand.site._agent import Agent
from summand.site._allocator import keep_freed_memory
from summand.site._folder import SiteFolder
from summand.site._stop import posted
from summand.transport import HubClient, LedgerGrowth, cut, read_message

log = logging.getLogger("summand.site")
WAIT_SECONDS = 25.0
CURSOR_EVERY = 500
_CURSOR = "inbox_cursor"


def load_libraries() -> None:
    """Load what the first study needs, while nobody asks yet: it takes longer than the study's first answers."""
    for name in ("duckdb", "pyarrow", "scipy.linalg", "scipy.special"):
        importlib.import_module(name)


class SiteService:
    """One site's loop.

    Args:
        folder: The site's folder.
        client: A connection to its hub, signing with the site's key.
    """

    def __init__(self, folder: SiteFolder) -> None:
        self.folder = folder
        self.agent: Agent = folder.agent()
        self.client = HubClient(folder.federation, folder.key())
        self._cursor = self._stored_cursor = int(self.agent.store.get(_CURSOR, "0"))
        self._ahead: bytes | None = None
        self._owes_cosignature = False
        self.stopped = False

    def serve(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Run until `stop`.

        Raises:
            SummandError: if the hub refuses this site for good, or the ledger does not extend what the site saw.
        """
        self.agent.require_no_alarm()
        keep_freed_memory()
        try:
            self._introduce()
            load_libraries()
            on_ready()
            self._turns()
        except SplitView as split:
            self._tell(split)
            raise

    def _turns(self) -> None:
        pause = 0.05
        while not self.stopped:
            try:
                self._turn()
                pause = 0.05
            except SummandError as error:
                if not error.retryable:
                    raise
                log.warning("the hub cannot be reached; trying again: %s", error.code)
                time.sleep(pause)
                pause = min(2.0, pause * 2)

    def stop(self) -> None:
        """End after the message in hand."""
        self.stopped = True
        self.client.close()

    def _introduce(self) -> None:
        for digest, signed in self.folder.agreements().items():  # the hub finds the organisation's key in one of these
            self.client.put_until_taken(f"/v1/agreements/{digest}", signed.to_bytes())
        certificate = dump(self.folder.certificate())
        self.client.put_until_taken(f"/v1/certificates/{self.folder.site}", certificate)
        self.send_posted()
        self.synchronise(cosign=True)

    def send_posted(self) -> None:
        """Hand the hub what this site states of its stop; the stop itself has taken effect without it."""
        for address, file in posted(self.folder.path):
            try:
                self.client.put_until_taken(address, file.read_bytes())
            except SummandError as error:
                if error.retryable:
                    raise
                log.warning("the hub did not take a statement of this site: %s", error.code)
            file.unlink()

    def _tell(self, split: SplitView) -> None:
        """Stop every study here, and tell the hub, and through it the partners, what was seen; as far as that goes."""
        for halt in self.agent.halt_all(split):
            self._hand_over(halt, ask=False)
        if self.agent.alarm is not None:
            signed = dump(self.agent.alarm.signed(self.agent.key).to_dict())
            with suppress(SummandError):  # a hub that showed two histories may not want to hear it: the file stays
                self.client.put(f"/v1/ledger/alarms/{self.folder.site}", signed)

    def synchronise(self, *, cosign: bool = False) -> None:
        """Bring this site's replica up to the hub's checkpoint, if it extends what the site holds; cosign it if asked.

        Raises:
            VerificationError: if it does not: the hub showed another history.
        """
        asked, entries = LedgerGrowth.read(self.client.get(f"/v1/ledger?size={self.agent.replica.size}"))
        if not cosign:
            request = AddCheckpoint.from_text(asked)
            self.agent.advance_replica(request.checkpoint_text, entries, request.proof)
            return
        note = self.agent.cosign(asked, entries)
        self._owes_cosignature = True
        self.client.put_until_taken(f"/v1/ledger/cosignatures/{self.folder.site}", note.encode())
        self._owes_cosignature = False

    def _turn(self) -> None:
        """Read what waits, answer it in order, and ask for what follows together with the last answer."""
        self.send_posted()
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            ahead = self.client.get(f"/v1/inbox/{self.folder.site}?{self._asking()}", wait_seconds=WAIT_SECONDS)
        frame = unpack(ahead)
        try:
            letters = [(int(seq), int(size)) for seq, size in frame.header["letters"]]
        except (KeyError, TypeError, ValueError):
            raise PeerProtocolError("The hub's inbox answer is malformed.", remedy="Check versions.") from None
        if not letters and (self._owes_cosignature or frame.header.get("ledger_size", 0) != self.agent.replica.size):
            self.synchronise(cosign=True)  # woken for the ledger alone: a statement, or the others' cosignatures
        bodies = cut(frame.body, [size for _, size in letters])
        for place, ((seq, _), data) in enumerate(zip(letters, bodies, strict=True), 1):
            if self.stopped:
                return
            kind, answers = self._answers(data)
            self._cursor = seq
            for number, answer in enumerate(answers, 1):
                self._hand_over(answer, ask=place == len(letters) and number == len(answers))
            if kind == "study.ended" or self._cursor - self._stored_cursor >= CURSOR_EVERY:
                # If we crash before this, letters that were answered are read again: they get the very same answers.
                self.agent.store.put(_CURSOR, str(seq))
                self._stored_cursor = seq

    def _asking(self) -> str:
        return f"after={self._cursor}&wait={WAIT_SECONDS:g}"

    def _answers(self, data: bytes) -> tuple[str, list[bytes]]:
        """The kind of a message of the hub, and the answers to it."""
        kind = ""
        try:
            message = read_message(data)
            kind = message.kind
            if kind in ("study.request", "study.ended"):
                self.synchronise(cosign=kind == "study.ended")
            return kind, self.agent.answer(message)
        except (StorageFailed, VerificationError):
            raise  # not for this message alone: a site that cannot remember, or is shown two histories, takes no part
        except SummandError as error:
            if error.retryable:
                raise
            log.warning("a message of the hub was not believed: %s", error.code)
            return kind, []

    def _hand_over(self, answer: bytes, *, ask: bool) -> None:
        message = read_message(answer)
        path = f"/v1/studies/{message.study}/{message.kind}/{message.round}/{self.folder.site}"

        def may_leave() -> None:
            if message.kind != "site.halt":
                self.agent.require_running(message.study)

        try:
            if ask:
                self._ahead = self.client.put_until_taken(
                    f"{path}?{self._asking()}", answer, wait_seconds=WAIT_SECONDS, before_each=may_leave
                )
            else:
                self.client.put_until_taken(path, answer, before_each=may_leave)
        except SiteStopped as stopped:
            self._hand_over(self.agent.stop_study(message.study, message.round, stopped), ask=ask)
        except SummandError as error:
            if error.retryable:
                raise
            log.warning("the hub did not take '%s' of study %s: %s", message.kind, message.study, error.code)
