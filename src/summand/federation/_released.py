"""Before a result is handed out: it counts as released only under a checkpoint that enough sites have cosigned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from summand.agreement import Agreement
from summand.errors import VerificationError
from summand.ledger import VerifierKey
from summand.study import Release, ReleaseProof
from summand.study.messages import confirmed_hash, result_hash


class Prover(Protocol):
    """Who fetches the hub's proof."""

    def release_proof(self, study: str) -> tuple[ReleaseProof, VerifierKey]:
        """The proof, not yet verified, and the ledger's key."""


def require_released(prover: Prover, shown: Mapping[str, Any], agreement: Agreement) -> Release:
    """Return what is proved about a study that the hub shows as released.

    Args:
        prover: Fetches the proof.
        shown: The study as the hub shows it.
        agreement: The reader's own copy.

    Raises:
        AwaitingWitnesses: if too few sites have cosigned yet.
        VerificationError: if the proof does not hold, or is about another result than the one shown.
    """
    proof, log_key = prover.release_proof(str(shown["study"]))
    release = proof.verify(str(shown["study"]), agreement, log_key)
    found = confirmed_hash(shown["sealed"]) if "sealed" in shown else result_hash(shown["result"] or {})
    if found != release.result_sha256:
        raise VerificationError(
            "The hub shows another result than the one whose release the sites cosigned.",
            remedy="Do not rely on it. Fetch it again; if it stays so, tell the partners.",
        )
    return release
