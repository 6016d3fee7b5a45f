"""``summand site``: set up a site, accept agreements, check the data, serve."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.site._folder import SiteFolder

site_app = typer.Typer(no_args_is_help=True, add_completion=False)
Folder = Annotated[Path, typer.Argument(help="The site's folder.")]


@site_app.command("init")
def init(
    folder: Folder,
    federation: Annotated[Path, typer.Option(help="The federation.json that the hub's operator handed out.")],
    fingerprint: Annotated[str, typer.Option(help="Its fingerprint, as compared by telephone or letter.")],
    party: Annotated[str, typer.Option(help="Your organisation's identifier in the agreement.")],
    party_key: Annotated[Path, typer.Option(help="Your organisation's private key; used once, not stored.")],
    data: Annotated[list[str], typer.Option(help="DATASET=FILE; relative files are looked up in the folder.")],
    opt_out: Annotated[list[str] | None, typer.Option(help="DATASET=FILE of people who opted out.")] = None,
) -> None:
    """Set up a site, with a service key certified by your organisation's key."""
    from summand.signing import PrivateKey
    from summand.site._folder import DataFile, SiteFolder
    from summand.transport import FederationDescription

    left_out = _pairs(opt_out or [])
    files = {name: DataFile(path, left_out.get(name)) for name, path in _pairs(data).items()}
    made = SiteFolder.create(
        folder, party=party, party_key=PrivateKey.load(party_key),
        federation=FederationDescription.load(federation), fingerprint=fingerprint, files=files,
    )  # fmt: skip
    typer.echo(f"Site {made.site} of {made.federation.origin} is set up. Next: summand site accept {folder} AGREEMENT")


@site_app.command("accept")
def accept(
    folder: Folder,
    agreement: Annotated[Path, typer.Argument(help="A fully signed agreement (*.signed.json).")],
) -> None:
    """Take a signed agreement as this site's own copy: only what is accepted here is in force here."""
    from summand.agreement import load_signed
    from summand.site._folder import SiteFolder

    signed = load_signed(agreement)
    SiteFolder(folder).accept(signed)
    typer.echo(f"'{signed.agreement.title}' is in force at this site. Read it with: summand agreement show {agreement}")


