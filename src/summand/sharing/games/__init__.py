"""Cost and gain of every coalition, and the splits that follow from them: Shapley value and nucleolus.

Promise: both are exact fractions; rounding to cents is the last step and keeps the whole. A nucleolus is given only after
its optimality was proved (Kohlberg's criterion). Beside every split stand the coalitions that would do better alone.

    >>> game = Game.of({"a": 100, "b": 200, "c": 300, "a+b": 200, "a+c": 300, "b+c": 300, "a+b+c": 300}, kind="cost")
    >>> [str(part) for part in shapley(game).parts.values()]
    ['100/3', '250/3', '550/3']
    >>> [int(part) for part in nucleolus(game).parts.values()]
    [50, 75, 175]
"""

from summand.sharing.games._core import Objection, objections
from summand.sharing.games._game import PLAYERS_MAX, Game, GameKind
from summand.sharing.games._nucleolus import NUCLEOLUS_PLAYERS_MAX, is_nucleolus, nucleolus
from summand.sharing.games._shapley import banzhaf, shapley
from summand.sharing.games._solution import Solution, whole_cents

__all__ = [
    "NUCLEOLUS_PLAYERS_MAX",
    "PLAYERS_MAX",
    "Game",
    "GameKind",
    "Objection",
    "Solution",
    "banzhaf",
    "is_nucleolus",
    "nucleolus",
    "objections",
    "shapley",
    "whole_cents",
]
