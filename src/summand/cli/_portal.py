"""``summand portal``: accounts of the people who use the portal, and signing what it makes ready. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.cli._print import print_json

portal_app = typer.Typer(no_args_is_help=True, add_completion=False)
user_app = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts.")
portal_app.add_typer(user_app, name="user")
Folder = Annotated[Path, typer.Argument(help="The hub's folder.")]
Login = Annotated[str, typer.Argument(help="The sign-in name.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@portal_app.command("sign")
def sign(
    file: Annotated[Path, typer.Argument(help="The file that the portal gave you to sign.")],
    key: Annotated[Path, typer.Option("--key", envvar="SUMMAND_KEY", help="Your private key (PEM).")],
    out: Annotated[Path | None, typer.Option("--out", help="The signed file; FILE.signed.json if not given.")] = None,
) -> None:
    """Read aloud what the portal made ready, sign it with your own key, and write the signed file to send back."""
    from summand.cli._files import read_object
    from summand.encoding import dump, parse_canonical
    from summand.errors import UsageError
    from summand.signing import Envelope, PrivateKey
    from summand.study import REQUEST_TYPE, STATEMENT_TYPE

    envelope = Envelope.from_dict(read_object(file))
    if envelope.payload_type not in (REQUEST_TYPE, STATEMENT_TYPE):
        raise UsageError(
            f"The file holds a document of the type '{envelope.payload_type[:80]}', which is not signed this way.",
            remedy="Sign agreements with 'summand agreement sign', approvals with 'summand study approve'.",
        )
    fields = parse_canonical(envelope.payload, file.name)
    for name, value in fields.items():
        typer.echo(f"{name}: {value if isinstance(value, str) else dump(value).decode()}")
    target = out or file.with_name(f"{file.stem}.signed.json")
    try:
        with target.open("xb") as written:
            written.write(dump(envelope.signed_by(PrivateKey.load(key)).to_dict()))
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.", remedy="Choose another --out.") from None
    typer.echo(f"Signed: {target}. Send it on the page that gave you the file.")


@user_app.command("add")
def add(
    folder: Folder,
    login: Login,
    name: Annotated[str, typer.Option(help="The person's name, as the agreement writes it.")],
    organisation: Annotated[str, typer.Option(help="The short name of the person's organisation in its agreements.")],
    role: Annotated[
        list[str],
        typer.Option(
            help="analyst, data_steward, governance_lead, finance, regulator, auditor or admin; once for each."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Make an account, and print the one-time link under which the person chooses a password."""
    from summand.hub._folder import HubFolder
    from summand.portal import open_accounts

    with open_accounts(folder) as accounts:
        account, secret = accounts.add(login, name, organisation, role)
    link = f"{HubFolder(folder).federation().url}/portal/welcome/{secret}"
    _tell(account.login, link, as_json)


@user_app.command("invite")
def invite(folder: Folder, login: Login, as_json: Json = False) -> None:
    """Print a fresh one-time link for an account, for a forgotten password."""
    from summand.hub._folder import HubFolder
    from summand.portal import open_accounts

    with open_accounts(folder) as accounts:
        secret = accounts.invite(login)
    _tell(login, f"{HubFolder(folder).federation().url}/portal/welcome/{secret}", as_json)


@user_app.command("list")
def list_users(folder: Folder, as_json: Json = False) -> None:
    """List all accounts."""
    from summand.portal import open_accounts

    with open_accounts(folder) as accounts:
        found = accounts.of_organisation(None)
    if as_json:
        rows = [
            {"login": one.login, "name": one.name, "organisation": one.organisation, "roles": list(one.roles),
             "has_password": one.has_password, "is_active": one.is_active} for one in found
        ]  # fmt: skip
        print_json({"accounts": rows})
        return
    for one in found:
        standing = "locked" if not one.is_active else "" if one.has_password else "invited"
        typer.echo(f"{one.login}  {one.name}  {one.organisation}  {one.role_names}  {standing}".rstrip())


@user_app.command("lock")
def lock(folder: Folder, login: Login) -> None:
    """Let an account sign in no more; its sessions end."""
    _set_active(folder, login, False)


@user_app.command("unlock")
def unlock(folder: Folder, login: Login) -> None:
    """Let a locked account sign in again."""
    _set_active(folder, login, True)


def _set_active(folder: Path, login: str, is_active: bool) -> None:
    from summand.portal import open_accounts

    with open_accounts(folder) as accounts:
        accounts.set_active(login, is_active)
    typer.echo(f"{login} {'may sign in' if is_active else 'is locked'}.")


def _tell(login: str, link: str, as_json: bool) -> None:
    if as_json:
        print_json({"login": login, "link": link})
        return
    typer.echo(f"Hand this link to {login} by a way you trust. It counts once, for seven days:")
    typer.echo(link)
