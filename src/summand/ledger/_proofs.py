"""The checks of inclusion and consistency proofs, step by step as the RFC numbers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from summand.errors import ConsistencyProofInvalid, InclusionProofInvalid
from summand.ledger._merkle import EMPTY_ROOT, HASH_BYTES, is_subtree, node_hash


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash ``leaf`` is leaf ``index`` of the tree with ``size`` leaves and root hash ``root``.

    Args:
        leaf: Hash of the entry, 32 bytes (`leaf_hash`).
        index: Zero-based number of the leaf.
        size: Leaves of the tree.
        proof: Hashes of 32 bytes, from the leaf's sibling up.
        root: Root hash, 32 bytes.

    Raises:
        InclusionProofInvalid: if it is not proved.

    Source: RFC 9162 §2.1.3.2.
    """
    # (0) Hashes are hashes: a short root or leaf could otherwise match itself in a tree of one leaf.
    if any(len(value) != HASH_BYTES for value in (leaf, root, *proof)):
        _no_inclusion(index, size, "a hash does not have 32 bytes")
    # (1) The leaf must be in the tree.
    if not 0 <= index < size:
        _no_inclusion(index, size, "there is no such leaf")
    # (2) fn and sn walk up from the leaf and from the last leaf; (3) r is the hash so far.
    fn, sn, r = index, size - 1, leaf
    # (4) Each value joins from the left or the right.
    for p in proof:
        # (4a)
        if sn == 0:
            _no_inclusion(index, size, "the proof is too long")
        # (4b)
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        # (4c)
        fn, sn = fn >> 1, sn >> 1
    # (5) The walk must end at the root, with the root's hash.
    if sn != 0:
        _no_inclusion(index, size, "the proof is too short")
    if r != root:
        _no_inclusion(index, size, "the proof leads to another root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``new`` leaves extends the tree of ``old`` leaves without changing one of them.

    Args:
        old: Leaves of the older tree, at least 1: the empty tree proves nothing, so its caller decides.
        new: Leaves of the newer tree.
        old_root: Root hash of the older tree, 32 bytes.
        new_root: Root hash of the newer tree, 32 bytes.
        proof: Hashes of 32 bytes.

    Raises:
        ConsistencyProofInvalid: if it is not proved.

    Source: RFC 9162 §2.1.4.2.
    """
    # (0) The RFC's steps are for 0 < old < new; trees of one size are the same tree or none of this log.
    if old == new > 0 and not proof and old_root == new_root:
        return
    if not 0 < old < new:
        _no_consistency(old, new, "sizes, roots and proof do not fit together")
    if any(len(value) != HASH_BYTES for value in (old_root, new_root, *proof)):
        _no_consistency(old, new, "a hash does not have 32 bytes")
    # (1)
    if not proof:
        _no_consistency(old, new, "the proof is empty")
    # (2) A complete old tree is a node of the new one, which the proof leaves out.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    # (3)
    fn, sn = old - 1, new - 1
    # (4)
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    # (5)
    fr = sr = path[0]
    # (6)
    for c in path[1:]:
        # (6a)
        if sn == 0:
            _no_consistency(old, new, "the proof is too long")
        # (6b)
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        # (6c)
        else:
            sr = node_hash(sr, c)
        # (6d)
        fn, sn = fn >> 1, sn >> 1
    # (7)
    if sn != 0:
        _no_consistency(old, new, "the proof is too short")
    if fr != old_root:
        _no_consistency(old, new, "the proof does not lead to the old root")
    if sr != new_root:
        _no_consistency(old, new, "the proof does not lead to the new root")


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, *, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that ``leaf`` is leaf ``index`` of a log, in the subtree of leaves ``start`` to ``end`` with hash ``root``.

    Raises:
        InclusionProofInvalid: if it is not proved, or ``start`` and ``end`` are no subtree.

    Source: draft-ietf-plants-merkle-tree-certs, "Subtree Inclusion Proofs": a subtree is a tree whose leaf ``start`` is leaf 0.
    """
    if not is_subtree(start, end):
        _no_inclusion(index, end - start, "these leaves are not a subtree")
    verify_inclusion(leaf, index - start, end - start, proof, root)


def verify_subtree_consistency(
    start: int, end: int, size: int, *, subtree_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the subtree of leaves ``start`` to ``end`` is part of the tree with ``size`` leaves.

    The empty subtree is part of every tree that reaches it: its hash is `EMPTY_ROOT` and its proof empty, and nothing
    is said about ``root``.

    Raises:
        ConsistencyProofInvalid: if it is not proved, or ``start`` and ``end`` are no subtree of that tree.

    Source: draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs".
    """
    # (1) The leaves must be a subtree, and inside the tree.
    if 0 <= start == end <= size and subtree_root == EMPTY_ROOT and not proof:
        return
    if not (is_subtree(start, end) and end <= size):
        _no_consistency(end, size, "these leaves are not a subtree of the tree")
    if start == 0 and end == size and subtree_root == root and not proof:
        return
    if any(len(value) != HASH_BYTES for value in (subtree_root, root, *proof)):
        _no_consistency(end, size, "a hash does not have 32 bytes")
    # (2) fn, sn and tn walk up from the subtree's first and last leaf and from the tree's last leaf.
    fn, sn, tn = start, end - 1, size - 1
    # (3) Up to the largest node at the subtree's right edge that is whole inside the tree.
    while fn != sn and (sn == tn or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    # (4) That node is the subtree itself, or the proof begins with it.
    path = [subtree_root, *proof] if fn == sn else list(proof)
    if not path:
        _no_consistency(end, size, "the proof is empty")
    fr = sr = path[0]
    # (5) Each value joins from the left (to both, while the subtree reaches further left) or from the right.
    for c in path[1:]:
        if tn == 0:
            _no_consistency(end, size, "the proof is too long")
        if sn & 1 or sn == tn:
            if fn < sn:
                fr = node_hash(c, fr)
            sr = node_hash(c, sr)
            while not (sn & 1 or sn == 0):
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    # (6) The walk must end at the root, and both hashes must be what was claimed.
    if tn != 0:
        _no_consistency(end, size, "the proof is too short")
    if fr != subtree_root or sr != root:
        _no_consistency(end, size, "the proof leads to other hashes")


def _no_inclusion(index: int, size: int, reason: str) -> NoReturn:
    raise InclusionProofInvalid(
        f"Leaf {index} is not proved to be in the tree of {size} leaves (RFC 9162 §2.1.3): {reason}.",
        remedy="Ask the log for the proof again; if it stays so, the entry is not in the ledger: tell the partners.",
    )


def _no_consistency(old: int, new: int, reason: str) -> NoReturn:
    raise ConsistencyProofInvalid(
        f"The tree of {new} leaves is not proved to extend the one of {old} (RFC 9162 §2.1.4): {reason}.",
        remedy="Ask the log for the proof again; if it stays so, keep both checkpoints as evidence and tell the partners.",
    )
