"""``summand evidence``: the pack for regulators, ethics boards and funders. Parses, calls the room, prints."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._files import read_object, write_new
from summand.cli._ledger import FederationFile, verified
from summand.cli._print import print_json
from summand.errors import AwaitingWitnesses, UsageError

if TYPE_CHECKING:
    from summand.agreement import SignedAgreement
    from summand.evidence import LedgerCopy
    from summand.federation._remote import RemoteNetwork

evidence_app = typer.Typer(no_args_is_help=True, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@evidence_app.command()
def pack(
    federation: FederationFile,
    agreement: Annotated[
        Path, typer.Option("--agreement", help="The signed agreement (*.signed.json), current version.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The zip to write; never over a file that is there.")],
    ledger: Annotated[
        Path | None, typer.Argument(help="A ledger's folder, such as a site's 'replica'; without one the hub is asked.")
    ] = None,
    earlier: Annotated[
        list[Path] | None, typer.Option("--earlier", help="An earlier signed version, the oldest first; once for each.")
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option("--study", help="Only this study; once for each. All if none is named.")
    ] = None,
    result: Annotated[
        list[Path] | None,
        typer.Option("--result", help="A released result, as 'study show --json' prints it; once for each."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", envvar="SUMMAND_KEY", help="To ask the hub, and to open results sealed to this key."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="The clock of registers: 2026-05-01T00:00:00+00:00; else the last entry's."),
    ] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="Also inventions, threads and tasks, which partners keep to themselves.")
    ] = False,
    pdfs: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Whether to set documents as PDF.")] = True,
    as_json: Json = False,
) -> None:
    """Write the evidence of a partnership as one zip, from a ledger's folder with the hub dead, or from the hub."""
    from summand.agreement import load_signed
    from summand.evidence import build_pack, read_pack, verify_pack
    from summand.signing import PrivateKey

    versions = [load_signed(file) for file in (*(earlier or ()), agreement)]
    results = [read_object(file) for file in result or ()]
    secret = None if key is None else PrivateKey.load(key)
    clock = _clock(at)
    if ledger is None:
        copy, fetched = _from_hub(federation, key, versions, study, {str(one.get("study")) for one in results})
        results += fetched
    else:
        copy = _from_folder(ledger, federation)
    data = build_pack(
        versions, copy, results, studies=study, key=secret, as_of=clock, internal=internal, pdfs=pdfs
    )  # fmt: skip
    write_new(out, data)
    report, files = verify_pack(data), read_pack(data)
    index = as_object_of(files["pack.json"])
    if as_json:
        print_json({"out": str(out), "bytes": len(data), "files": len(files), **report.to_dict(), "pack": index})
        return
    typer.echo(f"{out}: {len(files)} files, {len(data)} bytes; every byte, signature and proof in it verified.")
    for told in index["studies"]:
        where = {"included": "with its result", "opened": "with its result, opened by this key", "sealed": "as sealed"}
        note = where.get(told["result"], "its result was not given" if told["result_sha256"] else "")
        typer.echo(f"  {told['study']}  {told['outcome']:<12} {told['title']}{f' ({note})' if note else ''}")
    if index["entries_left_out"]:
        typer.echo(f"  {index['entries_left_out']} entries about the agreement are left out.")
    typer.echo("Whoever gets it runs: python -I verify.py")


@evidence_app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A pack as it came, or the folder that it was unpacked in.")],
    as_json: Json = False,
) -> None:
    """Verify every byte, signature and proof of a pack, offline. Exit 15 if one does not hold."""
    from summand.evidence import verify_pack

    report = verify_pack(file)
    if as_json:
        print_json(report.to_dict())
        return
    for fact in report.facts:
        typer.echo(fact)
    typer.echo(f"{len(report.signatures)} signatures hold. Compare these fingerprints by a second channel:")
    for name, digest in report.fingerprints.items():
        typer.echo(f"  {digest}  {name}")
    typer.echo("Verified.")


def as_object_of(data: bytes) -> dict[str, Any]:
    """The object in a file of a verified pack."""
    from summand.cli._files import as_object

    return as_object(data, "pack.json")


def _from_folder(folder: Path, federation: Path) -> LedgerCopy:
    from summand.cli._study import require_no_alarm
    from summand.evidence import LedgerCopy
    from summand.ledger import read_entries
    from summand.transport import FederationDescription

    path, report = verified(folder, federation)
    require_no_alarm(path)
    described = FederationDescription.load(federation)
    return LedgerCopy(described.origin, described.hub_key, report.checkpoint_note, read_entries(path, report))


def _from_hub(
    federation: Path, key: Path | None, versions: list[SignedAgreement], wanted: list[str] | None, given: set[str]
) -> tuple[LedgerCopy, list[dict[str, Any]]]:
    """The hub's ledger, and the released results of the agreement's studies that were not given as files."""
    from summand.evidence import LedgerCopy
    from summand.federation._remote import RemoteNetwork, analyst_key, describe
    from summand.transport import HubClient

    if key is None:
        raise UsageError(
            "Without a ledger's folder the hub is asked, as a person of the agreement.", remedy="Give --key."
        )
    described = describe(federation)
    network = RemoteNetwork(HubClient(described, analyst_key(key)))
    try:
        replica = network.replica()
        copy = LedgerCopy(described.origin, described.hub_key, replica.checkpoint_text, replica.entries())
        by_hash = {signed.agreement.hash: signed for signed in versions}
        ids = [
            str(one["study"]) for one in network.studies()
            if one.get("agreement") in by_hash and one["status"] == "released" and str(one["study"]) not in given
            and (wanted is None or one["study"] in wanted)
        ]  # fmt: skip
        shown = [_released(network, study, by_hash) for study in ids]
        return copy, [one for one in shown if one is not None]
    finally:
        network.close()


def _released(network: RemoteNetwork, study: str, by_hash: dict[str, SignedAgreement]) -> dict[str, Any] | None:
    """A study as the hub shows it, once its release is proved; None while it awaits witnesses."""
    from summand.federation._released import require_released

    shown = network.show(study)
    try:
        require_released(network, shown, by_hash[shown["agreement"]].agreement)
    except AwaitingWitnesses:
        return None
    return shown


def _clock(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(f"'{text[:40]}' is no time with a zone.", remedy="Write it as 2026-05-01T00:00:00+00:00.")
    return found
