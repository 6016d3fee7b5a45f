"""Decisions, goals and money in a pack: folded from the chosen entries, by the same rooms that pages read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from summand.documents import Document, Sheet
from summand.errors import SummandError
from summand.evidence._case import Case, said
from summand.evidence._studies import StudyFacts
from summand.federation import goal_verdicts, partnership_scorecard_of
from summand.outcomes import GoalProgress, goal_progress, goal_series
from summand.sharing import settle
from summand.sharing.contributions import contribution_register
from summand.sharing.income import income_register
from summand.sharing.inventions import invention_register
from summand.sharing.reports import contributions_document, income_document, inventions_document, statement_document


def write_governance(case: Case, studies: list[StudyFacts]) -> None:
    """Motions, votes, vetoes, disputes, permits, minutes; and on paper with the sites' refusals."""
    case.put_json(
        "governance/governance.json", case.governance.to_dict(), "Motions, votes, vetoes, disputes, permits, minutes."
    )
    case.put_pdf(
        "governance/governance.pdf", _governance_document(case, studies), "Decisions, refusals and minutes, to be read."
    )


def _governance_document(case: Case, studies: list[StudyFacts]) -> Document:
    state = case.governance
    motions = tuple(
        (
            m.title,
            m.body,
            m.topic,
            m.outcome,
            m.why,
            "; ".join(f"{b.party}: {b.vote}" for b in m.ballots),
            f"leaf {m.leaf}",
        )
        for m in state.motions
    )
    vetoes = tuple((v.party, ", ".join(v.datasets), v.reason, f"leaf {v.leaf}") for v in state.vetoed)
    minutes = tuple(
        (m.body, f"{m.held_at:%Y-%m-%d}", ", ".join(m.present), m.text or f"SHA-256 {m.text_sha256}",
         "; ".join(f"{party}: {why}" for party, why in m.contested) or "nobody", f"leaf {m.leaf}")
        for m in state.minutes
    )  # fmt: skip
    refusals = tuple(
        (one.title, str(d["site"]), "; ".join(_reason(r) for r in d["reasons"]), f"leaf {d['leaf']}")
        for one in studies for d in one.decisions if d["decision"] != "permit"
    )  # fmt: skip
    decided = tuple(
        (one.title, one.outcome, f"{sum(d['decision'] == 'permit' for d in one.decisions)} of {len(one.decisions)}",
         ", ".join(one.approvals) or "none asked", one.ended)
        for one in studies
    )  # fmt: skip
    disputes = tuple((d.text, d.raised_by, d.status, d.step, f"leaf {d.leaf}") for d in state.disputes)
    permits = tuple(
        (p.kind, p.holder, p.reference, f"{p.granted} to {p.expires}", p.status)
        for p in state.permits
        if p.kind != "key"
    )
    interests = tuple(
        (i.person, i.party, f"{i.interest} in {i.counterparty}", ", ".join(i.topics)) for i in state.interests
    )
    return Document(
        "Decisions, refusals and minutes",
        (f"As governance stood on {case.as_of:%Y-%m-%d %H:%M} UTC. {len(state.ignored)} entries did not count, each with its "
         "reason in governance.json.",),
        (
            Sheet("Studies decided", ("study", "outcome", "permits", "approved by", "why it ended"), decided),
            Sheet("Refusals", ("study", "site", "reasons", "source"), refusals),
            Sheet("Motions", ("motion", "body", "topic", "outcome", "why", "votes", "source"), motions),
            Sheet("Vetoes of data holders", ("party", "datasets", "reason", "source"), vetoes),
            Sheet("Minutes", ("body", "held", "present", "text", "contested by", "source"), minutes),
            Sheet("Disputes", ("about", "raised by", "status", "step", "source"), disputes),
            Sheet("Permits", ("kind", "holder", "reference", "from and to", "status"), permits),
            Sheet("Declared interests", ("person", "party", "interest", "does not vote on"), interests),
        ),
        (case.source,),
    )  # fmt: skip


def _reason(reason: dict[str, Any]) -> str:
    clause = f" (clause {reason['clause']})" if reason.get("clause") else ""
    return f"{reason.get('message', '')}{clause}"


def goals_of(case: Case) -> list[GoalProgress]:
    """Every goal of the agreement as the chosen entries have it."""
    series, _ = goal_series(case.versions, case.entries)
    begun = case.agreement.term.start
    return [goal_progress(goal, series[goal.id], begun, case.today) for goal in case.agreement.purpose.goals]


