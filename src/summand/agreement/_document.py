"""The agreement as one value: clauses A to O, and what the other rooms ask of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict

from summand.agreement._base import Clause, JsonObject, may, must
from summand.agreement._data import DataClause
from summand.agreement._datasets import Dataset
from summand.agreement._ethics import ConflictsClause, EthicsClause
from summand.agreement._governance import GovernanceClause
from summand.agreement._identity import Identity
from summand.agreement._ip import IpClause
from summand.agreement._parties import Party
from summand.agreement._people import Person
from summand.agreement._privacy import PrivacyClause
from summand.agreement._purpose import PROHIBITED_ALWAYS, PurposeClause
from summand.agreement._revenue import RevenueClause
from summand.agreement._safety import ConfidentialityClause, SafetyClause
from summand.agreement._term import ExecutionClause, TermClause
from summand.agreement._work import WorkClause
from summand.encoding import canonical, sha256_hex
from summand.errors import UsageError

FORMAT = "summand.agreement/1"
Named = TypeVar("Named", Party, Dataset)


class Agreement(Clause):
    """Clauses A to O of one version, read and complete.

    Made by `load_agreement`, `Agreement.from_dict` or `complete_example`; what these return has passed every check
    that `check` makes, so whoever holds an `Agreement` need not ask again.
    """

    model_config = ConfigDict(title="Summand agreement")

    format: Literal["summand.agreement/1"] = must("Format of this document.")
    identity: Identity = must("Clause A: identity and version.")
    parties: tuple[Party, ...] = must("Clause B: the parties.", min_length=1)
    people: tuple[Person, ...] = must("Clause B: the people who act for them.", min_length=1)
    purpose: PurposeClause = must("Clause C: purpose and shared goals.")
    data: DataClause = must("Clause D: data and limits of use.")
    privacy: PrivacyClause = may("Clause E: privacy budget.", PrivacyClause())
    ethics: EthicsClause = must("Clause F: ethics and oversight.")
    conflicts: ConflictsClause = must("Clause G: conflicts of interest.")
    governance: GovernanceClause = must("Clause H: governance and votes.")
    work: WorkClause = must("Clause I: work and resources.")
    ip: IpClause = must("Clause J: intellectual property.")
    revenue: RevenueClause = must("Clause K: revenue.")
    safety: SafetyClause = may("Clause L: safety of tools.", SafetyClause())
    confidentiality: ConfidentialityClause = must("Clause M: confidentiality and liability.")
    term: TermClause = must("Clause N: term, exit and backup.")
    execution: ExecutionClause = must("Clause O: execution.")

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Agreement:
        """The agreement behind plain JSON values.

        Raises:
            AgreementSyntaxError, AgreementIncomplete, AgreementError: as `load_agreement`.
        """
        from summand.agreement._reading import read_value  # _reading builds this class

        return read_value(value)

    def to_dict(self) -> dict[str, Any]:
        """The whole document as plain JSON values, with its status and its notes of signatures."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def content(self) -> dict[str, Any]:
        """What is signed: the document without its status and its notes of signatures, defaults written out."""
        value = self.to_dict()
        del value["identity"]["status"], value["execution"]["signatures"]
        return value

    def canonical(self) -> bytes:
        """RFC 8785 bytes of `content`: the payload of the envelope that the parties sign."""
        return self._canonical

    @cached_property
    def _canonical(self) -> bytes:
        return canonical(self.content())

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `canonical` in hexadecimal: any edit of a term changes it."""
        return sha256_hex(self._canonical)

    @property
    def id(self) -> str:
        """URN of the agreement, the same in all versions."""
        return self.identity.id

    @property
    def title(self) -> str:
        """What people call it."""
        return self.identity.title

    @property
    def version(self) -> int:
        """Version, from 1."""
        return self.identity.version

    @property
    def previous_version_hash(self) -> str | None:
        """Hash of the version before, None for the first."""
        return self.identity.previous_version_hash

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """All datasets of clause D."""
        return self.data.datasets

    @property
    def profile_name(self) -> str:
        """Disclosure profile: ``institutional``, ``public_data`` or ``trial``."""
        return self.data.disclosure_profile

    @property
    def prohibited_codes(self) -> frozenset[str]:
        """Codes of forbidden purposes: those named, and those in force whether named or not."""
        return frozenset(PROHIBITED_ALWAYS) | {purpose.code for purpose in self.purpose.prohibited_purposes}

    @property
    def limits(self) -> dict[str, float]:
        """Limits that the agreement sets itself, strictest where it says so twice.

        Keys ``minimum_cell`` and ``minimum_sites`` always; ``minimum_exits`` and ``parameters_per_person`` if set. The
        profile's own limits and these both hold.
        """
        own = self.data.limits.model_dump(exclude_none=True)
        own["minimum_cell"] = max(self.data.min_cell, own.get("minimum_cell", 1))
        own["minimum_sites"] = max(self.data.min_sites, own.get("minimum_sites", 1))
        return own

    def party(self, party_id: str) -> Party:
        """The party of that short name.

        Raises:
            UsageError: if the agreement has none.
        """
        return _find(self.parties, party_id, "party")

    def dataset(self, dataset_id: str) -> Dataset:
        """The dataset of that short name.

        Raises:
            UsageError: if the agreement has none.
        """
        return _find(self.data.datasets, dataset_id, "dataset")

    def dictionary_of(self, dataset_id: str) -> JsonObject:
        """A copy of the dataset's dictionary, a Table Schema as plain JSON."""
        return copy.deepcopy(self.data.dictionaries[self.dataset(dataset_id).dictionary])

    def in_force_on(self, day: date) -> bool:
        """Whether ``day`` lies within the term, first and last day included. Signatures and state are not asked."""
        start = max(self.term.start, self.identity.effective_date or self.term.start)
        return start <= day <= self.term.end


def _find(rows: tuple[Named, ...], wanted: str, what: str) -> Named:
    for row in rows:
        if row.id == wanted:
            return row
    known = ", ".join(row.id for row in rows[:20])
    raise UsageError(f"The agreement has no {what} of that name.", remedy=f"Name one of: {known}.")
