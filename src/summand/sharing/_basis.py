"""What a split is proportional to, and where it may be known from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from summand.errors import ContributionUnknown
from summand.sharing.games import Game, nucleolus, shapley

if TYPE_CHECKING:
    from summand.agreement import Agreement
    from summand.sharing.contributions import ContributionRegister

PATIENTS, COMMITTED, DELIVERED = "patients contributed", "committed contributions", "delivered contributions"
BASES = (PATIENTS, COMMITTED, DELIVERED)
"""Bases of a proportional split that are computed; any other basis needs weights in the clause."""

KnownFrom = Literal["agreement", "ledger", "site_level_release", "characteristic_function"]


@dataclass(frozen=True)
class ReleasedCounts:
    """Patients per party, as a study released them.

    Attributes:
        by_party: Party -> patients.
        study_id: The study that released them.
        release_level: ``site_level`` alone can hold counts per party.
        profile: The disclosure profile that the result was released under.
    """

    by_party: Mapping[str, int]
    study_id: str
    release_level: str
    profile: str


@dataclass(frozen=True)
class Quantity:
    """A weight for every party, with what it is and where it is known from.

    Attributes:
        name: The basis in words.
        weights: Party -> whole number.
        known_from: ``agreement`` for a declared or committed quantity, ``ledger`` for one from its register of
            contributions, ``site_level_release`` for a measured one,
            ``characteristic_function`` for a part worked out from what every coalition would bear.
        study_id: The study that measured it, None for one from the agreement.
    """

    name: str
    weights: Mapping[str, int]
    known_from: KnownFrom
    study_id: str | None = field(default=None)


def quantity_of(
    agreement: Agreement,
    released: ReleasedCounts | None = None,
    game: Game | None = None,
    register: ContributionRegister | None = None,
) -> Quantity:
    """The weights by which clause I of the agreement splits the cost.

    A fixed split, and a proportional one with weights in the clause, use those weights: the parties declared them. A
    proportional split without weights uses one of `BASES`. A split by the Shapley value or the nucleolus uses each
    party's part, in cents, of what all together would bear.

    Args:
        agreement: The agreement in force.
        released: Patients per party from a study of release level ``site_level``, where there is one.
        game: What every coalition of the parties would bear alone, where the rule needs it.
        register: What was committed and delivered by the ledger; clause I alone if not given.

    Raises:
        ContributionUnknown: if the basis needs counts that nobody may know, that were not released, or the rule or the
            basis is not one that is computed.
    """
    shares = agreement.work.cost_shares
    declared = {weight.party: weight.weight for weight in shares.weights}
    if shares.rule not in ("fixed", "proportional"):
        return _by_game(agreement, game)
    if declared or shares.rule == "fixed":
        return Quantity(shares.basis, declared, "agreement")
    if shares.basis == PATIENTS:
        return _patients(agreement, released)
    if shares.basis in (COMMITTED, DELIVERED):
        totals = contributed(agreement, register)
        place = 0 if shares.basis == COMMITTED else 1
        known: KnownFrom = "agreement" if register is None else "ledger"
        return Quantity(shares.basis, {party: found[place] for party, found in totals.items()}, known)
    raise ContributionUnknown(
        f"The agreement splits costs by '{shares.basis}', and gives no weights for it.",
        remedy=f"Give weights in the clause, or use one of: {', '.join(BASES)}.",
        clause="I.cost_shares.basis",
    )


def _by_game(agreement: Agreement, game: Game | None) -> Quantity:
    rule, parties = agreement.work.cost_shares.rule, {party.id for party in agreement.parties}
    if game is None or game.kind != "cost" or set(game.players) != parties:
        raise ContributionUnknown(
            f"The agreement splits costs by the rule '{rule}', which needs what every coalition of its parties would bear.",
            remedy=f"Give a game of kind 'cost' whose players are {', '.join(sorted(parties))}, or amend the clause.",
            clause="I.cost_shares.rule",
        )
    parts = (shapley(game) if rule == "shapley" else nucleolus(game)).cents
    if min(parts.values()) < 0:
        raise ContributionUnknown(
            f"By the rule '{rule}' a party would be paid for taking part in a cost.",
            remedy="Check the costs of the coalitions: more parties should not cost less.",
            clause="I.cost_shares.rule",
        )
    return Quantity(f"{rule} part of the cost, in cents", parts, "characteristic_function")


def contributed(agreement: Agreement, register: ContributionRegister | None = None) -> dict[str, tuple[int, int]]:
    """Party -> cents committed and delivered, by the register if there is one and else by clause I."""
    found = {party.id: (0, 0) for party in agreement.parties}
    if register is not None:
        for party, total in register.totals().items():
            found[party] = (total["committed_cents"], total["delivered_cents"])
        return found
    for item in agreement.work.contributions:
        committed, delivered = found[item.party]
        found[item.party] = (committed + item.committed_cents, delivered + item.delivered_cents)
    return found


def _patients(agreement: Agreement, released: ReleasedCounts | None) -> Quantity:
    if agreement.profile_name == "institutional":
        raise ContributionUnknown(
            "Costs are to be split by patients, but under the profile 'institutional' nobody may know how many "
            "patients each party has.",
            remedy="Amend the clause: declare weights, or split by committed contributions.",
            clause="I.cost_shares.basis",
        )
    if released is None or released.release_level != "site_level" or released.profile == "institutional":
        raise ContributionUnknown(
            "Costs are to be split by patients, and no study has released how many each party contributed.",
            remedy="Run 'describe' with release level 'site_level', if the agreement permits that level by name.",
            clause="D.release_levels",
        )
    if "site_level" not in agreement.data.release_levels:
        raise ContributionUnknown(
            "Costs are to be split by patients, but the agreement does not permit counts per party.",
            remedy="Amend the agreement to permit the release level 'site_level', or declare weights.",
            clause="D.release_levels",
        )
    weights = {party.id: released.by_party.get(party.id, 0) for party in agreement.parties}
    return Quantity(PATIENTS, weights, "site_level_release", released.study_id)
