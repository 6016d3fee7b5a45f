"""The analyst's way in: the same `run` over a federation in memory and over one that is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, Self

from summand.agreement import Agreement, SignedAgreement, sign, trial_agreement
from summand.errors import SourceEmpty, UsageError, from_dict
from summand.federation._memory import MemoryNetwork
from summand.federation._released import require_released
from summand.federation._results import StudyResult, open_shown
from summand.ledger import VerifierKey
from summand.methods import Method
from summand.signing import PrivateKey
from summand.site.sources import Source, infer_from, open_source
from summand.study import ReleaseProof, SignedStudy, Statement, StudyRequest, reply_key, whole_entries
from summand.tables import Dictionary, dictionary_from_table_schema, dictionary_to_table_schema

TRIAL_NOTE = "Trial: one owner and no limits; every number is exact, and nothing is withheld."


class Network(Protocol):
    """What a federation needs of its messengers."""

    @property
    def origin(self) -> str:
        """The federation's origin."""

    def submit(self, study: SignedStudy) -> str:
        """Put a study before the sites; wait for its end; its identifier."""

    def state(self, statement: Statement) -> None:
        """Put a signed statement into the ledger."""

    def ledger_entries(self) -> list[bytes]:
        """All leaves of the ledger, proved against the hub's checkpoint."""

    def show(self, study: str) -> dict[str, Any]:
        """The study as the hub shows it."""

    def release_proof(self, study: str) -> tuple[ReleaseProof, VerifierKey]:
        """The hub's proof that a result counts as released, not yet verified, and the ledger's key."""

    def close(self) -> None:
        """Let go of what is held open."""


