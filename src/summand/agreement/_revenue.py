"""Clause K: how money that comes in is shared, and what the law guards."""

from __future__ import annotations

from typing import Literal

from summand.agreement._base import Clause, Count, Currency, Identifier, Positive, Text, may, must, star
from summand.agreement._work import Weight

LegalGuard = Literal["aks_stark", "sale_of_phi", "private_benefit", "ehds_fee", "none_applies"]


class WaterfallStep(Clause):
    """One step down which income runs."""

    order: Positive = star("Place in the order, from 1.")
    text: Text = star("What is paid at this step.")
    kind: Literal["reimburse", "fee", "share"] = star("Cost returned, fee kept, or income shared.")
    payee: Identifier | None = may("Party that is paid, unless the step is shared.")
    per_mille: Count | None = may("Fee in thousandths of what reaches the step.", le=1000)
    cap_cents: Count | None = may("Most paid at this step and period, in cents.")
    weights: tuple[Weight, ...] = may("Weights by which a share is split.", ())


class AuditOfAccounts(Clause):
    """Who may see the books."""

    notice_days: Count = must("Days of notice.")
    per_year: Positive = must("Audits a year.")


class RevenueClause(Clause):
    """Clause K."""

    waterfall: tuple[WaterfallStep, ...] = star("Steps in order; an empty list says that no income is expected.")
    currency: Currency = must("Currency, ISO 4217.")
    reporting_period: Literal["month", "quarter", "year"] = must("How often income is reported.")
    audit_right: AuditOfAccounts | None = may("Who may see the books.")
    late_interest: Text | None = may("Interest on late payments.")
    sanctions_check: Text | None = may("Lists searched before a payment.")
    legal_guards: tuple[LegalGuard, ...] = star("Laws against which the money was checked.", min_length=1)
