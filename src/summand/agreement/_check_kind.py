"""What each kind of partnership cannot do without, beyond what every agreement has; by the template that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from summand.agreement._document import Agreement
from summand.agreement._findings import Place
from summand.agreement._problems import Problem, invalid, missing, note

Rule = Callable[[Agreement], Iterator[Problem]]
TOOLS: Place = ("safety", "tools")
GUARDS: Place = ("revenue", "legal_guards")
BACKUP: Place = ("term", "backup_plan")


def kind_of(agreement: Agreement) -> str:
    """Name of the template without its version: ``startup-pilot``."""
    return agreement.identity.template.name.split("/")[0]


def kind_conditions(agreement: Agreement) -> Iterator[Problem]:
    """The rules of the agreement's kind; none where the kind is not one of ours."""
    for rule in KIND_RULES.get(kind_of(agreement), ()):
        yield from rule(agreement)


def _tool(agreement: Agreement) -> Iterator[Problem]:
    if not agreement.safety.tools:
        yield missing(
            TOOLS, "A tool is tried or used in care, and none is listed.",
            "List it with intended use, monitoring plan and stop rule.",
        )  # fmt: skip


def _survives_the_vendor(agreement: Agreement) -> Iterator[Problem]:
    plans = [plan for plan in agreement.term.backup_plan if plan.trigger == "vendor_failure"]
    if not plans:
        yield missing(
            BACKUP,
            "Nothing is said about what happens when the company fails or is sold.",
            "Add a plan for vendor_failure.",
        )
    elif not any(plan.escrow for plan in plans):
        yield note(
            BACKUP, "If the company fails, nothing lies in escrow.", "Say where source code, keys and weights are kept."
        )


def _learning_is_undone(agreement: Agreement) -> Iterator[Problem]:
    if agreement.term.exit_plan.model_rule == "keep":
        yield note(
            ("term", "exit_plan", "model_rule"),
            "The company keeps models that learned from a provider's data after the provider has left.",
            "Choose withdraw or retrain_without, or make sure that patients were told.",
        )


def _guard(code: str, why: str) -> Rule:
    def rule(agreement: Agreement) -> Iterator[Problem]:
        if code not in agreement.revenue.legal_guards:
            yield missing(
                GUARDS, f"The money was not checked against {code}: {why}.", f"Have it checked, and add {code}."
            )

    return rule


def _regulator_observes(agreement: Agreement) -> Iterator[Problem]:
    regulators = {party.id for party in agreement.parties if party.type == "regulator"}
    if not regulators:
        yield missing(("parties",), "No party is a regulator.", "Add the regulator, with the role observer.")
    voting = {
        member
        for body in agreement.governance.bodies
        if body.id in {rule.body for rule in agreement.governance.decision_rules}
        for member in body.members
    }
    for index, party in enumerate(agreement.parties):
        if party.id in regulators and ("observer" not in party.roles or party.id in voting):
            yield invalid(
                ("parties", index, "roles"),
                f"The regulator {party.id} would vote on what it later judges.",
                "Give it the role observer, and no seat in a body that votes.",
            )


def _public_side(agreement: Agreement) -> Iterator[Problem]:
    if not any(party.type in ("government", "regulator", "payer", "provider") for party in agreement.parties):
        yield missing(("parties",), "No party is a public body or a provider.", "Add the public side.")
    if agreement.ip.access_commitments is None:
        yield missing(
            ("ip", "access_commitments"), "The public brings data, and no price or supply is promised to it.",
            "State access commitments, or that there will be no product.",
        )  # fmt: skip


def _option_lapses(agreement: Agreement) -> Iterator[Problem]:
    for index, option in enumerate(agreement.ip.licence_options):
        if option.exclusive and option.lapses_if_unused is None:
            yield missing(
                ("ip", "licence_options", index, "lapses_if_unused"),
                f"{option.party} may take an exclusive licence and never use it.",
                "State when the right lapses if it is not used.",
            )


def _methods_stay_consented(agreement: Agreement) -> Iterator[Problem]:
    for index, dataset in enumerate(agreement.datasets):
        if "DUO:0000015" in {item.code for item in dataset.consent_codes}:
            yield invalid(
                ("data", "datasets", index, "consent_codes"),
                f"Methods are developed here, and the consent of {dataset.id} excludes that (DUO:0000015, NMDS).",
                "Leave the dataset out.",
            )


def _savings_are_shared(agreement: Agreement) -> Iterator[Problem]:
    if not any(step.kind == "share" for step in agreement.revenue.waterfall):
        yield missing(
            ("revenue", "waterfall"), "How shared savings and losses reach the members is not stated (42 CFR 425.116).",
            "Add a step of kind share.",
        )  # fmt: skip
    if (agreement.term.end - agreement.term.start).days < 364:
        yield invalid(
            ("term", "end"),
            "The term is shorter than a performance year (42 CFR 425.116).",
            "Agree for twelve months or more.",
        )


def _several_laws(agreement: Agreement) -> Iterator[Problem]:
    countries = {party.country for party in agreement.parties}
    if len(countries) < 2:
        yield note(("parties",), "All parties lie in one country.", "Another template may fit better.")
    if not any("transfer" in text.casefold() for text in agreement.identity.order_of_precedence):
        yield missing(
            ("identity", "order_of_precedence"), "No transfer instrument stands in the order of precedence.",
            "Name the transfer annex, and annex the instrument (GDPR Art. 46).",
        )  # fmt: skip


KIND_RULES: dict[str, tuple[Rule, ...]] = {
    "public-private": (_public_side, _option_lapses, _guard("private_benefit", "public money may give no private benefit")),
    "accountable-care": (_savings_are_shared, _guard("aks_stark", "members refer patients to each other")),
    "academic-industry": (_option_lapses,),
    "provider-technology": (_tool, _survives_the_vendor, _learning_is_undone, _guard("aks_stark", "the company sells to providers")),
    "technology-academic": (_methods_stay_consented,),
    "technology-regulator": (_regulator_observes, _tool),
    "startup-pilot": (_tool, _survives_the_vendor, _learning_is_undone, _guard("aks_stark", "the startup hopes to sell to the providers")),
    "cross-border": (_several_laws,),
}  # fmt: skip
"""Rules by kind; providers with each other need none beyond those of every agreement."""
