"""For administrators: the accounts of their organisation."""

from __future__ import annotations

from aiohttp import web

from summand.errors import FormRefused
from summand.portal._accounts import Account
from summand.portal._roles import ROLES, Right
from summand.portal._visit import BASE, Route, Visit, nothing_here


async def people(visit: Visit) -> web.StreamResponse:
    """All accounts of the administrator's organisation, and the form for another."""
    return _page(visit)


async def add(visit: Visit) -> web.StreamResponse:
    """A new account; its one-time link is shown once."""
    form = visit.form
    try:
        account, secret = visit.portal.accounts.add(
            form.get("login", ""), form.get("name", ""), visit.who.organisation, visit.lists.get("roles", [])
        )
    except FormRefused as error:
        return _page(visit, status=error.http_status, error=error)
    return _page(visit, link=_link(visit, secret), invited=account)


async def change(visit: Visit) -> web.StreamResponse:
    """Let an account sign in or not, or give it a new one-time link."""
    account = visit.portal.accounts.find(visit.form.get("login", ""))
    if account is None or account.organisation != visit.who.organisation:
        raise nothing_here("account")
    act = visit.form.get("act", "")
    if act == "invite":
        return _page(visit, link=_link(visit, visit.portal.accounts.invite(account.login)), invited=account)
    if account.id == visit.who.id:
        raise FormRefused("Nobody locks their own account.", remedy="Ask another administrator.")
    visit.portal.accounts.set_active(account.login, act == "unlock")
    visit.portal.sessions.end_all(account.id)
    return visit.to("/people")


def _link(visit: Visit, secret: str) -> str:
    return f"{visit.request.scheme}://{visit.request.host}{BASE}/welcome/{secret}"


def _page(
    visit: Visit, *, status: int = 200, link: str = "", invited: Account | None = None, error: FormRefused | None = None
) -> web.Response:
    accounts = visit.portal.accounts.of_organisation(visit.who.organisation)
    return visit.page(
        "people.html", status=status, accounts=accounts, roles=ROLES, link=link, invited=invited, error=error,
        given=visit.form, chosen=visit.lists.get("roles", []),
    )  # fmt: skip


ROUTES = (
    Route("GET", "/people", people, Right.ACCOUNTS),
    Route("POST", "/people", add, Right.ACCOUNTS),
    Route("POST", "/people/change", change, Right.ACCOUNTS),
)
