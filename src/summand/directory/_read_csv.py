"""Organisations in a CSV file: one a line, columns by the names in its header, in any order.

Lists within a cell are separated by semicolons. A certificate is ``name|issuer|expires`` or
``name|issuer|reference|expires``. Commas, semicolons or tabs separate columns, whichever the header uses.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from summand.directory._organisation import Organisation
from summand.directory._report import ImportReport
from summand.directory._ror import parse_ror
from summand.directory._words import KINDS, ROR_KINDS
from summand.errors import OrganisationInvalid, UsageError

Line = dict[str, str]
Fill = Callable[[Line], Any]
ALIASES = {
    "lat": "latitude",
    "lng": "longitude",
    "lon": "longitude",
    "types": "kinds",
    "type": "kinds",
    "kind": "kinds",
}
COLUMNS = (
    "ror_id", "id", "name", "other_names", "kinds", "status", "established", "nonprofit", "country", "city",
    "subdivision", "latitude", "longitude", "website", "capabilities", "needs", "certificates", "lei", "npi", "ccn",
)  # fmt: skip
_YES, _NO = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n", ""})


def read_csv(path: Path, report: ImportReport) -> Iterator[tuple[int, Organisation]]:
    """Every line that can be taken, with its number; what is wrong goes to the report.

    Raises:
        UsageError: if the file cannot be read, or its header lacks what every line needs.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _lines(file, report)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path} cannot be read as CSV in UTF-8 ({type(error).__name__}).", remedy="Save it as CSV, UTF-8."
        ) from None


def _lines(file: TextIO, report: ImportReport) -> Iterator[tuple[int, Organisation]]:
    header = file.readline()
    separator = max(",;\t", key=header.count)
    names = [
        ALIASES.get(name.strip().lower(), name.strip().lower())
        for name in next(csv.reader([header], delimiter=separator), [])
    ]
    _check_header(names, report)
    rows = csv.reader(file, delimiter=separator)
    for cells in rows:
        number = rows.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            _refuse(
                report,
                number,
                "",
                f"The line has {len(cells)} cells; the header has {len(names)}.",
                "Quote cells that hold the separator.",
            )
            continue
        line = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        found = _organisation(line, number, report)
        if found is not None:
            yield number, found


def _check_header(names: list[str], report: ImportReport) -> None:
    if "name" not in names or "country" not in names:
        raise UsageError(
            "The CSV has no header with at least the columns name and country.",
            remedy=f"Name the columns in the first line; known are {', '.join(COLUMNS)}.",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"The header names {twice[0]!r} twice.", remedy="Give each column a name of its own.")
    for name in names:
        if name not in COLUMNS:
            report.note(
                1, name[:60], "The column is not known and is passed over.", f"Known are: {', '.join(COLUMNS)}."
            )


def _refuse(report: ImportReport, line: int, column: str, message: str, remedy: str) -> None:
    report.note(line, column, message, remedy, refused=True)
    report.counts["refused"] += 1


def _organisation(line: Line, number: int, report: ImportReport) -> Organisation | None:
    values: dict[str, Any] = {}
    column = "ror_id"
    try:
        values["id"] = _identifier(line)
        for column, fill in _FILL.items():
            if line.get(column):
                values.update(fill(line))
        column = "country"
        values["places"] = [_place(line, number, report)]
        column = ""
        values.setdefault("kinds", ["other"])
        return Organisation.from_dict(values)
    except OrganisationInvalid as error:
        named = error.field.rsplit(".", 1)[-1] if error.field.startswith("places") else error.field.split(".")[0]
        _refuse(report, number, column or named, error.message, error.remedy)
        return None


def _identifier(line: Mapping[str, str]) -> str:
    if line.get("ror_id"):
        return f"ror:{parse_ror(line['ror_id'])}"
    if line.get("id"):
        return line["id"]
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in line["name"].lower())
    name = "-".join(part for part in kept.split("-") if part)[:50].strip("-")
    if not name:
        raise OrganisationInvalid("The line has no identifier.", remedy="Fill ror_id or id.")
    return f"{name}-{line['country'].lower()}"


def _place(line: Mapping[str, str], number: int, report: ImportReport) -> dict[str, Any]:
    place: dict[str, Any] = {"country": line["country"].upper()}
    place.update({name: line[name] for name in ("city", "subdivision") if line.get(name)})
    degrees = {name: _degrees(line.get(name, ""), most) for name, most in (("latitude", 90), ("longitude", 180))}
    if None not in degrees.values():
        return {**place, **degrees}
    if any(line.get(name) for name in degrees):
        bad = next(name for name, value in degrees.items() if value is None)
        report.note(
            number, bad, "No coordinate in degrees stands there; the organisation is taken without a point on the map.",
            "Write decimal degrees, such as 52.37.",
        )  # fmt: skip
    return place


def _degrees(text: str, most: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -most <= value <= most else None


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _kinds(line: Line) -> dict[str, Any]:
    found = []
    for word in _list(line["kinds"].lower().replace(",", ";")):
        kind = ROR_KINDS.get(word, word)
        if kind not in KINDS:
            raise OrganisationInvalid(
                f"{word[:40]!r} is no kind of organisation.", remedy=f"Use: {', '.join([*KINDS, *ROR_KINDS])}."
            )
        found.append(kind)
    return {"kinds": list(dict.fromkeys(found))}


def _yes_or_no(line: Line) -> dict[str, Any]:
    text = line["nonprofit"].lower()
    if text not in _YES | _NO:
        raise OrganisationInvalid(f"{text[:20]!r} is neither yes nor no.", remedy="Write yes or no.")
    return {"nonprofit": text in _YES}


def _year(line: Line) -> dict[str, Any]:
    if not line["established"].isdecimal():
        raise OrganisationInvalid("The year of foundation is no number.", remedy="Write it as 1998.")
    return {"established": int(line["established"])}


def _needs(line: Line) -> dict[str, Any]:
    return {
        "needs": [{"id": code, "text": code.replace("_", " "), "capability": code} for code in _list(line["needs"])]
    }


def _certificates(line: Line) -> dict[str, Any]:
    found = []
    for text in _list(line["certificates"]):
        parts = [part.strip() for part in text.split("|")]
        if len(parts) not in (3, 4):
            raise OrganisationInvalid(
                f"The certificate {text[:40]!r} is not written name|issuer|expires.",
                remedy="Write for example: ISO 27001|BSI|2027-05-31.",
            )
        found.append(
            {
                "name": parts[0],
                "issuer": parts[1],
                "expires": parts[-1],
                **({"reference": parts[2]} if len(parts) == 4 else {}),
            }
        )
    return {"certificates": found}


def _registrations(line: Line) -> dict[str, Any]:
    return {
        "registrations": [{"scheme": name, "value": line[name]} for name in ("lei", "npi", "ccn") if line.get(name)]
    }


_FILL: dict[str, Fill] = {
    "name": lambda line: {"name": line["name"]},
    "other_names": lambda line: {"other_names": _list(line["other_names"])},
    "kinds": _kinds,
    "status": lambda line: {"status": line["status"].lower()},
    "established": _year,
    "nonprofit": _yes_or_no,
    "website": lambda line: {"website": line["website"]},
    "capabilities": lambda line: {"capabilities": [{"code": code} for code in _list(line["capabilities"])]},
    "needs": _needs,
    "certificates": _certificates,
    "lei": _registrations,
    "npi": _registrations,
    "ccn": _registrations,
}
