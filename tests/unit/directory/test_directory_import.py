"""Imports: the registry's own record, real organisations, and a report of everything that was wrong, line by line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from directory_cases import organisation
from shared_files import shared_data
from summand.directory import Directory, Entry, ImportReport, Query, import_file
from summand.errors import UsageError

# The record of the University of California System in ROR schema v2.1, shortened (ror.org/00pjdza24, CC0).
RECORD: dict[str, Any] = {
    "id": "https://ror.org/00pjdza24", "status": "active", "types": ["education"], "established": 1868,
    "names": [
        {"value": "UC", "types": ["acronym"], "lang": "en"},
        {"value": "University of California System", "types": ["ror_display", "label"], "lang": "en"},
        {"value": "Université de Californie", "types": ["label"], "lang": "fr"},
    ],
    "locations": [
        {
            "geonames_id": 5378538,
            "geonames_details": {
                "continent_code": "NA", "country_code": "US", "country_name": "United States", "lat": 37.802168,
                "country_subdivision_name": "California", "lng": -122.271281, "name": "Oakland",
            },
        }
    ],
    "links": [{"type": "website", "value": "http://www.universityofcalifornia.edu/"}],
    "external_ids": [{"type": "grid", "all": ["grid.30389.31"], "preferred": "grid.30389.31"}],
    "relationships": [{"id": "https://ror.org/043mz5j54", "label": "UCSF", "type": "child"}],
    "domains": [], "admin": {"created": {"date": "2020-04-25", "schema_version": "1.0"}},
}  # fmt: skip


def imported(tmp_path: Path, text: str, name: str = "x.csv", **more: Any) -> tuple[Directory, ImportReport]:
    """The directory after importing a file with this text."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    directory = Directory()
    return directory, import_file(directory, file, **more)


def test_a_record_of_the_registry(tmp_path: Path) -> None:
    """Names, place, relation and registration of a v2 record come through; the display name is the name."""
    directory, report = imported(tmp_path, json.dumps([RECORD]), "dump.json")
    one = directory.get("ror:00pjdza24").organisation

    assert report.to_dict()["counts"]["added"] == 1 and report.problems == []
    assert (one.name, one.kinds, one.country, one.established) == (
        "University of California System",
        ("university",),
        "US",
        1868,
    )
    assert one.other_names == ("UC", "Université de Californie")
    assert (one.places[0].city, one.places[0].latitude, one.places[0].geonames_id) == ("Oakland", 37.802168, 5378538)
    assert one.relations[0].organisation == "ror:043mz5j54"
    assert one.registrations[0].value == "grid.30389.31"