def write_outcomes(case: Case, goals: list[GoalProgress]) -> None:
    """Goals with every measurement, effects, and the scorecard."""
    found = partnership_scorecard_of(case.versions, case.entries, case.as_of)
    case.put_json(
        "outcomes/goals.json", [goal.to_dict() for goal in goals], "Goals with every measurement, chart and effect."
    )
    case.put_json(
        "outcomes/scorecard.json", found.to_dict(), "Six aims, early warnings, backup plans, worth continuing."
    )
    rows = tuple(
        (g.text, f"{g.direction} to {g.target:g} {g.unit}", _last(g), g.course.replace("_", " "), g.why, _where(g))
        for g in goals
    )
    effects = tuple(
        (g.text, e.effect, f"{e.estimate:.4g} ({e.conf_low:.4g} to {e.conf_high:.4g})", e.method, e.study[:12], f"leaf {e.leaf}")
        for g in goals for e in g.effects
    )  # fmt: skip
    document = Document(
        "Goals and outcomes",
        (f"As of {case.today}. The answer of the scorecard: {found.answer.replace('_', ' ')}.",),
        (
            Sheet("Goals", ("goal", "target", "last value (95 % interval)", "course", "why", "source"), rows),
            Sheet("What studies of cause found", ("goal", "effect", "estimate (95 % interval)", "method", "study", "source"), effects),
            Sheet("Reasons", ("reason",), tuple((item.text,) for item in found.reasons)),
        ),
        (case.source,),
    )  # fmt: skip
    case.put_pdf("outcomes/outcomes.pdf", document, "Goals and outcomes, to be read.")


def _last(goal: GoalProgress) -> str:
    if not goal.points:
        return "not measured"
    point = goal.points[-1]
    interval = "" if point.conf_low is None else f" ({point.conf_low:.4g} to {point.conf_high:.4g})"
    return f"{point.period}: {point.value:.4g} {goal.unit}{interval}"


def _where(goal: GoalProgress) -> str:
    if not goal.points:
        return ""
    point = goal.points[-1]
    return f"leaf {point.leaf}, " + (f"study {point.study[:12]}" if point.study else f"evidence {point.evidence_title}")


def write_money(case: Case, *, internal: bool) -> None:
    """The settlement statement and the registers, each as JSON and PDF, every figure beside its source."""
    agreement, hashed = case.agreement, case.agreement.hash
    register = contribution_register(agreement, case.stated, case.today)
    _put(
        case, "contributions", register.to_dict(), "What each partner committed and delivered; grants; payments.",
        lambda: contributions_document(register, agreement_hash=hashed, checked=case.source),
    )  # fmt: skip
    try:
        statement = settle(agreement, register=register)
    except SummandError as error:  # a split by a game, or by counts that were not released
        _put(case, "statement", _not_here(error), "Why costs are not split here.")
    else:
        _put(
            case, "statement", {**statement.to_dict(), "agreement": hashed}, "Who bears what under clause I; who pays whom.",
            lambda: statement_document(statement, register, agreement_hash=hashed, checked=case.source),
        )  # fmt: skip
    try:
        verdicts = goal_verdicts(case.versions, case.entries)
        income = income_register(agreement, case.stated, None, case.today, verdicts)
    except SummandError as error:  # an agreement that expects no income
        _put(case, "income", _not_here(error), "Why there is no register of income.")
    else:
        _put(
            case, "income", income.to_dict(), "Income of the joint product by period and payee.",
            lambda: income_document(income, agreement_hash=hashed, checked=case.source),
        )  # fmt: skip
    if internal:
        inventions = invention_register(agreement, case.stated, case.today)
        _put(
            case, "inventions", inventions.to_dict(), "Inventions with their clocks. Confidential.",
            lambda: inventions_document(inventions, agreement_hash=hashed, checked=case.source),
        )  # fmt: skip


def _put(case: Case, name: str, value: Any, about: str, document: Callable[[], Document] | None = None) -> None:
    case.put_json(f"money/{name}.json", value, about)
    if document is not None and case.with_pdfs:
        case.put_pdf(f"money/{name}.pdf", document(), f"{about} To be read.")


def _not_here(error: SummandError) -> dict[str, str]:
    return {"not_here": said(error), "remedy": error.remedy}
