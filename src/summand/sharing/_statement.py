"""The contribution statement: what each party brought, what it bears, and who pays whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from summand.sharing._allocate import allocate_capped
from summand.sharing._basis import Quantity, ReleasedCounts, contributed, quantity_of
from summand.sharing.games import Game

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.sharing.contributions import ContributionRegister

COST_CLAUSE, CONTRIBUTIONS_CLAUSE = "I.cost_shares", "I.contributions"


@dataclass(frozen=True)
class Position:
    """One party in the statement.

    Attributes:
        party: Its short name.
        delivered_cents: Value of what it has delivered, by the agreement's valuation.
        committed_cents: Value of what it committed.
        weight: Its weight in the split.
        share_cents: Its part of the cost.
        balance_cents: ``delivered_cents - share_cents``: positive is owed to it, negative it owes.
    """

    party: str
    delivered_cents: int
    committed_cents: int
    weight: int
    share_cents: int
    balance_cents: int


@dataclass(frozen=True)
class Payment:
    """One payment that evens the balances out."""

    payer: str
    payee: str
    cents: int


@dataclass(frozen=True)
class Statement:
    """The split of what the partnership cost, party by party.

    Attributes:
        clause: The clause whose formula was applied.
        rule, quantity: The formula, and the weights it was applied to.
        currency: ISO 4217.
        total_cents: What was delivered by all together, which is what is split.
        positions: One per party, in the order of the agreement.
        payments: Payments after which every balance is 0.
        sample: Whether the amounts are invented, for a demonstration.
    """

    clause: str
    rule: str
    quantity: Quantity
    currency: str
    total_cents: int
    positions: tuple[Position, ...]
    payments: tuple[Payment, ...]
    sample: bool

    def to_dict(self) -> dict[str, Any]:
        """The statement as JSON values; ``mark`` reads "sample" where the amounts are invented."""
        quantity = {
            "name": self.quantity.name, "known_from": self.quantity.known_from, "study_id": self.quantity.study_id,
        }  # fmt: skip
        return {
            "clause": self.clause, "rule": self.rule, "basis": quantity, "currency": self.currency,
            "total_cents": self.total_cents, "mark": "sample" if self.sample else None,
            "parties": [asdict(position) for position in self.positions],
            "payments": [asdict(payment) for payment in self.payments],
        }  # fmt: skip


def settle(
    agreement: Agreement,
    released: ReleasedCounts | None = None,
    game: Game | None = None,
    register: ContributionRegister | None = None,
) -> Statement:
    """The contribution statement and cost split under clause I of the agreement.

    The cost is the value of everything that the parties delivered. The clause's formula says how much of it each bears;
    who delivered more than that is owed the difference.

    Args:
        agreement: The agreement in force.
        released: Patients per party, where a study released them.
        game: What every coalition would bear alone, for a split by the Shapley value or the nucleolus. Where its whole
            is not what was delivered, each party's part of the game is its weight.
        register: What was committed and delivered by the ledger; clause I alone if not given.

    Raises:
        ContributionUnknown, CostsNotCovered, SettlementInvalid: as `quantity_of` and `allocate_capped`.
    """
    work = agreement.work
    quantity = quantity_of(agreement, released, game, register)
    totals = contributed(agreement, register)
    order = tuple(party.id for party in agreement.parties)
    committed, delivered = ({party: found[place] for party, found in totals.items()} for place in (0, 1))
    weights = {party: quantity.weights.get(party, 0) for party in order}
    caps = {cap.party: cap.cents for cap in work.cost_shares.caps}
    total = sum(delivered.values())
    shares = allocate_capped(total, weights, caps)
    positions = tuple(
        Position(
            name, delivered[name], committed[name], weights[name], shares[name], delivered[name] - shares[name]
        )
        for name in order
    )  # fmt: skip
    payments = _payments({position.party: position.balance_cents for position in positions})
    return Statement(
        COST_CLAUSE, work.cost_shares.rule, quantity, work.currency, total, positions, payments,
        work.amounts_are_samples,
    )  # fmt: skip


def _payments(balances: Mapping[str, int]) -> tuple[Payment, ...]:
    """At most one payment fewer than parties: the largest debt meets the largest claim, ties by name."""
    left = dict(balances)
    payments = []
    while any(left.values()):
        payer = min(left, key=lambda name: (left[name], name))
        payee = min(left, key=lambda name: (-left[name], name))
        cents = min(-left[payer], left[payee])
        payments.append(Payment(payer, payee, cents))
        left[payer] += cents
        left[payee] -= cents
    return tuple(payments)
