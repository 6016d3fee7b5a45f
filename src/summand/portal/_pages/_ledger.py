"""The ledger explorer: where it stands, its entries by type, and the proof of any one of them."""

from __future__ import annotations

from aiohttp import web

from summand.encoding import dump
from summand.errors import SummandError
from summand.portal._proving import LeafProof, prove_leaf
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit, nothing_here
from summand.portal._words import ENTRY_TITLES
from summand.study import entry_in_words

ENTRIES_SHOWN = 40


async def ledger(visit: Visit) -> web.StreamResponse:
    """Checkpoint and newest entries; what is about others' partnerships is listed by type and time alone."""
    kind = visit.query("type") if visit.query("type") in ENTRY_TITLES else ""
    rows = visit.portal.index.recent_leaves(kind=kind, before=visit.number("before"), most=ENTRIES_SHOWN + 1)
    older = rows[ENTRIES_SHOWN - 1].leaf if len(rows) > ENTRIES_SHOWN else None
    mine = _mine(visit)
    lines = [(row, _words(visit, row.leaf) if not row.agreement or row.agreement in mine else "") for row in rows]
    return visit.page(
        "ledger.html", lines=lines[:ENTRIES_SHOWN], older=older, kind=kind, kinds=ENTRY_TITLES,
        checkpoint=visit.portal.convener.log.checkpoint_text(),
    )  # fmt: skip


async def leaf(visit: Visit) -> web.StreamResponse:
    """One leaf: its content, and its inclusion proof verified now."""
    number = _number(visit)
    log, index = visit.portal.convener.log, visit.portal.index
    error: SummandError | None = None
    proof: LeafProof | None = None
    try:
        proof = prove_leaf(log, number)
    except SummandError as found:
        error = found
    row = index.leaf(number)
    entry = visit.portal.partnerships.entry(number)
    readable = row is not None and (not row.agreement or row.agreement in _mine(visit))
    return visit.page(
        "leaf.html", number=number, row=row, proof=proof, error=error, readable=readable,
        text=entry_in_words(entry) if entry and readable else "", raw=dump(entry).decode() if entry and readable else "",
    )  # fmt: skip


async def receipt(visit: Visit) -> web.StreamResponse:
    """The proof to keep (c2sp.org/tlog-proof): index, path and checkpoint, for who has the entry."""
    number = _number(visit)
    text = visit.portal.convener.log.receipt(number).to_text()
    return visit.download(text.encode(), f"leaf-{number}.tlog-proof", "text/plain")


async def checkpoint(visit: Visit) -> web.StreamResponse:
    """The signed checkpoint (c2sp.org/tlog-checkpoint)."""
    text = visit.portal.convener.log.checkpoint_text()
    return visit.download(text.encode(), "checkpoint", "text/plain")


async def go_to_leaf(visit: Visit) -> web.StreamResponse:
    """From the form with a leaf's number to its page."""
    number = visit.number("leaf")
    return visit.to("/ledger" if number is None else f"/ledger/{number}")


def _number(visit: Visit) -> int:
    text = visit.path("leaf")
    if not text.isdigit() or len(text) > 15 or int(text) >= visit.portal.convener.log.size:
        raise nothing_here("leaf")
    return int(text)


def _mine(visit: Visit) -> set[str]:
    mine = visit.portal.partnerships.of(visit.who.organisation)
    return {signed.agreement.hash for one in mine for signed in one.versions}


def _words(visit: Visit, number: int) -> str:
    found = visit.portal.partnerships.entry(number)
    return entry_in_words(found) if found else "Not one of our entries."


ROUTES = (
    Route("GET", "/ledger", ledger, Right.READ),
    Route("GET", "/ledger/leaf", go_to_leaf, Right.READ),
    Route("GET", "/ledger/checkpoint", checkpoint, Right.READ),
    Route("GET", "/ledger/{leaf}", leaf, Right.READ),
    Route("GET", "/ledger/{leaf}/receipt", receipt, Right.READ),
)
