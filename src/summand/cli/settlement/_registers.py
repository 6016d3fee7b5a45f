"""``summand settlement act, contributions, income, inventions``: what the ledger says. Parses, calls the rooms, prints."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._files import read_object
from summand.cli._ledger import FederationFile, Folder, verified
from summand.cli._print import print_json, rich_table
from summand.cli.settlement._kit import AsJson, Csv, Pdf, agreement_in, money, write_document
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.study import Stated

AgreementFile = Annotated[Path, typer.Option("--agreement", help="The agreement in force, or a *.signed.json file.")]
Earlier = Annotated[
    list[Path] | None, typer.Option("--earlier", help="An earlier version, whose statements count too; once for each.")
]
Day = Annotated[str | None, typer.Option("--at", help="The day, YYYY-MM-DD; today if left out.")]


def act(
    file: Annotated[Path, typer.Argument(help='The act in JSON: {"act": "contribution.delivered", …}.')],
    federation: Annotated[
        Path, typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The hub's federation.json.")
    ],
    key: Annotated[
        Path, typer.Option("--key", envvar="SUMMAND_KEY", help="A person's or a party's private key (PEM).")
    ],
    agreement: Annotated[str | None, typer.Option("--agreement", help="Title or hash, if several name you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign an act about money or inventions and put it into the ledger, where everybody of the federation reads it."""
    from summand.federation import open_desk
    from summand.sharing import ACT_KIND, ACTS, act_document, record_of, require_speaker

    record = record_of(read_object(file), ACTS)
    desk = open_desk(federation, key=key, agreement=agreement)
    try:
        party, role = next(
            ((item.party, str(item.role)) for item in desk.agreement.people if item.name == desk.name),
            (desk.name, "party"),
        )
        require_speaker(record, party, role)
        digest = desk.state(ACT_KIND, act_document(record))
    finally:
        desk.records.close()
    told = {"act": record.act, "party": party, "person": desk.name, "document_sha256": digest}
    print_json(told) if as_json else typer.echo(f"Stated {record.act} for {party}: {digest}")


