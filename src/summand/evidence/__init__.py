"""The evidence of a partnership as one zip, for regulators, ethics boards and funders.

Promise: a pack is made from a signed agreement and one copy of the ledger, with the hub dead; it holds no patient's row and no
result but those released, each byte for byte as the ledger has its hash; it is made only if it verifies, and
``verify.py`` inside verifies it with plain Python and fails when any byte of it is changed. The same inputs give the same
bytes.

    >>> from summand.evidence.verify import write_zip
    >>> sorted(read_pack(write_zip({"b.txt": b"2", "a.txt": b"1"})))
    ['a.txt', 'b.txt']
"""

from summand.evidence._ledger_copy import LedgerCopy
from summand.evidence._pack import build_pack, read_pack, verify_pack
from summand.evidence.verify import Report

__all__ = ["LedgerCopy", "Report", "build_pack", "read_pack", "verify_pack"]
