"""Clause I: who does and brings what, and who bears which cost."""

from __future__ import annotations

from datetime import date
from typing import Literal

from summand.agreement._base import Clause, Count, Currency, Identifier, Positive, Sha256, Text, may, must, star


class Workpackage(Clause):
    """A part of the work."""

    id: Identifier = must("Short name.")
    title: Text = must("What is done.")
    lead: Identifier = must("Party that leads it.")
    due: date | None = may("By when.")


class Contribution(Clause):
    """What a party brings."""

    party: Identifier = must("Who brings it.")
    kind: Literal["cash", "staff", "data", "compute", "beds", "licences"] = must("What it is.")
    text: Text = must("In words.")
    committed_cents: Count = must("Value committed, in cents.")
    delivered_cents: Count = may("Value delivered so far, in cents.", 0)
    valuation_method: Text = must("How it is valued.")


class Weight(Clause):
    """A party's part: its weight over the sum of all weights, so that shares always add up to the whole."""

    party: Identifier = must("Who.")
    weight: Count = must("Weight, a whole number.")


class CostCap(Clause):
    """Most that a party bears."""

    party: Identifier = must("Who.")
    cents: Count = must("Most, in cents, over the whole term.")


class CostShares(Clause):
    """The formula that splits the cost."""

    rule: Literal["fixed", "proportional", "shapley", "nucleolus"] = star("Formula.")
    basis: Text = star("What it is applied to.")
    weights: tuple[Weight, ...] = may("Weights of a fixed split.", ())
    caps: tuple[CostCap, ...] = may("Most that single parties bear.", ())


class Payment(Clause):
    """A payment that falls due."""

    payer: Identifier = must("Who pays.")
    payee: Identifier = must("Who is paid.")
    cents: Positive = must("Amount in cents.")
    due: date = must("When.")
    text: Text = must("For what.")


class FairMarketValue(Clause):
    """An independent opinion that payments are at fair market value."""

    by: Text = must("Who gave it.")
    dated: date = must("When.")
    document_hash: Sha256 | None = may("SHA-256 of the opinion.")


class WorkClause(Clause):
    """Clause I."""

    currency: Currency = must("Currency of all amounts, ISO 4217.")
    workpackages: tuple[Workpackage, ...] = may("Parts of the work.", ())
    contributions: tuple[Contribution, ...] = must("What each party brings.")
    cost_shares: CostShares = star("How the cost is split.")
    payment_schedule: tuple[Payment, ...] = may("Payments that fall due.", ())
    fmv_opinion: FairMarketValue | None = may("Fair market value opinion; needed once a party is in the United States.")
    subcontractors: tuple[Text, ...] = may("Who works for a party.", ())
    amounts_are_samples: bool = may("Whether the amounts are invented, for a demonstration.", False)
