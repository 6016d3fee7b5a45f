"""``summand settlement act, contributions``: what the ledger says about money. Parses, calls the rooms, prints."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._files import read_object
from summand.cli._ledger import FederationFile, Folder, verified
from summand.cli._print import print_json, rich_table
from summand.cli.settlement._kit import AsJson, agreement_in, money
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.study import Stated

AgreementFile = Annotated[Path, typer.Option("--agreement", help="The agreement in force, or a *.signed.json file.")]
Day = Annotated[str | None, typer.Option("--at", help="The day, YYYY-MM-DD; today if left out.")]


def act(
    file: Annotated[Path, typer.Argument(help='The act in JSON: {"act": "contribution.delivered", …}.')],
    federation: Annotated[
        Path, typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The hub's federation.json.")
    ],
    key: Annotated[Path, typer.Option("--key", envvar="SUMMAND_KEY", help="Your private key (PEM).")],
    person: Annotated[str | None, typer.Option("--as", help="Your name in the agreement; found by your key.")] = None,
    agreement: Annotated[str | None, typer.Option("--agreement", help="Title or hash, if several name you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign an act about money or inventions and put it into the ledger, where everybody of the federation reads it."""
    from summand.federation import connect
    from summand.sharing import ACT_KIND, ACTS, act_document, record_of, require_speaker

    record = record_of(read_object(file), ACTS)
    with connect(federation, key=key, person=person, agreement=agreement) as found:
        speaker = found.person
        require_speaker(record, speaker.party, speaker.role)
        digest = found.state(ACT_KIND, act_document(record), inside=True)
    told = {"act": record.act, "party": speaker.party, "person": speaker.name, "document_sha256": digest}
    print_json(told) if as_json else typer.echo(f"Stated {record.act} for {speaker.party}: {digest}")


def contributions(
    ledger: Folder, federation: FederationFile, agreement: AgreementFile, at: Day = None, as_json: AsJson = False
) -> None:
    """What each partner committed and delivered, grants with their reports, payments: from a verified ledger."""
    from summand.sharing.contributions import contribution_register

    document = agreement_in(agreement)
    found = contribution_register(document, stated_in(ledger, federation, document), day_of(at))
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


def _quantity(line: Any) -> str:
    return f"{line.delivered_quantity} of {line.quantity} {line.unit}" if line.quantity else ""


def stated_in(folder: Path, federation: Path, agreement: Agreement) -> list[Stated]:
    """What counts as stated in a ledger's folder, once it verifies.

    Raises:
        VerificationError: if the ledger does not hold together.
    """
    from summand.ledger import read_entries
    from summand.study import read_statements, whole_entries

    path, report = verified(folder, federation)
    return read_statements(whole_entries(read_entries(path, report)), [agreement])[0]


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
