r"""The evidence: one append-only Merkle log of a federation (RFC 9162), signed, proved, and copied by every partner.

What stands in an entry is the business of the rooms above; here it is bytes. The hub writes with `Log`, every site and
partner keeps a `Replica`, a stranger needs a `Receipt` and the log's `VerifierKey`, and `verify_directory` checks the
whole from its files when the hub is dead.

Promise:

- an entry is acknowledged only under a signed checkpoint that is durable together with all it speaks of; a crash at
  any instant leaves the old checkpoint or the new one, whole;
- a replica follows only what extends what it holds; a log that shows two histories is found out (`SplitView`) by the
  first replica that sees both;
- one flipped bit in any file of the ledger is found, and the file named;
- texts are read in one form only, and a malformed one is a `VerificationError`, never a traceback;
- a witness cosigns only what extends all that it saw, and only once that is durable.

Formats: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature (v1), tlog-witness, tlog-tiles and tlog-proof, so that
tools of other authors read our logs.

    >>> from summand.signing import PrivateKey
    >>> log = Log.create(None, "hub.example/ledger", PrivateKey.generate())
    >>> log.append([b"agreement signed", b"study 1 requested"])
    range(0, 2)
    >>> replica = Replica.open(None, log.verifier_key)
    >>> replica.advance(log.commit(), log.entries(), log.consistency_proof(0)).size
    2
    >>> replica.verify().leaf_count
    2
"""

from summand.ledger._checkpoint import (
    Checkpoint,
    attach,
    cosign,
    cosignature_times,
    open_checkpoint,
    sign_checkpoint,
)
from summand.ledger._log import Log
from summand.ledger._merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash
from summand.ledger._note import Note, SignatureLine
from summand.ledger._proofs import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from summand.ledger._receipt import Receipt
from summand.ledger._replica import Replica
from summand.ledger._storage import DirectoryStorage, MemoryStorage, Storage
from summand.ledger._tiles import ENTRY_BYTES_MAX, Tile
from summand.ledger._verifier_key import VerifierKey
from summand.ledger._verify import Report, read_entries, verify_directory
from summand.ledger._witness import AddCheckpoint, Witness, WitnessAnswer

__all__ = [
    "EMPTY_ROOT",
    "ENTRY_BYTES_MAX",
    "AddCheckpoint",
    "Checkpoint",
    "DirectoryStorage",
    "Log",
    "MemoryStorage",
    "Note",
    "Receipt",
    "Replica",
    "Report",
    "SignatureLine",
    "Storage",
    "Tile",
    "Tree",
    "VerifierKey",
    "Witness",
    "WitnessAnswer",
    "attach",
    "cosign",
    "cosignature_times",
    "leaf_hash",
    "node_hash",
    "open_checkpoint",
    "read_entries",
    "sign_checkpoint",
    "verify_consistency",
    "verify_directory",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
