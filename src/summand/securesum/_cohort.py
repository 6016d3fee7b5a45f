"""The cohort: which sites add together, under whose keys, and how many of them it takes to unmask a total."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from summand.encoding import canonical, digest, from_base64, to_base64
from summand.errors import PeerProtocolError, SetupInvalid, SumError
from summand.securesum import _graph
from summand.securesum._kdf import LABEL
from summand.signing import PublicKey

HASH_BYTES = 32


def default_threshold(sites: int) -> int:
    """⌊2n/3⌋ + 1: safe against a hub in league with fewer than n/3 + 1 sites."""
    return 2 * sites // 3 + 1


@dataclass(frozen=True)
class Cohort:
    """The sites of one sum, in one order that all of them share.

    Attributes:
        sites: Site identifiers, each once; a site's place decides the sign of its pair masks.
        identity_keys: Their Ed25519 keys as the agreement names them, in the same order.
        agreement_hash: 32 bytes.
        epoch: The epoch of the pair keys.
        threshold: Shares needed to unmask; 0 stands for ⌊2n/3⌋ + 1. More than half, so that no two disjoint groups
            of sites can each open a sum (2t > n; with c corrupted sites the sum is safe while 2t > n + c).

    Raises:
        SetupInvalid: if these do not hold together.
    """

    sites: tuple[str, ...]
    identity_keys: tuple[PublicKey, ...]
    agreement_hash: bytes
    epoch: bytes
    threshold: int = 0

    def __post_init__(self) -> None:
        count = len(self.sites)
        if self.threshold == 0:
            object.__setattr__(self, "threshold", default_threshold(count))
        if not count or len(set(self.sites)) != count or not all(self.sites):
            raise _invalid("A cohort names at least one site, and each site once.")
        if len({key.raw for key in self.identity_keys}) != count or len(self.identity_keys) != count:
            raise _invalid("A cohort gives each site an identity key of its own.")
        if len(self.agreement_hash) != HASH_BYTES:
            raise _invalid("The hash of an agreement has 32 bytes; the cohort's has not.")
        if not (count < 2 * self.threshold <= 2 * count):
            raise _invalid(f"A threshold of {self.threshold} of {count} sites is not above half and at most all.")

    @classmethod
    def form(
        cls, identity_keys: Mapping[str, PublicKey], agreement_hash: bytes, epoch: bytes, threshold: int = 0
    ) -> Cohort:
        """The cohort of these sites in ascending order of their identifiers."""
        sites = tuple(sorted(identity_keys))
        return cls(sites, tuple(identity_keys[site] for site in sites), agreement_hash, epoch, threshold)

    @classmethod
    def from_dict(cls, fields: Any) -> Cohort:
        """The cohort behind its JSON form.

        Raises:
            PeerProtocolError: if a field is missing, unknown or malformed.
            SetupInvalid: if the fields do not hold together.
        """
        try:
            if set(fields) != {"sites", "agreement_hash", "epoch", "threshold"}:
                raise KeyError("fields")
            pairs = [(str(entry["site"]), PublicKey.from_text(entry["key"])) for entry in fields["sites"]]
            threshold, agreement_hash = fields["threshold"], from_base64(fields["agreement_hash"], "agreement hash")
            if type(threshold) is not int or threshold < 1:
                raise KeyError("threshold")
            epoch = from_base64(fields["epoch"], "epoch")
        except (AttributeError, KeyError, TypeError, ValueError):
            raise PeerProtocolError(
                "This is not a cohort: sites with keys, agreement_hash, epoch and threshold.", remedy="Send it again."
            ) from None
        return cls(tuple(site for site, _ in pairs), tuple(key for _, key in pairs), agreement_hash, epoch, threshold)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: what the sites sign and the ledger keeps."""
        return {
            "sites": [{"site": s, "key": k.text} for s, k in zip(self.sites, self.identity_keys, strict=True)],
            "agreement_hash": to_base64(self.agreement_hash),
            "epoch": to_base64(self.epoch),
            "threshold": self.threshold,
        }

    def digest(self) -> bytes:
        """32 bytes that stand for this cohort and no other."""
        return self._digest

    def index(self, site: str) -> int:
        """The site's place, from 0.

        Raises:
            SumError: if the site is not of this cohort.
        """
        try:
            return self._index[site]
        except KeyError:
            raise SumError("A site is not of this cohort.", remedy="Address the sites of the cohort record.") from None

    def neighbours(self, site: str) -> tuple[str, ...]:
        """The sites that share masks and secrets with ``site``: all others up to 64 sites, about log n beyond.

        Raises:
            SumError: if the site is not of this cohort.
        """
        return self._neighbours[self.index(site)]

    @property
    def is_sparse(self) -> bool:
        """Whether sites mask with some others only: past 64 sites."""
        return _graph.degree(len(self.sites)) < len(self.sites) - 1

    def shares_needed(self, site: str) -> int:
        """How many of the holders of a secret of ``site`` open it: its neighbours and itself hold one share each.

        With all others as neighbours this is the threshold itself; in a graph the same part of the fewer holders.
        """
        holders, count = len(self._places[self.index(site)]) + 1, len(self.sites)
        return (
            max(_graph.share_threshold(holders), -(-self.threshold * holders // count))
            if holders < count
            else self.threshold
        )

    @cached_property
    def witnesses(self) -> tuple[str, ...]:
        """The sites whose signatures certify who uploaded in a round: all of them up to 128."""
        return tuple(self.sites[place] for place in _graph.witness_places(self._graph_seed, len(self.sites)))

    @property
    def signatures_needed(self) -> int:
        """How many of the witnesses certify a set of survivors."""
        few = len(self.witnesses) < len(self.sites)
        return _graph.share_threshold(len(self.witnesses)) if few else self.threshold

    def bitmap(self, sites: Collection[str]) -> str:
        """A set of this cohort's sites as hex digits: bit k, from the lowest, stands for the site in place k."""
        return f"{sum(1 << self.index(site) for site in sites):0{-(-len(self.sites) // 4)}x}"

    def from_bitmap(self, text: Any) -> tuple[str, ...]:
        """The sites behind `bitmap`, in the cohort's order.

        Raises:
            PeerProtocolError: if the text is not exactly what `bitmap` writes.
        """
        digits = -(-len(self.sites) // 4)
        if isinstance(text, str) and len(text) == digits and set(text) <= set("0123456789abcdef"):
            bits = int(text, 16)
            if bits < 1 << len(self.sites):
                return tuple(site for place, site in enumerate(self.sites) if bits >> place & 1)
        raise PeerProtocolError("This does not say which sites of the cohort are meant.", remedy="Send it again.")

    @cached_property
    def _neighbours(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self.sites[place] for place in places) for places in self._places)

    @cached_property
    def _places(self) -> tuple[tuple[int, ...], ...]:
        return _graph.neighbour_places(self._graph_seed, len(self.sites))

    @cached_property
    def _graph_seed(self) -> bytes:
        return graph_seed(self.sites, self.identity_keys, self.agreement_hash, self.epoch)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {site: place for place, site in enumerate(self.sites)}

    @cached_property
    def _digest(self) -> bytes:
        return digest(LABEL + b"cohort", canonical(self.to_dict()))


def graph_seed(sites: Sequence[str], keys: Sequence[PublicKey], agreement_hash: bytes, epoch: bytes) -> bytes:
    """32 bytes from which neighbours and witnesses are drawn: known to all before the pair set-up, chosen by nobody.

    Whoever may choose an epoch or a site's key can try many; the bounds in `_graph` are then to be read times the tries.
    """
    ends = [part for site, key in zip(sites, keys, strict=True) for part in (site.encode(), key.raw)]
    return digest(LABEL + b"graph", agreement_hash, epoch, *ends)


def _invalid(message: str) -> SetupInvalid:
    return SetupInvalid(message, remedy="Form the cohort anew from the parties that the agreement names.")