@site_app.command("check")
def check(folder: Folder, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Check the site's files against the agreements' dictionaries; details are for this site's eyes."""
    from summand.encoding import dump
    from summand.site._folder import SiteFolder

    made = SiteFolder(folder)
    found: dict[str, Any] = {}
    for name, source in made.sources(made.agreements()).items():
        report = source.check()
        findings = [
            {
                "code": item.code,
                "column": item.column,
                "rows": item.rows,
                "severity": item.severity,
                "message": item.message,
            }
            for item in report.findings
        ]
        found[name] = {**report.summary(), "findings": findings}
        if not as_json:
            typer.echo(f"{name}: {'passed' if report.passed else 'FAILED'}, {report.rows} rows, {report.people} people")
            for item in report.findings:
                typer.echo(f"  {item.severity}: {item.message} {item.remedy}")
    if not found:
        raise UsageError("No accepted agreement covers a file of this site.", remedy="Run 'summand site accept' first.")
    if as_json:
        typer.echo(dump(found).decode())
    if not all(item["passed"] for item in found.values()):
        raise typer.Exit(12)


@site_app.command("budget")
def budget(folder: Folder, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show the privacy budget of the site's datasets: what each study cost, and what is left."""
    from summand.encoding import dump
    from summand.site._balance import balances
    from summand.site._folder import SiteFolder

    found = balances(SiteFolder(folder))
    if not found:
        raise UsageError("No accepted agreement has a privacy budget for data of this site.", remedy="See clause E.")
    if as_json:
        typer.echo(dump({"budgets": found}).decode())
        return
    for row in found:
        typer.echo(
            f"{row['dataset']} under '{row['title']}': epsilon {row['epsilon_spent']:.3g} of {row['epsilon']:g} spent "
            f"(delta {row['delta']:g}, since {row['since']}); rho left {row['rho_left']:.4g} of {row['rho']:.4g}"
        )
        for study in row["studies"]:
            state = "over" if study["over"] else "reserved"
            typer.echo(
                f"  {study['at']}  {study['study']}  epsilon {study['epsilon']:.3g}  rho {study['rho']:.4g}  "
                f"{study['committed']} of {study['rounds']} rounds committed  {state}"
            )


@site_app.command("status")
def status(folder: Folder, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show where the site's copy of the ledger stands, what it cosigned, and every alarm it knows. Exit 15 at its own."""
    from summand.encoding import dump
    from summand.site._folder import SiteFolder
    from summand.site._status import status_of

    found = status_of(SiteFolder(folder))
    if as_json:
        typer.echo(dump(found).decode())
    else:
        typer.echo(
            f"Site {found['site']} of {found['origin']}: {found['leaves']} leaves, root hash {found['root_hash']}"
        )
        typer.echo(f"Last cosigned at {found['cosigned_size']} leaves, as {found['verifier_key']}")
        for alarm in found["alarms"]:
            typer.echo(f"ALARM of {alarm['site']} at {alarm['at']}: {alarm['reason']}")
            typer.echo(f"held:\n{alarm['held']}\nshown:\n{alarm['shown']}")
    if found["own_alarm"]:
        raise typer.Exit(15)


@site_app.command("serve")
def serve(folder: Folder) -> None:
    """Run the site: outbound connections only, until interrupted."""
    import logging

    from summand.site._folder import SiteFolder
    from summand.site._service import SiteService

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    service = SiteService(SiteFolder(folder))

    def leave(*_: object) -> None:
        service.stopped = True
        raise SystemExit(0)  # what was handled is stored and what was not will be handed over again

    signal.signal(signal.SIGTERM, leave)
    service.serve(lambda: typer.echo(f"Site {service.folder.site} is connected to {service.folder.federation.origin}"))


@site_app.command("stop")
def stop(
    folder: Folder,
    reason: Annotated[str, typer.Option(help="Why, in words; it stands in the ledger.")],
    agreement: Annotated[
        str, typer.Option(help="Stop the studies of this agreement alone: its hash, or the beginning of it.")
    ] = "",
) -> None:
    """Stop this site at once, for running studies too: it answers nothing until 'summand site resume'."""
    from summand.site._folder import SiteFolder
    from summand.site._stop import post, stop_statement

    made = SiteFolder(folder)
    switch = made.stop
    only = made.agreement_hash(agreement) if agreement else ""
    order = switch.order(reason, only)  # first of all: whatever goes wrong after this, the site is stopped
    for digest in [only] if only else made.agreements():
        post(folder, stop_statement(made.site, made.party, digest, made.key(), order))
    typer.echo(f"Site {made.site} is stopped since {order.at}: {order.reason}")
    typer.echo(_told(made))


@site_app.command("resume")
def resume(
    folder: Folder,
    agreement: Annotated[str, typer.Option(help="Lift the stop of this agreement alone.")] = "",
) -> None:
    """Lift the stop of this site; studies that it ended stay ended."""
    from summand.site._folder import SiteFolder
    from summand.site._stop import post, stop_statement

    made = SiteFolder(folder)
    switch = made.stop
    only = made.agreement_hash(agreement) if agreement else ""
    if not switch.lift(only):
        raise UsageError("There is no such stop.", remedy="See the file 'stop.json' in the site's folder.")
    for digest in [only] if only else made.agreements():
        post(folder, stop_statement(made.site, made.party, digest, made.key(), None))
    left = switch.orders()
    typer.echo(f"{len(left)} stop(s) still in force." if left else f"Site {made.site} answers studies again.")
    typer.echo(_told(made))


def _told(made: SiteFolder) -> str:
    """Tell the hub now, if it can be reached; its service does otherwise, as soon as it can."""
    from summand.errors import SummandError
    from summand.site._stop import posted
    from summand.transport import HubClient

    client = HubClient(made.federation, made.key(), timeout_seconds=10)
    try:
        for address, file in posted(made.path):
            client.put(address, file.read_bytes())
            file.unlink(missing_ok=True)
    except (SummandError, OSError):
        return "The hub was not told yet; the site's service tells it once it can be reached."
    finally:
        client.close()
    return "The ledger holds it."


def _pairs(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UsageError(
                f"'{text[:80]}' is not DATASET=FILE.", remedy="Write the dataset's identifier, '=', a file."
            )
        found[name] = value
    return found
