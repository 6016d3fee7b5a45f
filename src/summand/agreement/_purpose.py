"""Clause C: what the data may be used for, what never, and the goals that the partnership shares."""

from __future__ import annotations

from datetime import date
from typing import Literal

from summand.agreement._base import Clause, Finite, Identifier, Positive, Sha256, Text, may, must, star

PurposeSystem = Literal["EHDS53", "DUO", "HIPAA"]
PROHIBITED_ALWAYS: dict[str, str] = {
    "54(a)": "decisions to the detriment of a person or a group",
    "54(b)": "job offers, worse terms for goods, services, insurance or credit, or other discrimination",
    "54(c)": "advertising or marketing",
    "54(d)": "developing products or services that harm",
    "54(e)": "activities that national law forbids on ethical grounds",
    "reidentification": "finding out who a patient is, or trying to",
    "onward_access": "giving access to anybody whom the agreement does not name",
}
"""In force under every agreement, named in it or not: EHDS, Regulation (EU) 2025/327, Art. 54, and our own two."""
EHDS53_CODES = (
    "53(1)(a)",
    "53(1)(b)",
    "53(1)(c)",
    "53(1)(d)",
    "53(1)(e)",
    "53(1)(e)(i)",
    "53(1)(e)(ii)",
    "53(1)(f)",
)
EHDS53_PUBLIC_BODIES_ONLY = frozenset({"53(1)(a)", "53(1)(b)", "53(1)(c)"})
HIPAA_CODES = ("research", "public_health", "health_care_operations", "treatment", "payment")


class Purpose(Clause):
    """One permitted use, by the code of a law or ontology and in words."""

    system: PurposeSystem = star("EHDS53 (Art. 53), DUO, or HIPAA.")
    code: Text = star('Code in that system: "53(1)(e)(ii)", "DUO:0000006", "research".')
    text: Text = star("The purpose in words.")
    disease: str | None = may("Disease it is limited to, a MONDO identifier.", pattern=r"^MONDO:[0-9]{7}$")


class ProhibitedPurpose(Clause):
    """One use that is forbidden, whatever else is permitted."""

    code: str = star('EHDS Art. 54 letter, such as "54(b)", or a short name.', pattern=r"^[a-z0-9][a-z0-9_().]{0,62}$")
    text: Text = star("What is forbidden, in words.")


class Baseline(Clause):
    """Where an indicator stood before."""

    value: Finite = must("Value.")
    period: Text = must("Period that it describes.")
    n: Positive | None = may("People behind it.")


class Goal(Clause):
    """Something the partnership wants to reach, with the number that tells."""

    id: Identifier = star("Short name.")
    owner: Identifier = star("Party that answers for it.")
    aim: Literal["access", "quality", "cost", "equity", "workforce", "innovation_speed"] = star("Kind of aim.")
    text: Text = star("The goal in words.")
    indicator_id: Text = star("Indicator that measures it.")
    unit: Text = star("Unit of the indicator.")
    direction: Literal["increase", "decrease", "maintain"] = star("Which way is better.")
    baseline: Baseline | None = may("Where it stood before.")
    target: Finite = star("Value to reach.")
    due: date = star("By when.")
    measurement_method: Text = star("How the effect is judged.")
    data_source: Text = must("Dataset or study that gives the number.")
    schedule: Literal["monthly", "quarterly", "yearly"] | None = may("How often it is measured.")
    analysis_plan_hash: Sha256 | None = may("SHA-256 of the analysis plan.")
    minimum_detectable: Finite | None = may("Smallest change that the plan can find.")
    consequence_if_missed: Text | None = may("What follows if the goal is missed.")


class PurposeClause(Clause):
    """Clause C."""

    purposes: tuple[Purpose, ...] = star("Uses that are permitted; all others are not.", min_length=1)
    prohibited_purposes: tuple[ProhibitedPurpose, ...] = star(
        "Uses that are forbidden. Can be extended, never reduced."
    )
    goals: tuple[Goal, ...] = star("Goals that the parties share.", min_length=1)
    out_of_scope: tuple[Text, ...] = may("What the partnership does not do.", ())
