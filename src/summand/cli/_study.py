"""``summand study``: request, approve, submit, list, show and verify studies. Parses, calls, prints."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._files import as_object, read_object
from summand.cli._print import print_json, print_result, progress, rich_table
from summand.errors import UsageError, from_dict

if TYPE_CHECKING:
    from summand.agreement import SignedAgreement
    from summand.federation import Federation, StudyResult
    from summand.federation._remote import RemoteNetwork
    from summand.study import SignedStudy

study_app = typer.Typer(no_args_is_help=True, add_completion=False)

FederationFile = Annotated[
    Path, typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The hub's federation.json.")
]
Key = Annotated[Path, typer.Option("--key", envvar="SUMMAND_KEY", help="Your private key (PEM).")]
As = Annotated[str | None, typer.Option("--as", help="Your name in the agreement; found by your key if not given.")]
AgreementName = Annotated[
    str | None, typer.Option("--agreement", help="Title or hash; the only one that names you if not given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the study's end.")]
StudyId = Annotated[str, typer.Argument(help="The study's identifier, 32 hexadecimal digits.", metavar="STUDY")]


@study_app.command()
def submit(
    federation: FederationFile,
    key: Key,
    method: Annotated[
        str | None, typer.Argument(help="cox, linear, logistic, km, logrank, describe; or --method or --request.")
    ] = None,
    words: Annotated[
        list[str] | None, typer.Argument(help="The formula, or for describe the columns.", metavar="FORMULA|COLUMNS")
    ] = None,
    person: As = None,
    agreement: AgreementName = None,
    specification: Annotated[
        str | None, typer.Option("--method", help='The method as JSON: {"name": "cox", "formula": …}')
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="pooled, fixed or strata, as the method offers.")] = None,
    ties: Annotated[str | None, typer.Option("--ties", help="For cox: efron or breslow.")] = None,
    dataset: Annotated[
        list[str] | None, typer.Option("--dataset", help="A dataset of the agreement; once for each. All if none.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="Code of a purpose in the agreement; its first if not given.")
    ] = None,
    release_level: Annotated[str, typer.Option("--release-level", help="total or site_level.")] = "total",
    profile: Annotated[str | None, typer.Option("--profile", help="A stricter disclosure profile.")] = None,
    epsilon: Annotated[
        float | None, typer.Option("--epsilon", help="How much of the privacy budget to spend, where there is one.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="What the study is called.")] = "",
    request: Annotated[
        Path | None, typer.Option("--request", help="Submit this signed request file instead of making one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the signed request here, for approvals, and do not submit it.")
    ] = None,
    wait: Wait = False,
    as_json: Json = False,
) -> None:
    """Ask for a study: sign the request and put it before the sites. They decide; see it with 'summand study show'."""
    from summand.federation import connect

    stored = None if request is None else _read_request(request)
    if stored is not None:
        agreement = agreement or stored.request.agreement_hash
    with connect(federation, key=key, person=person, agreement=agreement) as found:
        if stored is None:
            spec = _specification(method, words or [], specification, site, ties)
            stored = found.request(
                spec, dataset or None, _purpose(found, purpose), release_level, profile, title, epsilon
            )  # fmt: skip
        if out is not None:
            _write_request(out, stored, new=True)
            told = {"study": stored.request.study_id, "request_hash": stored.hash}
            print_json(told) if as_json else typer.echo(
                f"Wrote {out}. Next: summand study approve {out}, then: summand study submit --request {out}"
            )
            return
        network: Any = found.network
        identifier = network.send(stored)
        if not wait:
            told = {"study": identifier, "request_hash": stored.hash}
            print_json(told) if as_json else typer.echo(
                f"{identifier}\nThe sites decide now. See it with: summand study show {identifier} --wait"
            )
            return
        print_result(_wait(found, identifier), as_json=as_json, plot=None)


@study_app.command("list")
def list_studies(federation: FederationFile, key: Key, as_json: Json = False) -> None:
    """List the federation's studies, oldest first."""
    network = _network(federation, key)
    try:
        studies = network.studies()
    finally:
        network.close()
    if as_json:
        print_json({"studies": studies})
        return
    from rich.console import Console

    rows = [
        [item["study"], item["status"], item["requester"], str(item["method"].get("name")), item["title"]]
        for item in studies
    ]
    Console(highlight=False).print(rich_table("", ("study", "status", "requester", "method", "title"), rows))


