"""What each player gets or bears, exactly and in whole cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, Literal

from summand.sharing.games._core import Objection, objections
from summand.sharing.games._game import Game

SolutionRule = Literal["shapley", "nucleolus", "banzhaf"]


@dataclass(frozen=True)
class Solution:
    """A split of what all together gain or cost.

    Attributes:
        rule: How it was split.
        game: What was split.
        parts: Player -> exact part; they add up to the whole.
        cents: Player -> part in whole cents; they add up to the whole.
        objections: Coalitions that would do better alone, the keenest first; none if the split is in the core.
    """

    rule: SolutionRule
    game: Game
    parts: Mapping[str, Fraction]
    cents: Mapping[str, int]
    objections: tuple[Objection, ...]

    @classmethod
    def of(cls, rule: SolutionRule, game: Game, parts: Mapping[str, Fraction]) -> Solution:
        """The split with its cents and objections."""
        return cls(rule, game, dict(parts), whole_cents(parts), objections(game, parts))

    @property
    def is_in_core(self) -> bool:
        """Whether no coalition would do better alone."""
        return not self.objections

    def to_dict(self) -> dict[str, Any]:
        """The split as JSON values; exact parts as text, such as ``"250/3"``."""
        return {
            "rule": self.rule, "kind": self.game.kind, "whole_cents": self.game.whole,
            "parts": [
                {"player": name, "cents": self.cents[name], "exact": str(part)} for name, part in self.parts.items()
            ],
            "in_core": self.is_in_core, "objections": [objection.to_dict() for objection in self.objections],
        }  # fmt: skip


def whole_cents(parts: Mapping[str, Fraction]) -> dict[str, int]:
    """Exact parts that add up to whole cents, rounded so that they still do: the method of the largest remainder.

    Each part is within one cent of its exact value; ties go by name. Parts may be negative.

    Examples:
        >>> whole_cents({"a": Fraction(100, 3), "b": Fraction(100, 3), "c": Fraction(100, 3)})
        {'a': 34, 'b': 33, 'c': 33}
    """
    cents = {name: floor(part) for name, part in parts.items()}
    left = floor(sum(parts.values(), Fraction(0))) - sum(cents.values())
    for name in sorted(parts, key=lambda name: (cents[name] - parts[name], name))[:left]:
        cents[name] += 1
    return cents
