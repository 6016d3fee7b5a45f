"""``summand agreement``: new, check, show, terms, sign, verify. Parses, calls the room, prints; no rules of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from summand.cli._files import write_new
from summand.errors import AgreementError, UsageError

agreement_app = typer.Typer(
    name="agreement", help="Draft, check, read, sign and verify agreements.", no_args_is_help=True, add_completion=False
)

_COMPLETE = "Complete: it may be signed."

File = Annotated[Path, typer.Argument(help="Agreement in YAML or JSON, or a *.signed.json file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Out = Annotated[Path | None, typer.Option("--out", help="File to write; never one that is there already.")]


@agreement_app.command()
def new(
    template: Annotated[str, typer.Argument(help="Kind of partnership: see 'summand agreement kinds'.")],
    party: Annotated[
        list[str] | None, typer.Option("--party", help="Short name of a party; give it once for each.")
    ] = None,
    out: Out = None,
) -> None:
    """Write a new draft from a template; what it leaves open reads "needs counsel"."""
    from summand.agreement import new_from_template

    text = new_from_template(template, party) if party else new_from_template(template)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text.encode())
        typer.echo(f"Wrote {out}. Next: settle what reads 'needs counsel', then: summand agreement check {out}")


@agreement_app.command()
def kinds(as_json: Json = False) -> None:
    """List the kinds of partnership that there are templates for."""
    from summand.agreement import TEMPLATES

    if as_json:
        _print_json({"kinds": [{"template": name, "between": text} for name, text in TEMPLATES.items()]})
        return
    for name, text in TEMPLATES.items():
        typer.echo(f"{name:21} {text}")


@agreement_app.command()
def check(file: File, as_json: Json = False) -> None:
    """List everything that keeps an agreement from being signed, with clause, line and remedy; exit code 10 if any."""
    from summand.agreement import check as check_agreement
    from summand.agreement import load_signed

    findings = check_agreement(load_signed(file).agreement if file.name.endswith(".signed.json") else file)
    failing = [item for item in findings if item.fails]
    if as_json:
        _print_json({"ok": not failing, "findings": [item.to_dict() for item in findings]})
    else:
        for item in findings:
            line = f"{file.name}:{item.line}: " if item.line else ""
            why = f" Why: {item.why}" if item.why and item.fails else ""
            typer.echo(
                f"{line}{item.clause} [{item.code.removeprefix('agreement.')}] {item.message} {item.remedy}{why}"
            )
        typer.echo(f"{len(failing)} open, {len(findings) - len(failing)} notes." if failing else _COMPLETE)
        if any(item.code in ("agreement.syntax", "agreement.incomplete") for item in failing):
            typer.echo("Clauses are checked against each other once every term is there.")
    if failing:
        raise typer.Exit(AgreementError.exit_code)


@agreement_app.command()
def show(file: File, as_json: Json = False) -> None:
    """Say in plain words what an agreement says; drafts too."""
    from summand.agreement import plain_sections, to_plain_words

    document, digest = _document(file)
    if as_json:
        parts = [{"heading": part.heading, "sentences": list(part.sentences)} for part in plain_sections(document)]
        _print_json({"hash": digest, "sections": parts})
        return
    typer.echo(to_plain_words(document))
    typer.echo(
        f"Hash: {digest}" if digest else "Draft: it has no hash until 'summand agreement check' finds it complete."
    )


@agreement_app.command()
def cards(file: File, as_json: Json = False) -> None:
    """Show each clause as a card: what it says, its terms by pointer, what is open and why it is asked for."""
    from summand.agreement import clause_cards

    found = clause_cards(_document(file)[0])
    if as_json:
        _print_json({"cards": [card.to_dict() for card in found]})
        return
    for card in found:
        typer.echo(f"\n{card.letter}  {card.heading}{'' if card.is_settled else '  (open)'}")
        for sentence in card.sentences:
            typer.echo(f"  {sentence}")
        for term in card.terms:
            if term.is_open:
                typer.echo(f"  ? {term.pointer}  {term.meaning} {term.why}".rstrip())


@agreement_app.command(name="set")
def set_(
    file: Annotated[Path, typer.Argument(help="Draft in YAML or JSON.")],
    pointer: Annotated[str, typer.Argument(help="JSON Pointer of the term, as 'cards' shows it.")],
    text: Annotated[str, typer.Argument(help="What it says; an empty text takes it out.")],
    out: Annotated[Path, typer.Option("--out", help="Draft to write, in JSON; never one that is there already.")],
) -> None:
    """Set one term of a draft, and write the next draft."""
    from summand.agreement import check as check_agreement
    from summand.agreement import read_source, set_term
    from summand.encoding import dump

    draft = set_term(read_source(file)[0], pointer, text)
    write_new(out, dump(draft) + b"\n")
    here = [item for item in check_agreement(draft) if item.fails and item.pointer.startswith(pointer)]
    for item in here:
        typer.echo(f"{item.clause} {item.message} {item.remedy}")
    typer.echo(f"Wrote {out}.")


@agreement_app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The older version; drafts too.")],
    after: Annotated[Path, typer.Argument(help="The newer version.")],
    as_json: Json = False,
) -> None:
    """Say what changed in meaning between two versions: clause by clause, tighter or looser, and who gains."""
    from summand.agreement import DIRECTIONS
    from summand.agreement import compare as compare_versions

    redline = compare_versions(_document(before)[0], _document(after)[0])
    if as_json:
        _print_json(redline.to_dict())
        return
    heading = ""
    for change in redline.changes:
        if change.heading != heading:
            heading = change.heading
            typer.echo(f"\n{change.clause[0]}  {heading}")
        typer.echo(f"  {change.meaning}.")
        sides = [f"{effect.who} {effect.effect}" for effect in change.effects]
        typer.echo(f"    {'; '.join([DIRECTIONS[change.direction], *sides])}")
    typer.echo(f"\n{len(redline.changes)} changes." if redline.changes else "Nothing changed in meaning.")


@agreement_app.command()
def export(
    file: File,
    form: Annotated[str, typer.Option("--as", help="pdf, json, odrl or dataspace.")],
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only this dataset (odrl, dataspace).")] = None,
    recipient: Annotated[str | None, typer.Option("--recipient", help="Only this party (odrl, dataspace).")] = None,
    out: Out = None,
) -> None:
    """Write an agreement as PDF or JSON, or as ODRL 2.2 or Dataspace Protocol agreements by provider and recipient."""
    from summand.agreement import Agreement, load_agreement, load_signed, projections, to_document
    from summand.documents import to_pdf
    from summand.encoding import dump

    signed = load_signed(file) if file.name.endswith(".signed.json") else None
    if form == "pdf":
        if out is None:
            raise UsageError("A PDF is written to a file.", remedy="Name it with --out.")
        write_new(out, to_pdf(to_document(signed or _document(file)[0])))
    elif form in ("json", "odrl", "dataspace"):
        if form == "json":
            page = signed.agreement if signed else _document(file)[0]
            value: Any = page.to_dict() if isinstance(page, Agreement) else dict(page)
        else:
            found = projections(signed.agreement if signed else load_agreement(file), dataset, recipient)
            value = {"agreements": [getattr(item, form) for item in found]}
        if out is None:
            _print_json(value)
            return
        write_new(out, dump(value) + b"\n")
    else:
        raise UsageError("That is no form of an agreement.", remedy="Use pdf, json, odrl or dataspace.")
    typer.echo(f"Wrote {out}")


@agreement_app.command()
def consent(
    file: File,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only this dataset.")] = None,
    recipient: Annotated[str | None, typer.Option("--recipient", help="Only this party.")] = None,
    diseases: Annotated[
        Path | None, typer.Option("--diseases", help="MONDO in OBO form: which disease is a kind of which.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether the consent of each dataset covers each purpose for each party: yes, no, or a person must look."""
    from summand.agreement import DiseaseTree, load_agreement, load_signed, projections

    agreement = load_signed(file).agreement if file.name.endswith(".signed.json") else load_agreement(file)
    tree = DiseaseTree.read_obo(diseases) if diseases else None
    found = projections(agreement, dataset, recipient, tree)
    rows = [
        {"dataset": item.dataset, "recipient": item.recipient, "purpose": code, **verdict.to_dict()}
        for item in found
        for code, verdict in item.consent.items()
    ]
    if as_json:
        _print_json({"rows": rows})
        return
    for item in found:
        for code, verdict in item.consent.items():
            typer.echo(f"{verdict.answer:4} {item.dataset} for {item.recipient}, {code}: {'; '.join(verdict.reasons)}")


