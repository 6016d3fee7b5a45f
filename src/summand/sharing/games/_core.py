"""Which coalitions would do better alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from summand.sharing.games._game import Game


@dataclass(frozen=True)
class Objection:
    """A coalition that would do better alone.

    Attributes:
        coalition: Its players.
        alone_cents: What it gains or costs alone.
        given: What the split gives it, or makes it bear, exactly.
        advantage: By how much it would do better, above 0.
    """

    coalition: tuple[str, ...]
    alone_cents: int
    given: Fraction
    advantage: Fraction

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, exact numbers as text."""
        return {
            "coalition": list(self.coalition), "alone_cents": self.alone_cents, "given": str(self.given),
            "advantage": str(self.advantage),
        }  # fmt: skip


def objections(game: Game, parts: Mapping[str, Fraction]) -> tuple[Objection, ...]:
    """Every coalition that would do better alone under a split: none if, and only if, the split is in the core.

    Source: Gillies (1959), Solutions to general non-zero-sum games; Peleg & Sudhölter (2007), ch. 3.
    """
    sign = 1 if game.kind == "gain" else -1
    sums = coalition_sums([parts[name] for name in game.players])
    found = []
    for mask in range(1, len(game.values) - 1):
        advantage = sign * (game.values[mask] - sums[mask])
        if advantage > 0:
            found.append(Objection(game.names(mask), game.values[mask], sums[mask], advantage))
    return tuple(sorted(found, key=lambda objection: (-objection.advantage, objection.coalition)))


def coalition_sums(parts: list[Fraction]) -> list[Fraction]:
    """The sum of parts of every coalition, by bit mask."""
    sums = [Fraction(0)]
    for part in parts:
        sums += [value + part for value in sums]
    return sums
