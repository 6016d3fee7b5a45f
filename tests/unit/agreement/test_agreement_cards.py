"""Clause cards: every sentence and every term on exactly one, and a term set as a person types it."""

from __future__ import annotations

from typing import Any

import pytest

from summand.agreement import (
    TEMPLATES,
    Agreement,
    check,
    clause_cards,
    compare,
    complete_example,
    new_from_template,
    plain_sections,
    read_source,
    set_term,
)
from summand.errors import UsageError

PAGE = complete_example(
    data={"limits": {"parameters_per_person": 0.2}},
    privacy={"budget": {"unit_of_privacy": "patient", "neighbouring": "replace", "epsilon_total": 2.0, "delta": 0.0, "period": "year", "composition": "basic"}},
    revenue={"waterfall": [{"order": 1, "text": "cost", "kind": "reimburse", "payee": "north"}]},
).to_dict()  # fmt: skip


def draft(name: str) -> dict[str, Any]:
    """A fresh draft."""
    return dict(read_source(new_from_template(name).encode())[0])


@pytest.mark.parametrize("page", [PAGE, *(draft(name) for name in TEMPLATES)], ids=["complete", *TEMPLATES])
def test_everything_is_on_one_card(page: dict[str, Any]) -> None:
    """Fifteen cards; each plain sentence, finding and open place is on exactly one of them."""
    cards = clause_cards(page)
    assert [card.letter for card in cards] == list("ABCDEFGHIJKLMNO")
    said = [sentence for card in cards for sentence in card.sentences]
    assert sorted(said) == sorted(sentence for part in plain_sections(page) for sentence in part.sentences)
    assert sum(len(card.findings) for card in cards) == len(check(page))
    pointers = [term.pointer for card in cards for term in card.terms]
    assert len(set(pointers)) == len(pointers) > 60
    open_terms = {term.pointer for card in cards for term in card.terms if term.is_open}
    found = {item.pointer for item in check(page) if item.code == "agreement.incomplete"}
    assert all(any(pointer.startswith(term) for term in open_terms) for pointer in found)


def test_each_card_speaks_of_its_clause() -> None:
    """Ethics are on F, conflicts on G, noise on E, income on K, secrets on M, effect on O."""
    by_letter = {card.letter: " ".join(card.sentences) for card in clause_cards(PAGE)}
    for letter, word in zip(
        "EFGKMO", ("Noise", "Ethics", "conflicts", "Income", "Secrets", "takes effect"), strict=True
    ):
        assert word in by_letter[letter]
    assert clause_cards(PAGE)[0].is_settled and not clause_cards(draft("cross-border"))[0].is_settled


def test_a_term_has_what_a_form_needs() -> None:
    """Kind, choices, star and reason of some terms of each kind."""
    terms = {term.pointer: term for card in clause_cards(PAGE) for term in card.terms}
    kinds = {
        "/data/min_cell": "whole number", "/data/limits/parameters_per_person": "number", "/term/end": "date",
        "/data/complementary_suppression": "yes or no", "/data/location": "list", "/identity/title": "text",
        "/privacy/budget/epsilon_total": "number",
    }  # fmt: skip
    assert {pointer: terms[pointer].kind for pointer in kinds} == kinds
    rule = terms["/ip/foreground_rule"]
    assert (rule.starred, rule.choices, rule.value) == (
        True,
        ("inventor_owns", "by_field", "lead_owns", "joint", "open"),
        "joint",
    )
    assert rule.why and rule.meaning
    assert terms["/governance/bodies/0/members"].name == "bodies.1.members"


@pytest.mark.parametrize("page", [PAGE], ids=["complete"])
def test_typing_what_stands_there_changes_nothing(page: dict[str, Any]) -> None:
    """Each term, set to its own text, gives the same agreement again."""
    want = Agreement.from_dict(page).hash
    for card in clause_cards(page):
        for term in card.terms:
            if term.value:
                assert Agreement.from_dict(set_term(page, term.pointer, term.value)).hash == want, term.pointer


@pytest.mark.parametrize(
    ("pointer", "text", "clause"),
    [
        ("/data/min_cell", "25", "D.min_cell"), ("/data/limits/minimum_exits", "12", "D.limits.minimum_exits"),
        ("/term/end", "2030-01-01", "N.end"), ("/data/location", "NL, DE", "D.location"),
        ("/governance/minutes_public", "yes", "H.minutes_public"), ("/ip/open_source_policy", "All of it.", "J.open_source_policy"),
        ("/conflicts/declarations/0", '{"person": "A", "party": "north", "interest": "fees", "amount_band": "x", "counterparty": "y", "declared_on": "2026-01-01", "management_plan": "z"}', "G.declarations"),
        ("/privacy/budget", "", "E.budget"), ("/data/datasets/2", "", "D.datasets"),
    ],
)  # fmt: skip
def test_setting_one_term(pointer: str, text: str, clause: str) -> None:
    """What is typed becomes a value of its kind; exactly that clause changes, and the draft before is untouched."""
    before = str(PAGE)
    after = set_term(PAGE, pointer, text)
    assert {change.clause for change in compare(PAGE, after).changes} == {clause}
    assert str(PAGE) == before
    assert [item for item in check(after) if item.fails and item.code == "agreement.syntax"] == []


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("", "x"), ("/nowhere", "x"), ("/data/nothing", "x"), ("/data/min_cell", "ten"), ("/data/limits/parameters_per_person", "low"),
        ("/data/complementary_suppression", "maybe"), ("/parties/9/id", "x"), ("/conflicts/declarations/5", "{}"),
        ("/conflicts/declarations/0", "{"), ("/data/min_cell/x", "1"), ("data", "x"),
    ],
)  # fmt: skip
def test_what_cannot_be_set(pointer: str, text: str) -> None:
    """A pointer that leads nowhere and a text of the wrong kind are refused with what to do."""
    with pytest.raises(UsageError):
        set_term(PAGE, pointer, text)
