"""``summand hub``: make a hub's folder and serve it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.errors import UsageError

hub_app = typer.Typer(no_args_is_help=True, add_completion=False)
Folder = Annotated[Path, typer.Argument(help="The hub's folder.")]


@hub_app.command("init")
def init(
    folder: Folder,
    origin: Annotated[str, typer.Option(help="The federation's name, such as example.org/stroke.")],
    host: Annotated[list[str] | None, typer.Option(help="A name or address under which sites reach the hub.")] = None,
    port: Annotated[int, typer.Option(help="The port it will serve on.")] = 8443,
    database: Annotated[str, typer.Option(help="A database URL; SQLite in the folder if not given.")] = "",
) -> None:
    """Make a hub: its key, its certificates, an empty ledger; print the fingerprint to compare."""
    from summand.hub._folder import HubFolder

    made = HubFolder.create(
        folder, origin=origin, hosts=host or ["localhost", "127.0.0.1"], port=port, database=database
    )
    typer.echo(f"Hand out {folder / 'federation.json'}. Its fingerprint, to be compared by telephone or letter:")
    typer.echo(made.federation().fingerprint)


@hub_app.command("admit")
def admit(
    folder: Folder,
    agreement: Annotated[Path, typer.Argument(help="A fully signed agreement (*.signed.json).")],
) -> None:
    """Take in an agreement that the hub refused from its parties: nobody known signed it, or a party's key changed.

    Compare the parties' fingerprints by telephone or letter first. The hub must not be running.
    """
    from summand.agreement import load_signed
    from summand.hub._folder import HubFolder

    signed = load_signed(agreement)
    HubFolder(folder).convener().put_agreement(signed.envelope.to_dict(), by_operator=True)
    for party in signed.report.parties:
        typer.echo(f"{party.party}: {party.fingerprint}")
    typer.echo(f"'{signed.agreement.title}' is admitted.")


@hub_app.command("serve")
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(help="The port; the one of 'hub init' if not given, 0 for any free one.")
    ] = None,
) -> None:
    """Serve the hub until interrupted; prints its address once it answers."""
    from urllib.parse import urlsplit

    from summand.hub._folder import HubFolder
    from summand.hub._serving import serve_for_ever
    from summand.portal import Portal, open_directory, open_store

    made = HubFolder(folder)
    wanted = urlsplit(made.federation().url).port if port is None else port
    if wanted is None:
        raise UsageError("The hub's description names no port.", remedy="Give --port.")
    store = open_store(folder)

    def ready(url: str) -> None:
        typer.echo(f"The hub answers at {url}")
        typer.echo(f"Its portal: {url}/portal/")

    serve_for_ever(
        made,
        host,
        wanted,
        ready,
        lambda app, convener: Portal(convener, store, directory=open_directory(folder)).add_to(app),
    )
