"""A whole partnership in a few lines: keys, a signed agreement, and a federation in this process under it.

For tests, notebooks and simulations. Everything invented in the agreement says "sample"; the keys live in memory only.

    >>> tables = {"north": {"y": [1.0, 2.1], "x": [1, 2]}, "south": {"y": [2.9, 4.2], "x": [3, 4]}}
    >>> columns = {"y": (0, 10), "x": (0, 10)}
    >>> with Partnership.of(tables, columns).federation() as federation:
    ...     result = federation.run({"name": "linear", "formula": "y ~ x"})
    >>> result.to_dict()["profile"], result.to_dict()["sites"]
    ('public_data', 2)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from summand.agreement import Agreement, SignedAgreement, complete_example, sign
from summand.errors import UsageError
from summand.federation import Federation
from summand.federation._memory import MemoryNetwork
from summand.signing import PrivateKey
from summand.site.sources import Source, open_source
from summand.tables import Dictionary, dictionary_from_table_schema

ANALYST = "sample analyst"
STEWARD = "sample data steward"
DICTIONARY = "cohort"


@dataclass(frozen=True)
class Partnership:
    """Parties with their keys, tables and one agreement that all of them signed.

    Attributes:
        signed: The agreement with every party's signature.
        tables: Each party's table or path; a party's dataset is called ``data-`` and its name.
        party_keys: The parties' private keys.
        analyst_key: The private key of `ANALYST`, a person of the first party.
        steward_key: The private key of `STEWARD`, a person of the first party.
        opt_out: By party, the file of people who opted out.
    """

    signed: SignedAgreement
    tables: Mapping[str, Any]
    party_keys: Mapping[str, PrivateKey] = field(repr=False)
    analyst_key: PrivateKey = field(repr=False)
    steward_key: PrivateKey = field(repr=False)
    opt_out: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tables: Mapping[str, Any],
        schema: Mapping[str, Any],
        *,
        profile: str = "public_data",
        rows_max: int = 10_000,
        datasets: Mapping[str, Mapping[str, Any]] | None = None,
        opt_out: Mapping[str, Path] | None = None,
        **terms: Any,
    ) -> Partnership:
        """A partnership over tables, its agreement signed by all.

        Args:
            tables: By party: a dict of columns, a data frame, an Arrow table or a path.
            schema: A Table Schema, or numeric columns as ``{"age": (0, 120)}``.
            profile: The agreement's disclosure profile.
            rows_max: The most rows of each dataset.
            datasets: By party, further fields of its dataset in clause D.
            opt_out: By party, a file of people who opted out.
            terms: As the keyword arguments of `summand.agreement.complete_example`.

        Raises:
            AgreementError: if the terms make the agreement fail a check.
        """
        keys = {party: PrivateKey.generate() for party in tables}
        analyst, steward = PrivateKey.generate(), PrivateKey.generate()
        first = next(iter(keys))
        document = complete_example(
            [{"id": party, "key": key.public.text} for party, key in keys.items()],
            dictionaries={DICTIONARY: table_schema(schema)},
            datasets=[
                {"id": f"data-{party}", "holder": party, "rows_max": rows_max, **(datasets or {}).get(party, {})}
                for party in keys
            ],
            people=[
                {"name": ANALYST, "party": first, "role": "analyst", "key": analyst.public.text},
                {"name": STEWARD, "party": first, "role": "data_steward", "key": steward.public.text},
            ],
            profile=profile,
            **terms,
        )
        return cls(sign_by_all(document, keys), tables, keys, analyst, steward, opt_out or {})

    @property
    def agreement(self) -> Agreement:
        """The agreement."""
        return self.signed.agreement

    @property
    def dictionary(self) -> Dictionary:
        """What the columns of all tables mean."""
        first = self.agreement.datasets[0]
        return dictionary_from_table_schema(first.dictionary, self.agreement.dictionary_of(first.id))

    def sources(self) -> dict[str, tuple[str, str, Source]]:
        """Each site's party, dataset and opened rows."""
        return {
            party: (party, f"data-{party}", open_source(table, self.dictionary, opt_out=self.opt_out.get(party)))
            for party, table in self.tables.items()
        }

    def network(self) -> MemoryNetwork:
        """A hub and one site a party in this process, none of which trusts another."""
        return MemoryNetwork(self.signed, self.party_keys, self.sources(), allow_trial=False)

    def federation(self) -> Federation:
        """The analyst's way into a fresh `network`."""
        return Federation(self.network(), self.agreement, ANALYST, self.analyst_key)


def sign_by_all(document: Agreement, keys: Mapping[str, PrivateKey]) -> SignedAgreement:
    """The agreement signed by these parties' keys, one after the other."""
    envelope = None
    for party, key in keys.items():
        envelope = sign(document, party, key, envelope)
    if envelope is None:
        raise UsageError("An agreement is signed by at least one party.", remedy="Give its parties' keys.")
    return SignedAgreement(document, envelope)


def table_schema(columns: Mapping[str, Any]) -> dict[str, Any]:
    """A Table Schema; from ``{"age": (0, 120)}`` one of numeric columns with these ranges."""
    if "fields" in columns:
        return dict(columns)
    return {"fields": [numeric_field(name, *limits) for name, limits in columns.items()]}


def numeric_field(name: str, minimum: float, maximum: float) -> dict[str, Any]:
    """One numeric field of a Table Schema."""
    return {"name": name, "type": "number", "constraints": {"minimum": minimum, "maximum": maximum}}


def deal(columns: Mapping[str, Sequence[Any]], sizes: Mapping[str, int]) -> dict[str, dict[str, list[Any]]]:
    """Rows dealt to sites in order: ``sizes`` rows each.

    Raises:
        UsageError: if the sizes do not add up to the rows.
    """
    total = {len(values) for values in columns.values()}
    if total != {sum(sizes.values())}:
        raise UsageError("The sizes do not add up to the number of rows.", remedy="Deal every row to a site.")
    dealt, start = {}, 0
    for site, size in sizes.items():
        dealt[site] = {name: list(values[start : start + size]) for name, values in columns.items()}
        start += size
    return dealt
