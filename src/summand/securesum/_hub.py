"""A round at the hub: add masked vectors as they come, then take the masks that are left off the total."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from summand.errors import RoundReplayed, ShareInvalid, SumError
from summand.securesum._codec import Codec
from summand.securesum._masking import mask_seed, open_bundle
from summand.securesum._prg import apply_masks
from summand.securesum._ring import Words, last_block_start
from summand.securesum._round import Round
from summand.securesum._shares import recover


class HubSum:
    """The running total of one round; holds one vector however many sites upload.

    Args:
        rnd: The round.
        codec: The round's codec.
        length: Number of values in each vector.
        blind: Whether the sites' own mask is still on the total, so that they check what comes out, not the hub.
    """

    def __init__(self, rnd: Round, codec: Codec, length: int, *, blind: bool = False) -> None:
        self.round, self.codec, self.length, self.blind = rnd, codec, length, blind
        self._total: Words | None = codec.zeros(length)
        self._received: dict[str, bytes] = {}
        self._closed = False

    @property
    def missing(self) -> tuple[str, ...]:
        """The members that have not uploaded, in the cohort's order."""
        return tuple(site for site in self.round.members if site not in self._received)

    @property
    def survivors(self) -> tuple[str, ...]:
        """The members that have uploaded, in the cohort's order."""
        return tuple(site for site in self.round.members if site in self._received)

    def add(self, site: str, masked: bytes | memoryview, *, sha256: bytes | None = None) -> bool:
        """Add a site's masked vector; False if this very vector was added before.

        Args:
            site: A member of the round.
            masked: The vector's bytes.
            sha256: Their SHA-256 where the caller has computed it (to check a signature, say).

        Raises:
            SumError: if the site does not take part.
            PeerProtocolError: if the length is not the round's.
            RoundReplayed: if the site uploaded another vector before, or the survivors are fixed.
        """
        self.round.require_member(site)
        vector = self.codec.from_bytes(masked, self.length)
        found = hashlib.sha256(masked).digest() if sha256 is None else sha256
        if site in self._received:
            if self._received[site] == found:
                return False
            raise RoundReplayed(
                f"{site} sent two different vectors in one round; one upload counts, ever.",
                remedy="End the round. Restore the site's state, or begin a new epoch for it.",
            )
        total = self._open_total()
        if self._closed:
            raise RoundReplayed(
                f"The vector of {site} came after it was settled who uploaded; it stays masked.",
                remedy="Nothing is to be done: the round goes on without it.",
            )
        self.codec.add_into(total, vector)
        self._received[site] = found
        return True

    def close(self) -> tuple[str, ...]:
        """Settle who uploaded: nothing is added from here on. The survivors.

        Raises:
            TooFewSites: if they are fewer than the threshold; nothing is settled then.
        """
        survivors = self.round.check_survivors(self.survivors)
        self._closed = True
        return survivors

    def unmask(self, reveals: Mapping[str, Mapping[str, bytes]], bundles: Mapping[str, bytes] | None = None) -> Words:
        """The total over the survivors as a ring vector, for ``codec.decode``; the round is over then.

        Nothing is changed if this raises: it may be tried again with other sites' shares.

        Args:
            reveals: For each answering site, its shares: see `reveal`.
            bundles: Of each lost member the bundle of its stand-in.

        Raises:
            TooFewSites: if a secret has fewer shares than open it, or survivors are fewer than the threshold.
            ShareInvalid: if a share or a bundle is missing, malformed or does not fit the others.
            SumError: if the check bits are not zero: some mask did not cancel. In a blind round the sites look.
        """
        total = self._open_total()
        survivors = self.round.check_survivors(self.survivors)
        secrets = recover(self.round, reveals)
        plus, minus = self._leftovers(total, secrets, bundles or {})
        minus += [secrets[site] for site in survivors]
        start = last_block_start(total)
        tail = total[start:].copy()
        apply_masks(self.codec.ring, tail, plus, minus, first_byte=start * total.itemsize)
        if not self.blind and self.codec.ring.check_words(tail).any():
            raise SumError(
                "The masks of this round do not cancel: a site used another round, codec, length or key, or a share "
                "is wrong.",
                remedy="The round ends without a total. Start it again; if it happens twice, repeat the pair set-up.",
            )
        apply_masks(self.codec.ring, total[:start], plus, minus)
        total[start:] = tail
        self._total = None
        return total

    def _leftovers(
        self, total: Words, secrets: Mapping[str, bytes], bundles: Mapping[str, bytes]
    ) -> tuple[list[bytes], list[bytes]]:
        """Seeds of the masks that lost members left in the survivors' vectors: those to add, those to subtract."""
        cohort = self.round.cohort
        plus: list[bytes] = []
        minus: list[bytes] = []
        bound = self.round.mask_digest(self.codec, total)
        for lost in self.missing:
            if lost not in bundles:
                raise ShareInvalid(f"{lost} left no stand-in.", remedy="The round ends; start it again.")
            seeds = open_bundle(cohort, lost, self.round.number, secrets[lost], bundles[lost])
            for peer in self.round.peers(lost):
                if peer in self._received:
                    added_by_peer = cohort.index(lost) > cohort.index(peer)
                    (minus if added_by_peer else plus).append(mask_seed(seeds[peer], bound))
        return plus, minus

    def _open_total(self) -> Words:
        if self._total is None:
            raise RoundReplayed(
                "This round's total was opened already; nothing more is added to it.", remedy="Open a new round."
            )
        return self._total
