"""Clause E: the privacy budget, where noise protects what is released."""

from __future__ import annotations

from typing import Literal

from summand.agreement._base import Clause, Finite, Identifier, Text, may, must


class PartyBudget(Clause):
    """A party's own, smaller budget."""

    party: Identifier = must("The party.")
    epsilon: Finite = must("Its share of the budget.", gt=0)


class PrivacyBudget(Clause):
    """How much the releases may reveal of one patient in a period (Dwork & Roth 2014, Def. 2.4)."""

    unit_of_privacy: Literal["patient", "visit"] = must("Whose presence is hidden.")
    neighbouring: Literal["add_remove", "replace"] = must("Neighbouring relation.")
    epsilon_total: Finite = must("Budget per dataset and period.", gt=0)
    delta: Finite = must("Probability with which the bound may fail.", ge=0, lt=1)
    period: Literal["year", "term"] = must("Period of the budget.")
    composition: Literal["basic", "rdp", "zcdp"] = must("How releases add up.")
    epsilon_per_study: Finite | None = may("Most that one study may spend.", gt=0)
    party_budgets: tuple[PartyBudget, ...] = may("Smaller budgets of single parties.", ())
    refill: Literal["none", "annual"] = may("Whether the budget comes back.", "none")
    on_exhaustion: Literal["stop", "vote"] = may("What happens when it is spent.", "stop")
    exempt_queries: tuple[Text, ...] = may("Queries that spend nothing.", ())


class PrivacyClause(Clause):
    """Clause E. Without a budget, no noise is added and the disclosure profile alone protects."""

    budget: PrivacyBudget | None = may("The budget; none if no noise is added.")
