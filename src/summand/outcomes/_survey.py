"""A short survey on how partners get on: six questions about each other party, in our own words.

The two scores follow the PARTNER tool (Varda and others, 2008): trust from reliability, agreement on the mission and
openness; value from influence, involvement and resources. Everybody answers about parties, never about people.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from summand.errors import SurveyInvalid

QUESTIONS: dict[str, str] = {
    "reliability": "What this partner promises: how far is it done, as promised and in time?",
    "mission": "What this partner wants from the partnership: how far does it fit what the partnership is for?",
    "openness": "A concern, or another opinion: how freely can you bring it before this partner?",
    "influence": "This partner's standing: how far does it help the partnership to get things done?",
    "involvement": "The work itself: how far does this partner take part in it?",
    "resources": "People, data, money, equipment: how far does this partner bring what it could?",
}
SCALE: dict[int, str] = {1: "hardly", 2: "in part", 3: "largely", 4: "fully"}
SCORES: dict[str, tuple[str, ...]] = {
    "trust": ("reliability", "mission", "openness"),
    "value": ("influence", "involvement", "resources"),
}
TIE_QUESTION = "With which partners did you work in the last year? Answer the six questions about each of these."
ANSWERS_MAX = 1_000


@dataclass(frozen=True)
class Answer:
    """What one person says about one other party: all six questions, 1 to 4. Its being there says that they work together."""

    about: str
    ratings: Mapping[str, int]


@dataclass(frozen=True)
class Response:
    """One person's answers, for the party that the person works for; ``answers`` is empty for who works with nobody.

    Attributes:
        survey: Which round of the survey, such as ``2026``.
        person, party: Who answered, as the agreement names them.
        answers: One for each party that the person works with.
    """

    survey: str
    person: str
    party: str
    answers: tuple[Answer, ...]


def response_document(survey: str, answers: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What a person states by its hash alone: the answers, and a random salt that keeps them from being guessed from it.

    Six answers of four are 4,096 possibilities: without the salt, their hash would be as good as the answers.

    Raises:
        SurveyInvalid: if an answer is not all six questions with 1 to 4.
    """
    document = {
        "survey": survey, "salt": secrets.token_hex(32),
        "answers": [{"about": about, "ratings": dict(ratings)} for about, ratings in answers.items()],
    }  # fmt: skip
    read_response(document, "", "")
    return document


def read_response(document: Mapping[str, Any], person: str, party: str) -> Response:
    """The response in a document.

    Raises:
        SurveyInvalid: if it is out of form, or says something about the person's own party, or twice about another.
    """
    try:
        if set(document) != {"survey", "salt", "answers"} or len(document["answers"]) > ANSWERS_MAX:
            raise _invalid("its fields are not 'survey', 'salt' and 'answers'")
        if len(bytes.fromhex(document["salt"])) < 16:
            raise _invalid("its salt is too short")
        answers = tuple(Answer(str(item["about"]), _ratings(item["ratings"])) for item in document["answers"])
        survey = str(document["survey"])
    except (KeyError, TypeError, ValueError):
        raise _invalid("a field is missing or of the wrong kind") from None
    about = [answer.about for answer in answers]
    if len(set(about)) != len(about) or (party and party in about):
        raise _invalid("it answers about a party twice, or about its own")
    return Response(survey, person, party, answers)


def _ratings(given: Any) -> dict[str, int]:
    if set(given) != set(QUESTIONS) or not all(type(value) is int and value in SCALE for value in given.values()):
        raise _invalid("an answer is not all six questions, each with 1 to 4")
    return dict(given)


def score(ratings: Sequence[Mapping[str, int]], name: str) -> float:
    """The mean of a score's three questions over some people's ratings."""
    return sum(rating[question] for rating in ratings for question in SCORES[name]) / (3 * len(ratings))


def _invalid(why: str) -> SurveyInvalid:
    return SurveyInvalid(
        f"The answers are malformed: {why}.", remedy="Write them as 'summand outcomes survey questions' shows."
    )
