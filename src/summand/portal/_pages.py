"""The pages over one convener, on the hub's own server."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from summand.agreement import plain_sections
from summand.errors import StrangerRefused, SummandError, UsageError
from summand.hub import Convener
from summand.study import whole_entries

if TYPE_CHECKING:
    from jinja2 import Environment

COOKIE = "summand_pages"
TOKEN_FILE = "pages.token"  # noqa: S105  the file's name, not a token
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def pages_token(folder: Path) -> str:
    """The token of the pages, made once and kept in the hub's folder, readable by its owner alone."""
    path = folder / TOKEN_FILE
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


class Pages:
    """Routes below ``/pages``.

    Args:
        convener: The hub's core.
        token: What a reader must bring, once, as ``?token=``; a cookie keeps it.
    """

    def __init__(self, convener: Convener, token: str) -> None:
        self.convener, self._token = convener, token

    def add_to(self, app: web.Application) -> None:
        """Add the pages to the hub's application."""
        for path, handler in (
            ("/pages/", self.home), ("/pages/agreements/{hash}", self.agreement), ("/pages/studies/{study}", self.study),
            ("/pages/ledger", self.ledger),
        ):  # fmt: skip
            app.router.add_get(path, self._guarded(handler))
        app.router.add_get("/pages/style.css", self.style)
        app.router.add_get("/", self.root)

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            given = request.query.get("token", "")
            if given and self._is_token(given):
                there = web.Response(
                    status=303, headers={"Location": request.path}
                )  # the token leaves the address bar at once
                there.set_cookie(COOKIE, given, secure=True, httponly=True, samesite="Strict", path="/pages")
                return there
            if not self._is_token(request.cookies.get(COOKIE, "")):
                raise StrangerRefused(
                    "These pages need the token that 'summand hub serve' printed.", remedy="Open the printed address."
                )
            try:
                return await handler(request)
            except UsageError as error:
                return self._page("missing.html", 404, error=error)

        return guarded

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    async def root(self, _request: web.Request) -> web.StreamResponse:
        """The pages begin below /pages."""
        return web.Response(status=303, headers={"Location": "/pages/"})

    async def style(self, _request: web.Request) -> web.Response:
        """The one style sheet."""
        text = (Path(__file__).parent / "templates" / "style.css").read_text()
        return web.Response(text=text, content_type="text/css", headers=_HEADERS)

    async def home(self, _request: web.Request) -> web.Response:
        """Agreements, studies, and where the ledger stands."""
        agreements = [signed.agreement for signed in self.convener.agreements().values()]
        studies = list(reversed(self.convener.list_studies()))
        return self._page("home.html", agreements=agreements, studies=studies)

    async def agreement(self, request: web.Request) -> web.Response:
        """One agreement in plain words, with its signatures."""
        try:
            signed = self.convener.agreement(request.match_info["hash"])
        except SummandError as error:
            return self._page("missing.html", 404, error=error)
        sections = plain_sections(signed.agreement)
        return self._page("agreement.html", signed=signed, agreement=signed.agreement, sections=sections)

    async def study(self, request: web.Request) -> web.Response:
        """One study: who asked, what each site decided, what was released."""
        from summand.federation import StudyResult  # the analyst's side is needed by this page alone

        shown = self.convener.show(request.match_info["study"])
        table = None
        if shown["result"] is not None:
            table = StudyResult(shown["study"], shown["result"], "", "").table()
        return self._page("study.html", study=shown, table=table, entries=self._entries_of(shown["study"]))

    async def ledger(self, _request: web.Request) -> web.Response:
        """The checkpoint and the last entries."""
        size = self.convener.log.size
        first = max(0, size - 200)
        entries = list(whole_entries(self.convener.log.entries(first, size), first))
        return self._page(
            "ledger.html", entries=list(reversed(entries)), checkpoint=self.convener.log.checkpoint_text()
        )

    def _entries_of(self, study: str) -> list[tuple[int, dict[str, Any]]]:
        return [(i, found) for i, found in whole_entries(self.convener.log.entries()) if found.get("study") == study]

    def _page(self, template: str, status: int = 200, **values: Any) -> web.Response:
        log = self.convener.log
        common = {"origin": self.convener.origin, "leaves": log.size, "root": log.root().hex()}
        text = self._templates.get_template(template).render(**common, **values)
        return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

        environment = Environment(
            loader=PackageLoader("summand.portal"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
        )
        environment.filters["number"] = _number
        return environment


def _number(value: Any) -> str:
    if value is None:
        return "hidden"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
