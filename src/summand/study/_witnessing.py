"""Who must have seen the ledger before a result counts as released: the study's sites, as witnesses of one log.

A release is believed once a quorum of the study's sites has cosigned checkpoints over the leaf that says so. A hub that
shows two histories then needs the quorum for each of them, so with more than half of the sites at least one site would
have to cosign both, which it refuses (`summand.ledger.Witness`).

Cosignatures of different sizes count together where all lie over the leaf and one history has all their roots: what
each witness says is that it saw this history up to there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from summand.agreement import Agreement
from summand.errors import CheckpointInvalid, CohortTooSmall, SummandError
from summand.ledger import Checkpoint, Note, VerifierKey
from summand.signing import PublicKey


def witness_key(origin: str, site: str, key: PublicKey) -> VerifierKey:
    """The key with which others check what a site cosigned: its service key, under a name within the log's."""
    return VerifierKey.of_witness(f"{origin}/{site}", key)


def witness_quorum(agreement: Agreement, sites: int) -> int:
    """How many sites must cosign before a result counts as released: clause H, or ⌊2n/3⌋ + 1.

    Raises:
        CohortTooSmall: if the study has fewer sites than that.
    """
    wanted = agreement.governance.witnesses
    if wanted is None:
        return 2 * sites // 3 + 1
    if wanted > sites:
        raise CohortTooSmall(
            f"The agreement asks for {wanted} witnesses of each result; the study has {sites} sites.",
            remedy="Ask for more datasets.",
            clause="H.witnesses",
        )
    return wanted


def certified_witnesses(entries: Iterable[Mapping[str, Any]], origin: str) -> list[VerifierKey]:
    """The witness keys of every site that the ledger has a certificate of; nobody's signature is checked here."""
    found: dict[tuple[str, bytes], VerifierKey] = {}
    for entry in entries:
        if entry.get("type") == "site.certified":
            try:
                key = witness_key(origin, str(entry["site"]), PublicKey.from_text(entry["key"]))
            except (SummandError, KeyError, TypeError, AttributeError):
                continue
            found[key.name, key.key_id] = key
    return list(found.values())


def cosigners(
    notes: Sequence[str], keys: Mapping[VerifierKey, str], leaf: int, root_at: Callable[[int], bytes | None]
) -> dict[str, int]:
    """The sites whose cosignatures on some checkpoints vouch for a leaf, with their POSIX times.

    Args:
        notes: Checkpoints with cosignature lines.
        keys: The witness keys of the sites that count, each with its site.
        leaf: The leaf's number; a checkpoint that does not reach it vouches for nothing.
        root_at: The root hash of a size in the reader's own history; None where that does not reach.

    Raises:
        CheckpointInvalid: if a note is malformed, a signature by one of the keys does not verify, or a root is not the
            one of the reader's history.
    """
    found: dict[str, int] = {}
    for text in notes:
        note = Note.from_text(text)
        checkpoint = Checkpoint.from_text(note.body)
        if checkpoint.size <= leaf:
            continue
        if root_at(checkpoint.size) != checkpoint.root:
            raise CheckpointInvalid(
                f"Witnesses cosigned another history than the one here: {checkpoint}.",
                remedy="Keep both, and compare checkpoints with the partners: the hub showed two histories.",
            )
        for key, when in note.verified(list(keys)).items():
            if when is not None:
                found[keys[key]] = when
    return found
