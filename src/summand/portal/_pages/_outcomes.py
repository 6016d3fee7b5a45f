"""Outcomes: every goal with its chart, the scorecard with its reasons, early warnings, and the backup plans."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from summand.federation import partnership_scorecard_of
from summand.outcomes import Scorecard, assurance_icon, assurance_words, variation_icon, variation_words
from summand.portal._partnerships import Partnership
from summand.portal._process_drawing import process_svg
from summand.portal._roles import Right
from summand.portal._visit import Route, Visit

KINDS = (
    "goal.measured", "goal.rebased", "goal.attached", "relationship.measured", "backup.tested", "governance.act",
    "site.stopped", "site.resumed", "study.request", "study.decision", "study.released", "agreement.executed",
)  # fmt: skip


async def outcomes(visit: Visit) -> web.StreamResponse:
    """The scorecard as everybody who holds the ledger works it out; each look is logged, since goals are measured."""
    one = visit.partnership()
    visit.portal.views.add(visit.who, "Outcomes", one.agreement.id, "")
    card = _scorecard(visit, one)
    goals = [
        {
            "goal": goal, "svg": process_svg(goal.chart, goal.unit) if goal.chart else "",
            "icons": [variation_icon(goal.chart), assurance_icon(goal.chart)] if goal.chart else [],
            "words": [variation_words(goal.chart), assurance_words(goal.chart)] if goal.chart else [],
        }
        for goal in card.goals
    ]  # fmt: skip
    return visit.page("outcomes.html", one=one, agreement=one.agreement, card=card, goals=goals, tab="outcomes")


def _scorecard(visit: Visit, one: Partnership) -> Scorecard:
    versions = [signed.agreement for signed in one.versions]
    return partnership_scorecard_of(versions, visit.portal.partnerships.about_all(one, KINDS), datetime.now(UTC))


ROUTES = (Route("GET", "/partnerships/{key}/outcomes", outcomes, Right.RESULTS),)
