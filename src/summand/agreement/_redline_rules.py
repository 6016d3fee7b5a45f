"""Rules for differences that are no scale and no plain list: shares of money, votes, consent, ownership, identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from summand.agreement._duo import PERMISSIONS, SHORTHAND
from summand.agreement._duo_purposes import within
from summand.agreement._redline_tree import Difference
from summand.agreement._redline_words import ALL, HOLDERS, PATIENTS, PUBLIC, USERS, Direction, party_of

Effects = list[tuple[str, str]]
Judged = tuple[Direction, str, Effects]
Rule = Callable[[Difference, Mapping[str, Any], Mapping[str, Any]], Judged]
OWNERS = {
    "inventor_owns": "the party whose people made it", "by_field": "the party whose field it is", "lead_owns": "the lead",
    "joint": ALL, "open": PUBLIC,
}  # fmt: skip


def share_of(weights: Any, party: str) -> Fraction:
    """A party's part of a split: its weight over the sum of weights."""
    rows = [row for row in weights or () if isinstance(row, Mapping) and isinstance(row.get("weight"), int)]
    whole = sum(row["weight"] for row in rows)
    own = sum(row["weight"] for row in rows if row.get("party") == party)
    return Fraction(own, whole) if whole else Fraction(0)


def percent(share: Fraction) -> str:
    """A share as a reader sees it."""
    return f"{float(100 * share):.4g} %"


def shares(before: Any, after: Any, *, paid: bool) -> tuple[str, Effects]:
    """How a split moves: in words, and who gains; ``paid`` where a share is received, else it is borne."""
    names = {str(row.get("party")) for rows in (before, after) for row in rows or () if isinstance(row, Mapping)}
    moved = [(name, share_of(before, name), share_of(after, name)) for name in sorted(names)]
    text = ", ".join(f"{name} {percent(old)} → {percent(new)}" for name, old, new in moved if old != new)
    effects = [(name, "gains" if (new > old) is paid else "loses") for name, old, new in moved if old != new]
    return text, effects


