"""``summand settlement mssp``: a year of Medicare Shared Savings. Parses, calls the room, prints."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._print import print_json, rich_table
from summand.cli.settlement._kit import (
    AsJson,
    Cleared,
    Csv,
    Pdf,
    agreement_in,
    money,
    read_bytes,
    weights_of,
    write_document,
)
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.sharing.shared_savings import MemberPart, Review

_SHOWN_MAX = 20


def mssp(
    file: Annotated[Path, typer.Argument(help="CMS's CSV of financial and quality results of a performance year.")],
    aco: Annotated[list[str] | None, typer.Option("--aco", help="Only this ACO, by its ID; once for each.")] = None,
    member: Annotated[
        list[str] | None, typer.Option("--member", help="NAME=WEIGHT: split one ACO's payment so; once for each.")
    ] = None,
    agreement: Annotated[
        Path | None, typer.Option("--agreement", help="Split one ACO's payment by clause K of this agreement.")
    ] = None,
    cleared: Cleared = None,
    pdf: Pdf = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Settle Medicare Shared Savings anew for every ACO of a year, beside what was published."""
    from summand.encoding import sha256_hex
    from summand.sharing.reports import shared_savings_document
    from summand.sharing.shared_savings import members_of, read_published, review, to_members

    content = read_bytes(file)
    found = [review(row) for row in read_published(_text(content, file)) if not aco or row.aco_id in aco]
    absent = set(aco or ()) - {item.published.aco_id for item in found}
    if absent:
        raise UsageError(f"The file has no ACO {', '.join(sorted(absent))}.", remedy="Give IDs such as A1001.")
    if (member or agreement or pdf or csv) and len(found) != 1:
        raise UsageError("Members and documents are those of one ACO.", remedy="Name it with --aco.")
    members: tuple[MemberPart, ...] = ()
    if agreement:
        members = members_of(agreement_in(agreement), found[0].outcome.payment_cents, tuple(cleared or ()))
    elif member:
        members = to_members(found[0].outcome.payment_cents, weights_of(member))
    source = {"file": file.name, "sha256": sha256_hex(content)}
    words = f"Read from {source['file']}, SHA-256 {source['sha256']}."
    write_document(lambda: shared_savings_document(found[0], members, source=words), pdf, csv)
    if as_json:
        head = {"source": source, "summary": _summary(found)}
        parts = [part.__dict__ for part in members]
        print_json({**head, "acos": [item.to_dict() for item in found], "members": parts})
        return
    _print(found, members, in_detail=bool(aco))


def _text(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        from summand.errors import SourceUnreadable

        raise SourceUnreadable(f"{path.name} is not text in UTF-8.", remedy="Give the publisher's CSV.") from None


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
            f"{told['acos']} ACOs: {told['paid']} are paid {money(told['paid_cents'])}, {told['owing']} owe "
            f"{money(told['owed_cents'])} (US dollars). Minimum rates as published: {told['minimum_rates_agree']}."
        )
        for verdict, count in told["verdicts"].items():
            typer.echo(f"{count:>5}  {verdict}")
        others = [item for item in found if item.verdict != "agrees"]
        rows = [
            [i.published.aco_id, i.published.year.track, money(i.outcome.payment_cents),
             money(i.published.payment_cents), i.verdict] for i in others[:_SHOWN_MAX]
        ]  # fmt: skip
        if rows:
            console.print(rich_table("Not as published", ("ACO", "track", "formula", "published", "why"), rows))
        typer.echo("Add --aco ID for the steps of one ACO, --json for all.")
    if members:
        rows = [[part.member, money(part.cents), part.standing] for part in members]
        console.print(rich_table("To the members", ("member", "amount", ""), rows))


def _lines(item: Review) -> list[list[str]]:
    year, out = item.published.year, item.outcome
    rows = [
        ["track", year.track],
        ["assigned beneficiaries", f"{year.beneficiary_count:,}"],
        ["updated benchmark", money(year.benchmark_cents)],
        ["spending", money(year.spending_cents)],
        ["benchmark less spending", money(out.savings_cents)],
        [f"minimum, {float(out.minimum_rate):.2%} of the benchmark", money(out.minimum_cents)],
        ["so the year is", out.kind],
    ]
    if out.final_rate is not None and out.limit_cents is not None:
        after = "after sequestration of 2 %" if out.savings_cents > 0 else "before the limit"
        known = "" if out.limit_is_known else ", as far as known without participants' revenue"
        rows += [
            [f"at {float(out.final_rate):.2%}, {after}", money(out.before_limits_cents)],
            [f"limit{known}", money(out.limit_cents)],
            ["relief for extreme circumstances", money(out.disaster_cents)],
        ]
    rows += [["payment", money(out.payment_cents)], ["published", money(item.published.payment_cents)]]
    return [*rows, ["compared", item.verdict]]
