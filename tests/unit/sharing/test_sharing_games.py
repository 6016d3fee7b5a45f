"""Shapley value, nucleolus and core: published games to the cent, and the axioms."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.errors import SettlementInvalid
from summand.sharing.games import Game, banzhaf, is_nucleolus, nucleolus, objections, shapley, whole_cents


def game(values: list[int], kind: Any = "gain") -> Game:
    """Three players; values of 1, 2, 3, 12, 13, 23, 123."""
    names = ["a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"]
    return Game.of(dict(zip(names, values, strict=True)), kind=kind)


def bankruptcy(estate: int, claims: list[int]) -> Game:
    """What the others leave of an estate after their claims."""
    names = "abcdefgh"[: len(claims)]
    found = {}
    for size in range(1, len(claims) + 1):
        for group in combinations(range(len(claims)), size):
            others = sum(claim for place, claim in enumerate(claims) if place not in group)
            found["+".join(names[place] for place in group)] = max(0, estate - others)
    return Game.of(found)


CLAIMS = [100_00, 200_00, 300_00]


@pytest.mark.parametrize(
    ("found", "nucleolus_cents", "shapley_cents"),
    [
        (bankruptcy(100_00, CLAIMS), (33_34, 33_33, 33_33), (33_34, 33_33, 33_33)),
        (bankruptcy(200_00, CLAIMS), (50_00, 75_00, 75_00), (33_34, 83_33, 83_33)),
        (bankruptcy(300_00, CLAIMS), (50_00, 100_00, 150_00), (50_00, 100_00, 150_00)),
        (
            game([46125_00, 17437_50, 5812_50, 69187_50, 53812_50, 30750_00, 90000_00]),
            (52687_50, 24468_75, 12843_75), (51750_00, 25875_00, 12375_00),
        ),
        (game([68_00, 102_00, 0, 170_00, 710_00, 762_00, 992_00]), (149_00, 192_00, 651_00), (229_00, 272_00, 491_00)),
        (game([1_00, 2_00, 3_00, 2_00, 3_00, 3_00, 3_00], "cost"), (50, 75, 1_75), (34, 83, 1_83)),
    ],
    ids=["Talmud 100", "Talmud 200", "Talmud 300", "Lemaire", "coopProductGame", "airport"],
)  # fmt: skip
def test_published_games(found: Game, nucleolus_cents: tuple[int, ...], shapley_cents: tuple[int, ...]) -> None:
    """Aumann & Maschler 1985; Lemaire 1984; R coopProductGame; Littlechild & Owen 1973."""
    assert tuple(nucleolus(found).cents.values()) == nucleolus_cents
    assert tuple(shapley(found).cents.values()) == shapley_cents
    assert nucleolus(found).is_in_core


def test_the_exact_parts_of_the_airport() -> None:
    """One third, five sixths, eleven sixths."""
    parts = shapley(game([1, 2, 3, 2, 3, 3, 3], "cost")).parts
    assert list(parts.values()) == [Fraction(1, 3), Fraction(5, 6), Fraction(11, 6)]


def test_who_would_rather_leave() -> None:
    """A gain that two make alone and share with a third who adds nothing; an empty core."""
    found = game([0, 0, 0, 12, 12, 12, 12])  # majority: the core is empty
    keenest = nucleolus(found).objections[0]
    assert (keenest.coalition, keenest.alone_cents, keenest.advantage) == (("a", "b"), 12, 4)
    assert not nucleolus(found).is_in_core
    found = game([0, 0, 0, 12, 0, 0, 12])
    assert objections(found, {"a": Fraction(5), "b": Fraction(5), "c": Fraction(2)})[0].coalition == ("a", "b")


GAMES = st.integers(2, 5).flatmap(
    lambda count: st.lists(st.integers(-100, 300), min_size=2**count - 1, max_size=2**count - 1).map(
        lambda values: Game(tuple("abcde"[:count]), "gain", (0, *values))
    )
)


@given(GAMES)
def test_shapley_is_the_average_over_orders(found: Game) -> None:
    """Efficiency, and the definition itself: marginals over every order of arrival."""
    parts = shapley(found).parts
    assert sum(parts.values()) == found.whole
    totals = dict.fromkeys(found.players, Fraction(0))
    orders = list(permutations(range(len(found.players))))
    for order in orders:
        mask = 0
        for place in order:
            totals[found.players[place]] += found.values[mask | 1 << place] - found.values[mask]
            mask |= 1 << place
    assert parts == {name: total / len(orders) for name, total in totals.items()}


@given(GAMES, st.data())
def test_shapley_adds(first: Game, data: st.DataObject) -> None:
    """Of two games together it is the sum of both; Banzhaf likewise."""
    size = len(first.values) - 1
    other = Game(first.players, "gain", (0, *data.draw(st.lists(st.integers(-50, 50), min_size=size, max_size=size))))
    both = Game(first.players, "gain", tuple(a + b for a, b in zip(first.values, other.values, strict=True)))
    for value in (lambda found: shapley(found).parts, banzhaf):
        assert value(both) == {name: value(first)[name] + value(other)[name] for name in first.players}


@given(GAMES, st.integers(-50, 50))
def test_a_dummy_gets_what_it_has_alone(found: Game, alone: int) -> None:
    """A player that adds the same to everybody; two that are alike get alike."""
    size = len(found.values)
    wider = Game((*found.players, "x"), "gain", (*found.values, *(value + alone for value in found.values)))
    assert shapley(wider).parts["x"] == alone
    twins = Game((*wider.players, "y"), "gain", tuple(
        wider.values[mask % (2 * size)] + (alone if mask >= 2 * size else 0) for mask in range(4 * size)
    ))  # fmt: skip
    assert shapley(twins).parts["x"] == shapley(twins).parts["y"]


def essential(found: Game) -> Game:
    """The game with a whole that leaves each player something more than alone."""
    alone = sum(found.values[1 << place] for place in range(len(found.players)))
    return Game(found.players, "gain", (*found.values[:-1], max(found.whole, alone + 7)))


@given(GAMES)
@settings(deadline=None)
def test_the_nucleolus_is_proved_and_nothing_else_is(found: Game) -> None:
    """Kohlberg's criterion holds for it and for no split beside it; nobody gets less than alone."""
    found = essential(found)
    parts = dict(nucleolus(found).parts)
    assert sum(parts.values()) == found.whole
    assert all(parts[name] >= found.values[1 << place] for place, name in enumerate(found.players))
    assert is_nucleolus(found, parts)
    first, last = found.players[0], found.players[-1]
    assert not is_nucleolus(found, {**parts, first: parts[first] + Fraction(1, 9), last: parts[last] - Fraction(1, 9)})


