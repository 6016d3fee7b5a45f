"""``summand directory``: import, list, show, add, sign, remove, catalogue, match. Parses, calls the room, prints."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from summand.cli._files import read_object, write_new
from summand.cli._print import print_json, rich_table
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.directory import Coalition, Directory, Entry, Match, Organisation

directory_app = typer.Typer(
    name="directory", help="Find partners: organisations, their data and needs.", no_args_is_help=True,
    add_completion=False,
)  # fmt: skip

Where = Annotated[Path, typer.Option("--directory", help="SQLite file of the directory; made if it is not there.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Identifier = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Identifier, such as ror:02qp3tb03.")]
AT = Path("directory.db")


@directory_app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV file, or ROR dump in schema v2 (JSON, or the zip that holds it).")],
    where: Where = AT,
    form: Annotated[str | None, typer.Option("--format", help="csv or ror; by the file's ending if not given.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Take this kind only; may be repeated.")] = None,
    country: Annotated[list[str] | None, typer.Option("--country", help="Take this country only; repeatable.")] = None,
    declared: Annotated[
        bool, typer.Option("--declared", help="The lines are the organisations' own words, not a register's.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take organisations from a file, and report line by line what was wrong. Exit code 2 if a line was refused."""
    from summand.directory import KINDS, OUTCOMES, import_file

    if form not in (None, "csv", "ror"):
        raise UsageError("That is no format of a directory's source.", remedy="Use csv or ror.")
    if set(kind or ()) - set(KINDS):
        raise UsageError("That is no kind of organisation.", remedy=f"Use one of: {', '.join(KINDS)}.")
    report = import_file(
        _open(where, new=True), file, form,  # type: ignore[arg-type]  # checked above
        kinds=frozenset(kind or ()), countries=frozenset(code.upper() for code in country or ()), declared=declared,
    )  # fmt: skip
    if as_json:
        print_json(report.to_dict())
    else:
        for problem in report.problems:
            column = f" [{problem.column}]" if problem.column else ""
            typer.echo(f"{file.name}:{problem.line}:{column} {problem.message} {problem.remedy}")
        told = ", ".join(f"{report.counts[name]:,} {text}" for name, text in OUTCOMES.items() if report.counts[name])
        typer.echo(f"{report.lines:,} lines read: {told or 'nothing in them'}.")
    if report.counts["refused"]:
        raise typer.Exit(UsageError.exit_code)


@directory_app.command(name="list")
def list_(
    where: Where = AT,
    text: Annotated[str, typer.Option("--text", help="Words in names, cities or identifiers.")] = "",
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Kind; may be repeated.")] = None,
    country: Annotated[
        list[str] | None, typer.Option("--country", help="Country, ISO 3166-1; may be repeated.")
    ] = None,
    capability: Annotated[list[str] | None, typer.Option("--capability", help="What it can do.")] = None,
    need: Annotated[list[str] | None, typer.Option("--need", help="What it looks for; 'data' for data.")] = None,
    theme: Annotated[list[str] | None, typer.Option("--theme", help="What its data are about.")] = None,
    category: Annotated[list[str] | None, typer.Option("--category", help="Category of its data.")] = None,
    certificate: Annotated[list[str] | None, typer.Option("--certificate", help="Certificate by name.")] = None,
    standing: Annotated[list[str] | None, typer.Option("--standing", help="registered, declared or signed.")] = None,
    expiry: Annotated[
        str | None, typer.Option("--certificate-expiry", help="expired, 30, 60, 90 (days) or later.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Rows to show, at most 1000.")] = 25,
    offset: Annotated[int, typer.Option("--offset", help="Rows to pass over.")] = 0,
    as_json: Json = False,
) -> None:
    """List organisations, with the counts of every facet."""
    from summand.directory import Query

    asked = {
        "kind": kind, "country": country, "capability": capability, "need": need, "theme": theme,
        "category": category, "certificate": certificate, "standing": standing,
    }  # fmt: skip
    chosen: Mapping[str, tuple[str, ...]] = {name: tuple(values) for name, values in asked.items() if values}
    query = Query(text, chosen, expiry, date.today(), limit, offset)  # type: ignore[arg-type]  # Query refuses others
    page = _open(where).search(query)
    if as_json:
        print_json(page.to_dict())
        return
    rows = [[row.name, row.kind, row.country, row.city or "", row.standing, row.id] for row in page.rows]
    _table(f"{page.total:,} organisations", ("name", "kind", "country", "city", "standing", "identifier"), rows)
    for name, values in page.facets.items():
        if values:
            typer.echo(f"{name}: " + ", ".join(f"{value} {count:,}" for value, count in values[:12]))


