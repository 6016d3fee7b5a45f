"""Group-time effects of staggered treatment as linear combinations of cell means, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from summand.tables import Array


@dataclass(frozen=True)
class Combination:
    """One estimate: a linear combination of the means of cells (group, period).

    Attributes:
        kind: ``group_time``, ``cohort``, ``event`` or ``overall``.
        group: The first period of treatment; -1 where several are joined.
        at: The period of a group-time effect, the time since treatment began of an event; else 0.
        weights: Shape (groups, periods).
    """

    kind: str
    group: int
    at: int
    weights: Array


def combinations(counts: Array, control: str) -> list[Combination]:
    """The effects that some cells allow.

    ``ATT(g, t) = (ȳ_gt − ȳ_g,g−1) − (ȳ_Ct − ȳ_C,g−1)`` with C the people never treated, or not yet treated at t and at
    g − 1; before treatment (t < g − 1) it should be zero. Effects are joined by the groups' numbers of people, which
    are taken as given.

    Args:
        counts: People by group and period, shape (periods + 1, periods); the last group is never treated.
        control: ``never`` or ``not_yet``.

    Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225(2), eq. (2.4), (2.5) with base period g − 1, and
        (3.1) to (3.10) for the sums by event time, by group and overall.
    """
    last = counts.shape[0] - 1
    found = []
    for g in np.flatnonzero(counts[1:last].any(axis=1)) + 1:
        for t in range(counts.shape[1]):
            weights = _group_time(counts, int(g), t, control)
            if weights is not None:
                found.append(Combination("group_time", int(g), t, weights))
    return [*found, *_joined(found, counts.sum(axis=1))]


def _group_time(counts: Array, g: int, t: int, control: str) -> Array | None:
    """The weights of one group-time effect; None where a cell is empty, or the period is the base."""
    base, last = g - 1, counts.shape[0] - 1
    if t == base:
        return None
    among = np.zeros(last + 1, dtype=bool)
    among[last] = True
    if control == "not_yet":
        among[max(t, base) + 1 :] = True
        among[g] = False
    weights = np.zeros(counts.shape)
    for period, sign in ((t, 1.0), (base, -1.0)):
        others = np.where(among, counts[:, period], 0.0)
        if counts[g, period] <= 0.0 or others.sum() <= 0.0:
            return None
        weights[g, period] += sign
        weights[:, period] -= sign * others / others.sum()
    return weights


def _joined(effects: list[Combination], people: Array) -> list[Combination]:
    """Effects by cohort, by event time and overall."""
    after = [effect for effect in effects if effect.at >= effect.group]
    found = []
    for g in sorted({effect.group for effect in after}):
        own = [effect.weights for effect in after if effect.group == g]
        found.append(Combination("cohort", g, 0, np.mean(own, axis=0)))
    for e in sorted({effect.at - effect.group for effect in effects}):
        own_effects = [effect for effect in effects if effect.at - effect.group == e]
        found.append(Combination("event", -1, e, _average(own_effects, people)))
    if after:
        found.append(Combination("overall", -1, 0, _average(after, people)))
    return found


def _average(effects: list[Combination], people: Array) -> Array:
    share = np.array([people[effect.group] for effect in effects])
    return np.asarray(np.tensordot(share / share.sum(), np.stack([effect.weights for effect in effects]), axes=1))


def overall_effect(counts: Array, sums: Array, control: str) -> float:
    """The overall effect alone, as `combinations` weighs it, for tests that ask for it many times.

    Args:
        counts, sums: People, and the sum of their outcomes, by group and period, shape (periods + 1, periods).
        control: ``never`` or ``not_yet``.

    Returns:
        NaN if nothing can be compared.
    """
    last, people = counts.shape[0] - 1, counts.sum(axis=1)
    if control == "never":
        among, outcome = np.broadcast_to(counts[last], counts.shape), np.broadcast_to(sums[last], sums.shape)
    else:
        among, outcome = (np.cumsum(table[::-1], axis=0)[::-1] for table in (counts, sums))
    total, weight = 0.0, 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        for g in np.flatnonzero(counts[1:last].any(axis=1)) + 1:
            t = np.arange(g, counts.shape[1])
            own = sums[g, t] / counts[g, t] - sums[g, g - 1] / counts[g, g - 1]
            others = outcome[t + 1, t] / among[t + 1, t] - outcome[t + 1, g - 1] / among[t + 1, g - 1]
            found = (own - others)[np.isfinite(own - others)]
            total += people[g] * float(found.sum())
            weight += people[g] * len(found)
    return total / weight if weight else float("nan")
