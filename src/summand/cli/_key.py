"""``summand key``: make a key, show its public half, lock its file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.errors import UsageError
from summand.signing import PrivateKey, passphrase_from_file

key_app = typer.Typer(no_args_is_help=True, add_completion=False)
Lock = Annotated[bool, typer.Option("--lock", help="Ask for a passphrase and write the key under it.")]


@key_app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="Where to write the private key (PEM); never overwritten.")],
    lock: Lock = False,
) -> None:
    """Make an Ed25519 key; print the public half as agreements name it."""
    key = PrivateKey.generate()
    key.save(file, _new_passphrase() if lock else None)
    typer.echo(key.public.text)


@key_app.command("show")
def show(file: Annotated[Path, typer.Argument(help="A private key (PEM).")]) -> None:
    """Print a key's public half and its fingerprint."""
    public = PrivateKey.load(file).public
    typer.echo(public.text)
    typer.echo(public.fingerprint)


@key_app.command("lock")
def lock_file(
    file: Annotated[Path, typer.Argument(help="A private key (PEM), locked or not.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write it under the new passphrase; never overwritten.")],
) -> None:
    """Write a key anew under a passphrase: from the file that the environment names, else asked for."""
    key = PrivateKey.load(file)
    given = passphrase_from_file()
    key.save(out, _new_passphrase() if given is None else given)
    typer.echo(
        f"{out} is locked. Once it opens, destroy {file}: its content stays on the disk until it is overwritten."
    )


def _new_passphrase() -> bytes:
    first = str(typer.prompt("New passphrase", hide_input=True))
    if first != str(typer.prompt("Once more", hide_input=True)):
        raise UsageError("The two passphrases differ.", remedy="Type the same one twice.")
    return first.encode()
