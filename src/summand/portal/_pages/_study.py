"""One study: where it stands, what each site decided, what was released, and what the ledger proves about it."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

from aiohttp import web

from summand.encoding import dump
from summand.errors import SummandError, UsageError
from summand.federation import StudyResult
from summand.portal._drawing import drawing
from summand.portal._partnerships import Partnership
from summand.portal._roles import Right
from summand.portal._study_facts import entries_of, steps_of
from summand.portal._visit import HEADERS, Route, Visit, nothing_here

OPEN_STATES = ("deciding", "sealing", "running", "confirming")
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


async def study(visit: Visit) -> web.StreamResponse:
    """The study; figures only for roles that include them, and each look at them is logged first."""
    one, shown = _found(visit)
    result, is_hidden = None, False
    if shown["result"] is not None:
        if visit.may(Right.RESULTS):
            visit.portal.views.add(visit.who, "Result", one.agreement.id, shown["study"])
            result = StudyResult.from_shown(shown, one.agreement.title)
        else:
            is_hidden = True
    index = visit.portal.index
    row = index.study(shown["study"])
    leaves = index.leaves_of_study(shown["study"])
    return visit.page(
        "study.html", one=one, agreement=_version(one, shown), study=shown, row=row, result=result, hidden=is_hidden,
        sealed="sealed" in shown, awaiting=shown.get("awaiting_witnesses"),
        is_open=_is_open(shown), steps=steps_of(shown["status"], shown["round"]), leaf_total=len(leaves),
        decisions=index.decisions_on(shown["study"]), entries=entries_of(visit.portal.partnerships, leaves), tab="studies",
        refreshes=visit.query("refresh") == "1",
    )  # fmt: skip


async def as_json(visit: Visit) -> web.StreamResponse:
    """The released values, as ``--json`` prints them."""
    _, result = _released(visit, "Result as JSON")
    return visit.download(dump(result.to_dict()), f"study-{result.study_id[:8]}.json")


async def as_csv(visit: Visit) -> web.StreamResponse:
    """The result's tables, one below the other."""
    _, result = _released(visit, "Result as CSV")
    text = io.StringIO()
    writer = csv.writer(text)
    for title, table in result.tables():
        writer.writerow([title or result.heading])
        writer.writerow(table.columns)
        writer.writerows([[_plain(cell) for cell in row] for row in table.shown()])
        writer.writerow([])
    return visit.download(text.getvalue().encode(), f"study-{result.study_id[:8]}.csv", "text/csv")


async def plot(visit: Visit) -> web.StreamResponse:
    """The result drawn, as SVG; light or dark."""
    _, result = _released(visit, "Drawing")
    svg = await asyncio.to_thread(drawing, result, visit.query("theme") == "dark")
    if svg is None:
        raise nothing_here("drawing")
    headers = {**HEADERS, "Content-Security-Policy": DRAWING_POLICY}
    return web.Response(text=svg, content_type="image/svg+xml", headers=headers)


async def state(visit: Visit) -> web.StreamResponse:
    """Where an open study stands, as server-sent events: one when it changes, until it is over."""
    _, shown = _found(visit)
    answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
    await answer.prepare(visit.request)
    told = ""
    for _ in range(600):
        shown = visit.portal.convener.show(shown["study"])
        facts = {"status": shown["status"], "round": shown["round"], "over": not _is_open(shown)}
        said = dump(facts).decode()
        if said != told:
            await answer.write(f"data: {said}\n\n".encode())
            told = said
        if facts["over"]:
            break
        await asyncio.sleep(0.5)
    return answer


async def verify(visit: Visit) -> web.StreamResponse:
    """What the ledger proves about the study, derived again now, leaf by leaf."""
    from summand.portal._proving import prove_study

    one, shown = _found(visit)
    error, proof = None, None
    signed = next(found for found in one.versions if found.agreement.hash == shown["agreement"])
    try:
        proof = prove_study(visit.portal, signed, shown["study"])
    except SummandError as found:
        error = found
    return visit.page(
        "verify.html", one=one, agreement=signed.agreement, study=shown, proof=proof, error=error, tab="studies"
    )


def _is_open(shown: dict[str, Any]) -> bool:
    """Whether the study still changes: its rounds, or the witnesses that its result waits for."""
    return shown["status"] in OPEN_STATES or shown.get("awaiting_witnesses") is not None


def _found(visit: Visit) -> tuple[Partnership, dict[str, Any]]:
    try:
        shown = visit.portal.convener.show(visit.path("study"))
    except UsageError:
        raise nothing_here("study") from None
    return visit.portal.partnerships.of_study(visit.who.organisation, shown["agreement"]), shown


def _released(visit: Visit, what: str) -> tuple[Partnership, StudyResult]:
    one, shown = _found(visit)
    if shown["result"] is None:
        raise nothing_here("result")
    visit.portal.views.add(visit.who, what, one.agreement.id, shown["study"])
    return one, StudyResult.from_shown(shown, one.agreement.title)


def _version(one: Partnership, shown: dict[str, Any]) -> Any:
    return next(found.agreement for found in one.versions if found.agreement.hash == shown["agreement"])


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a number keeps its sign."""
    is_number = cell.replace(".", "", 1).replace("-", "").replace("e", "").replace("+", "").isdigit()
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and not is_number else cell


ROUTES = (
    Route("GET", "/studies/{study}", study, Right.READ),
    Route("GET", "/studies/{study}/events", state, Right.READ),
    Route("GET", "/studies/{study}/verify", verify, Right.READ),
    Route("GET", "/studies/{study}/result.json", as_json, Right.RESULTS),
    Route("GET", "/studies/{study}/result.csv", as_csv, Right.RESULTS),
    Route("GET", "/studies/{study}/plot.svg", plot, Right.RESULTS),
)
