"""``summand key``: make a key, show its public half."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.signing import PrivateKey

key_app = typer.Typer(no_args_is_help=True, add_completion=False)


@key_app.command("new")
def new(file: Annotated[Path, typer.Argument(help="Where to write the private key (PEM); never overwritten.")]) -> None:
    """Make an Ed25519 key; print the public half as agreements name it."""
    key = PrivateKey.generate()
    key.save(file)
    typer.echo(key.public.text)


@key_app.command("show")
def show(file: Annotated[Path, typer.Argument(help="A private key (PEM).")]) -> None:
    """Print a key's public half and its fingerprint."""
    public = PrivateKey.load(file).public
    typer.echo(public.text)
    typer.echo(public.fingerprint)
