"""What follows from a request and an agreement alone, the same for the hub and for every site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from summand.agreement import Agreement
from summand.disclosure import CMS_MINIMUM_CELL, limits_for
from summand.encoding import canonical, digest
from summand.errors import DatasetNotPermitted, ReleaseNotPermitted
from summand.methods import AcrossSlots, Method, Setting, from_spec, private_method
from summand.study._privacy import Privacy
from summand.study._request import SignedStudy, StudyRequest
from summand.study._witnessing import witness_quorum
from summand.tables import Dictionary, Limits, dictionary_from_table_schema

DICTIONARIES_KEPT = 256


@dataclass(frozen=True)
class Plan:
    """A study as everybody must understand it.

    Attributes:
        request: What was asked.
        request_hash: SHA-256 (hex) of the signed request.
        sites: The sites whose data take part, in the order of their slots: sorted. A site is called as its party, or
            as its dataset where one party (trying things out) takes part with several.
        dataset_of: Each site's dataset.
        party_of: Each site's party.
        rows_max: Each site's most rows.
        dictionary: The one dictionary all datasets share.
        limits: What may be released.
        method: The method in the study's setting; at ``site_level`` in the setting of one site.
        epoch: 16 bytes that separate this study's keys from every other's.
        privacy: What the study spends of a privacy budget; None where the agreement has none.
        round_deadline_seconds: How long a round waits for a site.
        starts_over: Whether a study that loses a site after its first sum starts over with the others: where the
            agreement says so, or no limit protects anything; never under a privacy budget, whose rounds are counted.
        blind: Whether the hub opens no total.
        witness_quorum: How many of the sites must cosign the ledger before the result counts as released.
    """

    request: StudyRequest
    request_hash: str
    sites: tuple[str, ...]
    dataset_of: Mapping[str, str]
    party_of: Mapping[str, str]
    rows_max: Mapping[str, int]
    dictionary: Dictionary
    limits: Limits
    method: Method
    epoch: bytes
    round_deadline_seconds: int
    witness_quorum: int
    starts_over: bool = False
    privacy: Privacy | None = None
    blind: bool = False

    @property
    def is_compared(self) -> bool:
        """Whether cohorts are compared with released ones: where there is a minimum cell and no noise."""
        return self.limits.minimum_cell > 1 and self.privacy is None

    @property
    def is_recorded(self) -> bool:
        """Whether sites remember the study, so that the same question gets the same answer."""
        return self.limits.minimum_cell > 1 or self.privacy is not None

    @property
    def study_id(self) -> str:
        """The study's identifier."""
        return self.request.study_id

    @property
    def agreement_hash(self) -> bytes:
        """The agreement's hash, 32 bytes."""
        return bytes.fromhex(self.request.agreement_hash)

    @property
    def at_site_level(self) -> bool:
        """Whether each site's own result is asked for."""
        return self.request.release_level == "site_level"

    @classmethod
    def of(cls, study: SignedStudy, agreement: Agreement) -> Plan:
        """The plan of a study under an agreement.

        Raises:
            DatasetNotPermitted: if the datasets differ in dictionary.
            CohortTooSmall: if the agreement asks for more witnesses than the study has sites.
            ReleaseNotPermitted: if the method's result is one for each site, and the request's level is ``total``.
            MethodError, DataError, UsageError: if the method does not fit the dictionary.
        """
        request = study.request
        datasets = [agreement.dataset(name) for name in request.datasets]
        times = Counter(dataset.holder for dataset in datasets)
        names = [dataset.holder if times[dataset.holder] == 1 else dataset.id for dataset in datasets]
        dictionary = shared_dictionary(agreement, request.datasets)
        limits = effective_limits(agreement, request)
        rows_max = {name: int(dataset.rows_max) for name, dataset in zip(names, datasets, strict=True)}
        alone = request.release_level == "site_level"
        asked = from_spec(request.method)
        privacy = Privacy.of(agreement, request)
        if privacy is not None:
            if alone:
                raise ReleaseNotPermitted(
                    "Under a privacy budget only totals are released: noise for each site by itself would drown its result.",
                    remedy="Ask at the release level total.",
                    clause="E.budget",
                )
            asked = private_method(asked)
        if isinstance(asked, AcrossSlots) and not alone:
            raise ReleaseNotPermitted(
                f"The method '{asked.name}' has a result for each site, which the level 'total' does not release.",
                remedy="Ask at the release level site_level, if the agreement permits it by name.",
                clause="D.release_levels",
            )
        setting = Setting(
            dictionary,
            limits,
            max(rows_max.values()) if alone else sum(rows_max.values()),
            1 if alone else len(datasets),
        )
        return cls(
            request=request,
            request_hash=study.hash,
            sites=tuple(sorted(names)),
            dataset_of=dict(zip(names, request.datasets, strict=True)),
            party_of={name: dataset.holder for name, dataset in zip(names, datasets, strict=True)},
            rows_max=rows_max,
            dictionary=dictionary,
            limits=limits,
            method=asked.under(setting),
            epoch=digest(b"summand/epoch/v1", bytes.fromhex(study.hash))[:16],
            round_deadline_seconds=int(agreement.data.round_deadline_seconds),
            starts_over=privacy is None and (agreement.data.on_lost_site == "start_over" or limits.minimum_cell <= 1),
            privacy=privacy,
            blind=agreement.data.hub == "blind",
            witness_quorum=witness_quorum(agreement, len(datasets)),
        )


def effective_limits(agreement: Agreement, request: StudyRequest) -> Limits:
    """The request's profile, tightened by the agreement and by the data that take part."""
    tightening: dict[str, Any] = dict(agreement.limits)
    if any(agreement.dataset(name).includes_cms_data for name in request.datasets):
        tightening["minimum_cell"] = max(CMS_MINIMUM_CELL, tightening["minimum_cell"])
    return limits_for(request.disclosure_profile, tightening)


def shared_dictionary(agreement: Agreement, datasets: tuple[str, ...]) -> Dictionary:
    """The one dictionary of the datasets.

    Raises:
        DatasetNotPermitted: if they do not share one.
    """
    names = {agreement.dataset(name).dictionary for name in datasets}
    schemas = {canonical(agreement.data.dictionaries[name]) for name in names} if len(names) > 1 else names
    if len(schemas) != 1:
        raise DatasetNotPermitted(
            "The datasets asked for do not share one dictionary, so their columns cannot be added.",
            clause="D.datasets",
            remedy="Ask for datasets under the same dictionary.",
        )
    return _read_dictionary(agreement, min(names))


def _read_dictionary(agreement: Agreement, name: str) -> Dictionary:
    """A dictionary of the agreement, read once: an agreement's hash stands for its content."""
    key = (agreement.hash, name)
    found = _dictionaries.get(key)
    if found is None:
        found = dictionary_from_table_schema(name, dict(agreement.data.dictionaries[name]))
        if len(_dictionaries) > DICTIONARIES_KEPT:
            _dictionaries.clear()
        _dictionaries[key] = found
    return found


_dictionaries: dict[tuple[str, str], Dictionary] = {}
