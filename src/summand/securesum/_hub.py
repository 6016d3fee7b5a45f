"""A round at the hub: add masked vectors as they come, then take the self-masks off the total."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from summand.errors import RoundReplayed, ShareInvalid, SumError, TooFewSites
from summand.securesum import _shamir
from summand.securesum._codec import Codec
from summand.securesum._cohort import Cohort
from summand.securesum._prg import apply_masks
from summand.securesum._ring import Words, last_block_start

_WEIGHT_BITS = 128  # chance 2^-128 that a wrong share passes the check


class HubSum:
    """The running total of one round; holds one vector however many sites upload.

    Args:
        cohort: The sites that add.
        ctx: The round's context, 32 bytes.
        codec: The round's codec.
        length: Number of values in each vector.
    """

    def __init__(self, cohort: Cohort, ctx: bytes, codec: Codec, length: int) -> None:
        cohort.round_digest(ctx)  # refuses a context that is none
        self.cohort, self.ctx, self.codec, self.length = cohort, ctx, codec, length
        self._total: Words | None = codec.zeros(length)
        self._received: dict[str, bytes] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        """The sites that have not uploaded, in the cohort's order."""
        return tuple(site for site in self.cohort.sites if site not in self._received)

    def add(self, site: str, masked: bytes, *, sha256: bytes | None = None) -> bool:
        """Add a site's masked vector; False if this very vector was added before.

        Args:
            site: A site of the cohort.
            masked: The vector's bytes.
            sha256: Their SHA-256 where the caller has computed it (to check a signature, say).

        Raises:
            SumError: if the site is not of the cohort.
            PeerProtocolError: if the length is not the round's.
            RoundReplayed: if the site uploaded another vector before.
        """
        self.cohort.index(site)
        vector = self.codec.from_bytes(masked, self.length)
        found = hashlib.sha256(masked).digest() if sha256 is None else sha256
        if site in self._received:
            if self._received[site] == found:
                return False
            raise RoundReplayed(
                f"{site} sent two different vectors in one round; one upload counts, ever.",
                remedy="End the round. Restore the site's state, or begin a new epoch for it.",
            )
        self.codec.add_into(self._open_total(), vector)
        self._received[site] = found
        return True

    def unmask(self, reveals: Mapping[str, Mapping[str, bytes]]) -> Words:
        """The total over the whole cohort as a ring vector, for ``codec.decode``; the round is over then.

        Nothing is changed if this raises: it may be tried again with other sites' shares.

        Args:
            reveals: For each answering site, its share of every site's self-mask seed.

        Raises:
            TooFewSites: if a site has not uploaded, or fewer than the threshold answered.
            ShareInvalid: if a share is missing, malformed or does not fit the others.
            SumError: if the check bits are not zero: some mask did not cancel.
        """
        total = self._open_total()
        if self.missing:
            raise TooFewSites(
                f"{len(self.missing)} of {len(self.cohort.sites)} sites did not upload: {', '.join(self.missing)}.",
                remedy="End the study, or start it again when every site can be reached.",
            )
        seeds = self_mask_seeds(self.cohort, reveals)
        start = last_block_start(total)
        tail = total[start:].copy()
        apply_masks(self.codec.ring, tail, (), seeds, first_byte=start * total.itemsize)
        if self.codec.ring.check_words(tail).any():
            raise SumError(
                "The masks of this round do not cancel: a site used another round, codec, length or key, or a share "
                "is wrong.",
                remedy="The round ends without a total. Start it again; if it happens twice, repeat the pair set-up.",
            )
        apply_masks(self.codec.ring, total[:start], (), seeds)
        total[start:] = tail
        self._total = None
        return total

    def _open_total(self) -> Words:
        if self._total is None:
            raise RoundReplayed(
                "This round's total was opened already; nothing more is added to it.", remedy="Open a new round."
            )
        return self._total


def self_mask_seeds(cohort: Cohort, reveals: Mapping[str, Mapping[str, bytes]]) -> list[bytes]:
    """Every site's self-mask seed, 32 bytes each in the cohort's order, from at least t sites' shares.

    Raises:
        TooFewSites: if fewer than the threshold answered.
        ShareInvalid: if a share is missing, malformed or does not fit the others.
    """
    points = tuple(cohort.index(site) + 1 for site in sorted(reveals, key=cohort.index))
    if len(points) < cohort.threshold:
        raise TooFewSites(
            f"{len(points)} sites gave their shares; unmasking needs {cohort.threshold}.",
            remedy="Wait for more sites' answers until the deadline.",
        )
    values = {point: _values(cohort, reveals[cohort.sites[point - 1]]) for point in points}
    _check_consistent(cohort, values)
    base = points[: cohort.threshold]
    return [_shamir.combine_numbers(base, [values[p][j] for p in base]) for j in range(len(cohort.sites))]


def _values(cohort: Cohort, shares: Mapping[str, bytes]) -> list[int]:
    if set(shares) != set(cohort.sites):
        raise ShareInvalid(
            "A site's answer does not hold one share for each site of the cohort.", remedy="Ask the site again."
        )
    return [_shamir.parse(shares[site]) for site in cohort.sites]


def _check_consistent(cohort: Cohort, values: Mapping[int, list[int]]) -> None:
    """Check all answers against each other by one random linear combination of the secrets' polynomials."""
    weights = [secrets.randbits(_WEIGHT_BITS) for _ in cohort.sites]
    combined = {p: sum(w * v for w, v in zip(weights, row, strict=True)) % _shamir.PRIME for p, row in values.items()}
    if _on_one_polynomial(combined, cohort.threshold):
        return
    others = ({p: v for p, v in combined.items() if p != left_out} for left_out in combined)
    suspects = [
        cohort.sites[point - 1]
        for point, rest in zip(combined, others, strict=True)
        if len(rest) > cohort.threshold and _on_one_polynomial(rest, cohort.threshold)
    ]
    found = f"; the one that disagrees with all others is {suspects[0]}" if len(suspects) == 1 else ""
    raise ShareInvalid(
        f"The shares of {len(values)} sites do not fit each other{found}.",
        remedy="Unmask without that site's answer if enough others remain, else start the round again.",
    )


def _on_one_polynomial(combined: Mapping[int, int], threshold: int) -> bool:
    points = tuple(combined)
    base = points[:threshold]
    return all(
        sum(w * combined[p] for w, p in zip(_shamir.lagrange(base, extra), base, strict=True)) % _shamir.PRIME
        == combined[extra]
        for extra in points[threshold:]
    )
