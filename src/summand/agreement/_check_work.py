"""Conditions of clauses F to K: approvals, bodies that can decide, and money that adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from summand.agreement._check_parties import has_us_party
from summand.agreement._document import Agreement
from summand.agreement._findings import Place
from summand.agreement._problems import Problem, invalid, missing, note, twice, unknown_names
from summand.agreement._revenue import WaterfallStep
from summand.agreement._work import Weight


def work_conditions(agreement: Agreement) -> Iterator[Problem]:
    """Clauses F to K."""
    parties = {party.id for party in agreement.parties}
    yield from _approvals(agreement)
    yield from _governance(agreement)
    yield from _study_approvals(agreement)
    yield from _witnesses(agreement)
    yield from _costs(agreement)
    yield from _waterfall(agreement)
    yield from unknown_names(_party_references(agreement), parties, "party")
    publication = agreement.ip.publication
    if publication.delay_max_days < publication.review_days:
        yield invalid(
            ("ip", "publication", "delay_max_days"),
            "Publication may be put off for fewer days than a manuscript is read.",
            "Give at least as many days as review_days.",
        )


def _party_references(agreement: Agreement) -> Iterator[tuple[Place, str | None]]:
    for i, declaration in enumerate(agreement.conflicts.declarations):
        yield ("conflicts", "declarations", i, "party"), declaration.party
    work, ip = agreement.work, agreement.ip
    for i, package in enumerate(work.workpackages):
        yield ("work", "workpackages", i, "lead"), package.lead
    for i, contribution in enumerate(work.contributions):
        yield ("work", "contributions", i, "party"), contribution.party
    for i, cap in enumerate(work.cost_shares.caps):
        yield ("work", "cost_shares", "caps", i, "party"), cap.party
    for i, payment in enumerate(work.payment_schedule):
        yield ("work", "payment_schedule", i, "payer"), payment.payer
        yield ("work", "payment_schedule", i, "payee"), payment.payee
    for i, background in enumerate(ip.background):
        yield ("ip", "background", i, "owner"), background.owner
    for i, option in enumerate(ip.licence_options):
        yield ("ip", "licence_options", i, "party"), option.party
    yield ("ip", "prosecution_lead"), ip.prosecution_lead
    for i, step in enumerate(agreement.revenue.waterfall):
        yield ("revenue", "waterfall", i, "payee"), step.payee


def _approvals(agreement: Agreement) -> Iterator[Problem]:
    for index, approval in enumerate(agreement.ethics.approvals):
        place = ("ethics", "approvals", index, "expires")
        if approval.expires < approval.granted:
            yield invalid(place, f"Approval {approval.reference} expires before it is granted.", "Correct the dates.")
        elif approval.expires < agreement.term.end:
            yield note(
                place,
                f"Approval {approval.reference} expires on {approval.expires}, before the term ends.",
                "Studies stop on that day unless it is renewed.",
            )


def _governance(agreement: Agreement) -> Iterator[Problem]:
    parties, bodies = {party.id for party in agreement.parties}, agreement.governance.bodies
    at = ("governance", "bodies")
    yield from twice(at, bodies, "bodies")
    for i, body in enumerate(bodies):
        yield from unknown_names((((*at, i, "members", j), m) for j, m in enumerate(body.members)), parties, "party")
        if body.chair not in body.members:
            yield invalid((*at, i, "chair"), f"The chair of {body.name} is no member of it.", "Name a member.")
    members = {body.id: len(set(body.members)) for body in bodies}
    for i, rule in enumerate(agreement.governance.decision_rules):
        place = ("governance", "decision_rules", i)
        yield from unknown_names([((*place, "body"), rule.body)], members, "body")
        if rule.quorum > members.get(rule.body, rule.quorum):
            yield invalid((*place, "quorum"), "The quorum is larger than the body.", "Lower it, or add members.")
        vetoes = (((*place, "veto_holders", j), holder) for j, holder in enumerate(rule.veto_holders))
        yield from unknown_names(vetoes, parties, "party")


def _witnesses(agreement: Agreement) -> Iterator[Problem]:
    wanted = agreement.governance.witnesses
    if wanted is None:
        return
    place, holders = ("governance", "witnesses"), {dataset.holder for dataset in agreement.datasets}
    if wanted > len(holders):
        yield invalid(
            place,
            f"Each result needs {wanted} witnesses; {len(holders)} parties hold data and have a site.",
            "Ask for as many witnesses as there are sites, or fewer.",
        )
    elif 2 * wanted <= len(holders):
        yield note(
            place,
            f"{wanted} witnesses are at most half of the sites: a hub could show two histories to as many sites each.",
            "Ask for more than half of the sites, or leave the number out.",
        )


def _study_approvals(agreement: Agreement) -> Iterator[Problem]:
    parties = {party.id for party in agreement.parties} | {"any"}
    for i, approval in enumerate(agreement.governance.study_approvals):
        place = ("governance", "study_approvals", i)
        yield from unknown_names([((*place, "party"), approval.party)], parties, "party")
        able = {
            person.key
            for person in agreement.people
            if person.role == approval.role and approval.party in ("any", person.party)
        }
        if len(able) < approval.count:
            yield invalid(
                (*place, "count"),
                f"Each study needs {approval.count} {approval.role} of {approval.party}; the agreement names {len(able)}.",
                "Name more people in clause B, or ask for fewer.",
            )


def _weights(agreement: Agreement, weights: Sequence[Weight], place: Place) -> Iterator[Problem]:
    parties = {party.id for party in agreement.parties}
    yield from unknown_names((((*place, i, "party"), item.party) for i, item in enumerate(weights)), parties, "party")
    yield from twice(place, weights, "weights", "party")
    if sum(item.weight for item in weights) == 0:
        yield missing(place, "The weights of the split are missing or all zero.", "Give each party its weight.")


def _costs(agreement: Agreement) -> Iterator[Problem]:
    work = agreement.work
    if work.cost_shares.rule == "fixed":
        yield from _weights(agreement, work.cost_shares.weights, ("work", "cost_shares", "weights"))
    if has_us_party(agreement) and work.fmv_opinion is None:
        yield missing(
            ("work", "fmv_opinion"),
            "A party is in the United States and there is no opinion that payments are at fair market value.",
            "Add who gave the opinion and when.",
        )


def _waterfall(agreement: Agreement) -> Iterator[Problem]:
    steps = agreement.revenue.waterfall
    if [step.order for step in steps] != list(range(1, len(steps) + 1)):
        yield invalid(("revenue", "waterfall"), "The steps are not numbered 1, 2, 3 … in order.", "Number them so.")
    for index, step in enumerate(steps):
        yield from _step(agreement, step, ("revenue", "waterfall", index))


def _step(agreement: Agreement, step: WaterfallStep, place: Place) -> Iterator[Problem]:
    if step.kind == "share":
        yield from _weights(agreement, step.weights, (*place, "weights"))
    elif step.payee is None:
        yield missing((*place, "payee"), f"Step {step.order} does not say who is paid.", "Name the party.")
    if step.kind == "fee" and step.per_mille is None:
        yield missing((*place, "per_mille"), f"Step {step.order} is a fee of unknown size.", "Give it in thousandths.")