@given(GAMES, st.data())
@settings(deadline=None)
def test_the_nucleolus_is_in_the_core_if_there_is_one(found: Game, data: st.DataObject) -> None:
    """Games made from a split that nobody objects to have a core, and the nucleolus is in it."""
    given_parts = [data.draw(st.integers(-50, 50)) for _ in found.players]
    sums = [
        sum(part for place, part in enumerate(given_parts) if mask >> place & 1) for mask in range(len(found.values))
    ]
    below = [total - data.draw(st.integers(0, 40)) for total in sums[1:-1]]
    assert nucleolus(Game(found.players, "gain", (0, *below, sums[-1]))).is_in_core


@given(GAMES)
@settings(deadline=None)
def test_costs_are_gains_with_their_sign_turned(found: Game) -> None:
    """Both rules, for a game and its mirror."""
    found = essential(found)
    mirror = Game(found.players, "cost", tuple(-value for value in found.values))
    assert nucleolus(mirror).parts == {name: -part for name, part in nucleolus(found).parts.items()}
    assert shapley(mirror).parts == {name: -part for name, part in shapley(found).parts.items()}


@given(st.dictionaries(st.text("abcdef", min_size=1), st.integers(-1000, 1000), min_size=1), st.integers(1, 60))
def test_whole_cents_keep_the_whole(numerators: dict[str, int], denominator: int) -> None:
    """Each within a cent of its part; together the whole."""
    rest = -sum(numerators.values()) % denominator
    parts = {name: Fraction(value, denominator) for name, value in {**numerators, "rest": rest}.items()}
    cents = whole_cents(parts)
    assert sum(cents.values()) == sum(parts.values())
    assert all(abs(cents[name] - part) < 1 for name, part in parts.items())


def test_sixteen_players() -> None:
    """Everybody adds its own: each gets that, exactly."""
    own = [7 * place + 3 for place in range(16)]
    values = [0]
    for value in own:
        values += [total + value for total in values]
    assert list(shapley(Game(tuple("abcdefghijklmnop"), "gain", tuple(values))).parts.values()) == own


@pytest.mark.parametrize(
    "fields",
    [
        None, {}, {"values": {}}, {"kind": "loss", "values": {"a": 1}}, {"values": {"a": 1, "b": 1}},
        {"values": {"a": 1, "a+b": 1}}, {"values": {"a": 1, "b": 1, "a+b": 1, "b+a": 1}},
        {"values": {"a": 1, "b": 1, "a+a": 1}}, {"values": {"a": 1.5}}, {"values": {"a": True}}, {"values": {"a": 10**15}},
        {"values": {str(place): 1 for place in range(17)}},
    ],
)  # fmt: skip
def test_games_that_are_none(fields: Any) -> None:
    """Each is refused in words."""
    with pytest.raises(SettlementInvalid):
        Game.from_dict(fields)


def test_games_without_a_nucleolus() -> None:
    """Together worse than alone; too many players."""
    with pytest.raises(SettlementInvalid, match="each alone"):
        nucleolus(Game.of({"a": 5, "b": 5, "a+b": 9}))
    with pytest.raises(SettlementInvalid, match="at most 12"):
        nucleolus(Game(tuple("abcdefghijklm"), "gain", tuple(range(2**13))))


def test_a_game_survives_json() -> None:
    """As it is written, it is read."""
    found = bankruptcy(200, [100, 200, 300])
    assert Game.from_dict(found.to_dict()) == found
