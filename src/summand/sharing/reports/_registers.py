"""The registers of contributions and of income as documents."""

from __future__ import annotations

from summand.documents import Document, Sheet
from summand.sharing.contributions import ContributionRegister
from summand.sharing.income import IncomeRegister
from summand.sharing.reports._money import SAMPLE, amount, standing
from summand.sharing.reports._waterfall import tier_sheet, true_up_sheet


def contributions_document(register: ContributionRegister, *, agreement_hash: str = "", checked: str = "") -> Document:
    """Contributions with every delivery, grants with their reports, payments, and what is due."""
    deliveries = tuple(
        (line.id, line.party, line.kind, "" if item.at is None else str(item.at), amount(item.cents),
         str(item.quantity or ""), item.disputed and f"disputed: {item.disputed}", item.source)
        for line in register.contributions for item in line.deliveries
    )  # fmt: skip
    committed = tuple(
        (
            line.id,
            line.party,
            line.kind,
            line.text,
            amount(line.committed_cents),
            amount(line.delivered_cents),
            line.source,
        )
        for line in register.contributions
    )
    grants = tuple(
        (g.awarded.id, g.awarded.party, g.awarded.funder, *map(amount, (g.awarded.amount_cents, g.spent_cents, g.left_cents)),
         f"leaf {g.leaf}")
        for g in register.grants
    )  # fmt: skip
    reports = tuple(
        (g.awarded.id, item.name, str(item.due), item.standing, "" if item.leaf is None else f"leaf {item.leaf}")
        for g in register.grants for item in g.reports
    )  # fmt: skip
    payments = tuple(
        (p.id, p.payer, p.payee, amount(p.cents), str(p.due or ""), p.standing, "; ".join(p.sources))
        for p in register.payments
    )
    alerts = tuple((alert.party, alert.what, str(alert.due)) for alert in register.alerts)
    numbers = ("committed", "delivered", "awarded", "spent", "left", "amount", "quantity")
    return Document(
        "Register of contributions",
        (*((SAMPLE,) if register.sample else ()), f"As it stands on {register.today}; amounts in {register.currency}."),
        (
            Sheet("Contributions", ("id", "party", "kind", "what", "committed", "delivered", "source"), committed, numbers),
            Sheet("Deliveries", ("id", "party", "kind", "at", "amount", "quantity", "remark", "source"), deliveries, numbers),
            Sheet("Grants", ("id", "party", "funder", "awarded", "spent", "left", "source"), grants, numbers),
            Sheet("Reports to funders", ("grant", "report", "due", "standing", "source"), reports),
            Sheet("Payments", ("id", "payer", "payee", "amount", "due", "standing", "source"), payments, numbers),
            Sheet("What is due", ("party", "what", "due"), alerts),
        ),
        standing(agreement_hash, checked),
    )  # fmt: skip


def income_document(register: IncomeRegister, *, agreement_hash: str = "", checked: str = "") -> Document:
    """Every period by tier, what was paid so far, commitments, and true-ups."""
    sheets = [tier_sheet(item.id, item.distribution, f"leaf {item.leaf}") for item in register.periods]
    payees = sorted({*register.paid, *register.held_back, *register.blocked})
    so_far = tuple(
        (name, *(amount(by.get(name, 0)) for by in (register.paid, register.held_back, register.blocked)))
        for name in payees
    )
    commitments = tuple(
        (c.made.id, c.made.party, c.made.product, c.made.territory, f"{c.made.kind} {c.made.limit}",
         "" if c.value is None else str(c.value), c.standing, f"leaf {c.leaf}")
        for c in register.commitments
    )  # fmt: skip
    numbers = ("paid", "held back", "set aside")
    return Document(
        "Register of income",
        (f"As it stands on {register.today}, by {register.terms_from}; amounts in {register.currency}.",),
        (
            Sheet("So far", ("payee", *numbers), so_far, numbers), *sheets, true_up_sheet(register.true_up),
            Sheet(
                "Price and access", ("id", "party", "product", "territory", "promised", "reported", "standing", "source"),
                commitments,
            ),
        ),
        standing(agreement_hash, checked),
    )  # fmt: skip
