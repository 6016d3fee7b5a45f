"""People who may sign in: one account each, for one organisation, in one or more roles."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from summand.encoding import sha256_hex
from summand.errors import FormRefused
from summand.portal._roles import ROLES, Right, rights_of
from summand.portal._schema import accounts
from summand.portal._store import Store

INVITATION_SECONDS = 7 * 86_400.0
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}")
_ORGANISATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Account:
    """One person's account.

    Attributes:
        id, login, name: Who; ``login`` is lower case.
        organisation: The party's short name in its agreements.
        roles: Of `ROLES`, sorted.
        has_password: Whether the person has chosen one.
        is_active: Whether it may sign in.
    """

    id: int
    login: str
    name: str
    organisation: str
    roles: tuple[str, ...]
    has_password: bool
    is_active: bool

    @property
    def rights(self) -> frozenset[Right]:
        """What the person may do."""
        return rights_of(self.roles)

    @property
    def role_names(self) -> str:
        """The roles as people read them."""
        return ", ".join(ROLES.get(role, role) for role in self.roles)


class Accounts:
    """The accounts in the portal's store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def add(self, login: str, name: str, organisation: str, roles: Sequence[str]) -> tuple[Account, str]:
        """A new account, and the secret of the one-time link under which the person chooses a password.

        Raises:
            FormRefused: if a field is malformed, a role unknown, or the login taken.
        """
        login, name = login.strip().lower(), name.strip()
        if not _LOGIN.fullmatch(login):
            raise _refused("The sign-in name", "2 to 100 small letters, digits or . _ @ + -", "login")
        if not 1 <= len(name) <= 200 or not name.isprintable():
            raise _refused("The name", "1 to 200 characters", "name")
        if not _ORGANISATION.fullmatch(organisation):
            raise _refused("The organisation", "its short name in the agreement", "organisation")
        if not roles or set(roles) - set(ROLES):
            raise _refused("The roles", f"one or more of {', '.join(ROLES)}", "roles")
        if self.find(login) is not None:
            raise FormRefused("The sign-in name is taken.", remedy="Choose another.", field="login")
        with self._store.transaction() as tx:
            tx.execute(
                insert(accounts).values(
                    login=login,
                    name=name,
                    organisation=organisation,
                    roles=",".join(sorted(set(roles))),
                    password=None,
                    is_active=True,
                    created_at=self._clock(),
                )
            )
        return self.require(login), self.invite(login)

    def invite(self, login: str) -> str:
        """The secret of a fresh one-time link for an account, valid for seven days; an earlier one counts no more."""
        secret = secrets.token_urlsafe(32)
        self._set(login, invitation=sha256_hex(secret.encode()), invitation_until=self._clock() + INVITATION_SECONDS)
        return secret

    def invited(self, secret: str) -> Account | None:
        """The account whose one-time link this is; None if it is used, old or nobody's."""
        wanted = sha256_hex(secret.encode())
        row = self._row(accounts.c.invitation == wanted)
        if row is None or not row.is_active or (row.invitation_until or 0.0) < self._clock():
            return None
        return _account(row)

    def set_password(self, login: str, stored: str) -> None:
        """Keep a password's hash; the account's one-time link counts no more."""
        self._set(login, password=stored, invitation=None, invitation_until=None)

    def set_active(self, login: str, is_active: bool) -> None:
        """Let an account sign in, or not any more."""
        self._set(login, is_active=is_active)

    def password_of(self, login: str) -> str | None:
        """The stored hash of an account that may sign in; None if there is none."""
        row = self._row(accounts.c.login == login.strip().lower())
        return None if row is None or not row.is_active else row.password

    def find(self, login: str) -> Account | None:
        """The account of that sign-in name."""
        row = self._row(accounts.c.login == login.strip().lower())
        return None if row is None else _account(row)

    def require(self, login: str) -> Account:
        """As `find`.

        Raises:
            FormRefused: if there is none.
        """
        found = self.find(login)
        if found is None:
            raise FormRefused(
                "There is no account of that sign-in name.", remedy="List them with 'summand portal user list'."
            )
        return found

    def by_id(self, number: int) -> Account | None:
        """The account of that number, if it may sign in."""
        row = self._row(accounts.c.id == number)
        return None if row is None or not row.is_active else _account(row)

    def of_organisation(self, organisation: str | None) -> list[Account]:
        """The accounts of an organisation, or all, by sign-in name."""
        query = select(accounts).order_by(accounts.c.login)
        if organisation is not None:
            query = query.where(accounts.c.organisation == organisation)
        with self._store.transaction() as tx:
            return [_account(row) for row in tx.execute(query)]

    def _set(self, login: str, **values: Any) -> None:
        self.require(login)
        with self._store.transaction() as tx:
            tx.execute(update(accounts).where(accounts.c.login == login.strip().lower()).values(**values))

    def _row(self, condition: Any) -> Row[Any] | None:
        with self._store.transaction() as tx:
            return tx.execute(select(accounts).where(condition)).one_or_none()


def _account(row: Row[Any]) -> Account:
    roles = tuple(role for role in row.roles.split(",") if role)
    has_password = row.password is not None
    return Account(row.id, row.login, row.name, row.organisation, roles, has_password, bool(row.is_active))


def _refused(what: str, rule: str, field: str) -> FormRefused:
    return FormRefused(f"{what} is not of the form expected: {rule}.", remedy="Correct it.", field=field)
