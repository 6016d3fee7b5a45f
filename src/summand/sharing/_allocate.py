"""Whole cents by weights: the method of the largest remainder, with caps."""

from __future__ import annotations

from collections.abc import Mapping

from summand.errors import CostsNotCovered


def allocate(total_cents: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Split an amount in proportion to whole-number weights, to the cent.

    Each party gets its exact quota rounded down; the cents left over go one each to the largest remainders, ties by the
    party's short name. So a part lies within one cent of its quota, a party with more weight never bears less than one
    with less weight, and the parts add up to ``total_cents``. As with every rule that keeps quotas, one more cent to
    split may move a cent between parties; it never moves two (the "Alabama paradox").

    Args:
        total_cents: At least 0.
        weights: Party -> weight, at least 0; at least one above 0 unless ``total_cents`` is 0.

    Returns:
        Party -> cents, parties in alphabetical order.

    Raises:
        CostsNotCovered: if nobody has a weight, or an amount or weight is negative.

    Source: Balinski & Young (1982), Fair Representation, ch. 2 (Hamilton's method).
    """
    names = sorted(weights)
    whole = sum(weights.values())
    if total_cents < 0 or any(weights[name] < 0 for name in names):
        raise CostsNotCovered("An amount or a weight is negative.", remedy="Give amounts and weights of at least 0.")
    if whole == 0:
        if total_cents == 0:
            return dict.fromkeys(names, 0)
        raise CostsNotCovered(
            "There is a cost to split and no party has a weight above 0.",
            remedy="Give weights in the clause, or measure the quantity that it names.",
            clause="I.cost_shares",
        )
    parts = {name: divmod(total_cents * weights[name], whole) for name in names}
    cents = {name: quotient for name, (quotient, _) in parts.items()}
    by_remainder = sorted(names, key=lambda name: (-parts[name][1], name))
    for name in by_remainder[: total_cents - sum(cents.values())]:
        cents[name] += 1
    return cents


def allocate_capped(total_cents: int, weights: Mapping[str, int], caps: Mapping[str, int]) -> dict[str, int]:
    """As `allocate`, where some parties bear at most their cap and the others bear the rest by their weights.

    A party whose part reaches its cap bears the cap; what is left is split again among those below theirs, until nobody
    is above.

    Raises:
        CostsNotCovered: also if the caps leave a part of the cost to nobody.
    """
    fixed: dict[str, int] = {}
    left = dict(weights)
    while True:
        rest = total_cents - sum(fixed.values())
        if rest and not any(left.values()):
            raise CostsNotCovered(
                f"The caps leave {rest} cents to nobody.",
                remedy="Raise a cap, or name who bears the rest, by amendment.",
                clause="I.cost_shares.caps",
            )
        parts = allocate(rest, left)
        over = {name: caps[name] for name, cents in parts.items() if name in caps and cents > caps[name]}
        if not over:
            return dict(sorted({**fixed, **parts}.items()))
        fixed.update(over)
        left = {name: weight for name, weight in left.items() if name not in over}