def test_a_dump_in_its_zip_whatever_the_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zip's schema v2 file is read, not version 1 beside it, also where a record is longer than a piece read."""
    monkeypatch.setattr("summand.directory._read_ror._CHUNK", 7)
    file = tmp_path / "v1.60-ror-data.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ror-data.json", '[{"id": "https://ror.org/00pjdza24", "name": "old"}]')
        archive.writestr("ror-data_schema_v2.json", json.dumps([RECORD, RECORD], indent=2))
    directory = Directory()
    report = import_file(directory, file)

    assert (report.counts["added"], report.counts["refused"]) == (1, 1)
    assert "twice" in report.problems[0].message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "https://ror.org/00pjdza25"}, "checksum"),
        ({"names": []}, "no name"),
        ({"names": "UC"}, "schema v2"),
        ({"locations": []}, "places"),
        ({"locations": [{"geonames_details": {"country_code": "ZZ"}}]}, "country"),
        ({"locations": [{}]}, "kind that schema v2 has"),
        ({"established": "old"}, "established"),
        ({"status": "gone"}, "status"),
    ],
)
def test_a_record_that_is_wrong(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """A wrong record is refused with its number and the reason; the next one is taken."""
    other = {**RECORD, "id": "https://ror.org/02qp3tb03"}
    _, report = imported(tmp_path, json.dumps([{**RECORD, **change}, other]), "dump.json")

    assert (report.counts["refused"], report.counts["added"]) == (1, 1)
    assert report.problems[0].line == 1 and said in report.problems[0].message


@pytest.mark.parametrize("text", ["", "{}", "[", '[{"id": 1}', "[1, x]", "hello"])
def test_what_is_no_dump(tmp_path: Path, text: str) -> None:
    """A file that is no JSON array, or ends within one, is an error with a remedy, never a traceback."""
    with pytest.raises(UsageError, match="ROR dump"):
        imported(tmp_path, text, "dump.json")


def test_real_organisations() -> None:
    """All 4,335 health-care organisations of the registry go in, and a second time all are there already."""
    directory, file = Directory(), shared_data("organisations/ror_healthcare.csv")
    first, second = import_file(directory, file), import_file(directory, file)

    assert (first.counts["added"], first.problems) == (4335, [])
    assert second.counts["unchanged"] == second.lines == 4335
    assert dict(directory.search(Query()).facets["country"])["US"] == 719
    assert len(directory.points(Query())) == 4335


CSV = """ror_id,name,kinds,country,lat,lng,capabilities,certificates,nonprofit,colour
02qp3tb03,Good Clinic,healthcare,US,44.0,-92.5,statistics;imaging,ISO 27001|BSI|2027-05-31,yes,red
02qp3tb04,Wrong Sum,healthcare,US,,,,,,
,No Land,healthcare,Atlantis,,,,,,
,Odd Kind,starship,NL,,,,,,
,No Point,provider,NL,north,4.9,,,,
,Bad Paper,provider,NL,,,,ISO 27001,,
,Maybe,provider,NL,,,,,perhaps,
short,line

,Fine Lab;Co,company,DE,,,,,,
"""


def test_a_csv_with_mistakes(tmp_path: Path) -> None:
    """Each wrong line is refused with line, column and reason; a bad coordinate costs only the point on the map."""
    directory, report = imported(tmp_path, CSV)
    told = {(item.line, item.column): item for item in report.problems}

    assert (report.counts["added"], report.counts["refused"]) == (3, 6)
    assert set(told) == {
        (1, "colour"), (3, "ror_id"), (4, "country"), (5, "kinds"), (6, "latitude"), (7, "certificates"),
        (8, "nonprofit"), (9, ""),
    }  # fmt: skip
    assert [item.line for item in report.problems if not item.refused] == [1, 6]
    good = directory.get("ror:02qp3tb03").organisation
    assert ({item.code for item in good.capabilities}, good.nonprofit) == ({"statistics", "imaging"}, True)
    assert good.certificates[0].expires.isoformat() == "2027-05-31"
    assert directory.get("fine-lab-co-de").organisation.kind == "vendor"


def test_other_separators_and_a_byte_order_mark(tmp_path: Path) -> None:
    """Semicolons or tabs between columns are seen from the header; a byte order mark is no letter of a name."""
    for separator in (";", "\t"):
        directory, report = imported(
            tmp_path, "\ufeff" + separator.join(("name", "country")) + "\n" + f"Ward{separator}NL\n"
        )
        assert report.counts["added"] == 1
        assert directory.get("ward-nl").organisation.name == "Ward"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "name,country,name\nx,NL,y\n"])
def test_a_header_that_will_not_do(tmp_path: Path, text: str) -> None:
    """Without name and country, or with a column twice, nothing is read."""
    with pytest.raises(UsageError):
        imported(tmp_path, text)


def test_a_register_never_replaces_an_organisations_own_word(tmp_path: Path) -> None:
    """A declared entry is kept when the register's comes; an import of declared lines replaces it."""
    directory = Directory()
    directory.put(Entry(organisation("ward"), "declared"))
    file = tmp_path / "x.csv"
    file.write_text("id,name,country\nward,Register's Name,NL\n")

    assert import_file(directory, file).counts["kept"] == 1
    assert directory.get("ward").organisation.name == "Ward"
    assert import_file(directory, file, declared=True).counts["changed"] == 1
    assert directory.get("ward").standing == "declared"


def test_filters(tmp_path: Path) -> None:
    """Only the kinds and countries asked for are taken; others are counted."""
    directory, report = imported(
        tmp_path, "name,country,kinds\na,NL,provider\nb,DE,provider\nc,NL,company\n",
        kinds=frozenset({"provider"}), countries=frozenset({"NL"}),
    )  # fmt: skip
    assert (report.counts["added"], report.counts["passed_over"]) == (1, 2)
    assert directory.search(Query()).rows[0].name == "a"