@agreement_app.command()
def terms(template: Annotated[str, typer.Argument(help="Kind of partnership: see 'summand agreement kinds'.")]) -> None:
    """Print the standard terms behind a template."""
    from summand.agreement import standard_terms

    typer.echo(standard_terms(template), nl=False)


@agreement_app.command()
def sign(
    file: File,
    party: Annotated[str, typer.Option("--party", help="Short name of the party that signs.")],
    key: Annotated[Path | None, typer.Option("--key", help="PEM file with the party's Ed25519 private key.")] = None,
    signature: Annotated[
        str | None, typer.Option("--signature", help="In place of --key: base64 of a signature made elsewhere.")
    ] = None,
    out: Out = None,
) -> None:
    """Sign an agreement, or add a signature to a signed one, with the key that clause B names."""
    from summand.agreement import SignedAgreement, add_signature, load_agreement, load_signed
    from summand.agreement import sign as sign_agreement
    from summand.encoding import from_base64
    from summand.signing import PrivateKey

    before = load_signed(file) if file.name.endswith(".signed.json") else None
    agreement = before.agreement if before else load_agreement(file)
    given = before.envelope if before else None
    if (key is None) == (signature is None):
        raise UsageError("A signature needs a key, or is given.", remedy="Give --key, or --signature.")
    if signature is not None:
        envelope = add_signature(agreement, party, from_base64(signature, "signature"), given)
    else:
        envelope = sign_agreement(agreement, party, PrivateKey.load(key), given)  # type: ignore[arg-type]  # one is given
    signed = SignedAgreement(agreement, envelope)
    target = out or file.with_name(
        f"{file.name.removesuffix('.signed.json').removesuffix(file.suffix)}.{party}.signed.json"
    )
    write_new(target, signed.to_bytes())
    typer.echo(f"Signed for {party}: {target}")
    typer.echo(f"Hash {agreement.hash}; {len(signed.report.signed)} of {len(agreement.parties)} parties have signed.")