@directory_app.command()
def show(organisation: Identifier, where: Where = AT, as_json: Json = False) -> None:
    """Show one organisation, and how its entry is vouched for."""
    entry = _open(where).get(organisation)
    if as_json:
        print_json(entry.to_dict())
        return
    for line in _lines(entry):
        typer.echo(line)


@directory_app.command()
def add(
    file: Annotated[Path, typer.Argument(help="Entry in JSON, or the signed entry that 'directory sign' wrote.")],
    where: Where = AT,
    data: Annotated[
        Path | None, typer.Option("--data", help="HealthDCAT-AP in JSON-LD: the datasets of an unsigned entry.")
    ] = None,
) -> None:
    """Add an organisation's own entry, or put a newer one in its place."""
    from summand.directory import Entry, Organisation, data_assets_from_json_ld, read_signed_entry
    from summand.signing import Envelope

    value = read_object(file)
    if "payload" in value:
        if data is not None:
            raise UsageError("A signed entry cannot be changed.", remedy="Add the datasets to the entry, then sign it.")
        entry = read_signed_entry(Envelope.from_dict(value))
    else:
        if data is not None:
            found = data_assets_from_json_ld(read_object(data))
            value = {**value, "data_assets": [*value.get("data_assets", ()), *(item.to_dict() for item in found)]}
        entry = Entry(Organisation.from_dict(value), "declared")
    _open(where, new=True).put(entry)
    typer.echo(f"{entry.organisation.id} is in {where}: {entry.to_dict()['standing_text']}.")
    if entry.fingerprint:
        typer.echo(f"Compare the key's fingerprint with the organisation: {entry.fingerprint}")


@directory_app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="Entry in JSON that names the key.")],
    key: Annotated[Path, typer.Option("--key", help="PEM file with the organisation's Ed25519 private key.")],
    out: Annotated[Path, typer.Option("--out", help="File to write; never one that is there already.")],
) -> None:
    """Sign an organisation's entry with its key, so that nobody else can change it."""
    from summand.directory import Organisation, sign_entry
    from summand.encoding import canonical
    from summand.signing import PrivateKey

    envelope = sign_entry(Organisation.from_dict(read_object(file)), PrivateKey.load(key))
    write_new(out, canonical(envelope.to_dict()))
    typer.echo(f"Signed: {out}. Next: summand directory add {out}")


@directory_app.command()
def remove(organisation: Identifier, where: Where = AT) -> None:
    """Take an organisation out of this directory."""
    _open(where).remove(organisation)
    typer.echo(f"{organisation} is no longer in {where}.")


@directory_app.command()
def catalogue(organisation: Identifier, where: Where = AT) -> None:
    """Print an organisation's datasets as HealthDCAT-AP in JSON-LD, and say on standard error what they lack."""
    from summand.directory import datasets_to_json_ld, missing_fields

    one = _open(where).get(organisation).organisation
    for asset in one.data_assets:
        lacking = missing_fields(asset)
        if lacking:
            typer.echo(
                f"{asset.id} lacks what a {asset.access_rights} catalogue asks for: {', '.join(lacking)}.", err=True
            )
    print_json(datasets_to_json_ld(one))


