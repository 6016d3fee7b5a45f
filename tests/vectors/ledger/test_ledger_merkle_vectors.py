"""The proofs against the vectors of transparency-dev/merkle, and the tree against the RFC 6962 reference roots."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from shared_files import shared_data
from summand.errors import ConsistencyProofInvalid, InclusionProofInvalid, VerificationError
from summand.ledger import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

REFERENCE_ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
# The Certificate Transparency reference tree over these entries, sizes 1 to 8 (RFC 6962 test data).
REFERENCE_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
VECTOR_COUNTS = {"inclusion": 98, "consistency": 98, "subtreeinclusion": 204, "subtreeconsistency": 118}


def _hash(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _check(kind: str, case: dict[str, Any]) -> None:
    proof = [_hash(item) for item in case["proof"] or []]
    if kind == "inclusion":
        verify_inclusion(_hash(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, _hash(case["root"]))
    elif kind == "consistency":
        verify_consistency(case["size1"], case["size2"], _hash(case["root1"]), _hash(case["root2"]), proof)
    elif kind == "subtreeinclusion":
        where = case["leafIdx"], case["start"], case["end"]
        verify_subtree_inclusion(_hash(case["leafHash"]), *where, proof=proof, root=_hash(case["root"]))
    else:
        roots = {"subtree_root": _hash(case["root1"]), "root": _hash(case["root2"])}
        verify_subtree_consistency(case["start"], case["end"], case["size"], proof=proof, **roots)


@pytest.mark.parametrize("kind", VECTOR_COUNTS)
def test_every_vector_is_judged_as_it_says(kind: str) -> None:
    """Each published proof is accepted or refused exactly as its vector wants, by our error and no other."""
    folder: Path = shared_data("vectors/merkle") / kind
    expected = InclusionProofInvalid if "inclusion" in kind else ConsistencyProofInvalid
    wrong, count = [], 0
    for path in sorted(folder.rglob("*.json")):
        case = json.loads(path.read_text())
        count += 1
        try:
            _check(kind, case)
            refused = False
        except VerificationError as error:
            refused = True
            assert type(error) is expected
        if refused != case["wantErr"]:
            wrong.append(str(path.relative_to(folder)))

    assert wrong == []
    assert count == VECTOR_COUNTS[kind]


def test_the_tree_has_the_reference_roots() -> None:
    """The eight reference entries give the reference root at every size, the empty tree included."""
    tree = Tree()
    assert (
        tree.root() == EMPTY_ROOT == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    )
    for entry, root in zip(REFERENCE_ENTRIES, REFERENCE_ROOTS, strict=True):
        tree.append(leaf_hash(entry))
        assert tree.root().hex() == root
    assert [tree.root(size).hex() for size in range(1, 9)] == list(REFERENCE_ROOTS)


@pytest.mark.parametrize("kind", VECTOR_COUNTS)
def test_our_proofs_are_the_vectors_proofs(kind: str) -> None:
    """For every happy-path vector over the reference tree, the tree gives the very proof that the vector holds."""
    tree = Tree()
    for entry in REFERENCE_ENTRIES:
        tree.append(leaf_hash(entry))
    compared = 0
    for path in sorted((shared_data("vectors/merkle") / kind).rglob("happy-path.json")):
        case = json.loads(path.read_text())
        size = case.get("treeSize") or case.get("size2") or case.get("size") or case["end"]
        if size > tree.size or _hash(case.get("root2") or case.get("root")) != tree.root(size):
            continue
        if "inclusion" in kind:
            ours = tree.inclusion_proof(case["leafIdx"], size)
        else:
            ours = tree.subtree_consistency_proof(case.get("start", 0), case.get("end") or case["size1"], size)

        assert [_hash(item) for item in case["proof"] or []] == ours
        compared += 1

    assert compared >= 3
