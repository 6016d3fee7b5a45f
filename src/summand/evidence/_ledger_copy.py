"""What a pack takes from a ledger: the entries about one agreement, each with the proof that it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from summand.agreement import Agreement
from summand.encoding import from_base64, parse
from summand.errors import SummandError, UsageError, VerificationError
from summand.ledger import Checkpoint, Note, Tree, VerifierKey, leaf_hash, open_checkpoint
from summand.sharing.inventions import INVENTION_ACTS
from summand.signing import PublicKey
from summand.study import SignedStudy, whole_entries

INTERNAL_ACTS = frozenset({*INVENTION_ACTS, "comment.posted", "task.opened", "task.done", "task.reopened"})
"""Acts for the partners' own eyes: inventions until they are filed for, threads and tasks."""
_BY_AGREEMENT = ("agreement.executed", "agreement.event")
Numbered = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class LedgerCopy:
    """A whole ledger as somebody holds it: a hub's, or a partner's replica.

    Attributes:
        origin: The ledger's name.
        hub_key: The key that signs its checkpoints.
        checkpoint: The signed note of its checkpoint.
        leaves: All its leaves up to the checkpoint.
    """

    origin: str
    hub_key: PublicKey
    checkpoint: str
    leaves: Sequence[bytes] = field(repr=False)

    def __post_init__(self) -> None:
        found = open_checkpoint(self.checkpoint, [VerifierKey.of_log(self.origin, self.hub_key)])
        if (found.origin, found.size, found.root) != (self.origin, len(self.leaves), self.tree.root()):
            raise VerificationError(
                "The ledger's entries are not those under its checkpoint.",
                remedy="Verify the copy: summand ledger verify. Take another partner's replica if it fails.",
            )

    @cached_property
    def tree(self) -> Tree:
        """The tree over the leaves."""
        tree = Tree()
        for leaf in self.leaves:
            tree.append(leaf_hash(leaf))
        return tree

    @cached_property
    def keepers_checkpoint(self) -> str:
        """The checkpoint with its keeper's signature alone: the same at the hub and at every partner."""
        note, own = Note.from_text(self.checkpoint), VerifierKey.of_log(self.origin, self.hub_key)
        lines = tuple(line for line in note.signatures if (line.name, line.key_id) == (own.name, own.key_id))
        return Note(note.body, lines).text

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self.leaves)


@dataclass(frozen=True)
class Chosen:
    """The entries of a ledger that a pack holds.

    Attributes:
        entries: Whole entries with the number of the leaf that completes each.
        leaves: The numbers of their leaves, parts of long entries included.
        studies: The studies, in the order in which they were asked.
        left_out: How many entries about the agreement were left out: other studies', and internal ones.
    """

    entries: tuple[Numbered, ...]
    leaves: tuple[int, ...]
    studies: tuple[str, ...]
    left_out: int


def choose(
    ledger: LedgerCopy, versions: Sequence[Agreement], wanted: Sequence[str] | None, *, internal: bool
) -> Chosen:
    """The entries about an agreement's versions: its life, its parties' sites, studies, statements.

    Args:
        ledger: Where they stand.
        versions: All versions, the current one last.
        wanted: The studies by identifier; all of the agreement's if None.
        internal: Whether `INTERNAL_ACTS` are among them.

    Raises:
        UsageError: if a study is not one of the agreement's.
    """
    hashes, parties = {one.hash for one in versions}, {party.id for one in versions for party in one.parties}
    entries = list(whole_entries(ledger.leaves))
    asked = [str(e.get("study")) for _, e in entries if e.get("type") == "study.request" and _asked_under(e, hashes)]
    studies = tuple(dict.fromkeys(asked if wanted is None else [one for one in asked if one in set(wanted)]))
    strangers = set(wanted or ()) - set(studies)
    if strangers:
        raise UsageError(
            f"The ledger holds no request of study {min(strangers)[:40]} under this agreement.",
            remedy="List the studies: summand ledger show LEDGER --federation federation.json",
        )
    studies += tuple(_answering(entries, studies))
    kept, left_out = [], 0
    for leaf, entry in entries:
        kind = str(entry.get("type"))
        if kind.startswith(("study.", "round.")):
            mine, whose = str(entry.get("study")) in studies, str(entry.get("study")) in asked
        elif kind == "site.certified":
            mine = whose = str(entry.get("party")) in parties
        elif kind in _BY_AGREEMENT or "envelope" in entry:
            whose = entry.get("agreement_hash") in hashes
            mine = whose and (internal or not _is_internal(entry))
        else:
            mine = whose = False
        if mine:
            kept.append((leaf, entry))
        left_out += whose and not mine
    leaves = tuple(number for leaf, _ in kept for number in _parts(ledger.leaves, leaf))
    return Chosen(tuple(kept), leaves, studies, left_out)


def ledger_files(ledger: LedgerCopy, chosen: Chosen) -> dict[str, Any]:
    """Lines of the entries with their inclusion proofs, and proofs that witnessed checkpoints are of this history."""
    lines = [
        {
            "leaf": number, "entry": ledger.leaves[number].decode(),
            "proof": [part.hex() for part in ledger.tree.inclusion_proof(number)],
        }
        for number in chosen.leaves
    ]  # fmt: skip
    sizes = {Checkpoint.from_text(Note.from_text(note).body).size for note in _notes(chosen.entries)}
    consistency = [
        {
            "size": size, "root": ledger.tree.root(size).hex(),
            "proof": [part.hex() for part in ledger.tree.consistency_proof(size)],
        }
        for size in sorted(sizes) if 0 < size < ledger.size
    ]  # fmt: skip
    return {"lines": lines, "consistency": consistency}


def _notes(entries: Iterable[Numbered]) -> list[str]:
    return [str(note) for _, entry in entries if entry.get("type") == "study.witnessed" for note in entry["notes"]]


def _asked_under(entry: Mapping[str, Any], hashes: set[str]) -> bool:
    try:
        return SignedStudy.from_dict(entry.get("signed")).request.agreement_hash in hashes
    except (SummandError, KeyError, TypeError):
        return False


def _answering(entries: Sequence[Numbered], studies: Sequence[str]) -> list[str]:
    """Earlier studies whose results stand for some of these."""
    found = {
        str(e.get("earlier"))
        for _, e in entries
        if e.get("type") == "study.answered" and str(e.get("study")) in studies
    }
    return sorted(found - set(studies))


def _is_internal(entry: Mapping[str, Any]) -> bool:
    if entry.get("type") not in ("governance.act", "settlement.act"):
        return False
    said: Any = parse(from_base64(str(entry["envelope"]["payload"]), "statement"), "statement")
    return isinstance(said.get("document"), dict) and said["document"].get("act") in INTERNAL_ACTS


def _parts(leaves: Sequence[bytes], last: int) -> range:
    """The leaves of the entry that a leaf completes."""
    if not leaves[last].startswith(b'{"count":') or b'"type":"entry.part"' not in leaves[last]:
        return range(last, last + 1)
    value: Any = parse(leaves[last], "ledger entry")
    return range(last - int(value["number"]), last + 1)