def acts(
    name: Annotated[str | None, typer.Argument(help="An act, such as contribution.delivered; all if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """The acts that may be stated, by whom, and the fields of each."""
    from summand.sharing import ACTS, act_schema

    if name is not None and name not in ACTS:
        raise UsageError(f"No act is called '{name[:60]}'.", remedy=f"Acts are {', '.join(sorted(ACTS))}.")
    wanted = {act: act_schema(ACTS[act]) for act in sorted(ACTS) if name in (None, act)}
    if as_json:
        print_json({"acts": wanted})
        return
    for act, schema in wanted.items():
        needed = [field for field in schema["required"] if field != "act"]
        others = [field for field in schema["properties"] if field not in schema["required"]]
        about = (ACTS[act].__doc__ or "").split("\n")[0]
        typer.echo(f"{act}: {about}")
        typer.echo(f"    stated by {schema['x-stated-by']}; needs {', '.join(needed)}{_also(others)}")


def _also(fields: list[str]) -> str:
    return f"; may have {', '.join(fields)}" if fields else ""


def contributions(
    ledger: Folder,
    federation: FederationFile,
    agreement: AgreementFile,
    at: Day = None,
    earlier: Earlier = None,
    pdf: Pdf = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """What each partner committed and delivered, grants with their reports, payments: from a verified ledger."""
    from summand.sharing.contributions import contribution_register
    from summand.sharing.reports import contributions_document

    document = agreement_in(agreement)
    found = contribution_register(document, stated_in(ledger, federation, document, earlier), day_of(at))
    write_document(
        lambda: contributions_document(found, agreement_hash=document.hash, checked=ledger_words(ledger, federation)),
        pdf,
        csv,
    )
    if as_json:
        print_json(found.to_dict())
        return
    rows = [
        [line.id, line.party, line.kind, money(line.committed_cents), money(line.delivered_cents), _quantity(line)]
        for line in found.contributions
    ]
    show("Contributions", ("id", "party", "kind", f"committed, {found.currency}", "delivered", "quantity"), rows)
    grants = [
        [g.awarded.id, g.awarded.party, *map(money, (g.awarded.amount_cents, g.received_cents, g.spent_cents, g.left_cents))]
        for g in found.grants
    ]  # fmt: skip
    show("Grants", ("id", "party", "awarded", "received", "spent", "left"), grants)
    payments = [[p.id, p.payer, p.payee, money(p.cents), str(p.due or ""), p.standing] for p in found.payments]
    show("Payments", ("id", "payer", "payee", "amount", "due", ""), payments)
    tell(found.alerts, found.unheeded)


def income(
    ledger: Folder,
    federation: FederationFile,
    agreement: AgreementFile,
    terms: Annotated[
        Path | None, typer.Option("--terms", help="Tiers in full (JSON), to which every party agreed; else clause K.")
    ] = None,
    at: Day = None,
    earlier: Earlier = None,
    pdf: Pdf = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Income of the joint product by period and payee, guards, price and access commitments: from a verified ledger."""
    from summand.federation import goal_verdicts
    from summand.sharing.income import income_register
    from summand.sharing.reports import income_document
    from summand.sharing.waterfall import Waterfall
    from summand.study import read_statements

    document = agreement_in(agreement)
    falls = None if terms is None else Waterfall.from_dict(read_object(terms))
    entries, versions = _entries_in(ledger, federation), _versions(document, earlier)
    stated = read_statements(entries, versions)[0]
    found = income_register(document, stated, falls, day_of(at), goal_verdicts(versions, entries))
    write_document(
        lambda: income_document(found, agreement_hash=document.hash, checked=ledger_words(ledger, federation)),
        pdf,
        csv,
    )
    if as_json:
        print_json(found.to_dict())
        return
    rows = [[p.id, str(p.period.at), money(p.period.gross_cents), f"leaf {p.leaf}"] for p in found.periods]
    show(f"Income, {found.currency}, by {found.terms_from}", ("period", "settled", "gross", "stated at"), rows)
    payees = sorted({*found.paid, *found.held_back, *found.blocked})
    amounts = [
        [name, *(money(by.get(name, 0)) for by in (found.paid, found.held_back, found.blocked))] for name in payees
    ]
    show("So far", ("payee", "paid", "held back", "set aside"), amounts)
    for item in found.true_up:
        if item.gives_back_cents or item.from_reserve_cents or item.is_owed_cents:
            typer.echo(f"{item.payee}: gives back {money(item.gives_back_cents)}, is owed {money(item.is_owed_cents)}.")
    lines = [
        [c.made.id, c.made.party, c.made.kind, str(c.made.limit), str(c.value or ""), c.standing]
        for c in found.commitments
    ]
    show("Commitments", ("id", "party", "kind", "limit", "reported", ""), lines)
    tell((), found.unheeded)


def inventions(
    ledger: Folder,
    federation: FederationFile,
    agreement: AgreementFile,
    at: Day = None,
    earlier: Earlier = None,
    pdf: Pdf = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Background, inventions with their classes and clocks, joint ownership, claims: from a verified ledger."""
    from summand.sharing.inventions import invention_register
    from summand.sharing.reports import inventions_document

    document = agreement_in(agreement)
    found = invention_register(document, stated_in(ledger, federation, document, earlier), day_of(at))
    write_document(
        lambda: inventions_document(found, agreement_hash=document.hash, checked=ledger_words(ledger, federation)),
        pdf,
        csv,
    )
    if as_json:
        print_json(found.to_dict())
        return
    show("Background", ("owner", "what", "reference", "used by"), [
        [line.owner, line.description, line.reference, ", ".join(line.used_by)] for line in found.background
    ])  # fmt: skip
    show("Inventions", ("id", "party", "received", "class", "joint ownership"), [
        [line.disclosed.id, line.disclosed.party, str(line.received), line.decided or line.class_by_agreement,
         "four answers missing" if line.joint_is_missing else "agreed" if line.joint else ""] for line in found.inventions
    ])  # fmt: skip
    show("Clocks", ("invention", "what", "due", "", "rule"), [
        [line.disclosed.id, clock.what, str(clock.due), clock.standing, clock.rule]
        for line in found.inventions for clock in line.clocks
    ])  # fmt: skip
    show("Claims", ("id", "party", "against", "ends", ""), [
        [claim.id, claim.party, claim.against, str(claim.ends), claim.standing] for claim in found.claims
    ])  # fmt: skip
    tell(found.alerts, found.unheeded)


def _quantity(line: Any) -> str:
    return f"{line.delivered_quantity} of {line.quantity} {line.unit}" if line.quantity else ""


def stated_in(folder: Path, federation: Path, agreement: Agreement, earlier: list[Path] | None) -> list[Stated]:
    """What counts as stated about an agreement and its earlier versions in a ledger's folder, once it verifies.

    Raises:
        VerificationError: if the ledger does not hold together.
    """
    from summand.study import read_statements

    return read_statements(_entries_in(folder, federation), _versions(agreement, earlier))[0]


def _entries_in(folder: Path, federation: Path) -> list[tuple[int, dict[str, Any]]]:
    from summand.ledger import read_entries
    from summand.study import whole_entries

    path, report = verified(folder, federation)
    return list(whole_entries(read_entries(path, report)))


def _versions(agreement: Agreement, earlier: list[Path] | None) -> list[Agreement]:
    return [*(agreement_in(item) for item in earlier or ()), agreement]


def ledger_words(folder: Path, federation: Path) -> str:
    """Which ledger a document was made from, in one sentence."""
    report = verified(folder, federation)[1]
    return f"Read from the ledger of {report.origin}: {report.leaf_count} leaves, root hash {report.root_hash.hex()}."


def day_of(text: str | None) -> date | None:
    """A day given as YYYY-MM-DD.

    Raises:
        UsageError: if it is none.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no day.", remedy="Write it as YYYY-MM-DD.") from None


def show(title: str, columns: tuple[str, ...], rows: list[list[str]]) -> None:
    """A table, if it has rows."""
    from rich.console import Console

    if rows:
        Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(rich_table(title, columns, rows))


def tell(alerts: Any, unheeded: Any) -> None:
    """What somebody has to do, and what does not count."""
    for alert in alerts:
        when = f"in {alert.days} days" if alert.days >= 0 else f"{-alert.days} days late"
        typer.echo(f"{alert.party}: {alert.what} ({alert.due}, {when})")
    for item in unheeded:
        typer.echo(f"Leaf {item.leaf} does not count: {item.reason}")
