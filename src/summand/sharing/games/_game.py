"""A characteristic function: what every coalition gains, or costs, alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from summand.errors import SettlementInvalid

GameKind = Literal["gain", "cost"]

PLAYERS_MAX = 16
"""65,535 coalitions; a game with more players is not written down by anybody."""

VALUE_MAX = 10**14
"""In cents; keeps every sum over coalitions in 64 bits."""

SEPARATOR = "+"


@dataclass(frozen=True)
class Game:
    """Players and the value of each of their coalitions.

    Attributes:
        players: Names, in order.
        kind: ``gain``, where more is better, or ``cost``.
        values: Whole numbers (cents) by coalition as a bit mask over ``players``; ``values[0]``, of nobody, is 0.
    """

    players: tuple[str, ...]
    kind: GameKind
    values: tuple[int, ...]

    @classmethod
    def of(cls, values: Mapping[str, int], *, kind: GameKind = "gain") -> Game:
        """A game from coalitions written ``"a+b"``; players are those that stand alone, in the order given.

        Raises:
            SettlementInvalid: if a coalition is missing, given twice or of strangers, or a value is no whole number.
        """
        players = tuple(name for name in values if SEPARATOR not in name)
        if kind not in ("gain", "cost"):
            raise _invalid(f"A game is of gains or costs, not of '{str(kind)[:40]}'", "Say 'gain' or 'cost'.")
        if not 1 <= len(players) <= PLAYERS_MAX:
            raise _invalid(f"A game has {len(players)} players", f"Give 1 to {PLAYERS_MAX} players, each also alone.")
        found: list[int | None] = [0] + [None] * (2 ** len(players) - 1)
        for text, value in values.items():
            mask = _mask(text.split(SEPARATOR), players)
            if found[mask] is not None:
                raise _invalid(f"The coalition {text[:80]} is given twice", "Give each coalition once.")
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) > VALUE_MAX:
                raise _invalid(f"The value of {text[:80]} is no whole number of cents", "Give cents, up to 1e14.")
            found[mask] = value
        missing = next((mask for mask, value in enumerate(found) if value is None), None)
        if missing is not None:
            name = SEPARATOR.join(_names(missing, players))
            raise _invalid(
                f"{found.count(None)} of {len(found) - 1} coalitions have no value, such as {name}",
                "Give a value for every coalition.",
            )
        return cls(players, kind, tuple(value for value in found if value is not None))

    @classmethod
    def from_dict(cls, fields: Any) -> Game:
        """A game as JSON: ``{"kind": "cost", "values": {"a": 100, "b": 100, "a+b": 150}}``.

        Raises:
            SettlementInvalid: as `of`, or if it is of another form.
        """
        if not isinstance(fields, dict) or not isinstance(fields.get("values"), dict):
            raise _invalid(
                "A game is not of this form", 'Write {"kind": "cost", "values": {"a": 1, "b": 1, "a+b": 1}}.'
            )
        return cls.of(fields["values"], kind=fields.get("kind", "gain"))

    def to_dict(self) -> dict[str, Any]:
        """As `from_dict` takes it."""
        named = {SEPARATOR.join(self.names(mask)): value for mask, value in enumerate(self.values) if mask}
        return {"kind": self.kind, "values": named}

    @property
    def whole(self) -> int:
        """The value of all together."""
        return self.values[-1]

    def names(self, mask: int) -> tuple[str, ...]:
        """The players of a coalition."""
        return _names(mask, self.players)

    def gains(self) -> npt.NDArray[np.int64]:
        """Values as gains: costs with their sign turned. Shape (2**players,)."""
        sign = 1 if self.kind == "gain" else -1
        return sign * np.array(self.values, dtype=np.int64)


def _mask(names: Iterable[str], players: tuple[str, ...]) -> int:
    mask = 0
    for name in names:
        if name not in players:
            raise _invalid(f"'{name[:40]}' is in a coalition and has no value alone", "Give every player's own value.")
        bit = 1 << players.index(name)
        if mask & bit:
            raise _invalid(f"'{name[:40]}' is in one coalition twice", "Name each player once.")
        mask |= bit
    return mask


def _names(mask: int, players: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for place, name in enumerate(players) if mask >> place & 1)


def _invalid(what: str, remedy: str) -> SettlementInvalid:
    return SettlementInvalid(f"{what}.", remedy=remedy, clause="I.cost_shares")
