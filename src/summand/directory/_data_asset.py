"""A dataset that an organisation says it holds, by the fields of HealthDCAT-AP (healthdcat-ap.github.io)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from summand.agreement import ConsentCode
from summand.directory._record import Count, Country, Iri, Record, Slug, Text

AccessRights = Literal["public", "restricted", "non_public"]
EHDS_LEGISLATION = "http://data.europa.eu/eli/reg/2025/327/oj"


class Period(Record):
    """A time with a first and last day; open where one is missing."""

    start: date | None = None
    end: date | None = None


class ContactPoint(Record):
    """Whom to ask about the data."""

    name: Text
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s<>]{1,64}@[^@\s<>]{1,190}$")] | None = None


class Consent(Record):
    """A DUO code with its parameter."""

    code: str = Field(pattern=r"^DUO:[0-9]{7}$")
    parameter: Text | None = None

    def as_clause(self) -> ConsentCode:
        """The same as clause D of an agreement writes it."""
        return ConsentCode(code=self.code, parameter=self.parameter)


class DataAsset(Record):
    """One dataset: what it is, whom it describes, and on which terms it may be used.

    ``categories`` are the categories of EHDS Art. 51 and ``themes`` the diseases or fields, both as text or IRI;
    ``consent`` are codes of the GA4GH Data Use Ontology.
    """

    id: Slug
    title: Text
    description: Text | None = None
    access_rights: AccessRights = "non_public"
    applicable_legislation: tuple[Iri, ...] = ()
    health_data_access_body: Text | None = None
    categories: tuple[Text, ...] = ()
    themes: tuple[Text, ...] = ()
    keywords: tuple[Text, ...] = ()
    dataset_type: Text | None = None
    personal_data: tuple[Text, ...] = ()
    legal_basis: tuple[Text, ...] = ()
    purposes: tuple[Text, ...] = ()
    population_coverage: Text | None = None
    minimum_typical_age: Count | None = None
    maximum_typical_age: Count | None = None
    records: Count | None = None
    unique_individuals: Count | None = None
    coding_systems: tuple[Text, ...] = ()
    code_values: tuple[Text, ...] = ()
    retention_period: Period | None = None
    temporal: Period | None = None
    spatial: tuple[Country, ...] = ()
    provenance: Text | None = None
    quality_annotations: tuple[Text, ...] = ()
    analytics: tuple[Iri, ...] = ()
    sample: Iri | None = None
    contact_point: ContactPoint | None = None
    consent: tuple[Consent, ...] = ()


_ALWAYS = {
    "description": "dct:description",
    "contact_point": "dcat:contactPoint",
}
_HELD_BACK = {
    **_ALWAYS,
    "applicable_legislation": "dcatap:applicableLegislation",
    "health_data_access_body": "healthdcatap:hdab",
    "categories": "healthdcatap:healthCategory",
    "keywords": "dcat:keyword",
    "dataset_type": "dct:type",
    "provenance": "dct:provenance",
}


def missing_fields(asset: DataAsset) -> tuple[str, ...]:
    """HealthDCAT-AP properties that a catalogue for this access level asks for and the entry lacks.

    The mandatory properties of the profile's shapes (draft release 5; restricted data are held to the shapes for
    non-public data). Distributions are not asked for: rows stay with their holder.
    """
    wanted = _ALWAYS if asset.access_rights == "public" else _HELD_BACK
    return tuple(name for field, name in wanted.items() if not getattr(asset, field))