class Federation:
    """A federation under one agreement, as one analyst sees it.

    Attributes:
        agreement: The agreement every study runs under.
        notes: What was assumed on the way, such as an inferred dictionary; shown with every result.
    """

    def __init__(
        self, network: Network, agreement: Agreement, requester: str, key: PrivateKey, notes: Sequence[str] = ()
    ) -> None:
        self._network, self.agreement, self._requester, self._key = network, agreement, requester, key
        self.notes = tuple(notes)

    @classmethod
    def in_memory(
        cls,
        sites: Mapping[str, Any],
        *,
        dictionary: Dictionary | Mapping[str, Any] | None = None,
        agreement: SignedAgreement | None = None,
        keys: Mapping[str, PrivateKey] | None = None,
        analyst: tuple[str, PrivateKey] | None = None,
    ) -> Federation:
        """A federation in this process: same guard, masks and ledger, no network.

        Args:
            sites: A table or a path for each site. Tables: a dict of columns, a pandas DataFrame, a pyarrow Table.
                With an agreement the names are the parties that hold the datasets.
            dictionary: What the columns mean; inferred from the tables (and said so) if not given.
            agreement: A fully signed agreement; without one, a one-party trial agreement is signed with a throw-away
                key (profile ``trial``: no limits), which no site service would accept.
            keys: With an agreement: the parties' private keys, to certify the in-memory sites.
            analyst: With an agreement: the name and key of the person who asks.

        Raises:
            DataError: if a table is not what the dictionary says.
            UsageError: if an agreement comes without keys or analyst, or names no dataset of a site.
        """
        if not sites:
            raise UsageError("A federation needs at least one site.", remedy="Give at least one table or path.")
        if agreement is not None:
            return cls._under(agreement, sites, keys, analyst)
        if dictionary is None:
            found, assumed = infer_from("trial", list(sites.values()))
        else:
            found, assumed = _dictionary(dictionary), ()
        opened = {name: open_source(table, found, allow_extra=True) for name, table in sites.items()}
        return cls.of_sources(opened, found, assumed)

    @classmethod
    def of_sources(cls, sources: Mapping[str, Source], dictionary: Dictionary, notes: Sequence[str] = ()) -> Federation:
        """A trial over sources that are open already, such as one file dealt to sites; see `in_memory`."""
        reports = [source.check() for source in sources.values()]
        for report in reports:
            report.raise_if_failed()
        if not any(report.rows for report in reports):
            raise SourceEmpty("No table has a row.", remedy="Give at least one table with people in it.")
        notes = [TRIAL_NOTE, *notes]
        key = PrivateKey.generate()
        document = trial_agreement(key.public.text, dictionary_to_table_schema(dictionary), list(sources))
        (party,) = document.parties
        signed = SignedAgreement(document, sign(document, party.id, key))
        network = MemoryNetwork(
            signed,
            {party.id: key},
            {(party.id if len(sources) == 1 else name): (party.id, name, source) for name, source in sources.items()},
            allow_trial=True,
        )
        return cls(network, document, document.people[0].name, key, notes)

    @classmethod
    def _under(
        cls,
        signed: SignedAgreement,
        sites: Mapping[str, Any],
        keys: Mapping[str, PrivateKey] | None,
        analyst: tuple[str, PrivateKey] | None,
    ) -> Federation:
        if keys is None or analyst is None:
            raise UsageError(
                "Under an agreement, the in-memory sites and the analyst act with their own keys.",
                remedy="Give keys={party: key, …} and analyst=(name, key).",
            )
        document = signed.agreement
        rows: dict[str, tuple[str, str, Source]] = {}
        for party, table in sites.items():
            held = [dataset for dataset in document.datasets if dataset.holder == party]
            if len(held) != 1 or party not in keys:
                raise UsageError(
                    f"'{party}' holds {len(held)} datasets of the agreement, or its key is not given.",
                    remedy="Name the sites as the parties that hold one dataset each, and give their keys.",
                )
            schema = dictionary_from_table_schema(held[0].dictionary, document.dictionary_of(held[0].id))
            rows[party] = (party, held[0].id, open_source(table, schema))
        network = MemoryNetwork(signed, keys, rows, allow_trial=False)
        return cls(network, document, analyst[0], analyst[1])

    def run(
        self,
        method: Method | Mapping[str, Any],
        *,
        datasets: Sequence[str] | None = None,
        purpose: Mapping[str, Any] | None = None,
        release_level: str = "total",
        profile: str | None = None,
        title: str = "",
        epsilon: float | None = None,
    ) -> StudyResult:
        """Ask for a study, wait for its end, and hold the result.

        Args:
            method: A method of `summand.methods`, or its specification.
            datasets: Which datasets; all that share the first one's dictionary if not given.
            purpose: ``{"system", "code", "text"}``; the agreement's first purpose if not given.
            release_level: ``total``, or ``site_level`` where the agreement permits it by name.
            profile: A disclosure profile at least as strict as the agreement's; the agreement's if not given.
            title: What the study is called.
            epsilon: How much of the privacy budget to spend, where the agreement has one; as much as a study may if not
                given.

        Raises:
            Refusal: if a site refuses, with the clause and what to do next.
            SummandError: whatever else ended the study.
        """
        identifier = self._network.submit(
            self.request(method, datasets, purpose, release_level, profile, title, epsilon)
        )
        return self.result(identifier)

    def request(
        self,
        method: Method | Mapping[str, Any],
        datasets: Sequence[str] | None = None,
        purpose: Mapping[str, Any] | None = None,
        release_level: str = "total",
        profile: str | None = None,
        title: str = "",
        epsilon: float | None = None,
    ) -> SignedStudy:
        """The signed request that `run` submits."""
        spec = dict(method) if isinstance(method, Mapping) else method.to_spec()
        wanted = purpose or _purpose_of(self.agreement)
        request = StudyRequest.new(
            federation=self._network.origin,
            agreement_hash=self.agreement.hash,
            requester=self._requester,
            purpose=dict(wanted),
            datasets=tuple(datasets or self._all_datasets()),
            method=spec,
            release_level=release_level,
            disclosure_profile=profile or self.agreement.profile_name,
            title=title or f"{spec.get('name', 'study')}",
            epsilon=epsilon,
        )
        if self.agreement.data.hub == "blind":
            request = replace(request, reply_key=reply_key(self._key, request.study_id))
        return SignedStudy.sign(request, self._key)

    def result(self, study_id: str) -> StudyResult:
        """The result of a study that ended, once it is proved that it counts as released.

        Raises:
            AwaitingWitnesses: if too few sites have cosigned the ledger over the release yet.
            VerificationError: if the hub's result is not the one whose release the sites cosigned.
            SummandError: the error it ended with.
        """
        shown = open_shown(self._network.show(study_id), self._key)
        if shown["status"] == "released":
            require_released(self._network, shown, self.agreement)
        if shown["result"] is None:
            error = from_dict(shown["error"] or {"message": f"The study is {shown['status']}.", "remedy": "Wait."})
            error.study_id = study_id  # type: ignore[attr-defined]  # for those who show where it stands in the ledger
            error.refusals = (shown["error"] or {}).get("refusals", [])  # type: ignore[attr-defined]
            raise error
        return StudyResult.from_shown(shown, self.agreement.title, self.notes)

    def state(self, kind: str, document: Mapping[str, Any], *, study_id: str = "", inside: bool = False) -> str:
        """Put a document into the ledger, signed, by its hash or whole: a goal measured, a settlement drawn up.

        Args:
            kind: One of `summand.study.STATEMENT_KINDS`.
            document: JSON values.
            study_id: The study it rests on.
            inside: Whether the document itself stands in the ledger, for everybody who reads it; else it stays here, and
                only its hash travels.

        Returns:
            SHA-256 (hex) of the document's canonical JSON, as the ledger holds it.
        """
        statement = Statement.sign(
            kind, self.agreement.hash, self._requester, document, self._key, study_id, inside=inside
        )
        self._network.state(statement)
        return statement.document_sha256

    def entries(self) -> list[tuple[int, dict[str, Any]]]:
        """The ledger's entries with the numbers of their leaves, from a replica verified against the hub's checkpoint.

        Raises:
            VerificationError: if the ledger does not hold together.
        """
        return list(whole_entries(self._network.ledger_entries()))

    def _all_datasets(self) -> list[str]:
        first = self.agreement.datasets[0].dictionary
        return [dataset.id for dataset in self.agreement.datasets if dataset.dictionary == first]

    @property
    def network(self) -> Network:
        """The messengers, for those who want to look at ledger and messages."""
        return self._network

    def close(self) -> None:
        """Let go of what is held open."""
        self._network.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _purpose_of(agreement: Agreement) -> dict[str, Any]:
    purpose = agreement.purpose.purposes[0]
    return {"system": purpose.system, "code": purpose.code, "text": purpose.text}


def _dictionary(given: Dictionary | Mapping[str, Any]) -> Dictionary:
    return given if isinstance(given, Dictionary) else dictionary_from_table_schema("table", dict(given))
