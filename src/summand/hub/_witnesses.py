"""The sites as witnesses: their cosignatures as they come, and what then counts as released.

The latest cosignature of each site is kept. A release counts once those over its leaf are a quorum of the study's
sites; then they go into the ledger themselves (``study.witnessed``), so that every replica proves the release with the
hub gone. The published checkpoint carries the lines of all who cosigned exactly it.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from summand.encoding import parse, sha256_hex
from summand.errors import CheckpointInvalid, PeerProtocolError, SummandError, UsageError
from summand.hub import _store as rows
from summand.ledger import Checkpoint, Note, Receipt, attach, cosignature_times
from summand.signing import Envelope, open_sealed
from summand.study import Plan, ReleaseProof, SignedStudy, entry, witness_key
from summand.study.messages import ALARM_TYPE

if TYPE_CHECKING:
    from summand.hub._convener import Convener


@dataclass(frozen=True)
class Awaited:
    """A released study that awaits witnesses."""

    leaf: int
    sites: tuple[str, ...]
    quorum: int


class Witnesses:
    """What the sites cosigned, over one convener."""

    def __init__(self, convener: Convener, tx: Connection) -> None:
        self._convener = convener
        self._latest: dict[str, tuple[int, str]] = rows.cosignatures(tx)
        self._unpublished: list[tuple[int, str, str]] = []
        self._awaited: dict[str, Awaited] = {}
        for row in rows.study_rows(tx):
            if row.status == "released" and not rows.has_entry(tx, _key(row.id)):
                with suppress(SummandError):  # what this version cannot read any more keeps the hub from nothing
                    self.await_for(tx, self._plan(row.request))

    def _plan(self, request: bytes) -> Plan:
        study = SignedStudy.from_dict(parse(request))
        return Plan.of(study, self._convener.agreement(study.request.agreement_hash).agreement)

    # ── what is awaited ──────────────────────────────────────────────────────────────────────────────────────────────
    def await_for(self, tx: Connection, plan: Plan) -> None:
        """A study was released in this transaction: from now on its sites' cosignatures are counted."""
        leaf = rows.entry_index(tx, f"{plan.study_id}/released")
        self._awaited[plan.study_id] = Awaited(leaf, plan.sites, plan.witness_quorum)

    def forget(self, study: str) -> None:
        """The transaction in which the study was released does not hold."""
        self._awaited.pop(study, None)

    def standing(self, study: str) -> dict[str, Any] | None:
        """How many sites must cosign and which have, for a released study that awaits witnesses; None for others."""
        awaited = self._awaited.get(study)
        if awaited is None:
            return None
        return {"quorum": awaited.quorum, "witnesses": sorted(self._over(awaited))}

    def _over(self, awaited: Awaited) -> dict[str, tuple[int, str]]:
        latest = {site: self._latest[site] for site in awaited.sites if site in self._latest}
        return {site: (size, line) for site, (size, line) in latest.items() if size > awaited.leaf}

    # ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────────
    def put(self, site: str, data: bytes) -> None:
        """Take in a checkpoint that a site cosigned; kept before it is acknowledged.

        Raises:
            CheckpointInvalid: if it is not this log's checkpoint, or not cosigned by the site.
            StrangerRefused: if the site is not known here.
        """
        size, line = self._read(site, data)
        if self._latest.get(site, (0, ""))[0] > size:
            return  # an older one, late: what the site said since says more
        with self._convener.store.transaction() as tx:
            rows.put_cosignature(tx, site, size, line)
            self._latest[site] = (size, line)
            changed = [study for study, awaited in self._awaited.items() if self._witnessed(tx, study, awaited)]
        for study in changed:
            self._convener.has_closed = True  # whoever waits for the end is told now
            for peer in self._awaited.pop(study).sites:
                self._convener.changed(peer)  # the replicas fetch the proof
        self._unpublished.append((size, site, line))
        self._convener.settle_later()

    def _read(self, site: str, data: bytes) -> tuple[int, str]:
        key = self._convener.site_key(site)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise CheckpointInvalid(
                "This is no cosigned checkpoint: it is not UTF-8.", remedy="Send it again."
            ) from None
        note = Note.from_text(text)
        checkpoint, name = Checkpoint.from_text(note.body), witness_key(self._convener.origin, site, key)
        lines = [line for line in note.signatures if (line.name, line.key_id) == (name.name, name.key_id)]
        log = self._convener.settled_log
        if checkpoint.size > log.size:
            log = self._convener.log
        if checkpoint.size > log.size or len(lines) != 1:
            raise CheckpointInvalid(
                "This is no checkpoint of this ledger with the site's own cosignature.", remedy="Send it again."
            )
        own = log.checkpoint_text(checkpoint.size)
        if Checkpoint.from_text(Note.from_text(own).body) != checkpoint:
            raise CheckpointInvalid(
                f"The site cosigned another history than this hub's: {checkpoint}.",
                remedy="Compare checkpoints with the partners at once: somebody showed two histories.",
            )
        if not cosignature_times(attach(_bare(own), [lines[0].text]), [log.verifier_key, name]):
            raise CheckpointInvalid("The cosignature is not the site's.", remedy="Send it again.")
        return checkpoint.size, lines[0].text

    def _witnessed(self, tx: Connection, study: str, awaited: Awaited) -> bool:
        over = self._over(awaited)
        if len(over) < awaited.quorum:
            return False
        notes = self._notes(over)
        recorded = entry("study.witnessed", study=study, leaf=awaited.leaf, witnesses=sorted(over), notes=notes)
        self._convener.record_long(tx, _key(study), recorded)
        return True

    def _notes(self, over: dict[str, tuple[int, str]]) -> list[str]:
        by_size: defaultdict[int, list[str]] = defaultdict(list)
        for _, (size, line) in sorted(over.items()):
            by_size[size].append(line)
        log = self._convener.settled_log
        return [attach(_bare(log.checkpoint_text(size)), lines) for size, lines in sorted(by_size.items())]

    def publish(self) -> None:
        """Put the new lines under the published checkpoint, those that are on exactly this one."""
        waiting, self._unpublished = self._unpublished, []
        log = self._convener.settled_log
        fitting = [(site, line) for size, site, line in waiting if size == log.size]
        if fitting:
            origin, register = self._convener.origin, self._convener.register
            keys = [witness_key(origin, site, register.site_key(site)) for site, _ in fitting]
            log.attach_cosignatures([line for _, line in fitting], keys)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────
    def proof(self, study: str) -> dict[str, Any]:
        """The proof that a study was released, as far as it goes; see `ReleaseProof`.

        Raises:
            UsageError: if nothing was released.
        """
        log = self._convener.log  # first: what the store holds is in the tiles then
        with self._convener.store.transaction() as tx:
            row = rows.study_row(tx, study)
            if row is None or row.status != "released":
                raise UsageError("Nothing was released in this study.", remedy="Look at it: summand study show.")
            plan, leaf = self._plan(row.request), rows.entry_index(tx, f"{study}/released")
            stored = [found for site in plan.sites for found in rows.entries_under(tx, f"certificate/{site}/")]
        certificates = [parse(data) for data in stored]
        over = self._over(Awaited(leaf, plan.sites, plan.witness_quorum))
        receipts = []
        for text in self._notes(over):
            size = Checkpoint.from_text(Note.from_text(text).body).size
            receipts.append(Receipt(leaf, tuple(log.inclusion_proof(leaf, size)), text))
        made = ReleaseProof(
            SignedStudy.from_dict(parse(row.request)), log.entry(leaf), tuple(receipts),
            tuple((item["site"], item["party"], Envelope.from_dict(item["envelope"])) for item in certificates),
        )  # fmt: skip
        return made.to_dict()

    # ── alarms ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def put_alarm(self, site: str, fields: Any) -> str:
        """Record that a site was shown two histories; the SHA-256 (hex) of what it signed.

        Raises:
            PeerProtocolError, SignatureInvalid, StrangerRefused: if it is not the site's signed alarm.
        """
        envelope = Envelope.from_dict(fields)
        said = open_sealed(envelope, ALARM_TYPE, [self._convener.site_key(site)])
        if not isinstance(said, dict) or said.get("site") != site:
            raise PeerProtocolError("This is no alarm of the site that sends it.", remedy="Send it to its own address.")
        digest = sha256_hex(envelope.payload)
        recorded = entry("ledger.alarm", site=site, alarm_sha256=digest, envelope=envelope.to_dict())
        self._convener.put_entry(f"alarm/{site}/{digest}", recorded)
        return digest


def _key(study: str) -> str:
    return f"{study}/witnessed"


def _bare(note: str) -> str:
    """The note with its first line of signatures alone: the log's."""
    found = Note.from_text(note)
    return Note(found.body, found.signatures[:1]).text
