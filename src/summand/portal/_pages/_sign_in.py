"""Signing in and out, choosing a password by a one-time link, changing it."""

from __future__ import annotations

import asyncio

from aiohttp import web

from summand.errors import FormRefused, PortalError, SignInRefused
from summand.portal._accounts import Account
from summand.portal._passwords import hash_password, is_password
from summand.portal._rendering import form_token
from summand.portal._visit import BASE, Open, Route, Visit

SESSION_COOKIE, FORM_COOKIE = "__Host-summand", "__Host-summand-form"


async def sign_in_form(visit: Visit) -> web.StreamResponse:
    """The form; whoever is signed in goes home."""
    return visit.to("/") if visit.account else _form(visit, "sign_in.html", next=_next(visit.query("next")))


async def sign_in(visit: Visit) -> web.StreamResponse:
    """Take sign-in name and password; the same words and the same time whatever is wrong with them."""
    login = visit.form.get("login", "").strip().lower()[:200]
    wanted = _next(visit.form.get("next", ""))
    address = visit.request.remote or ""
    try:
        visit.portal.attempts_by_address.count(address)
        visit.portal.attempts_by_login.count(login)
        stored = visit.portal.accounts.password_of(login)
        if not await _check(visit, visit.form.get("password", ""), stored):
            raise SignInRefused(
                "This sign-in name and password do not belong together.",
                remedy="Try again, or ask your administrator for a one-time link to choose a new password.",
            )
    except PortalError as error:
        return _form(visit, "sign_in.html", status=error.http_status, error=error, login=login, next=wanted)
    visit.portal.attempts_by_login.clear(login)
    return _begin(visit, visit.portal.accounts.require(login), wanted)


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End this session."""
    if visit.session is not None:
        visit.portal.sessions.end(visit.session)
    answer = visit.to("/sign-in")
    answer.del_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return answer


async def welcome_form(visit: Visit) -> web.StreamResponse:
    """The form behind a one-time link."""
    return _form(visit, "welcome.html", invited=_invited(visit), secret=visit.path("secret"))


async def welcome(visit: Visit) -> web.StreamResponse:
    """Take the password that somebody chose; the link counts no more, and earlier sessions end."""
    visit.portal.attempts_by_address.count(visit.request.remote or "")
    account = _invited(visit)
    try:
        stored = await _chosen(visit)
    except FormRefused as error:
        secret = visit.path("secret")
        return _form(visit, "welcome.html", status=error.http_status, invited=account, secret=secret, error=error)
    visit.portal.accounts.set_password(account.login, stored)
    visit.portal.sessions.end_all(account.id)
    return _begin(visit, account, "/")


async def account_form(visit: Visit) -> web.StreamResponse:
    """One's own account."""
    return visit.page("account.html", error=None)


async def change_password(visit: Visit) -> web.StreamResponse:
    """Change one's own password; all other sessions end."""
    try:
        visit.portal.attempts_by_login.count(visit.who.login)
        stored = visit.portal.accounts.password_of(visit.who.login)
        if not await _check(visit, visit.form.get("old", ""), stored):
            raise FormRefused("The present password is another.", remedy="Type it again.", field="old")
        chosen = await _chosen(visit)
    except PortalError as error:
        return visit.page("account.html", status=error.http_status, error=error)
    visit.portal.accounts.set_password(visit.who.login, chosen)
    visit.portal.sessions.end_all(visit.who.id)
    return _begin(visit, visit.who, "/account")


async def _check(visit: Visit, password: str, stored: str | None) -> bool:
    async with visit.portal.password_checks:
        return await asyncio.to_thread(is_password, password, stored)


async def _chosen(visit: Visit) -> str:
    password = visit.form.get("password", "")
    if password != visit.form.get("again", ""):
        raise FormRefused("The two passwords differ.", remedy="Type the same twice.", field="again")
    try:
        async with visit.portal.password_checks:
            return await asyncio.to_thread(hash_password, password)
    except FormRefused as error:
        raise FormRefused(error.message, remedy=error.remedy, field="password") from None


def _invited(visit: Visit) -> Account:
    account = visit.portal.accounts.invited(visit.path("secret"))
    if account is None:
        raise SignInRefused(
            "This link was used, is older than seven days, or is not ours.",
            remedy="Ask your administrator for another.",
        )
    return account


def _begin(visit: Visit, account: Account, wanted: str) -> web.Response:
    answer = visit.to(wanted)
    secret = visit.portal.sessions.begin(account.id)
    answer.set_cookie(SESSION_COOKIE, secret, secure=True, httponly=True, samesite="Strict", path="/")
    return answer


def _form(visit: Visit, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A form of somebody who is not signed in: its token is also in a cookie, which no other site can set or read."""
    csrf = visit.request.cookies.get(FORM_COOKIE) or form_token()
    answer = visit.page(template, status=status, csrf=csrf, **{"error": None, "login": "", **values})
    answer.set_cookie(FORM_COOKIE, csrf, secure=True, httponly=True, samesite="Strict", path="/")
    return answer


def _next(wanted: str) -> str:
    """A page of ours to go to; never an address that somebody put into a link."""
    is_ours = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable() and "\\" not in wanted
    return wanted if is_ours and len(wanted) < 500 else "/"


ROUTES = (
    Route("GET", "/sign-in", sign_in_form, Open.ANYONE),
    Route("POST", "/sign-in", sign_in, Open.ANYONE),
    Route("POST", "/sign-out", sign_out, Open.SIGNED_IN),
    Route("GET", "/welcome/{secret}", welcome_form, Open.ANYONE),
    Route("POST", "/welcome/{secret}", welcome, Open.ANYONE),
    Route("GET", "/account", account_form, Open.SIGNED_IN),
    Route("POST", "/account", change_password, Open.SIGNED_IN),
)

__all__ = ["BASE", "ROUTES"]
