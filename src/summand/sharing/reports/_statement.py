"""The contribution statement as a document."""

from __future__ import annotations

from summand.documents import Document, Sheet
from summand.sharing._statement import CONTRIBUTIONS_CLAUSE, Statement
from summand.sharing.contributions import ContributionRegister
from summand.sharing.reports._money import SAMPLE, amount, standing


def statement_sources(statement: Statement, register: ContributionRegister) -> dict[str, tuple[str, ...]]:
    """Party -> where each part of what it delivered stands: clauses, ledger leaves, and the studies they rest on."""
    found: dict[str, list[str]] = {position.party: [] for position in statement.positions}
    for line in register.contributions:
        for delivery in line.deliveries:
            if not delivery.disputed:
                study = f" (study {delivery.study})" if delivery.study else ""
                found.setdefault(line.party, []).append(f"{delivery.source}{study}")
    return {party: tuple(sources) for party, sources in found.items()}


def statement_document(
    statement: Statement, register: ContributionRegister, *, agreement_hash: str = "", checked: str = ""
) -> Document:
    """What each party delivered, bears, and is owed; who pays whom; each with its source.

    Args:
        statement: As `summand.sharing.settle` gives it for this register.
        register: Of the same agreement.
        agreement_hash: SHA-256 (hex) of the agreement.
        checked: A sentence on the ledger it was read from.
    """
    sources = statement_sources(statement, register)
    basis = f"{statement.clause}: {statement.rule}, by {statement.quantity.name}"
    study = f", measured by study {statement.quantity.study_id}" if statement.quantity.study_id else ""
    positions = tuple(
        (
            item.party, amount(item.committed_cents), amount(item.delivered_cents), str(item.weight),
            amount(item.share_cents), amount(item.balance_cents),
            "; ".join(sources.get(item.party, ())) or f"clause {CONTRIBUTIONS_CLAUSE}",
        )
        for item in statement.positions
    )  # fmt: skip
    payments = tuple((item.payer, item.payee, amount(item.cents), "the balances above") for item in statement.payments)
    numbers = ("committed", "delivered", "weight", "bears", "balance", "amount")
    return Document(
        "Statement of contributions and costs",
        (
            *((SAMPLE,) if statement.sample else ()),
            f"{amount(statement.total_cents)} {statement.currency} were delivered by {register.today} and are split under "
            f"clause {basis}{study}. A positive balance is owed to the party, a negative one it owes.",
        ),
        (
            Sheet("Parties", ("party", "committed", "delivered", "weight", "bears", "balance", "source"), positions, numbers),
            Sheet("Payments that even it out", ("payer", "payee", "amount", "source"), payments, numbers),
        ),
        standing(agreement_hash, checked),
    )  # fmt: skip
