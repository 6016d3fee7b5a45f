"""Organisations in a dump of the Research Organization Registry, schema v2 (ror.readme.io/docs/ror-data-structure).

The dump is one JSON array of some hundred thousand records; it is read piece by piece, never as a whole. A zip file as
the registry publishes it (doi 10.5281/zenodo.6347574) may be given as it is.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from summand.directory._organisation import Organisation
from summand.directory._report import ImportReport
from summand.directory._ror import parse_ror
from summand.directory._words import ROR_KINDS
from summand.errors import OrganisationInvalid, UsageError

_CHUNK = 1 << 20
_LONGEST_RECORD = 1 << 24
_DISPLAY = ("ror_display", "label", "alias", "acronym")
_SCHEMES = ("grid", "isni", "wikidata", "fundref")
# What the standard library raises over a damaged, encrypted or unknown zip, and over text it cannot read:
# ValueError is a number of thousands of digits or text that is not UTF-8, RuntimeError an encrypted member or too deep.
_UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
_RELATIONS = ("parent", "child", "related", "predecessor", "successor")


def read_ror(path: Path, report: ImportReport) -> Iterator[tuple[int, Organisation]]:
    """Every record that can be taken, with its number; what is wrong goes to the report.

    Raises:
        UsageError: if the file cannot be read, or is no dump in schema v2.
    """
    try:
        with _opened(path) as file:
            for number, record in enumerate(_records(file), 1):
                found = _organisation(record, number, report)
                if found is not None:
                    yield number, found
    except _UNREADABLE:
        raise _unreadable(path) from None


def _unreadable(path: Path) -> UsageError:
    return UsageError(
        f"{path} cannot be read as a ROR dump in schema v2: a JSON array of records, or the zip that holds it.",
        remedy="Take the newest dump from doi.org/10.5281/zenodo.6347574.",
    )


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if not zipfile.is_zipfile(path):
        with path.open(encoding="utf-8") as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        # An old dump holds version 1 beside version 2, whose name says so.
        names = sorted(name for name in archive.namelist() if name.endswith(".json"))
        wanted = [name for name in names if "v2" in name] or names
        if not wanted:
            raise _unreadable(path)
        with archive.open(wanted[0]) as raw, TextIOWrapper(raw, encoding="utf-8") as file:
            yield file


def _records(file: TextIO) -> Iterator[Any]:
    """The elements of a JSON array, one after the other, holding about one record in memory."""
    decoder, text, opened = json.JSONDecoder(), "", False
    while True:
        chunk = file.read(_CHUNK)
        text += chunk
        at = 0
        while True:
            at = _skip(text, at, " \t\r\n," if opened else " \t\r\n")
            if at == len(text):
                break
            if not opened:
                if text[at] != "[":
                    raise _unreadable(Path(getattr(file, "name", "the file")))
                opened, at = True, at + 1
                continue
            if text[at] == "]":
                return
            try:
                value, at = decoder.raw_decode(text, at)
            except json.JSONDecodeError:
                break  # its end is in the next chunk, or nowhere
            yield value
        text = text[at:]
        if not chunk or len(text) > _LONGEST_RECORD:
            raise _unreadable(Path(getattr(file, "name", "the file")))


def _skip(text: str, at: int, letters: str) -> int:
    while at < len(text) and text[at] in letters:
        at += 1
    return at


def _organisation(record: Any, number: int, report: ImportReport) -> Organisation | None:
    column = "id"
    try:
        if not isinstance(record, Mapping) or not isinstance(record.get("names"), list):
            raise OrganisationInvalid(
                "The record is not one of ROR's schema v2.", remedy="Take a dump whose name ends in schema_v2.json."
            )
        values: dict[str, Any] = {"id": f"ror:{parse_ror(str(record.get('id')))}"}
        column = "names"
        values.update(_names(record))
        column = "types"
        values["kinds"] = [ROR_KINDS.get(str(kind), "other") for kind in record.get("types") or ["other"]]
        column = "locations"
        values["places"] = [_place(item) for item in record.get("locations") or []]
        column = ""
        values.update(_rest(record))
        return Organisation.from_dict(values)
    except (OrganisationInvalid, AttributeError, TypeError, KeyError) as error:
        said = (
            error.message
            if isinstance(error, OrganisationInvalid)
            else "A field is not of the kind that schema v2 has."
        )
        column = column or str(getattr(error, "field", ""))
        report.note(number, column, said, "Correct the record, or take a newer dump.", refused=True)
        report.counts["refused"] += 1
        return None


def _names(record: Mapping[str, Any]) -> dict[str, Any]:
    names = [(str(item["value"]), set(item.get("types") or ())) for item in record["names"]]
    display = next((value for kind in _DISPLAY for value, kinds in names if kind in kinds), None)
    if display is None:
        raise OrganisationInvalid("The record has no name.", remedy="Give it one of type ror_display.")
    return {"name": display, "other_names": list(dict.fromkeys(value for value, _ in names if value != display))}


def _place(item: Mapping[str, Any]) -> dict[str, Any]:
    details = item["geonames_details"]
    found = {
        "country": details.get("country_code"),
        "city": details.get("name"),
        "subdivision": details.get("country_subdivision_name"),
        "latitude": _float(details.get("lat")),
        "longitude": _float(details.get("lng")),
        "geonames_id": item.get("geonames_id"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _float(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, (int, float)) else None
    except OverflowError:  # a whole number of hundreds of digits
        raise OrganisationInvalid("A coordinate is no number of degrees.", remedy="Correct it in the record.") from None


def _rest(record: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"status": record.get("status", "active")}
    if record.get("established"):
        found["established"] = record["established"]
    sites = [item["value"] for item in record.get("links") or () if item.get("type") == "website"]
    if sites and str(sites[0]).startswith(("http://", "https://")):
        found["website"] = str(sites[0]).strip()
    found["registrations"] = [
        {"scheme": item["type"], "value": str(item.get("preferred") or item["all"][0])}
        for item in record.get("external_ids") or ()
        if item.get("type") in _SCHEMES and (item.get("preferred") or item.get("all"))
    ]
    found["relations"] = [
        {"kind": item["type"], "organisation": f"ror:{parse_ror(item['id'])}"}
        for item in record.get("relationships") or ()
        if item.get("type") in _RELATIONS
    ]
    found["nonprofit"] = bool({"nonprofit", "government"} & set(record.get("types") or ()))
    return found
