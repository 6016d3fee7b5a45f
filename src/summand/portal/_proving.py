"""What the ledger proves, derived again for whoever asks: a study's signatures and order, and each leaf's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from summand.agreement import SignedAgreement
from summand.federation._evidence import Evidence, verify_leaves
from summand.ledger import Checkpoint, Log, leaf_hash, open_checkpoint, verify_inclusion

if TYPE_CHECKING:
    from summand.portal._portal import Portal


@dataclass(frozen=True)
class LeafProof:
    """That one leaf lies under a checkpoint: its hash, and the hashes beside its path to the root."""

    leaf: int
    leaf_hash: str
    path: tuple[str, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True)
class StudyProof:
    """What was proved about a study, and which leaves were proved to be in the ledger."""

    evidence: Evidence
    leaves: tuple[int, ...]
    checkpoint: Checkpoint


def prove_leaf(log: Log, leaf: int) -> LeafProof:
    """Check the checkpoint's signature, and that the leaf's stored bytes lie under its root (RFC 9162 §2.1.3.2).

    Raises:
        VerificationError: if not.
    """
    checkpoint = open_checkpoint(log.checkpoint_text(), [log.verifier_key])
    hashed, path = leaf_hash(log.entry(leaf)), log.inclusion_proof(leaf)
    verify_inclusion(hashed, leaf, checkpoint.size, path, checkpoint.root)
    return LeafProof(leaf, hashed.hex(), tuple(node.hex() for node in path), checkpoint)


def prove_study(portal: Portal, signed: SignedAgreement, study: str) -> StudyProof:
    """Check all signatures and the order of a study, and that each of its leaves lies under the signed checkpoint.

    Raises:
        VerificationError: if anything does not hold; it is named.
    """
    index, partnerships, log = portal.index, portal.partnerships, portal.convener.log
    rows = index.leaves_of_agreement(signed.agreement.hash, "agreement.executed")
    rows += index.certificates_of([party.id for party in signed.agreement.parties])
    rows += index.leaves_of_study(study)
    wanted = sorted({row.leaf for row in rows})
    found = [(leaf, entry) for leaf in wanted if (entry := partnerships.entry(leaf)) is not None]
    # (1) What the entries say is signed, complete and in order.
    evidence = verify_leaves(study, found, signed, portal.convener.origin, portal.convener.log.root)
    # (2) The hub signed this root, and every one of these entries is under it.
    checkpoint = open_checkpoint(log.checkpoint_text(), [log.verifier_key])
    for leaf in wanted:
        verify_inclusion(leaf_hash(log.entry(leaf)), leaf, checkpoint.size, log.inclusion_proof(leaf), checkpoint.root)
    return StudyProof(evidence, tuple(wanted), checkpoint)
