"""The Merkle tree of RFC 9162: its hashes, its growth and the proofs it can give."""

from __future__ import annotations

from hashlib import sha256

from summand.errors import UsageError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves (RFC 9162 §2.1.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry as a leaf: SHA-256 of ``0x00 || entry`` (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of ``0x01 || left || right`` (RFC 9162 §2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def split_point(width: int) -> int:
    """The largest power of two below ``width`` (> 1): where RFC 9162 divides a tree of that many leaves."""
    return 1 << ((width - 1).bit_length() - 1)


class Tree:
    """An append-only Merkle tree over SHA-256 that remembers every complete subtree.

    Level ``h`` holds the hashes of the complete subtrees of ``2**h`` leaves side by side in one byte string, 64 bytes
    a leaf over all levels; a hash tile (c2sp.org/tlog-tiles) is a slice of it. Appending costs one inner node a leaf
    on average, a root or a proof O(log² n) at most.

    Source: RFC 9162 §2.1.1 (tree), §2.1.3.1 (inclusion), §2.1.4.1 (consistency); subtrees as in
    draft-ietf-plants-merkle-tree-certs, "Subtrees".

    Examples:
        >>> tree = Tree()
        >>> tree.append(leaf_hash(b""))
        >>> tree.root().hex()[:8]
        '6e340b9c'
    """

    def __init__(self) -> None:
        self._levels = [bytearray()]

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash (32 bytes), and every inner node that it completes."""
        levels, level = self._levels, 0
        levels[0] += leaf
        count = len(levels[0]) // HASH_BYTES
        while count % 2 == 0:
            if len(levels) == level + 1:
                levels.append(bytearray())
            levels[level + 1] += sha256(b"\x01" + levels[level][-2 * HASH_BYTES :]).digest()
            count //= 2
            level += 1

    def truncate(self, size: int) -> None:
        """Forget the leaves from ``size`` on: for leaves that were tried and never came under a checkpoint."""
        for level, hashes in enumerate(self._levels):
            del hashes[(size >> level) * HASH_BYTES :]

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes of the complete subtrees of ``2**level`` leaves, numbers ``start`` to ``stop``, side by side."""
        if level >= len(self._levels):
            return b""
        return bytes(self._levels[level][start * HASH_BYTES : stop * HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        """The root hash of the first ``size`` leaves (all if None): 32 bytes.

        Raises:
            UsageError: if the tree has fewer leaves.
        """
        size = self._checked_size(size)
        return self.subtree_hash(0, size) if size else EMPTY_ROOT

    def subtree_hash(self, start: int, stop: int) -> bytes:
        """The Merkle tree hash of leaves ``start`` to ``stop`` (at least one), ``start`` as RFC 9162 divides the tree."""
        width = stop - start
        if width & (width - 1) == 0 and start % width == 0:
            level = width.bit_length() - 1
            return self.hashes(level, start >> level, (start >> level) + 1)
        middle = start + split_point(width)
        return node_hash(self.subtree_hash(start, middle), self.subtree_hash(middle, stop))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that leaf ``index`` is in the tree of ``size`` leaves, from the leaf's sibling up.

        Raises:
            UsageError: if ``index`` is not in that tree, or the tree has fewer leaves.

        Source: RFC 9162 §2.1.3.1.
        """
        size = self._checked_size(size)
        if not 0 <= index < size:
            raise UsageError(
                f"Leaf {index} is not in a tree of {size} leaves.", remedy="Ask for a leaf below the tree's size."
            )
        start, stop, path = 0, size, []
        while stop - start > 1:
            middle = start + split_point(stop - start)
            if index < middle:
                path.append(self.subtree_hash(middle, stop))
                stop = middle
            else:
                path.append(self.subtree_hash(start, middle))
                start = middle
        return path[::-1]

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the tree of ``new`` leaves (all if None) extends the tree of ``old`` leaves.

        Empty if ``old`` is 0 or ``new``: every tree extends the empty one and itself.

        Raises:
            UsageError: if not 0 <= old <= new <= size.

        Source: RFC 9162 §2.1.4.1.
        """
        new = self._checked_size(new)
        if not 0 <= old <= new:
            raise UsageError(
                f"A tree of {new} leaves cannot extend one of {old}.", remedy="Ask for old <= new, both at least 0."
            )
        return self.subtree_consistency_proof(0, old, new) if old else []

    def subtree_consistency_proof(self, start: int, end: int, size: int | None = None) -> list[bytes]:
        """The proof that the subtree of leaves ``start`` to ``end`` is part of the tree of ``size`` leaves.

        Raises:
            UsageError: if ``start`` and ``end`` are not a subtree of that tree.

        Source: draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs"; with ``start`` 0 it is RFC 9162 §2.1.4.1.
        """
        size = self._checked_size(size)
        if not (start < end <= size and is_subtree(start, end)):
            raise UsageError(
                f"Leaves {start} to {end} are not a subtree of a tree of {size} leaves.",
                remedy="Start at a multiple of the width, rounded up to a power of two.",
            )
        low, high, path, is_known_to_verifier = 0, size, [], True
        while (low, high) != (start, end):
            middle = low + split_point(high - low)
            if end <= middle:
                path.append(self.subtree_hash(middle, high))
                high = middle
            elif start >= middle:
                path.append(self.subtree_hash(low, middle))
                low = middle
            else:  # the subtree begins at `low` and ends past the middle: its right part is no node the verifier has
                path.append(self.subtree_hash(low, middle))
                low = start = middle
                is_known_to_verifier = False
        if not is_known_to_verifier:
            path.append(self.subtree_hash(low, high))
        return path[::-1]

    def _checked_size(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise UsageError(
                f"The tree has {self.size} leaves, not {size}.", remedy="Ask for a size that the log has reached."
            )
        return size


def is_subtree(start: int, end: int) -> bool:
    """Whether leaves ``start`` to ``end`` (not empty) form a subtree: ``start`` a multiple of the width rounded up.

    Source: draft-ietf-plants-merkle-tree-certs, "Definition of a Subtree".
    """
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0
