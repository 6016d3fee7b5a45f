"""``summand ledger``: verify and show a ledger from its files alone. Parses, calls the room, prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._print import print_json
from summand.errors import PeerProtocolError, UsageError

if TYPE_CHECKING:
    from summand.ledger import Report, VerifierKey

ledger_app = typer.Typer(no_args_is_help=True, add_completion=False)

Folder = Annotated[
    Path, typer.Argument(help="A ledger's folder: a hub's 'ledger', a site's 'replica', or the folder they are in.")
]
FederationFile = Annotated[
    Path,
    typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The federation.json that names the hub's key."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Witnesses = Annotated[
    list[str] | None, typer.Option("--witness", help="Verifier key of another witness than the sites; once for each.")
]


@ledger_app.command()
def verify(folder: Folder, federation: FederationFile, witness: Witnesses = None, as_json: AsJson = False) -> None:
    """Derive every hash again from the entries and check the hub's signature; the hub need not run. Exit 15 if not."""
    report = verified(folder, federation, witness)[1]
    if as_json:
        print_json(report.to_dict())
        return
    typer.echo(f"The ledger of {report.origin} verifies: {report.leaf_count} leaves, {report.file_count} files.")
    typer.echo(f"Root hash {report.root_hash.hex()}")
    if report.extra_files:
        typer.echo(f"Not part of the ledger, and not judged: {', '.join(report.extra_files[:10])}")


@ledger_app.command()
def show(
    folder: Folder,
    federation: FederationFile,
    study: Annotated[str | None, typer.Option("--study", help="Only the entries of this study.")] = None,
    witness: Witnesses = None,
    as_json: AsJson = False,
) -> None:
    """Verify a ledger, then say in plain words what its entries are."""
    from summand.ledger import read_entries
    from summand.study import entry_in_words, whole_entries

    path, report = verified(folder, federation, witness)
    entries = list(whole_entries(read_entries(path, report)))
    wanted = [(leaf, value) for leaf, value in entries if study is None or value.get("study") == study]
    if study is not None and not wanted:
        raise UsageError("The ledger holds nothing about this study.", remedy="Show all entries: leave --study out.")
    if as_json:
        print_json({**report.to_dict(), "entries": [{"leaf": leaf, **value} for leaf, value in wanted]})
        return
    for leaf, value in wanted:
        typer.echo(f"{leaf:>6}  {value.get('at', '')}  {entry_in_words(value)}")
    typer.echo(f"{report.leaf_count} leaves, root hash {report.root_hash.hex()}, verified.")


def verified(folder: Path, federation: Path, witnesses: list[str] | None = None) -> tuple[Path, Report]:
    """The ledger's own folder, and what was found in it.

    Raises:
        VerificationError: if anything stored there is not what the checkpoint commits to.
        UsageError: if there is no ledger.
    """
    from summand.ledger import VerifierKey, verify_directory
    from summand.study import certified_witnesses, whole_entries
    from summand.transport import FederationDescription

    described = FederationDescription.load(federation)
    path = next((item for item in (folder, folder / "ledger", folder / "replica") if _is_ledger(item)), None)
    if path is None:
        raise UsageError(
            f"There is no ledger in {folder}.", remedy="Give the folder that holds 'checkpoint' and 'tile'."
        )
    given = [_witness(text, VerifierKey) for text in witnesses or ()]

    def known(leaves: Sequence[bytes]) -> list[VerifierKey]:
        return [*given, *certified_witnesses((value for _, value in whole_entries(leaves)), described.origin)]

    return path, verify_directory(path, VerifierKey.of_log(described.origin, described.hub_key), known)


def _is_ledger(folder: Path) -> bool:
    return (folder / "checkpoint").exists() or (folder / "tile").is_dir()


def _witness(text: str, kind: Any) -> VerifierKey:
    try:
        found: VerifierKey = kind.from_text(text)
    except PeerProtocolError as error:
        raise UsageError(f"--witness: {error.message}", remedy=error.remedy) from None
    return found