@study_app.command()
def show(study: StudyId, federation: FederationFile, key: Key, wait: Wait = False, as_json: Json = False) -> None:
    """Show a study: where it stands, what the sites decided, and its result."""
    from summand.errors import ResultSealed
    from summand.federation import StudyResult, open_shown
    from summand.signing import PrivateKey

    network = _network(federation, key)
    try:
        if wait:
            with progress(lambda: "Waiting for the study's end", quiet=as_json):
                network.wait(study)
        shown = network.show(study)
        title = network.agreements().get(shown["agreement"], shown["agreement"])
        _require_witnesses(network, shown)
    finally:
        network.close()
    with suppress(
        ResultSealed
    ):  # another's result: where it stands and what the sites decided is to be seen all the same
        shown = open_shown(shown, PrivateKey.load(key))
    if as_json:
        print_json(shown)
        return
    typer.echo(
        f"{shown['study']}  {shown['status']}, round {shown['round']}: '{shown['title']}' by {shown['requester']}"
    )
    if shown["error"] is not None:
        for refusal in shown["error"].get("refusals", []):
            for reason in refusal["reasons"]:
                clause = f" (clause {reason['clause']})" if reason.get("clause") else ""
                typer.echo(f"  {refusal['site']}: {reason['message']}{clause} {reason['remedy']} [{reason['code']}]")
        raise from_dict(shown["error"])
    standing = shown["awaiting_witnesses"]
    if standing is not None:
        found = ", ".join(standing["witnesses"]) or "none"
        typer.echo(
            f"  The result is awaiting witnesses: {standing['quorum']} sites must cosign the ledger; yet: {found}."
        )
    if shown["result"] is not None:
        print_result(StudyResult.from_shown(shown, title), as_json=False, plot=None)
    elif "sealed" in shown:
        typer.echo(f"The result is sealed to {shown['requester']}: the agreement's hub reads none.")


@study_app.command()
def approve(
    request: Annotated[Path, typer.Argument(help="A signed request file from 'summand study submit --out'.")],
    key: Key,
    person: Annotated[str, typer.Option("--as", help="Your name as the agreement writes it.")],
) -> None:
    """Read a request aloud and add your signed approval to its file."""
    from summand.encoding import dump
    from summand.signing import PrivateKey

    study = _read_request(request)
    asked = study.request
    typer.echo(f"{asked.requester} asks for '{asked.title}' under the agreement {asked.agreement_hash[:16]}…")
    typer.echo(f"Method: {dump(dict(asked.method)).decode()}")
    typer.echo(f"Data: {', '.join(asked.datasets)}; purpose {asked.purpose.get('code')}; level {asked.release_level}")
    _write_request(request, study.approved_by(person, PrivateKey.load(key)), new=False)
    typer.echo(f"{person} approves. {request} carries {len(study.approvals) + 1} approvals now.")


