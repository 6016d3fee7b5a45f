"""Laws of the tree and its proofs, at random sizes, against the RFC's recursive definition."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import ConsistencyProofInvalid, InclusionProofInvalid, UsageError
from summand.ledger import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

LEAVES = [leaf_hash(str(index).encode()) for index in range(600)]
TREE = Tree()
for _leaf in LEAVES:
    TREE.append(_leaf)


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 §2.1.1 defines it, by recursion and with nothing remembered."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


@st.composite
def index_and_size(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, len(LEAVES)))
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(st.integers(1, len(LEAVES)))
    return draw(st.integers(1, new)), new


@st.composite
def subtree_and_size(draw: st.DrawFn) -> tuple[int, int, int]:
    size = draw(st.integers(1, len(LEAVES)))
    block = 1 << draw(st.integers(0, 9))
    start = draw(st.integers(0, (size - 1) // block)) * block
    return start, draw(st.integers(start + 1, min(start + block, size))), size


@given(st.integers(0, 600))
def test_root_is_the_definition(size: int) -> None:
    """The root of the first leaves is what the recursive definition gives."""
    assert TREE.root(size) == defined_root(LEAVES[:size])


@given(index_and_size())
def test_inclusion_proofs_verify(where: tuple[int, int]) -> None:
    """Every leaf of every tree is proved to be in it."""
    index, size = where
    verify_inclusion(LEAVES[index], index, size, TREE.inclusion_proof(index, size), TREE.root(size))


@given(two_sizes())
def test_consistency_proofs_verify(sizes: tuple[int, int]) -> None:
    """Every tree is proved to extend each of its beginnings."""
    old, new = sizes
    verify_consistency(old, new, TREE.root(old), TREE.root(new), TREE.consistency_proof(old, new))


@given(subtree_and_size())
def test_subtree_proofs_verify(where: tuple[int, int, int]) -> None:
    """Every subtree is proved to be part of the tree, and each of its ends to be in it."""
    start, end, size = where
    subtree_root = defined_root(LEAVES[start:end])
    proof = TREE.subtree_consistency_proof(start, end, size)
    verify_subtree_consistency(start, end, size, subtree_root=subtree_root, root=TREE.root(size), proof=proof)
    inside = Tree()
    for leaf in LEAVES[start:end]:
        inside.append(leaf)
    for index in (start, end - 1):
        path = inside.inclusion_proof(index - start)
        verify_subtree_inclusion(LEAVES[index], index, start, end, proof=path, root=subtree_root)


@given(index_and_size(), st.data())
def test_a_changed_inclusion_proof_fails(where: tuple[int, int], data: st.DataObject) -> None:
    """A flipped bit, a lost, doubled or added hash, another index or another root: none is accepted."""
    index, size = where
    proof, root = TREE.inclusion_proof(index, size), TREE.root(size)
    for changed in _mutations(proof, data):
        with pytest.raises(InclusionProofInvalid):
            verify_inclusion(LEAVES[index], index, size, changed, root)
    for other in {index + 1, index ^ 1, index - 1, size} - {index}:
        with pytest.raises(InclusionProofInvalid):
            verify_inclusion(LEAVES[index], other, size, proof, root)
    with pytest.raises(InclusionProofInvalid):
        verify_inclusion(LEAVES[index], index, size, proof, _flipped(root, data))


@given(two_sizes(), st.data())
def test_a_changed_consistency_proof_fails(sizes: tuple[int, int], data: st.DataObject) -> None:
    """A changed proof or root is never accepted."""
    old, new = sizes
    proof, old_root, new_root = TREE.consistency_proof(old, new), TREE.root(old), TREE.root(new)
    for changed in _mutations(proof, data):
        with pytest.raises(ConsistencyProofInvalid):
            verify_consistency(old, new, old_root, new_root, changed)
    with pytest.raises(ConsistencyProofInvalid):
        verify_consistency(old, new, _flipped(old_root, data), new_root, proof)
    with pytest.raises(ConsistencyProofInvalid):
        verify_consistency(old, new, old_root, _flipped(new_root, data), proof)


@given(subtree_and_size(), st.data())
def test_a_changed_subtree_proof_fails(where: tuple[int, int, int], data: st.DataObject) -> None:
    """A changed subtree proof or subtree root is never accepted."""
    start, end, size = where
    roots = {"subtree_root": defined_root(LEAVES[start:end]), "root": TREE.root(size)}
    proof = TREE.subtree_consistency_proof(start, end, size)
    for changed in _mutations(proof, data):
        with pytest.raises(ConsistencyProofInvalid):
            verify_subtree_consistency(start, end, size, proof=changed, **roots)
    roots["subtree_root"] = _flipped(roots["subtree_root"], data)
    with pytest.raises(ConsistencyProofInvalid):
        verify_subtree_consistency(start, end, size, proof=proof, **roots)


@given(st.integers(0, 300), st.integers(0, 300))
def test_truncate_forgets_and_growth_is_the_same(kept: int, tried: int) -> None:
    """A tree cut back to a size is the tree of that size, and grows again as if nothing had been."""
    tree = Tree()
    for leaf in LEAVES[:kept]:
        tree.append(leaf)
    for leaf in LEAVES[::-1][:tried]:
        tree.append(leaf)
    tree.truncate(kept)
    assert (tree.size, tree.root()) == (kept, defined_root(LEAVES[:kept]))
    for leaf in LEAVES[kept : kept + 9]:
        tree.append(leaf)
    assert tree.root() == TREE.root(kept + 9)


@pytest.mark.parametrize("call", [(600, 600), (-1, 5), (0, 0), (0, 601)])
def test_a_leaf_outside_has_no_proof(call: tuple[int, int]) -> None:
    """Asking for a proof of what is not there is a usage error."""
    with pytest.raises(UsageError):
        TREE.inclusion_proof(*call)


@pytest.mark.parametrize("sizes", [(5, 4), (-1, 4), (1, 601)])
def test_a_tree_does_not_extend_a_larger_one(sizes: tuple[int, int]) -> None:
    """Asking for consistency backwards or past the end is a usage error."""
    with pytest.raises(UsageError):
        TREE.consistency_proof(*sizes)


@pytest.mark.parametrize("where", [(1, 3), (3, 3), (2, 6), (0, 601), (-1, 1)])
def test_what_is_no_subtree_has_no_proof(where: tuple[int, int]) -> None:
    """Leaves that the tree never hashes together have no subtree proof."""
    with pytest.raises(UsageError):
        TREE.subtree_consistency_proof(*where)


def test_the_empty_tree_and_equal_trees_need_no_proof() -> None:
    """From the empty tree, and from a tree to itself, the proof is empty; the empty tree alone proves nothing."""
    assert TREE.consistency_proof(0, 7) == TREE.consistency_proof(7, 7) == []
    with pytest.raises(ConsistencyProofInvalid):
        verify_consistency(0, 7, EMPTY_ROOT, TREE.root(7), [])


def _flipped(value: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def _mutations(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    changed = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        head, tail = proof[:at], proof[at + 1 :]
        changed += [[*head, *tail], [*head, _flipped(proof[at], data), *tail], [*head, proof[at][:31], *tail]]
        changed += [[*head, proof[at], proof[at], *tail]]
    if proof != proof[::-1]:
        changed.append(proof[::-1])
    return changed
