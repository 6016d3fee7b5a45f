"""What a difference means: whether the agreement gets tighter or looser by it, and who gains and who loses.

Tighter is what protects patients, holders and secrets more, or asks more of somebody; looser the opposite. Some changes
are neither: money and votes move from one to another. A text in words that was rewritten is for a person to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["tighter", "looser", "shifts", "read"]
OPPOSITE: dict[Direction, Direction] = {"tighter": "looser", "looser": "tighter", "shifts": "shifts", "read": "read"}
PATIENTS, HOLDERS, USERS, ALL, PUBLIC, AUDITORS = (
    "patients",
    "data holders",
    "data users",
    "all parties",
    "the public",
    "auditors",
)


@dataclass(frozen=True)
class Scale:
    """A field whose values are in an order: numbers, or the words of ``order`` from loose to tight.

    ``more`` says what a larger value does; ``gains`` who gains by the tighter end, ``loses`` who pays for it.
    """

    more: Direction
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    order: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A list whose entries each add something: ``added`` says what a new entry does."""

    added: Direction
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()


TIGHTER_DATA = (PATIENTS, HOLDERS)
SCALES: dict[str, Scale] = {
    "data.min_sites": Scale("tighter", TIGHTER_DATA, (USERS,)),
    "data.min_cell": Scale("tighter", (PATIENTS,), (USERS,)),
    "data.limits.minimum_cell": Scale("tighter", (PATIENTS,), (USERS,)),
    "data.limits.minimum_sites": Scale("tighter", TIGHTER_DATA, (USERS,)),
    "data.limits.minimum_exits": Scale("tighter", (PATIENTS,), (USERS,)),
    "data.limits.parameters_per_person": Scale("looser", (PATIENTS,), (USERS,)),
    "data.incident_notice_hours": Scale("looser", (ALL, PATIENTS)),
    "data.retention.months": Scale("looser", (PATIENTS,), (USERS,)),
    "data.retention.certificate": Scale("tighter", TIGHTER_DATA, (USERS,), (False, True)),
    "data.audit_right.per_year": Scale("tighter", (AUDITORS, HOLDERS), (USERS,)),
    "data.audit_right.notice_days": Scale("looser", (AUDITORS, HOLDERS), (USERS,)),
    "data.complementary_suppression": Scale("tighter", (PATIENTS,), (USERS,), (False, True)),
    "data.accounting_of_disclosures": Scale("tighter", (PATIENTS,), (), (False, True)),
    "data.on_lost_site": Scale("tighter", TIGHTER_DATA, (USERS,), ("start_over", "end")),
    "governance.witnesses": Scale("tighter", (ALL,)),
    "data.hub": Scale("tighter", TIGHTER_DATA, (), ("opens_totals", "blind")),
    "data.output_review": Scale("tighter", TIGHTER_DATA, (USERS,), ("automatic", "airlock", "two_person")),
    "data.disclosure_profile": Scale("tighter", TIGHTER_DATA, (USERS,), ("trial", "public_data", "institutional")),
    "data.linkage": Scale("tighter", (PATIENTS,), (USERS,), ("listed", "none")),
    "data.datasets.*.rows_max": Scale("looser"),
    "data.datasets.*.includes_cms_data": Scale("tighter", (PATIENTS,), (USERS,), (False, True)),
    "data.datasets.*.identifiability": Scale(
        "tighter", (PATIENTS,), (USERS,), ("identifiable", "limited_data_set", "pseudonymous", "anonymous")
    ),
    "privacy.budget.epsilon_total": Scale("looser", (PATIENTS,), (USERS,)),
    "privacy.budget.epsilon_per_study": Scale("looser", (PATIENTS,), (USERS,)),
    "privacy.budget.delta": Scale("looser", (PATIENTS,), (USERS,)),
    "privacy.budget.refill": Scale("tighter", (PATIENTS,), (USERS,), ("annual", "none")),
    "privacy.budget.on_exhaustion": Scale("tighter", (PATIENTS,), (USERS,), ("vote", "stop")),
    "privacy.budget.party_budgets.*.epsilon": Scale("looser", (PATIENTS,), (USERS,)),
    "privacy.budget.unit_of_privacy": Scale("tighter", (PATIENTS,), (USERS,), ("visit", "patient")),
    "privacy.budget.neighbouring": Scale("tighter", (PATIENTS,), (USERS,), ("add_remove", "replace")),
    "privacy.budget.period": Scale("tighter", (PATIENTS,), (USERS,), ("year", "term")),
    "identity.signature_deadline": Scale("looser"),
    "parties.*.insurance.*.amount_cents": Scale("tighter", ("whoever is harmed",)),
    "purpose.goals.*.due": Scale("looser", ("the other parties",), ("the goal's owner",)),
    "revenue.audit_right.notice_days": Scale("looser", (AUDITORS,)),
    "revenue.audit_right.per_year": Scale("tighter", (AUDITORS,)),
    "term.renewal": Scale("tighter", (), (), ("automatic_with_notice", "explicit", "none")),
    "term.backup_plan.*.test_date": Scale("looser", (ALL, PATIENTS)),
    "execution.effective_when.rule": Scale("tighter", ("a minority",), (), ("k_of_n", "all")),
    "execution.effective_when.k": Scale("tighter", ("a minority",)),
    "conflicts.recheck_every_months": Scale("looser", (ALL,)),
    "governance.decision_rules.*.quorum": Scale("tighter", ("a minority",), ("the majority",)),
    "governance.decision_rules.*.notice_days": Scale("tighter", ("whoever was not at the table",)),
    "governance.decision_rules.*.threshold": Scale(
        "tighter", ("a minority",), ("the majority",), ("simple_majority", "two_thirds", "unanimous")
    ),
    "governance.study_approvals.*.count": Scale("tighter", TIGHTER_DATA, (USERS,)),
    "governance.minutes_public": Scale("tighter", (PUBLIC,), (), (False, True)),
    "ip.disclosure_days": Scale("looser", (ALL,), ("inventors",)),
    "ip.postground_tail_months": Scale("tighter", ("the other parties",), ("inventors",)),
    "ip.publication.review_days": Scale("tighter", ("owners of secrets and patents",), ("authors",)),
    "ip.publication.delay_max_days": Scale("tighter", ("owners of secrets and patents",), ("authors",)),
    "ip.licence_options.*.exclusive": Scale("tighter", ("who holds the option",), ("the other parties", PUBLIC), (False, True)),
    "ip.licence_options.*.months": Scale("tighter", ("who holds the option",), ("the other parties",)),
    "confidentiality.confidentiality_years": Scale("tighter", ("owners of secrets",), (PUBLIC,)),
    "confidentiality.insurance.*.minimum_cents": Scale("tighter", ("whoever is harmed",), (ALL,)),
    "term.termination.convenience_days": Scale("tighter", ("who stays",), ("who leaves",)),
    "term.termination.cure_days": Scale("looser", ("who is harmed by a breach",), ("who broke a term",)),
    "term.exit_plan.data_destruction_days": Scale("looser", (PATIENTS, HOLDERS), (USERS,)),
    "term.exit_plan.model_rule": Scale(
        "tighter", TIGHTER_DATA, (USERS,), ("keep", "retrain_without", "withdraw")
    ),
    "term.backup_plan.*.minimum_parties": Scale("tighter"),
    "execution.record_retention_years": Scale("tighter", (AUDITORS,), (ALL,)),
    "term.start": Scale("tighter"),
    "term.end": Scale("looser", (), ()),
    "people.*.to": Scale("looser"),
    "people.*.from": Scale("tighter"),
    "ethics.approvals.*.expires": Scale("looser"),
}  # fmt: skip
"""Fields in an order. Dates count as numbers: a later end is a longer permission."""
LISTS: dict[str, Listed] = {
    "purpose.purposes.*": Listed("looser", (USERS,), (PATIENTS,)),
    "purpose.prohibited_purposes.*": Listed("tighter", (PATIENTS,), (USERS,)),
    "purpose.goals.*": Listed("tighter", (ALL,)),
    "purpose.out_of_scope.*": Listed("tighter"),
    "data.datasets.*": Listed("looser", (USERS,)),
    "data.datasets.*.columns_withheld.*": Listed("tighter", (PATIENTS,), (USERS,)),
    "data.datasets.*.legal_basis.*": Listed("tighter", (PATIENTS,)),
    "data.computations_allowed.*": Listed("looser", (USERS,), (PATIENTS,)),
    "data.limited_data_set_terms.permitted_recipients.*": Listed("looser", ("whoever receives",), (PATIENTS, HOLDERS)),
    "data.datasets.*.patient_group_representatives.*": Listed("tighter", (PATIENTS,)),
    "privacy.budget.party_budgets.*": Listed("tighter", (PATIENTS,), (USERS,)),
    "conflicts.declarations.*.recusal_topics.*": Listed("tighter", (ALL,)),
    "parties.*.roles.*": Listed("shifts"),
    "parties.*.insurance.*": Listed("tighter", ("whoever is harmed",)),
    "work.subcontractors.*": Listed("looser", (USERS,), (PATIENTS,)),
    "ip.field_of_technology.*": Listed("shifts"),
    "data.release_levels.*": Listed("looser", (USERS,), (HOLDERS, PATIENTS)),
    "data.location.*": Listed("looser", (USERS,), (PATIENTS,)),
    "data.onward_transfer.*": Listed("looser", ("whoever receives",), (PATIENTS, HOLDERS)),
    "data.audit_right.by.*": Listed("tighter", (AUDITORS,), (USERS,)),
    "privacy.budget.exempt_queries.*": Listed("looser", (USERS,), (PATIENTS,)),
    "ethics.approvals.*": Listed("tighter", (PATIENTS,)),
    "conflicts.declarations.*": Listed("tighter", (ALL,)),
    "governance.bodies.*": Listed("shifts"),
    "governance.decision_rules.*": Listed("tighter"),
    "governance.study_approvals.*": Listed("tighter", TIGHTER_DATA, (USERS,)),
    "governance.escalation.*": Listed("tighter", (ALL,)),
    "governance.delegations.*": Listed("looser"),
    "revenue.legal_guards.*": Listed("tighter", (ALL,)),
    "safety.tools.*": Listed("looser", (), ()),
    "confidentiality.unlimited_claims.*": Listed("tighter", ("whoever is harmed",), ("whoever harms",)),
    "confidentiality.insurance.*": Listed("tighter", ("whoever is harmed",), (ALL,)),
    "term.survival.*": Listed("tighter", (ALL,)),
    "term.backup_plan.*": Listed("tighter", (ALL, PATIENTS)),
}
"""Lists whose entries each permit or forbid something."""


def rank(scale: Scale, value: Any) -> float | None:
    """The place of a value on its scale, None if it has none."""
    if scale.order:
        return float(scale.order.index(value)) if value in scale.order else None
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and len(value) == 10 and value[4::3] == "--":
        return float(value.replace("-", "")) if value.replace("-", "").isdecimal() else None
    return None


def on_scale(scale: Scale, before: Any, after: Any) -> Direction:
    """What a change along a scale does; a value that appears or goes is read as the tighter end where more is tighter."""
    old, new = rank(scale, before), rank(scale, after)
    if (before is not None and old is None) or (after is not None and new is None) or old == new:
        return "read"
    if old is None or new is None:
        # A limit that was not there bounds nothing; a new one, whatever its value, only tightens.
        return "tighter" if old is None else "looser"
    return scale.more if new > old else OPPOSITE[scale.more]


def party_of(path: tuple[str, ...], entry: Any) -> str | None:
    """The party that an entry of money, votes or licences is about."""
    if isinstance(entry, Mapping):
        for name in ("party", "payee", "owner", "holder", "lead"):
            if isinstance(entry.get(name), str):
                return str(entry[name])
    for part in reversed(path):
        if part.startswith("["):
            return part.strip("[]").split(" ")[0]
    return None
