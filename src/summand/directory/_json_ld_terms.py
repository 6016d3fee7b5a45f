"""Which field of a dataset is which property, and in which shape its values are written and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMESPACES: dict[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dcatap": "http://data.europa.eu/r5r/",
    "healthdcatap": "http://healthdataportal.eu/ns/health#",
    "dpv": "https://w3id.org/dpv#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "adms": "http://www.w3.org/ns/adms#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "oa": "http://www.w3.org/ns/oa#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "obo": "http://purl.obolibrary.org/obo/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
}
CONTEXT: dict[str, Any] = {**NAMESPACES, "odrl:hasPolicy": {"@type": "@id"}}
ACCESS = {
    name: f"http://publications.europa.eu/resource/authority/access-right/{name.upper()}"
    for name in ("public", "restricted", "non_public")
}
HEALTH_THEME = "http://publications.europa.eu/resource/authority/data-theme/HEAL"
COUNTRY = "http://publications.europa.eu/resource/authority/country/"


@dataclass(frozen=True)
class Shape:
    """How a field's value becomes the value of a property, and back."""

    write: Callable[[Any], Any]
    read: Callable[[Sequence[Any]], Any]

    @staticmethod
    def plain(item: Any) -> str | None:
        """The text of a literal, or the address of a node."""
        if isinstance(item, Mapping):
            for key in ("@value", "@id", "foaf:name", "rdfs:label", "dct:title", "vcard:fn", "oa:bodyValue"):
                if key in item:
                    return Shape.plain(item[key])
            return None
        if isinstance(item, list):
            return Shape.plain(item[0]) if item else None
        return None if item is None else str(item)


def _texts(items: Sequence[Any]) -> list[str]:
    return [text for text in map(Shape.plain, items) if text]


def _one(items: Sequence[Any]) -> str | None:
    return next(iter(_texts(items)), None)


def _number(items: Sequence[Any]) -> int | str | None:
    text = _one(items)
    return int(text) if text is not None and text.isdecimal() else text  # another text is refused by the field


def _period(items: Sequence[Any]) -> dict[str, str]:
    node = items[0] if items and isinstance(items[0], Mapping) else {}
    ends = {"start": Shape.plain(node.get("dcat:startDate")), "end": Shape.plain(node.get("dcat:endDate"))}
    return {name: text[:10] for name, text in ends.items() if text}


def _write_period(value: Mapping[str, str]) -> dict[str, Any]:
    terms = {"start": "dcat:startDate", "end": "dcat:endDate"}
    return {
        "@type": "dct:PeriodOfTime",
        **{terms[name]: {"@value": day, "@type": "xsd:date"} for name, day in value.items()},
    }


def _contact(items: Sequence[Any]) -> dict[str, str] | None:
    node = items[0] if items else None
    if not isinstance(node, Mapping):
        return None
    mail = Shape.plain(node.get("vcard:hasEmail"))
    name = Shape.plain(node.get("vcard:fn")) or mail
    return (
        {"name": name.removeprefix("mailto:"), **({"email": mail.removeprefix("mailto:")} if mail else {})}
        if name
        else None
    )


def _write_contact(value: Mapping[str, str]) -> dict[str, Any]:
    mail = {"vcard:hasEmail": {"@id": f"mailto:{value['email']}"}} if "email" in value else {}
    return {"@type": "vcard:Kind", "vcard:fn": value["name"], **mail}


def _consent(items: Sequence[Any]) -> list[dict[str, str]]:
    found = []
    for item in items:
        node = item if isinstance(item, Mapping) else {"@id": item}
        code = str(Shape.plain(node.get("@id")) or "").rsplit("/", 1)[-1].removeprefix("obo:").replace("_", ":")
        if code.startswith("DUO:"):
            text = Shape.plain(node.get("rdfs:comment"))
            found.append({"code": code, **({"parameter": text} if text else {})})
    return found


def _write_consent(value: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "@id": f"{NAMESPACES['obo']}{item['code'].replace(':', '_')}",
            **({"rdfs:comment": item["parameter"]} if "parameter" in item else {}),
        }
        for item in value
    ]


def _countries(items: Sequence[Any]) -> list[str]:
    return [text.rsplit("/", 1)[-1] for text in _texts(items)]


def _reference(value: str) -> Any:
    return {"@id": value} if ":" in value and " " not in value else value


TEXT = Shape(lambda value: value, _one)
TEXTS = Shape(lambda value: [_reference(item) for item in value], _texts)
ADDRESS = Shape(lambda value: {"@id": value}, _one)
NUMBER = Shape(lambda value: {"@value": value, "@type": "xsd:nonNegativeInteger"}, _number)
PERIOD = Shape(_write_period, _period)
CONTACT = Shape(_write_contact, _contact)
AGENT = Shape(lambda value: {"@type": "foaf:Agent", "foaf:name": value}, _one)
STATEMENT = Shape(lambda value: {"@type": "dct:ProvenanceStatement", "rdfs:label": value}, _one)
NOTES = Shape(lambda value: [{"@type": "dqv:QualityAnnotation", "oa:bodyValue": item} for item in value], _texts)
PLACES = Shape(lambda value: [{"@id": f"{COUNTRY}{item}"} for item in value], _countries)
CONSENT = Shape(_write_consent, _consent)

FIELDS: dict[str, tuple[str, Shape]] = {
    "description": ("dct:description", TEXT),
    "applicable_legislation": ("dcatap:applicableLegislation", TEXTS),
    "health_data_access_body": ("healthdcatap:hdab", AGENT),
    "categories": ("healthdcatap:healthCategory", TEXTS),
    "themes": ("healthdcatap:healthTheme", TEXTS),
    "keywords": ("dcat:keyword", TEXTS),
    "dataset_type": ("dct:type", TEXT),
    "personal_data": ("dpv:hasPersonalData", TEXTS),
    "legal_basis": ("dpv:hasLegalBasis", TEXTS),
    "purposes": ("dpv:hasPurpose", TEXTS),
    "population_coverage": ("healthdcatap:populationCoverage", TEXT),
    "minimum_typical_age": ("healthdcatap:minTypicalAge", NUMBER),
    "maximum_typical_age": ("healthdcatap:maxTypicalAge", NUMBER),
    "records": ("healthdcatap:numberOfRecords", NUMBER),
    "unique_individuals": ("healthdcatap:numberOfUniqueIndividuals", NUMBER),
    "coding_systems": ("healthdcatap:hasCodingSystem", TEXTS),
    "code_values": ("healthdcatap:hasCodeValues", TEXTS),
    "retention_period": ("healthdcatap:retentionPeriod", PERIOD),
    "temporal": ("dct:temporal", PERIOD),
    "spatial": ("dct:spatial", PLACES),
    "provenance": ("dct:provenance", STATEMENT),
    "quality_annotations": ("dqv:hasQualityAnnotation", NOTES),
    "analytics": ("healthdcatap:analytics", TEXTS),
    "sample": ("adms:sample", ADDRESS),
    "contact_point": ("dcat:contactPoint", CONTACT),
    "consent": ("odrl:hasPolicy", CONSENT),
}
