"""The portal on the hub's own server: routes, who may pass, forms, errors."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from summand.directory import Directory
from summand.errors import NotPermitted, OwnProtocolError, SummandError
from summand.hub import Convener
from summand.portal import _pages
from summand.portal._accounts import Accounts
from summand.portal._drafts import Drafts
from summand.portal._forms import read_form
from summand.portal._partnerships import Partnerships
from summand.portal._rendering import Renderer
from summand.portal._sessions import Attempts, Sessions
from summand.portal._store import Store
from summand.portal._views import Views
from summand.portal._visit import BASE, HEADERS, Open, Route, Visit, nothing_here

log = logging.getLogger("summand.portal")
SESSION_COOKIE, FORM_COOKIE = "__Host-summand", "__Host-summand-form"
PASSWORD_CHECKS_AT_ONCE = 2
_STATIC = {
    "style.css": "text/css",
    "live.js": "text/javascript",
    "sign.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}


class Portal:
    """The pages over one convener.

    Args:
        convener: The hub's core.
        store: The portal's own database.
        directory: The organisations that could be partners; None where the hub holds no directory.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        convener: Convener,
        store: Store,
        *,
        directory: Directory | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.convener, self.store, self.directory = convener, store, directory
        self.accounts, self.sessions = Accounts(store, clock), Sessions(store, clock)
        self.drafts = Drafts(store, clock)
        self.views, self.partnerships = Views(store), Partnerships(convener, store)
        self.attempts_by_login, self.attempts_by_address = Attempts(8, 900.0, clock), Attempts(40, 900.0, clock)
        self.password_checks = asyncio.Semaphore(PASSWORD_CHECKS_AT_ONCE)  # each holds 64 MiB
        self._renderer = Renderer(convener)

    @property
    def index(self) -> Any:
        """The index of the ledger, up to its last leaf."""
        self.partnerships.index.follow()
        return self.partnerships.index

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every page."""
        return _pages.ROUTES

    def add_to(self, app: web.Application) -> None:
        """Add the portal to the hub's application."""
        for route in self.routes:
            app.router.add_route(route.method, BASE + route.path, self._guarded(route))
        for name, content_type in _STATIC.items():
            app.router.add_get(f"{BASE}/{name}", _static(name, content_type))
        app.router.add_get("/", _root)
        app.router.add_get(BASE, _root)
        app.router.add_route("*", BASE + "/{tail:.*}", self._missing)
        app.on_cleanup.append(self._close)

    def render(self, visit: Visit, template: str, **values: Any) -> str:
        """A page's text."""
        return self._renderer.render(visit, template, **values)

    async def _close(self, _app: web.Application) -> None:
        self.store.close()

    # ── each request ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _guarded(self, route: Route) -> Callable[[web.Request], Any]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            visit = Visit(self, request)
            try:
                return await self._answer(route, visit)
            except SummandError as error:
                return visit.page("error.html", status=error.http_status, error=error)
            except (web.HTTPException, ConnectionError):
                raise
            except Exception as defect:
                log.exception("a page could not be made: %s", route.path)
                return visit.page("error.html", status=500, error=_of_defect(defect))

        return guarded

    async def _answer(self, route: Route, visit: Visit) -> web.StreamResponse:
        visit.session = self.sessions.find(visit.request.cookies.get(SESSION_COOKIE, ""))
        visit.account = None if visit.session is None else self.accounts.by_id(visit.session.account)
        if visit.account is None:
            visit.session = None
        if route.needs is not Open.ANYONE and visit.account is None:
            return self._to_sign_in(visit)
        if not isinstance(route.needs, Open) and not visit.may(route.needs):
            raise NotPermitted(
                "Your roles do not include this page.", remedy="Ask your organisation's administrator for the role."
            )
        if route.method == "POST":
            await read_form(visit)
            self._check_sent_by_us(visit)
        return await route.handler(visit)

    def _to_sign_in(self, visit: Visit) -> web.Response:
        if visit.request.method != "GET":
            raise NotPermitted("Your session ended before this was sent.", remedy="Sign in and send it again.")
        wanted = visit.request.path_qs.removeprefix(BASE)
        return visit.to("/sign-in" if wanted in ("", "/") else f"/sign-in?next={quote(wanted, safe='')}")

    def _check_sent_by_us(self, visit: Visit) -> None:
        """A form counts only if it carries the token that our page gave to this very session."""
        given = visit.form.get("csrf", "")
        if visit.session is not None:
            is_ours = visit.session.is_token(given)
        else:
            cookie = visit.request.cookies.get(FORM_COOKIE, "")
            is_ours = bool(cookie) and hmac.compare_digest(cookie.encode(), given.encode())
        elsewhere = visit.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
        if not is_ours or elsewhere:
            raise NotPermitted(
                "This was not sent from one of our own pages, or the page was too old.",
                remedy="Open the page again and send the form from there.",
            )

    async def _missing(self, request: web.Request) -> web.StreamResponse:
        visit = Visit(self, request)
        visit.session = self.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
        visit.account = None if visit.session is None else self.accounts.by_id(visit.session.account)
        return visit.page("error.html", status=404, error=nothing_here())


def _of_defect(defect: Exception) -> SummandError:
    """What a page says of an exception that is none of ours: which kind, never its text, which may show data."""
    return OwnProtocolError(
        f"This page could not be made ({type(defect).__name__}).", remedy="Report this defect with the page's address."
    )


def _static(name: str, content_type: str) -> Callable[[web.Request], Any]:
    text = (Path(__file__).parent / "static" / name).read_text(encoding="utf-8")

    async def answer(_request: web.Request) -> web.Response:
        headers = {**HEADERS, "Cache-Control": "max-age=300"}
        return web.Response(text=text, content_type=content_type, headers=headers)

    return answer


async def _root(_request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": f"{BASE}/"})
