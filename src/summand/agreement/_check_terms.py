"""Conditions of clauses L, N and O: tools somebody watches, dates in order, and signatures that can be given."""

from __future__ import annotations

from collections.abc import Iterator

from summand.agreement._document import Agreement
from summand.agreement._problems import Problem, invalid, missing, twice, unknown_names


def term_conditions(agreement: Agreement) -> Iterator[Problem]:
    """Clauses L, N and O."""
    parties = {party.id for party in agreement.parties}
    tools = agreement.safety.tools
    yield from twice(("safety", "tools"), tools, "tools")
    owners = ((("safety", "tools", i, "incident_owner"), tool.incident_owner) for i, tool in enumerate(tools))
    yield from unknown_names(owners, parties, "party")
    yield from _dates(agreement)
    handover = agreement.term.exit_plan.handover_party
    yield from unknown_names([(("term", "exit_plan", "handover_party"), handover)], parties, "party")
    for i, plan in enumerate(agreement.term.backup_plan):
        if plan.minimum_parties > len(parties):
            place = ("term", "backup_plan", i, "minimum_parties")
            yield invalid(place, "The plan needs more parties than there are.", "Lower the number.")
    yield from _execution(agreement)


def _dates(agreement: Agreement) -> Iterator[Problem]:
    term, effective = agreement.term, agreement.identity.effective_date
    if term.end < term.start:
        yield invalid(("term", "end"), "The term ends before it starts.", "Correct the dates.")
    if effective is not None and effective > term.end:
        yield invalid(("identity", "effective_date"), "It takes effect after its term has ended.", "Correct the dates.")


def _execution(agreement: Agreement) -> Iterator[Problem]:
    rule = agreement.execution.effective_when
    parties = {party.id for party in agreement.parties}
    place = ("execution", "effective_when")
    core = (((*place, "core", i), name) for i, name in enumerate(rule.core))
    yield from unknown_names(core, parties, "party")
    if rule.rule == "k_of_n" and rule.k is None:
        yield missing((*place, "k"), "How many signatures put it into effect is not said.", "Give k.")
    if rule.k is not None and rule.k > len(parties):
        yield invalid((*place, "k"), "More signatures are needed than there are parties.", "Lower k.")
    if rule.rule == "all" and (rule.k is not None or rule.core):
        yield invalid(
            (*place, "rule"), "All must sign, and yet k or core is given.", "Choose k_of_n, or take them out."
        )
