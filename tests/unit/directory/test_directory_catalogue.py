"""HealthDCAT-AP in JSON-LD: out and in again, other writers' forms, and what a catalogue still lacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory_cases import organisation
from summand.directory import DataAsset, data_assets_from_json_ld, datasets_to_json_ld, missing_fields
from summand.errors import OrganisationInvalid

FULL: dict[str, Any] = {
    "id": "stroke-registry", "title": "Stroke registry", "description": "All strokes", "access_rights": "restricted",
    "applicable_legislation": ["http://data.europa.eu/eli/reg/2025/327/oj"], "health_data_access_body": "sample body",
    "categories": ["electronic health records"], "themes": ["https://www.wikidata.org/entity/Q12202"],
    "keywords": ["stroke"], "dataset_type": "registry", "personal_data": ["dpv:HealthData"],
    "legal_basis": ["https://w3id.org/dpv#Consent"], "purposes": ["dpv:ResearchAndDevelopment"],
    "population_coverage": "Adults", "minimum_typical_age": 18, "maximum_typical_age": 100, "records": 12000,
    "unique_individuals": 9000, "coding_systems": ["https://www.wikidata.org/entity/P494"], "code_values": ["I63"],
    "retention_period": {"start": "2020-01-01", "end": "2035-12-31"}, "temporal": {"start": "2020-01-01"},
    "spatial": ["NL"], "provenance": "from the record system", "quality_annotations": ["98 % complete"],
    "analytics": ["https://example.org/report"], "sample": "https://example.org/sample",
    "contact_point": {"name": "Data office", "email": "data@example.org"},
    "consent": [{"code": "DUO:0000007", "parameter": "MONDO:0005098"}, {"code": "DUO:0000045"}],
}  # fmt: skip


def holder(*assets: dict[str, Any]) -> Any:
    """An organisation with these datasets."""
    return organisation("ror:02qp3tb03", name="North", data_assets=list(assets))


def test_every_field_goes_out_and_comes_in() -> None:
    """A dataset with every field is the same after a round trip through JSON-LD."""
    assert set(FULL) == set(DataAsset.model_fields)
    document = json.loads(json.dumps(datasets_to_json_ld(holder(FULL))))

    assert [item.to_dict() for item in data_assets_from_json_ld(document)] == [
        DataAsset.model_validate_json(json.dumps(FULL)).to_dict()
    ]
    node = document["dcat:dataset"][0]
    assert node["healthdcatap:numberOfUniqueIndividuals"] == {"@value": 9000, "@type": "xsd:nonNegativeInteger"}
    assert node["dct:accessRights"]["@id"].endswith("/access-right/RESTRICTED")
    assert node["dct:publisher"]["@id"] == "https://ror.org/02qp3tb03"
    assert node["odrl:hasPolicy"][0]["@id"] == "http://purl.obolibrary.org/obo/DUO_0000007"


@settings(max_examples=50)
@given(st.sets(st.sampled_from(sorted(set(FULL) - {"id", "title"}))))
def test_any_subset_of_fields_survives(chosen: set[str]) -> None:
    """What is left out stays out."""
    asset = {"id": FULL["id"], "title": FULL["title"], **{name: FULL[name] for name in chosen}}
    (found,) = data_assets_from_json_ld(datasets_to_json_ld(holder(asset)))
    assert found == DataAsset.model_validate_json(json.dumps(asset))


def test_another_writers_form() -> None:
    """Full addresses, a graph, language tags, typed literals and lists read the same."""
    document = {
        "@graph": [
            {
                "@id": "https://example.org/ds/42", "@type": ["http://www.w3.org/ns/dcat#Dataset"],
                "http://purl.org/dc/terms/title": [{"@value": "Beroertes", "@language": "nl"}, {"@value": "Strokes", "@language": "en"}],
                "http://healthdataportal.eu/ns/health#numberOfRecords": [{"@value": "12", "@type": "http://www.w3.org/2001/XMLSchema#integer"}],
                "http://purl.org/dc/terms/accessRights": [{"@id": "http://publications.europa.eu/resource/authority/access-right/PUBLIC"}],
                "http://www.w3.org/ns/dcat#keyword": {"@list": [{"@value": "stroke"}]},
                "http://purl.org/dc/terms/temporal": [{"http://www.w3.org/ns/dcat#startDate": [{"@value": "2020-01-01T00:00:00Z"}]}],
            },
            {"@type": "foaf:Agent"},
        ]
    }  # fmt: skip
    (found,) = data_assets_from_json_ld(document)

    assert (found.id, found.title, found.records, found.access_rights, found.keywords) == (
        "42",
        "Strokes",
        12,
        "public",
        ("stroke",),
    )
    assert found.temporal is not None and str(found.temporal.start) == "2020-01-01"


@pytest.mark.parametrize(
    "document",
    [
        {}, [], None, {"@type": "dcat:Catalog"}, {"@type": "dcat:Dataset"},
        {"@type": "dcat:Dataset", "dct:title": "x", "healthdcatap:numberOfRecords": "many"},
        {"@type": "dcat:Dataset", "dct:title": "x", "dct:accessRights": "SECRET"},
        {"@type": "dcat:Dataset", "dct:title": "x", "dct:spatial": [{"@id": "http://example.org/Atlantis"}]},
    ],
)  # fmt: skip
def test_what_does_not_fit(document: Any) -> None:
    """Nothing to read, or a value of the wrong kind, is named; nothing is guessed."""
    with pytest.raises(OrganisationInvalid):
        data_assets_from_json_ld(document)


def test_deep_nesting_ends() -> None:
    """A document nested without end is no way to stop the reader."""
    document: Any = {"@type": "dcat:Dataset", "dct:title": "x"}
    for _ in range(2000):
        document = [document]
    with pytest.raises(OrganisationInvalid, match=r"no dcat:Dataset"):
        data_assets_from_json_ld(document)


def test_what_a_catalogue_lacks() -> None:
    """Public data ask for little, others for the profile's mandatory properties; a full entry lacks nothing."""
    bare = DataAsset.model_validate_json(json.dumps({"id": "a", "title": "A"}))
    public = DataAsset.model_validate_json(json.dumps({"id": "a", "title": "A", "access_rights": "public"}))

    assert missing_fields(DataAsset.model_validate_json(json.dumps(FULL))) == ()
    assert missing_fields(public) == ("dct:description", "dcat:contactPoint")
    assert set(missing_fields(public)) < set(missing_fields(bare))
    assert "healthdcatap:hdab" in missing_fields(bare)
