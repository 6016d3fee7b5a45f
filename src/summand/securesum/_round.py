"""One round of a sum: which sites take part, under which context, and what certifies who uploaded.

The context is a digest of the round's whole specification; the number orders the rounds of one cohort, so that a round's
pair seeds can be laid up before its specification is known. A site takes part in one context for each number, ever.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from summand.encoding import canonical, digest
from summand.errors import CertificateInvalid, PeerProtocolError, SignatureInvalid, SumError, TooFewSites
from summand.securesum._codec import Codec
from summand.securesum._cohort import HASH_BYTES, Cohort
from summand.securesum._kdf import LABEL
from summand.securesum._ring import CHECK_BYTES, Words


@dataclass(frozen=True)
class Round:
    """One sum over members of a cohort.

    Attributes:
        cohort: The sites of the study, and how many of them open anything.
        ctx: The round's context, 32 bytes.
        number: Which round of the cohort's, from 0.
        members: The sites that take part, in the cohort's order; all if empty. At least the threshold.

    Raises:
        SumError: if the context or the number is none, or a member is not of the cohort.
        TooFewSites: if the members are fewer than the threshold.
    """

    cohort: Cohort
    ctx: bytes
    number: int = 0
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.ctx) != HASH_BYTES or not 0 <= self.number < 1 << 32:
            raise SumError(
                "A round has a context of 32 bytes and a number from 0.",
                remedy="Make it with summand.securesum.context.",
            )
        members = self.members or self.cohort.sites
        object.__setattr__(self, "members", tuple(sorted(set(members), key=self.cohort.index)))
        if len(self.members) < self.cohort.threshold:
            raise TooFewSites(
                f"{len(self.members)} sites are left of a cohort whose sums {self.cohort.threshold} sites open.",
                remedy="End the study, or start it again when more sites can be reached.",
            )

    @property
    def everyone(self) -> bool:
        """Whether the whole cohort takes part."""
        return len(self.members) == len(self.cohort.sites)

    def peers(self, site: str) -> tuple[str, ...]:
        """The members that share masks with ``site``, in the cohort's order."""
        neighbours = self.cohort.neighbours(site)
        return neighbours if self.everyone else tuple(peer for peer in neighbours if peer in self._members)

    def holders(self, site: str) -> tuple[str, ...]:
        """The members that hold shares of a secret of ``site``: its peers and itself, in the cohort's order."""
        return tuple(sorted((*self.peers(site), site), key=self.cohort.index))

    def require_member(self, site: str) -> None:
        """Return if the site takes part.

        Raises:
            SumError: if not.
        """
        if site not in self._members:
            raise SumError("A site does not take part in this round.", remedy="Address the members of the round.")

    @cached_property
    def digest(self) -> bytes:
        """32 bytes for this round and no other: what its boxes are bound to."""
        number, members = self.number.to_bytes(4, "big"), self.cohort.bitmap(self.members).encode()
        return digest(LABEL + b"round", self.cohort.digest(), self.ctx, number, members)

    def mask_digest(self, codec: Codec, ring: Words) -> bytes:
        """What the pair masks are bound to: round, codec and length. If sites differ in any, none cancels."""
        length = (ring.nbytes - CHECK_BYTES) // codec.bytes_per_value
        return digest(LABEL + b"mask", self.digest, canonical(codec.to_dict()), length.to_bytes(8, "big"))

    # ── who uploaded ─────────────────────────────────────────────────────────────────────────────────────────────────
    def check_survivors(self, survivors: Collection[str]) -> tuple[str, ...]:
        """The survivors in the cohort's order.

        Raises:
            SumError: if one of them is no member.
            TooFewSites: if they are fewer than the threshold: no sum over so few is ever opened.
        """
        for site in survivors:
            self.require_member(site)
        if len(set(survivors)) < self.cohort.threshold:
            raise TooFewSites(
                f"{len(set(survivors))} of {len(self.members)} sites uploaded; a sum opens over at least "
                f"{self.cohort.threshold}.",
                remedy="End the study, or start it again when more sites can be reached.",
            )
        return tuple(sorted(set(survivors), key=self.cohort.index))

    def needs_certificate(self, survivors: Collection[str]) -> bool:
        """Whether shares for these survivors are given under a certificate only.

        Where everybody masks with everybody and everybody uploaded, no lie about it can open anything else. In a graph
        one could: told the truth, the neighbours of a site would open its mask, while others, told that those
        neighbours were lost, would open theirs.
        """
        return len(set(survivors)) < len(self.members) or self.cohort.is_sparse

    def survivors_statement(self, survivors: Collection[str]) -> bytes:
        """What a witness signs with its identity key: these sites, and no others, uploaded in this round.

        A site signs one such statement for a round, ever, and none once it gave shares for all members.

        Raises:
            SumError, TooFewSites: as `check_survivors`.
        """
        chosen = self.check_survivors(survivors)
        return digest(LABEL + b"survivors", self.digest, self.cohort.bitmap(chosen).encode())

    def check_certificate(self, survivors: Collection[str], signatures: Mapping[str, bytes]) -> None:
        """Return if enough witnesses among the survivors signed this set.

        Two sets cannot both be certified while 2t > w + c, for t signatures of w witnesses, c of them corrupted: an
        honest witness would have signed both.

        Raises:
            CertificateInvalid: if they are too few, or a signature is not its site's.
            SumError, TooFewSites: as `check_survivors`.
        """
        statement, needed = self.survivors_statement(survivors), self.cohort.signatures_needed
        valid = 0
        for site in self.cohort.witnesses:
            if site in signatures and site in survivors:
                try:
                    self.cohort.identity_keys[self.cohort.index(site)].verify(signatures[site], statement)
                except (SignatureInvalid, PeerProtocolError):
                    raise _uncertified(f"The signature said to be of {site} is not its own.") from None
                valid += 1
                if valid == needed:
                    return
        raise _uncertified(f"{valid} witnesses signed who uploaded; {needed} are needed.")

    @cached_property
    def _members(self) -> frozenset[str]:
        return frozenset(self.members)


def _uncertified(message: str) -> CertificateInvalid:
    return CertificateInvalid(message, remedy="The round ends without a sum; start the study again.")
