"""``summand agreement`` offer, comment, resolve, agree, withdraw, negotiation; and priorities side by side.

A negotiation is a file with one signed act a line; each command reads it, adds an act, and says what follows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._agreement import agreement_app
from summand.cli._files import as_object, read_object, write_new
from summand.cli._print import print_json
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.agreement import Negotiation
    from summand.signing import Envelope

Acts = Annotated[Path, typer.Argument(metavar="NEGOTIATION", help="File of the negotiation: one signed act a line.")]
Party = Annotated[str, typer.Option("--party", help="Short name of the party that acts.")]
Key = Annotated[Path, typer.Option("--key", help="PEM file with the party's Ed25519 private key.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@agreement_app.command()
def offer(
    acts: Acts,
    draft: Annotated[Path, typer.Argument(help="The draft that is offered; the first offer begins the negotiation.")],
    party: Party,
    key: Key,
    note: Annotated[str | None, typer.Option("--note", help="A word to the others.")] = None,
) -> None:
    """Offer a draft, or answer an offer with a counter-offer; an offer after a signature voids it."""
    from summand.agreement import open_negotiation, read_source

    document, now = read_source(draft)[0], datetime.now(UTC)
    if acts.exists():
        before = _read(acts)
        _add(acts, before, before.prepare("offer", party, now, document=document, note=note), key)
    else:
        _add(acts, None, open_negotiation(document, party, now, note or ""), key)


@agreement_app.command()
def comment(
    acts: Acts,
    clause: Annotated[str, typer.Option("--clause", help="Clause that it is about, such as J.foreground_rule.")],
    text: Annotated[str, typer.Option("--text", help="The comment.")],
    party: Party,
    key: Key,
    reply_to: Annotated[int | None, typer.Option("--reply-to", help="Number of the comment that it answers.")] = None,
) -> None:
    """Comment on a clause of what is on the table, or answer a comment."""
    before = _read(acts)
    fields = {"clause": clause, "text": text, "reply_to": reply_to}
    _add(acts, before, before.prepare("comment", party, datetime.now(UTC), **fields), key)


@agreement_app.command()
def resolve(
    acts: Acts, number: Annotated[int, typer.Argument(help="Number of the comment.")], party: Party, key: Key
) -> None:
    """Call a comment of one's own resolved."""
    before = _read(acts)
    _add(acts, before, before.prepare("resolve", party, datetime.now(UTC), comment=number), key)


@agreement_app.command()
def agree(acts: Acts, party: Party, key: Key) -> None:
    """Agree to what is on the table, as it stands."""
    before = _read(acts)
    _add(acts, before, before.prepare("agree", party, datetime.now(UTC), hash=before.offer.hash), key)


@agreement_app.command()
def withdraw(
    acts: Acts, party: Party, key: Key, reason: Annotated[str | None, typer.Option("--reason", help="Why.")] = None
) -> None:
    """Withdraw one's own offer, or a text that was agreed and is not yet in force."""
    before = _read(acts)
    _add(acts, before, before.prepare("withdraw", party, datetime.now(UTC), reason=reason), key)


@agreement_app.command()
def conclude(acts: Acts, party: Party, key: Key) -> None:
    """Sign the text that every party agreed to, within the negotiation."""
    from summand.agreement import Agreement, signing_request
    from summand.encoding import to_base64
    from summand.signing import PrivateKey

    before = _read(acts)
    request = signing_request(Agreement.from_dict(before.offer.document), party)
    signature = to_base64(PrivateKey.load(key).sign(request.to_sign))
    _add(acts, before, before.prepare("sign", party, datetime.now(UTC), hash=request.hash, signature=signature), key)


@agreement_app.command()
def negotiation(
    acts: Acts,
    as_json: Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the signed agreement here, once there is one.")
    ] = None,
) -> None:
    """Verify every act, and say where the negotiation stands: whose turn it is, what changed, what is open."""
    found = _read(acts)
    if out is not None:
        signed = found.agreement
        if signed is None:
            raise UsageError("Nobody has signed yet.", remedy="First every party agrees, then each signs.")
        write_new(out, signed.to_bytes())
    if as_json:
        print_json(found.to_dict())
    else:
        _say(found)