@agreement_app.command(name="signing-request")
def signing_request(
    file: File, party: Annotated[str, typer.Option("--party", help="Short name of the party that signs.")]
) -> None:
    """Print, as one JSON object, the exact bytes that a party's own device signs (Ed25519, WebCrypto)."""
    from summand.agreement import load_agreement, load_signed
    from summand.agreement import signing_request as request_of

    agreement = load_signed(file).agreement if file.name.endswith(".signed.json") else load_agreement(file)
    _print_json(request_of(agreement, party).to_dict())


@agreement_app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="Signed files; counterparts of one agreement are joined.")],
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the joined counterparts here.")] = None,
) -> None:
    """Verify every party's signature; fails unless the signatures that clause O asks for are there and hold."""
    from summand.agreement import load_signed

    signed = load_signed(files[0])
    for other in files[1:]:
        signed = signed.joined(load_signed(other))
    if as_json:
        state = {
            "hash": signed.agreement.hash,
            "fully_signed": signed.is_fully_signed,
            "effective": signed.is_effective,
        }
        _print_json({**state, **signed.report.to_dict()})
    else:
        for row in signed.report.parties:
            typer.echo(f"{row.standing:8} {row.party} — {row.legal_name}, key {row.fingerprint[:16]}…")
        typer.echo(f"Hash {signed.agreement.hash}")
    signed.require_effective()
    if out is not None:
        write_new(out, signed.to_bytes())


def _document(file: Path) -> tuple[Any, str | None]:
    """What a file says and, if it is complete, its hash."""
    from summand.agreement import Agreement, load_signed, read_source

    if file.name.endswith(".signed.json"):
        agreement = load_signed(file).agreement
        return agreement, agreement.hash
    value, _ = read_source(file)
    try:
        agreement = Agreement.from_dict(value)
    except AgreementError:
        return value, None
    return agreement, agreement.hash


def _print_json(value: Any) -> None:
    from summand.encoding import dump

    typer.echo(dump(value).decode())


import summand.cli._negotiation  # noqa: E402, F401  its commands join this tree
