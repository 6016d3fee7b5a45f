"""One request as a page sees it: who asks, with what form, and how to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aiohttp import web

from summand.errors import NotHere
from summand.portal._accounts import Account
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._sessions import Session

if TYPE_CHECKING:
    from summand.portal._portal import Portal

BASE = "/portal"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}
"""Of every page: nothing is loaded from or sent to anywhere else, nothing inline runs, nobody frames it."""


class Open(StrEnum):
    """Pages that need no right."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True)
class Route:
    """One page: how it is asked for, what that needs, and who answers."""

    method: str
    path: str
    handler: Callable[[Visit], Awaitable[web.StreamResponse]]
    needs: Right | Open


@dataclass
class Visit:
    """What a page is given.

    Attributes:
        portal: The portal, with its stores.
        request: The HTTP request.
        account, session: Who is signed in, None if nobody is.
        form: The fields of a POST; several values of one name stand in ``lists``.
        files: Uploaded files by field, whole.
    """

    portal: Portal
    request: web.Request
    account: Account | None = None
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def who(self) -> Account:
        """Who is signed in, on pages that need it."""
        assert self.account is not None
        return self.account

    def may(self, right: Right) -> bool:
        """Whether the person has a right."""
        return self.account is not None and right in self.account.rights

    def path(self, name: str) -> str:
        """A part of the address."""
        return self.request.match_info[name]

    def query(self, name: str) -> str:
        """A value behind the address's question mark, at most 200 characters."""
        return self.request.query.get(name, "")[:200]

    def number(self, name: str) -> int | None:
        """A whole number behind the question mark; None if there is none."""
        text = self.query(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None

    def partnership(self) -> Partnership:
        """The partnership in the address, if the person's organisation may see it.

        Raises:
            NotHere: if it may not.
        """
        return self.portal.partnerships.require(self.who.organisation, self.path("key"))

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page from its template."""
        return web.Response(
            text=self.portal.render(self, template, **values), status=status, content_type="text/html", headers=HEADERS
        )

    def to(self, path: str) -> web.Response:
        """Go to another page, with GET."""
        return web.Response(status=303, headers={**HEADERS, "Location": BASE + path})

    def download(self, data: bytes, name: str, content_type: str = "application/json") -> web.Response:
        """A file to keep."""
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, content_type=content_type, headers=headers)


def nothing_here(what: str = "page") -> NotHere:
    """The error for what is not there, or not for this person."""
    return NotHere(f"There is no such {what} here.", remedy="Begin from the list of your partnerships.")