def consent(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A consent code: a broader permission loosens, a modifier tightens (clinical care aside, which opens)."""
    _ = old, new
    code = str((found.before or found.after or {}).get("code"))
    name = f"{code} ({SHORTHAND.get(code, 'unknown')})"
    added = found.before is None
    opens = code in PERMISSIONS or code == "DUO:0000043"
    direction: Direction = "looser" if opens is added else "tighter"
    verb = "is added" if added else "is taken out"
    gains, loses = (USERS, PATIENTS) if direction == "looser" else (PATIENTS, USERS)
    return direction, f"The consent code {name} {verb}", [(gains, "gains"), (loses, "loses")]


def permission_pair(before: str, after: str) -> Direction:
    """Whether one permission code instead of another is broader."""
    if after in within(before):
        return "looser"
    return "tighter" if before in within(after) else "read"


def ownership(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """Who owns: from one rule's owner to another's."""
    _ = old, new
    effects = [
        (OWNERS[value], word) for value, word in ((found.after, "gains"), (found.before, "loses")) if value in OWNERS
    ]
    return "shifts", "", effects


def contribution(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """What a party brings: more of it is a gain of the others."""
    _ = old, new
    party = party_of(found.path, found.after or found.before) or "the party"
    amounts = [_cents(found.before), _cents(found.after)]
    if amounts[0] == amounts[1]:
        return "read", "", []
    more = amounts[1] > amounts[0]
    return "shifts", "", [(party, "loses" if more else "gains"), ("the other parties", "gains" if more else "loses")]


def _cents(value: Any) -> int:
    if isinstance(value, Mapping):
        value = value.get("committed_cents", 0)
    return value if isinstance(value, int) else 0


def benefit(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A right or payment of one party: a background listed, an option, a fee, a veto, a seat."""
    _ = old, new
    party = party_of(found.path, found.after or found.before)
    if found.path[-1].startswith("[") and found.path[-2] in ("veto_holders", "members", "core", "replacement_partners"):
        party = found.path[-1].strip("[]")
    if party is None:
        return "read", "", []
    numbers = [value for value in (found.before, found.after) if isinstance(value, int) and not isinstance(value, bool)]
    grows = found.before is None if len(numbers) < 2 else numbers[1] > numbers[0]
    return "shifts", "", [(party, "gains" if grows else "loses")]


def membership(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A party or a person joins or leaves."""
    _ = old, new
    name = found.entry
    if found.before is None:
        return "looser", f"{name} joins", [(name, "gains")]
    return "tighter", f"{name} leaves", [(name, "loses")]


def goal_target(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A target: further along its direction asks more of its owner."""
    name = found.entry
    rows = [row for page in (new, old) for row in (page.get("purpose") or {}).get("goals") or ()]
    goal: Mapping[str, Any] = next((row for row in rows if row.get("id") == name), {})
    if not all(isinstance(value, (int, float)) for value in (found.before, found.after)):
        return "read", "", []
    rises = found.after > found.before
    sign = {"increase": rises, "decrease": not rises}.get(str(goal.get("direction")))
    if sign is None:
        return "read", "", []
    owner = str(goal.get("owner", "its owner"))
    return (
        ("tighter" if sign else "looser"),
        "",
        [(owner, "loses" if sign else "gains"), ("the other parties", "gains" if sign else "loses")],
    )


def one_instead_of_another(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A part that one party had and another has now."""
    _ = old, new
    pairs = ((found.after, "gains"), (found.before, "loses"))
    return "shifts", "", [(str(party), word) for party, word in pairs if party is not None]


def cost_cap(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """Most that a party bears: a lower or new cap is its gain, and the others' loss."""
    _ = old, new
    party = found.path[-1 if found.path[-1].startswith("[") else -2].strip("[]")
    lower = found.before is None or (
        isinstance(found.after, int) and isinstance(found.before, int) and found.after < found.before
    )
    return "shifts", "", [(party, "gains" if lower else "loses"), ("the other parties", "loses" if lower else "gains")]


def payment(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A payment that falls due, or its amount: the payee's gain, the payer's loss. Its entry is named payer, payee, due."""
    _ = old, new
    payer, payee, *_rest = next(part for part in found.path if part.startswith("[")).strip("[]").split(" ")
    old_cents, new_cents = (_amount(value) for value in (found.before, found.after))
    more = new_cents > old_cents
    return "shifts", "", [(payee, "gains" if more else "loses"), (payer, "loses" if more else "gains")]


def _amount(value: Any) -> int:
    found = value.get("cents") if isinstance(value, Mapping) else value
    return found if isinstance(found, int) else 0


def waterfall_step(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A step of the income that is new or gone: its payee's gain or loss; a shared one is for a person to read."""
    _ = old, new
    payee = (found.after or found.before or {}).get("payee")
    if not isinstance(payee, str):
        return "read", "", []
    return "shifts", "", [(payee, "gains" if found.before is None else "loses")]


def protection(found: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> Judged:
    """A budget or terms of a limited data set that appear or go."""
    _ = old, new
    added = found.before is None
    effects = [(PATIENTS, "gains" if added else "loses"), (HOLDERS, "gains" if added else "loses")]
    return ("tighter" if added else "looser"), "", effects


RULES: dict[str, Rule] = {
    "data.datasets.*.consent_codes.*": consent,
    "ip.foreground_rule": ownership,
    "ip.sideground_rule": ownership,
    "ip.models_and_weights_ownership": ownership,
    "ip.derived_data_ownership": ownership,
    "ip.background.*": benefit,
    "ip.licence_options.*": benefit,
    "ip.prosecution_lead": one_instead_of_another,
    "work.contributions.*": contribution,
    "work.contributions.*.committed_cents": contribution,
    "work.cost_shares.caps.*": cost_cap,
    "work.cost_shares.caps.*.cents": cost_cap,
    "work.payment_schedule.*": payment,
    "work.payment_schedule.*.cents": payment,
    "revenue.waterfall.*": waterfall_step,
    "revenue.waterfall.*.per_mille": benefit,
    "revenue.waterfall.*.cap_cents": benefit,
    "governance.decision_rules.*.veto_holders.*": benefit,
    "governance.bodies.*.members.*": benefit,
    "execution.effective_when.core.*": benefit,
    "parties.*": membership,
    "people.*": membership,
    "purpose.goals.*.target": goal_target,
    "privacy.budget": protection,
    "data.limited_data_set_terms": protection,
}  # fmt: skip
"""Rules by pattern of the path; `shares` and `permission_pair` are asked before them."""
READ = frozenset(
    [
        "format",
        "identity.version",
        "identity.order_of_precedence.*",
        "identity.status",
        "identity.effective_date",
        "identity.definitions.*",
        "parties.*.registrations.*",
        "parties.*.registrations.*.scheme",
        "parties.*.type",
        "parties.*.nonprofit",
        "parties.*.hipaa_status",
        "parties.*.gdpr_role",
        "parties.*.debarment_check.checked_on",
        "parties.*.coordinates.latitude",
        "parties.*.coordinates.longitude",
        "people.*.role",
        "purpose.purposes.*.system",
        "purpose.goals.*.aim",
        "purpose.goals.*.direction",
        "purpose.goals.*.baseline.value",
        "purpose.goals.*.baseline.n",
        "purpose.goals.*.schedule",
        "purpose.goals.*.minimum_detectable",
        "data.datasets.*.categories.*",
        "data.computations_allowed.*.method",
        "data.round_deadline_seconds",
        "data.computations_allowed.*.parameters",
        "data.reidentification_ban",
        "data.limited_data_set_terms.reports_violations",
        "data.limited_data_set_terms.binds_agents",
        "data.limited_data_set_terms.no_identification_or_contact",
        "privacy.budget.composition",
        "ethics.approvals.*.granted",
        "conflicts.declarations.*.interest",
        "conflicts.declarations.*.declared_on",
        "governance.bodies.*.kind",
        "governance.bodies.*.term_months",
        "governance.decision_rules.*.topic",
        "governance.decision_rules.*.weights",
        "governance.decision_rules.*.written_procedure",
        "governance.holder_veto",
        "governance.study_approvals.*.role",
        "governance.escalation.*.days",
        "governance.emergency_stop",
        "work.workpackages.*",
        "work.workpackages.*.due",
        "work.contributions.*.kind",
        "work.contributions.*.delivered_cents",
        "work.cost_shares.rule",
        "work.cost_shares.weights.*",
        "work.cost_shares.weights.*.weight",
        "work.payment_schedule.*.due",
        "work.fmv_opinion.dated",
        "work.amounts_are_samples",
        "revenue.waterfall.*.order",
        "revenue.waterfall.*.kind",
        "revenue.waterfall.*.weights.*",
        "revenue.waterfall.*.weights.*.weight",
        "revenue.reporting_period",
        "term.backup_plan.*.trigger",
        "term.backup_plan.*.replacement_partners.*",
        "execution.signatures.*",
        "execution.signatures.*.algorithm",
        "execution.signatures.*.time",
        "execution.counterparts",
    ]
)
"""Fields that are numbers, dates, choices or lists and that have no direction, or whose shares are judged together. A test
asks of every such field of the model that it is here or has a rule, so that none is forgotten when one is added.
"""
