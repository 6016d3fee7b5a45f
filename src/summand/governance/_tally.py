"""Quorum and majority: exact arithmetic over the parties that may vote.

A party that is recused is nowhere: not among those whose presence is needed, not in the weights, not in the count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Literal

Vote = Literal["yes", "no", "abstain"]
Threshold = Literal["simple_majority", "two_thirds", "unanimous"]
Weighting = Literal["one_party_one_vote", "contribution", "class"]
Verdict = Literal["carried", "rejected", "inquorate", "undecidable"]


@dataclass(frozen=True)
class Count:
    """Weights behind each answer; together those of all parties that may vote."""

    yes: Fraction
    no: Fraction
    abstain: Fraction
    silent: Fraction

    @property
    def total(self) -> Fraction:
        """The weight of all parties that may vote."""
        return self.yes + self.no + self.abstain + self.silent

    def to_dict(self) -> dict[str, float]:
        """As JSON numbers."""
        return {name: float(getattr(self, name)) for name in ("yes", "no", "abstain", "silent")}


def required_quorum(quorum: int, members: int, eligible: int) -> int:
    """How many parties must be present once some are recused: the same share of those that are left, rounded up.

    Never none: nobody decides in an empty room.
    """
    return max(1, ceil(Fraction(quorum * eligible, members))) if members else 1


def weights(
    weighting: Weighting, eligible: Iterable[str], contributions: Mapping[str, int], kinds: Mapping[str, str]
) -> dict[str, Fraction]:
    """What each party's vote weighs.

    Args:
        weighting: ``one_party_one_vote``; ``contribution``: by what it committed, in cents; ``class``: each kind of
            organisation has one vote, which its parties share.
        eligible: The parties that may vote.
        contributions: Cents by party.
        kinds: Kind of organisation by party.
    """
    names = sorted(set(eligible))
    if weighting == "contribution":
        return {name: Fraction(contributions.get(name, 0)) for name in names}
    if weighting == "class":
        sizes: dict[str, int] = {}
        for name in names:
            sizes[kinds[name]] = sizes.get(kinds[name], 0) + 1
        return {name: Fraction(1, sizes[kinds[name]]) for name in names}
    return dict.fromkeys(names, Fraction(1))


def count(votes: Mapping[str, Vote], weight: Mapping[str, Fraction]) -> Count:
    """The weights behind each answer; votes of parties without a weight of their own are not counted."""
    sums: dict[str, Fraction] = dict.fromkeys(("yes", "no", "abstain", "silent"), Fraction(0))
    for party, own in weight.items():
        sums[votes.get(party, "silent")] += own
    return Count(**sums)


def majority(found: Count, threshold: Threshold, chair: Any = None) -> bool:
    """Whether the votes carry a motion; abstentions count on neither side.

    Args:
        found: The weights.
        threshold: ``simple_majority``: more yes than no; ``two_thirds`` of yes and no; ``unanimous``: nobody against.
        chair: The chair's vote, where it decides a tie.
    """
    if found.yes == 0:
        return False
    if threshold == "unanimous":
        return found.no == 0
    if threshold == "two_thirds":
        return 3 * found.yes >= 2 * (found.yes + found.no)
    return found.yes > found.no or (found.yes == found.no and chair == "yes")


def decide(
    *,
    members: int,
    present: int,
    quorum: int,
    eligible: int,
    found: Count,
    threshold: Threshold,
    refused_by: Iterable[str] = (),
    chair: Any = None,
) -> Verdict:
    """The outcome of a motion whose time is over.

    Args:
        members, eligible, present: Parties of the body, of these not recused, of these present or heard.
        quorum: Parties that must be present when nobody is recused.
        found, threshold, chair: As `majority`.
        refused_by: Parties whose no is final and who said it.

    Returns:
        ``undecidable`` where fewer than half of the body may vote, or no vote has a weight: another body must decide.
    """
    if 2 * eligible < members or eligible == 0 or found.total == 0:
        return "undecidable"
    if present < required_quorum(quorum, members, eligible):
        return "inquorate"
    if any(True for _ in refused_by):
        return "rejected"
    return "carried" if majority(found, threshold, chair) else "rejected"
