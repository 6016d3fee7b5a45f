"""``summand settlement statement, publish``: who bears what under clause I. Parses, calls the rooms, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.cli._files import read_object
from summand.cli._print import print_json
from summand.cli.settlement._kit import AsJson, Csv, Pdf, agreement_in, money, write_document
from summand.cli.settlement._registers import Day, Earlier, day_of, ledger_words, show, stated_in
from summand.errors import UsageError


def statement(
    agreement: Annotated[Path, typer.Argument(help="The agreement in force, or a *.signed.json file.")],
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="A ledger's folder, for what was delivered; else clause I alone.")
    ] = None,
    federation: Annotated[
        Path | None,
        typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The federation.json of the ledger."),
    ] = None,
    game: Annotated[
        Path | None, typer.Option("--game", help="What every coalition would bear, for shapley and nucleolus (JSON).")
    ] = None,
    at: Day = None,
    earlier: Earlier = None,
    pdf: Pdf = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """What each party delivered and bears under clause I, who pays whom, and where every figure comes from."""
    from summand.sharing import settle
    from summand.sharing.contributions import contribution_register
    from summand.sharing.games import Game
    from summand.sharing.reports import statement_document, statement_sources

    if ledger is not None and federation is None:
        raise UsageError("A ledger is verified by its federation.", remedy="Give --federation federation.json.")
    document = agreement_in(agreement)
    stated, checked = [], ""
    if ledger is not None and federation is not None:
        stated, checked = stated_in(ledger, federation, document, earlier), ledger_words(ledger, federation)
    register = contribution_register(document, stated, day_of(at))
    given = None if game is None else Game.from_dict(read_object(game))
    found = settle(document, game=given, register=register if ledger else None)
    write_document(lambda: statement_document(found, register, agreement_hash=document.hash, checked=checked), pdf, csv)
    if as_json:
        print_json({**found.to_dict(), "agreement": document.hash, "sources": statement_sources(found, register)})
        return
    rows = [
        [p.party, money(p.committed_cents), money(p.delivered_cents), str(p.weight), money(p.share_cents), money(p.balance_cents)]
        for p in found.positions
    ]  # fmt: skip
    title = f"{money(found.total_cents)} {found.currency}, {found.rule} by {found.quantity.name}"
    show(title, ("party", "committed", "delivered", "weight", "bears", "balance"), rows)
    for payment in found.payments:
        typer.echo(f"{payment.payer} pays {payment.payee} {money(payment.cents)} {found.currency}.")
    if found.sample:
        typer.echo("Sample: the amounts of this agreement are invented.")


def publish(
    file: Annotated[Path, typer.Argument(help="A settlement's JSON, as a command printed it with --json.")],
    federation: Annotated[
        Path, typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The hub's federation.json.")
    ],
    key: Annotated[Path, typer.Option("--key", envvar="SUMMAND_KEY", help="Your private key (PEM).")],
    agreement: Annotated[str | None, typer.Option("--agreement", help="Title or hash, if several name you.")] = None,
    study: Annotated[str, typer.Option("--study", help="The study that the settlement rests on.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put a settlement into the ledger, signed, by its hash alone: the document stays with those whom it concerns."""
    from summand.federation import open_desk

    desk = open_desk(federation, key=key, agreement=agreement)
    try:
        digest = desk.state("settlement.statement", read_object(file), study=study, inside=False)
    finally:
        desk.records.close()
    told = {"kind": "settlement.statement", "person": desk.name, "document_sha256": digest}
    print_json(told) if as_json else typer.echo(f"Published by {desk.name}: {digest}")