@study_app.command()
def verify(
    study: StudyId,
    federation: FederationFile,
    key: Annotated[
        Path | None, typer.Option("--key", envvar="SUMMAND_KEY", help="To fetch from the hub what is not given here.")
    ] = None,
    replica: Annotated[
        Path | None,
        typer.Option("--replica", help="A ledger's folder; the hub's whole ledger is fetched if not given."),
    ] = None,
    agreement: Annotated[
        Path | None, typer.Option("--agreement", help="The signed agreement (*.signed.json); fetched if not given.")
    ] = None,
    result: Annotated[
        Path | None, typer.Option("--result", help="A result (JSON) to compare with the one in the ledger.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a whole ledger, then everything it holds about one study; with --replica and --agreement without a hub."""
    from summand.federation._evidence import agreement_of, released_hash, verify_study

    entries, root, origin = _entries(federation, replica, key)
    signed = _agreement(federation, agreement, key, agreement_of(study, entries))
    evidence = verify_study(study, entries, signed, origin)
    compared = None if result is None else released_hash(read_object(result), evidence)
    if as_json:
        found = {"leaves": len(entries), "root_hash": root, "compared_result_sha256": compared}
        print_json({**evidence.to_dict(), **found})
        return
    typer.echo(f"The ledger of {origin} verifies: {len(entries)} leaves, root hash {root}.")
    for leaf, text in evidence.steps:
        typer.echo(f"  {'' if leaf is None else leaf:>6}  {text}")
    if compared is not None:
        typer.echo(f"{result} is the released result: its hash is {compared}.")
    typer.echo(f"Proved: the study's outcome is '{evidence.outcome}'.")


# ── what the commands share ──────────────────────────────────────────────────────────────────────────────────────────
def _network(federation: Path, key: Path) -> RemoteNetwork:
    from summand.federation._remote import RemoteNetwork, analyst_key, describe
    from summand.transport import HubClient

    return RemoteNetwork(HubClient(describe(federation), analyst_key(key)))


def _require_witnesses(network: RemoteNetwork, shown: dict[str, Any]) -> None:
    """Take the result out of what is shown where it does not count as released yet; the hub is not asked whether it does."""
    from summand.errors import AwaitingWitnesses
    from summand.federation._released import require_released

    if shown["status"] == "released":
        try:
            require_released(network, shown, network.agreement(shown["agreement"]).agreement)
        except AwaitingWitnesses:
            shown.pop("sealed", None)
            shown["result"] = None
            shown["awaiting_witnesses"] = shown["awaiting_witnesses"] or {"quorum": None, "witnesses": []}


def _wait(found: Federation, study: str) -> StudyResult:
    network: Any = found.network
    with progress(lambda: "Waiting for the sites"):
        network.wait(study)
    return found.result(study)


def _specification(
    method: str | None, words: list[str], given: str | None, site: str | None, ties: str | None
) -> dict[str, Any]:
    if (method is None) == (given is None):
        raise UsageError("One method is expected.", remedy="Write: study submit cox 'Surv(time, status) ~ age'")
    if given is not None:
        return as_object(given.encode(), "--method")
    spec: dict[str, Any] = {"name": method, **({"site": site} if site else {}), **({"ties": ties} if ties else {})}
    if method == "describe":
        return {**spec, "columns": words}
    if len(words) != 1:
        raise UsageError(f"The method '{method}' takes one formula.", remedy="Put the formula in quotes.")
    return {**spec, "formula": words[0]}


def _purpose(found: Federation, code: str | None) -> dict[str, Any] | None:
    if code is None:
        return None
    for purpose in found.agreement.purpose.purposes:
        if code == purpose.code:
            return {"system": purpose.system, "code": purpose.code, "text": purpose.text}
    return {"system": "other", "code": code, "text": code}  # the sites will say which clause forbids it


def _read_request(path: Path) -> SignedStudy:
    from summand.study import SignedStudy

    return SignedStudy.from_dict(read_object(path))


def _write_request(path: Path, study: SignedStudy, *, new: bool) -> None:
    from summand.encoding import dump

    try:
        if new and path.exists():
            raise UsageError(f"{path} is there already.", remedy="Choose another name with --out.")
        draft = path.with_name(path.name + ".draft")
        draft.write_bytes(dump(study.to_dict()))
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", remedy="Check the path.") from None


def _entries(federation: Path, replica: Path | None, key: Path | None) -> tuple[list[bytes], str, str]:
    if replica is not None:
        from summand.cli._ledger import verified
        from summand.ledger import read_entries

        path, report = verified(replica, federation)
        require_no_alarm(path)
        return read_entries(path, report), report.root_hash.hex(), report.origin
    network = _network(federation, _needed(key, "--replica"))
    try:
        found = network.replica()
        return list(found.entries()), found.root.hex(), network.origin
    finally:
        network.close()


def require_no_alarm(ledger: Path) -> None:
    """Refuse a site's replica beside which an alarm lies: the site was shown two histories."""
    from summand.site._alarm import ALARM, Alarm

    alarm = Alarm.load(ledger.parent / ALARM)
    if alarm is not None:
        raise alarm.error()


def _agreement(federation: Path, file: Path | None, key: Path | None, digest: str) -> SignedAgreement:
    from summand.agreement import load_signed

    if file is None:
        network = _network(federation, _needed(key, "--agreement"))
        try:
            return network.agreement(digest)
        finally:
            network.close()
    signed = load_signed(file)
    if signed.agreement.hash != digest:
        raise UsageError(
            f"{file.name} is not the agreement of the study.", remedy=f"Give the one with the hash {digest}."
        )
    return signed


def _needed(key: Path | None, option: str) -> Path:
    if key is None:
        raise UsageError(f"Without {option} the hub is asked, as a person of an agreement.", remedy="Give --key.")
    return key
