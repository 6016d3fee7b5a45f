"""``summand settlement``: who is paid what, to the cent. Parses, calls the room, prints."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._print import print_json, rich_table
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.sharing.shared_savings import MemberPart, Review

settlement_app = typer.Typer(no_args_is_help=True, add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_SHOWN_MAX = 20


@settlement_app.callback()
def settlement() -> None:
    """Work out who is paid what, to the cent."""


@settlement_app.command()
def mssp(
    file: Annotated[Path, typer.Argument(help="CMS's CSV of financial and quality results of a performance year.")],
    aco: Annotated[list[str] | None, typer.Option("--aco", help="Only this ACO, by its ID; once for each.")] = None,
    member: Annotated[
        list[str] | None, typer.Option("--member", help="NAME=WEIGHT: split one ACO's payment so; once for each.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Settle Medicare Shared Savings anew for every ACO of a year, beside what was published."""
    from summand.encoding import sha256_hex
    from summand.sharing.shared_savings import read_published, review, to_members

    content = read_bytes(file)
    found = [review(row) for row in read_published(_text(content, file)) if not aco or row.aco_id in aco]
    absent = set(aco or ()) - {item.published.aco_id for item in found}
    if absent:
        raise UsageError(f"The file has no ACO {', '.join(sorted(absent))}.", remedy="Give IDs such as A1001.")
    if member and len(found) != 1:
        raise UsageError("Members are those of one ACO.", remedy="Name it with --aco.")
    members = to_members(found[0].outcome.payment_cents, weights_of(member)) if member else ()
    if as_json:
        head = {"source": {"file": file.name, "sha256": sha256_hex(content)}, "summary": _summary(found)}
        parts = [part.__dict__ for part in members]
        print_json({**head, "acos": [item.to_dict() for item in found], "members": parts})
        return
    _print(found, members, in_detail=bool(aco))


@settlement_app.command()
def split(
    file: Annotated[
        Path,
        typer.Argument(help='What each coalition gains or costs, in cents: {"kind": "cost", "values": {"a+b": 9}}.'),
    ],
    rule: Annotated[str, typer.Option("--rule", help="shapley or nucleolus.")] = "shapley",
    as_json: AsJson = False,
) -> None:
    """Split a gain or a cost by what every coalition could do alone, and say which of them would rather leave."""
    from summand.cli._files import read_object
    from summand.sharing.games import Game, nucleolus, shapley

    rules = {"shapley": shapley, "nucleolus": nucleolus}
    if rule not in rules:
        raise UsageError(f"There is no rule '{rule}'.", remedy=f"Use --rule {' or '.join(rules)}.")
    found = rules[rule](Game.from_dict(read_object(file)))
    if as_json:
        print_json(found.to_dict())
        return
    rows = [[name, dollars(found.cents[name]), str(part)] for name, part in found.parts.items()]
    typer.echo(f"{dollars(found.game.whole)} split by {rule}.")
    for name, amount, exact in rows:
        typer.echo(f"  {name}  {amount}  (exactly {exact} cents)")
    typer.echo("No coalition would do better alone." if found.is_in_core else "These would do better alone:")
    for item in found.objections[:_SHOWN_MAX]:
        typer.echo(f"  {' and '.join(item.coalition)}: by {float(item.advantage) / 100:,.2f}")


def read_bytes(path: Path) -> bytes:
    """The content of a file that the command was given.

    Raises:
        UsageError: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None


def _text(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        from summand.errors import SourceUnreadable

        raise SourceUnreadable(f"{path.name} is not text in UTF-8.", remedy="Give the publisher's CSV.") from None


def weights_of(given: list[str] | None) -> dict[str, int]:
    """``NAME=WEIGHT`` options as weights.

    Raises:
        UsageError: if one is malformed, named twice, or not a whole number of at least 0.
    """
    found: dict[str, int] = {}
    for item in given or ():
        name, _, weight = item.rpartition("=")
        if not name or name in found or not (weight.isascii() and weight.isdecimal()) or len(weight) > 15:
            raise UsageError(f"'{item}' is no weight.", remedy="Write each member once, as NAME=WEIGHT: clinic=3")
        found[name] = int(weight)
    return found


def dollars(cents: int) -> str:
    """An amount for people: 1,234.56."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def _summary(found: list[Review]) -> dict[str, Any]:
    payments = [item.outcome.payment_cents for item in found]
    verdicts = Counter(item.verdict for item in found)
    return {
        "acos": len(found), "paid": sum(cents > 0 for cents in payments), "owing": sum(cents < 0 for cents in payments),
        "paid_cents": sum(cents for cents in payments if cents > 0),
        "owed_cents": -sum(cents for cents in payments if cents < 0),
        "minimum_rates_agree": sum(item.minimum_rate_agrees for item in found), "verdicts": dict(sorted(verdicts.items())),
        "largest_difference_cents": max((abs(i.difference_cents) for i in found if i.verdict == "agrees"), default=0),
    }  # fmt: skip


def _print(found: list[Review], members: tuple[MemberPart, ...], *, in_detail: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    told = _summary(found)
    if in_detail:
        for item in found:
            console.print(rich_table(f"{item.published.aco_id} {item.published.name}", ("", "amount"), _lines(item)))
    else:
        typer.echo(
            f"{told['acos']} ACOs: {told['paid']} are paid {dollars(told['paid_cents'])}, {told['owing']} owe "
            f"{dollars(told['owed_cents'])} (US dollars). Minimum rates as published: {told['minimum_rates_agree']}."
        )
        for verdict, count in told["verdicts"].items():
            typer.echo(f"{count:>5}  {verdict}")
        others = [item for item in found if item.verdict != "agrees"]
        rows = [
            [i.published.aco_id, i.published.year.track, dollars(i.outcome.payment_cents),
             dollars(i.published.payment_cents), i.verdict] for i in others[:_SHOWN_MAX]
        ]  # fmt: skip
        if rows:
            console.print(rich_table("Not as published", ("ACO", "track", "formula", "published", "why"), rows))
        typer.echo("Add --aco ID for the steps of one ACO, --json for all.")
    if members:
        rows = [[part.member, str(part.weight), dollars(part.cents)] for part in members]
        console.print(rich_table("To the members", ("member", "weight", "amount"), rows))


def _lines(item: Review) -> list[list[str]]:
    year, out = item.published.year, item.outcome
    rows = [
        ["track", year.track],
        ["assigned beneficiaries", f"{year.beneficiary_count:,}"],
        ["updated benchmark", dollars(year.benchmark_cents)],
        ["spending", dollars(year.spending_cents)],
        ["benchmark less spending", dollars(out.savings_cents)],
        [f"minimum, {float(out.minimum_rate):.2%} of the benchmark", dollars(out.minimum_cents)],
        ["so the year is", out.kind],
    ]
    if out.final_rate is not None and out.limit_cents is not None:
        after = "after sequestration of 2 %" if out.savings_cents > 0 else "before the limit"
        known = "" if out.limit_is_known else ", as far as known without participants' revenue"
        rows += [
            [f"at {float(out.final_rate):.2%}, {after}", dollars(out.before_limits_cents)],
            [f"limit{known}", dollars(out.limit_cents)],
            ["relief for extreme circumstances", dollars(out.disaster_cents)],
        ]
    rows += [["payment", dollars(out.payment_cents)], ["published", dollars(item.published.payment_cents)]]
    return [*rows, ["compared", item.verdict]]
