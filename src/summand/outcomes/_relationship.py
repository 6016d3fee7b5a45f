"""How the partners get on, as a directed network of who works with whom and how they judge it.

Sources: Wasserman and Faust (1994), §4.2.6 (density), §5.2 (Freeman's degree centralisation); Borgatti (2006), eq. 4
(fragmentation: the share of pairs that cannot reach each other).

**Few respondents.** A score is a mean of people's answers, so it is shown only over at least three people; and a party's
mean only if no fewer than three people (or none) are left when the shown ties to it are taken off: what is shown of the
parts never gives away the rest. A tie itself, that somebody says that they work together, is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from summand.outcomes._survey import QUESTIONS, SCORES, Response, score

RESPONDENTS_MIN = 3
DECIMALS = 2


@dataclass(frozen=True)
class Tie:
    """That people of one party say that they work with another; scores None where too few said so.

    Attributes:
        reciprocated: Whether the other says so too; None where it answered nothing at all.
    """

    source: str
    target: str
    people: int | None
    trust: float | None
    value: float | None
    reciprocated: bool | None


@dataclass(frozen=True)
class PartyScores:
    """One party in the network.

    Attributes:
        answered: Whether anybody answered for it.
        named_by, names: Parties that say that they work with it, and that it says it works with.
        trust, value, questions: What others say of it: means of 1 to 4; None where too few said so.
        fragmentation_without: Share of the other parties' pairs that could not reach each other without it.
    """

    party: str
    answered: bool
    named_by: int
    names: int
    trust: float | None
    value: float | None
    questions: dict[str, float | None]
    fragmentation_without: float


@dataclass(frozen=True)
class Relationship:
    """The survey as far as it may be shown.

    Attributes:
        survey: Which round.
        parties, ties: Nodes and directed ties.
        respondents: How many people answered.
        density: Ties over those that the parties that answered could have.
        degree_centralisation: From 0 (all alike) to 1 (a star): ties in either direction.
        isolates: Parties that no tie touches.
        unreciprocated: Ties whose other end answered and does not say so.
        fragmentation: Share of pairs that cannot reach each other now.
        key_players: Parties without which more pairs of the others cannot reach each other than now, the gravest first.
        trust, value: Means over the parties whose own are shown; None if there are none.
        silent: Parties for which nobody answered.
    """

    survey: str
    parties: tuple[PartyScores, ...]
    ties: tuple[Tie, ...]
    respondents: int
    density: float | None
    degree_centralisation: float | None
    isolates: tuple[str, ...]
    unreciprocated: tuple[tuple[str, str], ...]
    fragmentation: float
    key_players: tuple[str, ...]
    trust: float | None
    value: float | None
    silent: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "unreciprocated": [list(pair) for pair in self.unreciprocated]}


def relationship(survey: str, parties: Sequence[str], responses: Iterable[Response]) -> Relationship:
    """Evaluate one round of the survey.

    Args:
        survey: Which round; responses to others are left out.
        parties: All parties of the agreement.
        responses: One a person; of several by one person the last counts. Answers about strangers are left out.
    """
    names = sorted(set(parties))
    latest = {item.person: item for item in responses if item.survey == survey and item.party in names}
    rated: dict[tuple[str, str], list[Mapping[str, int]]] = {}
    for response in latest.values():
        for answer in response.answers:
            if answer.about in names and answer.about != response.party:
                rated.setdefault((response.party, answer.about), []).append(answer.ratings)
    answered = {response.party for response in latest.values()}
    ties = tuple(_tie(pair, given, rated, answered) for pair, given in sorted(rated.items()))
    links = {frozenset(pair) for pair in rated}
    whole = fragmentation(names, links)
    without = {name: fragmentation([other for other in names if other != name], links) for name in names}
    nodes = tuple(_node(name, ties, rated, answered, without[name]) for name in names)
    parts = _components(names, links)
    lost = {name: without[name] - _apart([len(part - {name}) for part in parts]) for name in names}
    worse = sorted((name for name in names if lost[name] > 1e-12), key=lambda name: (-lost[name], name))
    possible = len(answered) * (len(names) - 1)
    return Relationship(
        survey, nodes, ties, len(latest), len(ties) / possible if possible else None,
        degree_centralisation(names, links), tuple(name for name in names if not any(name in link for link in links)),
        tuple((tie.source, tie.target) for tie in ties if tie.reciprocated is False), whole, tuple(worse),
        _mean([node.trust for node in nodes]), _mean([node.value for node in nodes]),
        tuple(name for name in names if name not in answered),
    )  # fmt: skip


def degree_centralisation(names: Sequence[str], links: set[frozenset[str]]) -> float | None:
    """Freeman's: Σ (largest degree - degree) / ((n - 1)(n - 2)); None for fewer than three."""
    n = len(names)
    if n < 3:
        return None
    degrees = [sum(name in link for link in links) for name in names]
    return sum(max(degrees) - degree for degree in degrees) / ((n - 1) * (n - 2))


def fragmentation(names: Sequence[str], links: set[frozenset[str]]) -> float:
    """Borgatti's F: 1 - Σ s (s - 1) / (n (n - 1)) over the components' sizes s; 0 for fewer than two."""
    return _apart([len(part) for part in _components(names, links)])


def _apart(sizes: Sequence[int]) -> float:
    n = sum(sizes)
    return 0.0 if n < 2 else 1 - sum(size * (size - 1) for size in sizes) / (n * (n - 1))


def _components(names: Sequence[str], links: set[frozenset[str]]) -> list[set[str]]:
    left, found = set(names), []
    while left:
        reached, edge = set[str](), {left.pop()}
        while edge:
            name = edge.pop()
            reached.add(name)
            edge |= {other for link in links if name in link for other in link if other in left}
            left -= edge
        found.append(reached)
    return found


def _tie(
    pair: tuple[str, str], given: list[Mapping[str, int]], rated: Mapping[tuple[str, str], Any], answered: set[str]
) -> Tie:
    shown = len(given) >= RESPONDENTS_MIN
    back = (pair[1], pair[0]) in rated if pair[1] in answered else None
    trust, value = (round(score(given, name), DECIMALS) if shown else None for name in SCORES)
    return Tie(*pair, len(given) if shown else None, trust, value, back)


def _node(
    name: str, ties: Sequence[Tie], rated: Mapping[tuple[str, str], list[Mapping[str, int]]], answered: set[str],
    without: float,
) -> PartyScores:  # fmt: skip
    to_it = [tie for tie in ties if tie.target == name]
    given = [ratings for pair, people in rated.items() if pair[1] == name for ratings in people]
    rest = len(given) - sum(tie.people or 0 for tie in to_it)
    shown = len(given) >= RESPONDENTS_MIN and (rest == 0 or rest >= RESPONDENTS_MIN)
    questions = {
        question: round(sum(ratings[question] for ratings in given) / len(given), DECIMALS) if shown else None
        for question in QUESTIONS
    }
    trust, value = (round(score(given, key), DECIMALS) if shown else None for key in SCORES)
    return PartyScores(
        name, name in answered, len(to_it), sum(tie.source == name for tie in ties), trust, value, questions, without
    )  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    shown = [value for value in values if value is not None]
    return round(sum(shown) / len(shown), DECIMALS) if shown else None