@agreement_app.command(name="sign-priorities")
def sign_priorities(
    file: Annotated[Path, typer.Argument(help="Statement of priorities and working norms, in JSON.")],
    key: Key,
    out: Annotated[Path, typer.Option("--out", help="File to write; never one that is there already.")],
) -> None:
    """Sign a party's statement of what it cares about and how it works."""
    from summand.agreement import Priorities
    from summand.agreement import sign_priorities as seal_priorities
    from summand.encoding import canonical
    from summand.signing import PrivateKey

    envelope = seal_priorities(Priorities.from_dict(read_object(file)), PrivateKey.load(key))
    write_new(out, canonical(envelope.to_dict()))
    typer.echo(f"Signed: {out}")


@agreement_app.command()
def priorities(
    draft: Annotated[Path, typer.Argument(help="Agreement or draft whose clause B names the parties and keys.")],
    files: Annotated[list[Path], typer.Argument(help="Signed statements, one a party.")],
    as_json: Json = False,
) -> None:
    """Lay the parties' priorities and working norms side by side: where they differ, and what could be traded."""
    from summand.agreement import read_priorities, read_source, side_by_side
    from summand.signing import Envelope, PublicKey

    rows = read_source(draft)[0].get("parties") or []
    keys = {str(row["id"]): PublicKey.from_text(str(row["key"])) for row in rows}
    statements = [read_priorities(Envelope.from_dict(read_object(file)), keys) for file in files]
    found = side_by_side(statements, list(keys))
    if as_json:
        print_json(found.to_dict())
        return
    for row in found.rows:
        said = ", ".join(f"{party} {position.replace('_', ' ')}" for party, position in row.positions.items())
        typer.echo(f"{row.standing:7} {row.text}: {said}")
    for trade in found.trades:
        typer.echo(f"trade   {trade.text}")
    if found.silent:
        typer.echo(f"Not yet said: {', '.join(found.silent)}")


def _read(path: Path) -> Negotiation:
    from summand.agreement import fold
    from summand.signing import Envelope

    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", remedy="Begin with 'summand agreement offer'."
        ) from None
    return fold(Envelope.from_dict(as_object(line, f"{path.name}, line {n}")) for n, line in enumerate(lines, 1))


def _add(path: Path, before: Negotiation | None, act: Envelope, key: Path) -> None:
    from summand.agreement import fold, follow, sign_act
    from summand.encoding import canonical
    from summand.signing import PrivateKey

    signed = sign_act(act, PrivateKey.load(key))
    after = fold([signed]) if before is None else follow(before, signed)  # judged before it is written
    with path.open("ab") as file:
        file.write(canonical(signed.to_dict()) + b"\n")
    _say(after)


def _say(found: Negotiation) -> None:
    told: dict[str, Any] = found.to_dict()
    typer.echo(f"Version {found.version} by {found.offer.party}: {found.state}. Hash {found.offer.hash}")
    typer.echo(
        f"Turn of: {', '.join(found.turn) or 'nobody'}. Agreed: {', '.join(sorted(found.agreed_by)) or 'nobody'}."
    )
    if told["open_findings"]:
        typer.echo(f"{told['open_findings']} terms are open: 'summand agreement check' lists them.")
    for change in found.changes().changes:
        typer.echo(f"  {change.clause}: {change.meaning} ({change.direction})")
    for remark in found.comments:
        standing = f"resolved by {remark.resolved_by}" if remark.resolved_by else "open"
        typer.echo(f"  [{remark.number}] {remark.clause}, {remark.party}: {remark.text} ({standing})")
    for item in found.voided:
        typer.echo(
            f"  The signature of {item.party} on version {item.version} no longer counts: {item.by} changed the text."
        )