@directory_app.command()
def match(
    seeker: Annotated[str, typer.Argument(help="Identifier in the directory, or an entry in a .json file.")],
    where: Where = AT,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only partners of this kind; repeatable.")] = None,
    country: Annotated[list[str] | None, typer.Option("--country", help="Only from this country; repeatable.")] = None,
    size: Annotated[int, typer.Option("--size", help="Most members of a coalition, 1 to 8.")] = 4,
    coalitions: Annotated[int, typer.Option("--coalitions", help="How many coalitions.")] = 3,
    partners: Annotated[int, typer.Option("--partners", help="How many partners to show.")] = 10,
    diseases: Annotated[
        Path | None, typer.Option("--diseases", help="MONDO in OBO form: which disease is a kind of which.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find partners for an organisation's needs, with every reason, and small coalitions that cover them."""
    from summand.agreement import DiseaseTree
    from summand.directory import Query
    from summand.directory import match as match_partners

    directory = _open(where)
    asked = {"kind": tuple(kind or ()), "country": tuple(code.upper() for code in country or ())}
    query = Query(where={name: values for name, values in asked.items() if values})
    one = _seeker(directory, seeker)
    tree = DiseaseTree.read_obo(diseases) if diseases else None
    entries = directory.candidates(one.needs, query)
    found = match_partners(one, entries, date.today(), size=size, count=coalitions, diseases=tree)
    if as_json:
        value = found.to_dict()
        print_json({**value, "partners": value["partners"][:partners]})
        return
    _print_match(found, partners)


def _open(where: Path, *, new: bool = False) -> Directory:
    from summand.directory import Directory

    if not new and not where.is_file():
        raise UsageError(
            f"{where} is no directory.", remedy="Make one: summand directory import FILE --directory PATH."
        )
    if not where.parent.is_dir():
        raise UsageError(f"The folder of {where} is not there.", remedy="Make the folder, or name another.")
    return Directory.at(where)


def _seeker(directory: Directory, text: str) -> Organisation:
    from summand.directory import Organisation

    if text.endswith(".json"):
        return Organisation.from_dict(read_object(Path(text)))
    return directory.get(text).organisation


def _table(title: str, columns: tuple[str, ...], rows: list[list[str]]) -> None:
    from rich.console import Console

    from summand.cli._print import FILE_WIDTH

    Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH).print(rich_table(title, columns, rows))


def _lines(entry: Entry) -> list[str]:
    one, told = entry.organisation, entry.to_dict()
    places = "; ".join(", ".join(filter(None, (place.city, place.country))) for place in one.places)
    lines = [
        f"{one.name} ({one.id})",
        f"{', '.join(one.kinds)}; {places}; {one.status}",
        told["standing_text"].capitalize() + ".",
    ]
    if entry.fingerprint:
        lines.append(f"Key: {entry.fingerprint}")
    lines += [f"Can: {item.code}" + (f" — {item.text}" if item.text else "") for item in one.capabilities]
    lines += [f"Needs ({item.weight} of 5): {item.text}" for item in one.needs]
    for asset in one.data_assets:
        people = f", {asset.unique_individuals:,} people" if asset.unique_individuals is not None else ""
        codes = ", ".join(item.code for item in asset.consent) or "no consent code"
        lines.append(f"Holds: {asset.title}{people}; {asset.access_rights}; {codes}")
    lines += [f"Certificate: {item.name} of {item.issuer}, until {item.expires}" for item in one.certificates]
    lines += [f"Interest: {item.kind} in {item.in_organisation} ({item.text})" for item in one.interests]
    return lines


def _print_match(found: Match, partners: int) -> None:
    typer.echo(f"{found.candidates:,} candidates, {len(found.partners):,} with something that is needed.")
    for need in found.uncoverable:
        typer.echo(f"Nobody listed covers: {need}")
    for partner in found.partners[:partners]:
        blocked = ", ruled out" if partner.is_blocked else ""
        typer.echo(
            f"\n{partner.name} ({partner.id}), {partner.kind}, {partner.country}: {partner.points} points{blocked}"
        )
        lines = [f"+ {item.need}: {'; '.join(item.reasons)}" for item in partner.covers]
        lines += [f"− {item.need}: {'; '.join(item.reasons)}" for item in partner.misses]
        lines += [f"{item.sender} → {item.receiver}: {item.answer}, {item.reason}" for item in partner.transfers]
        lines += [f"! {item.text} {item.remedy}" for item in partner.conflicts]
        typer.echo("\n".join(f"  {line}" for line in lines))
    for number, coalition in enumerate(found.coalitions, 1):
        _print_coalition(number, coalition)


def _print_coalition(number: int, coalition: Coalition) -> None:
    names = ", ".join(member.name for member in coalition.members)
    typer.echo(f"\nCoalition {number}: {names}; {coalition.points} points")
    typer.echo("\n".join(f"  + {reason}" for reason in coalition.reasons))
    for member in coalition.members:
        if member.irreplaceable_for:
            typer.echo(f"  Without {member.name}, nobody here covers: {', '.join(member.irreplaceable_for)}")
    if coalition.uncovered:
        typer.echo(f"  Stays open: {', '.join(coalition.uncovered)}")
    for conflict in coalition.conflicts:
        typer.echo(f"  ! {conflict.text} {conflict.remedy}")
