"""Money and inventions: what each party brings, what came in and where it went, and what was invented; PDF and CSV."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from summand.documents import Document, to_csv, to_pdf
from summand.errors import SettlementInvalid
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here
from summand.sharing.contributions import contribution_register
from summand.sharing.income import income_register
from summand.sharing.inventions import invention_register
from summand.sharing.reports import contributions_document, income_document, inventions_document
from summand.study import Stated, read_statements

KINDS = ("settlement.act", "settlement.statement")
Make = Callable[[Partnership, list[Stated]], Document | None]


async def money(visit: Visit) -> web.StreamResponse:
    """Every register as the ledger's acts give it, each figure beside the clause or leaf that it comes from."""
    one = visit.partnership()
    found = {name: _document(visit, one, name) for name in DOCUMENTS}
    return visit.page(
        "money.html", one=one, agreement=one.agreement, tab="money",
        documents={name: document for name, document in found.items() if document is not None},
    )  # fmt: skip


async def as_file(visit: Visit) -> web.StreamResponse:
    """One register as PDF or CSV."""
    one = visit.partnership()
    name, kind = visit.path("name"), visit.path("kind")
    document = _document(visit, one, name) if name in DOCUMENTS else None
    if document is None or kind not in ("pdf", "csv"):
        raise nothing_here("document")
    if kind == "csv":
        return visit.download(to_csv(document).encode(), f"{name}.csv", "text/csv")
    return visit.download(await asyncio.to_thread(to_pdf, document), f"{name}.pdf", "application/pdf")


def _document(visit: Visit, one: Partnership, name: str) -> Document | None:
    versions = [signed.agreement for signed in one.versions]
    stated, _ = read_statements(visit.portal.partnerships.about_all(one, KINDS), versions, KINDS)
    return DOCUMENTS[name](one, stated)


def _contributions(one: Partnership, stated: list[Stated]) -> Document:
    return contributions_document(contribution_register(one.agreement, stated), agreement_hash=one.agreement.hash)


def _income(one: Partnership, stated: list[Stated]) -> Document | None:
    try:
        return income_document(income_register(one.agreement, stated), agreement_hash=one.agreement.hash)
    except SettlementInvalid:
        return None  # clause K expects none


def _inventions(one: Partnership, stated: list[Stated]) -> Document:
    return inventions_document(invention_register(one.agreement, stated), agreement_hash=one.agreement.hash)


DOCUMENTS: dict[str, Make] = {"contributions": _contributions, "income": _income, "inventions": _inventions}

ROUTES = (
    Route("GET", "/partnerships/{key}/money", money, Right.MONEY),
    Route("GET", "/partnerships/{key}/money/{name}.{kind}", as_file, Right.MONEY),
)
