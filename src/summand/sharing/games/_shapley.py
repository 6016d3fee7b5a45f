"""The Shapley value, by every coalition."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np

from summand.sharing.games._game import Game
from summand.sharing.games._solution import Solution


def shapley(game: Game) -> Solution:
    """What each player adds to those before it, averaged over all orders in which they may come.

    ``phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S with i) - v(S))``

    The only split that gives the whole away, treats equals equally, gives nothing to who adds nothing, and of two games
    together gives the sum of both. It need not be in the core.

    Source: Shapley (1953), A value for n-person games.
    """
    count = len(game.players)
    weights = [factorial(size) * factorial(count - size - 1) for size in range(count)]
    parts = {
        name: Fraction(sum(weight * added for weight, added in zip(weights, by_size, strict=True)), factorial(count))
        for name, by_size in _marginals(game).items()
    }
    return Solution.of("shapley", game, parts)


def banzhaf(game: Game) -> dict[str, Fraction]:
    """What each player adds, averaged over all coalitions alike; these do not add up to the whole.

    A ranking that noise in the values moves less than the Shapley value's (Wang & Jia 2023).

    Source: Banzhaf (1965), Weighted voting doesn't work.
    """
    half = 2 ** (len(game.players) - 1)
    return {name: Fraction(sum(by_size), half) for name, by_size in _marginals(game).items()}


def _marginals(game: Game) -> dict[str, list[int]]:
    """Player -> what it adds to coalitions of 0, 1, … others, summed by that size."""
    values = np.array(game.values, dtype=np.int64)
    masks = np.arange(len(values))
    sizes = np.bitwise_count(masks)
    found = {}
    for place, name in enumerate(game.players):
        without = masks[masks >> place & 1 == 0]
        added = values[without | 1 << place] - values[without]
        found[name] = [int(added[sizes[without] == size].sum()) for size in range(len(game.players))]
    return found
