"""Ed25519 against Wycheproof: what must verify does, what must not does not."""

from __future__ import annotations

import json

from shared_files import shared_data
from summand.errors import SummandError
from summand.signing import PublicKey


def test_ed25519_vectors_of_wycheproof() -> None:
    """Every valid signature verifies; every invalid one, malleable or malformed, is refused with our error."""
    groups = json.loads(shared_data("vectors/ed25519_test.json").read_text())["testGroups"]
    judged = 0
    for group in groups:
        key = PublicKey(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            judged += 1
            try:
                key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                verified = True
            except SummandError:
                verified = False
            assert verified == (case["result"] == "valid"), case["tcId"]

    assert judged >= 140
