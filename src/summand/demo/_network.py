"""What a demonstration needs of the network it runs on: real processes, or a stand-in for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class SiteCheck:
    """Whether one site's data pass the check against the dictionary; the details stay at the site."""

    party: str
    passed: bool


@dataclass(frozen=True)
class ReplicaCheck:
    """One site's replica of the ledger, verified: every stored hash derived again from the stored entries.

    Attributes:
        party: Whose replica.
        leaves: How many entries it holds.
        root_hash: Hexadecimal.
        entry_types: The type of each entry, in order.
    """

    party: str
    leaves: int
    root_hash: str
    entry_types: tuple[str, ...] = ()


class Result(Protocol):
    """A released result."""

    @property
    def study_id(self) -> str:
        """The study's identifier."""

    @property
    def result_hash(self) -> str:
        """SHA-256 of the result as the ledger holds it, hexadecimal."""

    def to_dict(self) -> dict[str, Any]:
        """The released values."""


class Asker(Protocol):
    """The analyst's way in; `summand.federation.Federation` is one."""

    def run(
        self,
        method: Mapping[str, Any],
        *,
        datasets: Sequence[str] | None = None,
        purpose: Mapping[str, Any] | None = None,
        release_level: str = "total",
        profile: str | None = None,
        title: str = "",
    ) -> Result:
        """Ask for a study, wait for its end, and hold the result.

        Raises:
            Refusal: if a site refuses.
            SummandError: whatever else ended the study.
        """

    def state(self, kind: str, document: Mapping[str, Any], *, study_id: str = "", inside: bool = False) -> str:
        """Put a document into the ledger, signed, by its hash or whole; the hash."""


class DemoNetwork(Protocol):
    """Hub and sites of one demonstration."""

    @property
    def url(self) -> str:
        """Where the hub answers."""

    @property
    def process_count(self) -> int:
        """How many processes serve hub and sites."""

    @property
    def asker(self) -> Asker:
        """The analyst's connection."""

    def data_checks(self) -> tuple[SiteCheck, ...]:
        """Each site's own check of its data."""

    def leaf_index(self, result: Result) -> int:
        """Where the result's hash stands in the ledger, proved; -1 if it does not."""

    def replica_checks(self) -> tuple[ReplicaCheck, ...]:
        """Each site's replica, brought up to the hub's checkpoint and verified.

        Raises:
            VerificationError: if one does not verify.
        """

    def close(self) -> None:
        """End every process."""
