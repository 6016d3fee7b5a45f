"""A signature made by WebCrypto, as a browser makes it: another implementation of Ed25519, with a key that cannot leave it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from summand.agreement import SignedAgreement, add_signature, complete_example, signing_request
from summand.encoding import from_base64
from summand.errors import SignatureInvalid

SCRIPT = Path(__file__).with_name("webcrypto_sign.mjs")
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node, which has WebCrypto, is not installed")
def test_a_browsers_signature_is_the_partys() -> None:
    """The bytes of the signing request, signed by WebCrypto, are the party's signature on the agreement; on no other."""
    device = subprocess.Popen([str(NODE), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert device.stdin is not None and device.stdout is not None
    with device:
        key = json.loads(device.stdout.readline())["key"]
        agreement = complete_example([{"id": "north", "key": key}, "south", "west"])
        request = signing_request(agreement, "north")
        device.stdin.write(json.dumps(request.to_dict()) + "\n")
        device.stdin.flush()
        signature = from_base64(json.loads(device.stdout.readline())["signature"])

    assert request.key == key
    signed = SignedAgreement(agreement, add_signature(agreement, "north", signature))
    assert signed.report.signed == {"north"}
    with pytest.raises(SignatureInvalid):
        add_signature(agreement, "south", signature)
    with pytest.raises(SignatureInvalid):
        add_signature(complete_example([{"id": "north", "key": key}, "south", "west"]), "north", signature)
