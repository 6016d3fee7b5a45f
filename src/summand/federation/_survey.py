"""The survey on the partners over the ledger: answers stated by their hash, evaluated where they are brought together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from summand.encoding import canonical, sha256_hex
from summand.errors import SurveyInvalid
from summand.federation._desk import Desk
from summand.outcomes import Relationship, Response, read_response, relationship, response_document
from summand.study import read_statements


def answer_survey(desk: Desk, survey: str, answers: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """State answers by their salted hash; the document, which goes to whoever evaluates the survey and to nobody else.

    Raises:
        SurveyInvalid: if an answer is out of form, about a stranger, or about the own party.
    """
    own = {person.party for person in desk.agreement.people if person.name == desk.name} or {desk.name}
    strangers = set(answers) - {party.id for party in desk.agreement.parties}
    if strangers or own & set(answers):
        raise SurveyInvalid(
            f"The answers are about {', '.join(sorted(strangers | (own & set(answers))))[:200]}.",
            remedy="Answer about the other parties of the agreement, by their short names.",
        )
    document = response_document(survey, answers)
    desk.state("relationship.answered", document, inside=False)
    return document


def evaluate_survey(desk: Desk, survey: str, documents: Iterable[Mapping[str, Any]]) -> Relationship:
    """Evaluate the documents of a round, each of which a person of the agreement must have stated.

    Raises:
        SurveyInvalid: if a document was not stated in the ledger: it may have been changed, or made up.
    """
    statements, _ = read_statements(desk.entries(), desk.versions, ("relationship.answered",))
    stated = {item.statement.document_sha256: item for item in statements}
    found: list[tuple[int, Response]] = []
    for document in documents:
        item = stated.get(sha256_hex(canonical(dict(document))))
        if item is None:
            raise SurveyInvalid(
                "An answer was not stated in the ledger, or was changed since.",
                remedy="Ask its author for the file that 'summand outcomes survey answer' wrote.",
            )
        found.append((item.leaf, read_response(document, item.statement.person, item.party)))
    responses = [response for _, response in sorted(found, key=lambda pair: pair[0])]
    return relationship(survey, [party.id for party in desk.agreement.parties], responses)
