"""``summand settlement waterfall``: income down ordered tiers. Parses, calls the room, prints."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from summand.cli._files import read_object
from summand.cli._print import print_json, rich_table
from summand.cli.settlement._kit import AsJson, Cleared, Csv, Pdf, agreement_in, cents_of, money, write_document
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.sharing.waterfall import Distribution, Period, TrueUp, Waterfall

_TERMS = ("tiers", "currency")


def waterfall(
    file: Annotated[Path, typer.Argument(help="Tiers and periods in JSON, or an agreement with its clause K.")],
    gross: Annotated[str | None, typer.Option("--gross", help="Income of one period, such as 1000000.00.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="Day of settlement, YYYY-MM-DD; today if left out.")] = None,
    cleared: Cleared = None,
    trigger: Annotated[
        list[str] | None, typer.Option("--trigger", help="A trigger that is on, such as a goal that is met.")
    ] = None,
    pdf: Pdf = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Send income down the tiers in order: royalties, fees, cost, preferred return, shares; held back or blocked."""
    from summand.sharing.reports import waterfall_document
    from summand.sharing.waterfall import run_all, true_up

    terms, periods = _given(file)
    if gross is not None:
        wanted = {"gross_cents": cents_of(gross), "at": at or datetime.now(UTC).date().isoformat()}
        periods = (*periods, _period({**wanted, "cleared": cleared or [], "triggers": trigger or []}))
    if not periods:
        raise UsageError("There is no income to settle.", remedy="Give --gross, or periods in the file.")
    found = run_all(terms, periods)
    corrected = any(period.corrected_gross_cents is not None for period in periods)
    trued = true_up(terms, periods) if corrected else ()
    write_document(lambda: waterfall_document(periods, found, trued, source=f"Terms from {file.name}."), pdf, csv)
    if as_json:
        print_json(
            {"periods": [item.to_dict() for item in found], "true_up": [item.__dict__ for item in trued],
             "paid_so_far": found[-1].state.paid(), "held_back_so_far": found[-1].state.reserve(),
             "blocked_so_far": found[-1].state.blocked()}
        )  # fmt: skip
        return
    for period, item in zip(periods, found, strict=True):
        _print(period.at, item)
    _print_true_up(trued)


def _given(file: Path) -> tuple[Waterfall, tuple[Period, ...]]:
    from summand.sharing.waterfall import Waterfall, waterfall_of

    if file.suffix in (".yaml", ".yml") or file.name.endswith(".signed.json"):
        return waterfall_of(agreement_in(file)), ()
    fields = read_object(file)
    periods = fields.pop("periods", [])
    if not set(fields) & set(_TERMS):
        return waterfall_of(agreement_in(file)), ()
    if not isinstance(periods, list):
        raise UsageError("The periods are not a list.", remedy="Write them as [{…}, {…}].")
    return Waterfall.from_dict(fields), tuple(_period(item) for item in periods)


def _period(fields: object) -> Period:
    from summand.sharing.waterfall import Period

    return Period.from_dict(fields)


def _print(at: date, item: Distribution) -> None:
    from rich.console import Console

    payees = sorted({name for line in item.lines for name in line.parts})
    rows = []
    for line in item.lines:
        why = line.passed_over or (f"blocked: {', '.join(line.blocked_by)}" if line.blocked_by else "")
        parts = [money(line.parts[name]) if name in line.parts else "" for name in payees]
        rows.append([line.tier, money(line.reached_cents), *parts, why])
    rows.append(["paid now", "", *(money(item.paid.get(name, 0)) for name in payees), ""])
    title = f"{at}: {money(item.gross_cents)} {item.currency}"
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(rich_table(title, ("tier", "reached it", *payees, ""), rows))
    for word, amounts in (("Held back", item.held_back), ("Set aside until cleared", item.blocked)):
        if amounts:
            typer.echo(f"{word}: {', '.join(f'{name} {money(cents)}' for name, cents in sorted(amounts.items()))}.")
    if item.left_cents:
        typer.echo(f"{money(item.left_cents)} was taken by no tier.")


def _print_true_up(trued: tuple[TrueUp, ...]) -> None:
    for item in trued:
        if item.gives_back_cents or item.from_reserve_cents:
            typer.echo(
                f"{item.payee} had {money(item.from_reserve_cents + item.gives_back_cents)} too much: "
                f"{money(item.from_reserve_cents)} comes from what is held for it, {money(item.gives_back_cents)} it gives "
                "back."
            )
        elif item.is_owed_cents:
            typer.echo(f"{item.payee} is owed {money(item.is_owed_cents)} more.")
