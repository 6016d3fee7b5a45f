"""The redline: one change to an agreement, what it means, which way it goes, and who gains by it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.agreement import TEMPLATES, Agreement, Change, compare, complete_example, new_from_template, read_source
from summand.agreement._redline_rules import READ, RULES
from summand.agreement._redline_words import LISTS, OPPOSITE, SCALES
from summand.agreement._shape import _model_in

BASE = complete_example().content()
GONE = object()
Place = tuple[str | int, ...]
RESEARCH = {"system": "DUO", "code": "DUO:0000006", "text": "x"}

# place, new value -> direction, gains, loses, words of the sentence
TABLE: list[tuple[Place, Any, str, set[str], set[str], str]] = [
    (("data", "min_cell"), 20, "tighter", {"patients"}, {"data users"}, "10 → 20"),
    (("data", "min_sites"), 5, "tighter", {"patients", "data holders"}, {"data users"}, "3 → 5"),
    (("data", "limits"), {"parameters_per_person": 0.1}, "tighter", {"patients"}, {"data users"}, "added 0.1"),
    (("data", "release_levels"), ["total", "site_level"], "looser", {"data users"}, {"data holders", "patients"}, "site level"),
    (("data", "location"), ["NL", "US"], "looser", {"data users"}, {"patients"}, "added US"),
    (("data", "onward_transfer"), ["Insurer"], "looser", {"whoever receives"}, {"patients", "data holders"}, "Insurer"),
    (("data", "incident_notice_hours"), 72, "looser", set(), {"all parties", "patients"}, "24 → 72"),
    (("data", "output_review"), "two_person", "tighter", {"patients", "data holders"}, {"data users"}, "two person"),
    (("data", "hub"), "blind", "tighter", {"patients", "data holders"}, set(), "blind"),
    (("data", "on_lost_site"), "start_over", "looser", {"data users"}, {"patients", "data holders"}, "start over"),
    (("data", "retention", "months"), 12, "looser", {"data users"}, {"patients"}, "0 → 12"),
    (("data", "datasets", 0, "columns_withheld"), ["age"], "tighter", {"patients"}, {"data users"}, "age"),
    (("data", "datasets", 0, "identifiability"), "identifiable", "looser", {"data users"}, {"patients"}, "identifiable"),
    (("data", "datasets", 0, "consent_codes"), [{"code": "DUO:0000006"}, {"code": "DUO:0000045"}], "tighter", {"patients"}, {"data users"}, "NPU"),
    (("data", "datasets", 0, "consent_codes"), [{"code": "DUO:0000042"}], "looser", {"data users"}, {"patients"}, "HMB) → DUO:0000042 (GRU)"),
    (("data", "datasets", 0, "consent_codes"), [{"code": "DUO:0000011"}], "read", set(), set(), "POA"),
    (("data", "computations_allowed"), BASE["data"]["computations_allowed"][1:], "tighter", {"patients"}, {"data users"}, "taken out"),
    (("privacy", "budget"), {"unit_of_privacy": "patient", "neighbouring": "add_remove", "epsilon_total": 1.0, "delta": 0.0, "period": "year", "composition": "basic"}, "tighter", {"patients", "data holders"}, set(), "epsilon total 1"),
    (("purpose", "purposes"), [*BASE["purpose"]["purposes"], RESEARCH], "looser", {"data users"}, {"patients"}, "DUO:0000006"),
    (("purpose", "prohibited_purposes"), [*BASE["purpose"]["prohibited_purposes"], {"code": "linkage", "text": "x"}], "tighter", {"patients"}, {"data users"}, "linkage"),
    (("purpose", "goals", 0, "target"), 5, "tighter", {"the other parties"}, {"north"}, "1 → 5"),
    (("governance", "decision_rules", 1, "threshold"), "unanimous", "tighter", {"a minority"}, {"the majority"}, "unanimous"),
    (("governance", "decision_rules", 1, "veto_holders"), ["south"], "shifts", {"south"}, set(), "south"),
    (("governance", "study_approvals"), [{"role": "data_steward", "party": "any", "count": 1}], "tighter", {"patients", "data holders"}, {"data users"}, "data steward"),
    (("work", "contributions", 0, "committed_cents"), 2_000_000, "shifts", {"the other parties"}, {"north"}, "2000000"),
    (("work", "cost_shares", "weights", 0, "weight"), 2, "shifts", {"south", "west"}, {"north"}, "north 33.33 % → 50 %"),
    (("work", "cost_shares", "caps"), [{"party": "west", "cents": 5}], "shifts", {"west"}, {"the other parties"}, "west"),
    (("ip", "foreground_rule"), "lead_owns", "shifts", {"the lead"}, {"all parties"}, "joint → lead owns"),
    (("ip", "publication", "delay_max_days"), 90, "tighter", {"owners of secrets and patents"}, {"authors"}, "60 → 90"),
    (("ip", "background"), [{"owner": "west", "description": "x", "reference": "y", "licence_to_project": "z"}], "shifts", {"west"}, set(), "west"),
    (("ip", "licence_options"), [{"party": "south", "field": "x", "territory": "EU", "exclusive": True, "months": 6}], "shifts", {"south"}, set(), "south"),
    (("revenue", "waterfall"), [{"order": 1, "text": "t", "kind": "share", "weights": [{"party": "north", "weight": 1}]}], "read", set(), set(), "share"),
    (("work", "payment_schedule"), [{"payer": "west", "payee": "north", "cents": 500, "due": "2026-06-01", "text": "x"}], "shifts", {"north"}, {"west"}, "west"),
    (("revenue", "waterfall"), [{"order": 1, "text": "t", "kind": "fee", "payee": "south", "per_mille": 5}], "shifts", {"south"}, set(), "fee"),
    (("term", "renewal"), "automatic_with_notice", "looser", set(), set(), "automatic with notice"),
    (("purpose", "goals", 0, "due"), "2040-01-01", "looser", {"the goal's owner"}, {"the other parties"}, "2040-01-01"),
    (("work", "subcontractors"), ["Cloud"], "looser", {"data users"}, {"patients"}, "Cloud"),
    (("confidentiality", "confidentiality_years"), 10, "tighter", {"owners of secrets"}, {"the public"}, "5 → 10"),
    (("confidentiality", "unlimited_claims"), ["reidentification", "wilful_misconduct"], "looser", {"whoever harms"}, {"whoever is harmed"}, "breach of patient data"),
    (("confidentiality", "liability_cap"), "twice as much", "read", set(), set(), "twice as much"),
    (("term", "termination", "convenience_days"), 30, "looser", {"who leaves"}, {"who stays"}, "90 → 30"),
    (("term", "exit_plan", "model_rule"), "withdraw", "tighter", {"patients", "data holders"}, {"data users"}, "keep → withdraw"),
    (("term", "end"), "2030-01-01", "looser", set(), set(), "2030-01-01"),
]  # fmt: skip


def changed(place: Place, value: Any) -> dict[str, Any]:
    """The base with one place set."""
    page: Any = copy.deepcopy(BASE)
    target = page
    for part in place[:-1]:
        target = target[part]
    target[place[-1]] = value
    return dict(page)


def who(change: Change, effect: str) -> set[str]:
    """Those who gain or lose."""
    return {item.who for item in change.effects if item.effect == effect}


@pytest.mark.parametrize(
    ("place", "value", "direction", "gains", "loses", "words"),
    TABLE,
    ids=[f"{'.'.join(map(str, r[0]))}-{r[2]}-{n}" for n, r in enumerate(TABLE)],
)
def test_one_change(place: Place, value: Any, direction: str, gains: set[str], loses: set[str], words: str) -> None:
    """One edit is one change in meaning, with its direction, its words, and who gains and loses."""
    (change,) = compare(BASE, changed(place, value)).changes
    assert (change.direction, who(change, "gains"), who(change, "loses")) == (direction, gains, loses)
    assert words in change.meaning
    assert change.heading and change.clause


@pytest.mark.parametrize("row", TABLE, ids=[f"{'.'.join(map(str, r[0]))}-{n}" for n, r in enumerate(TABLE)])
def test_the_way_back_is_the_opposite(row: tuple[Place, Any, str, set[str], set[str], str]) -> None:
    """Read from the new version to the old one, the direction turns round, and who gained loses."""
    place, value, direction, gains, loses, _ = row
    (change,) = compare(changed(place, value), BASE).changes
    assert change.direction == OPPOSITE[direction]  # type: ignore[index]
    assert (who(change, "gains"), who(change, "loses")) == (loses, gains)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(range(len(TABLE))), min_size=2, max_size=5, unique=True))
def test_edits_of_different_places_add_up(chosen: list[int]) -> None:
    """Several edits in different places give exactly their changes together."""
    page: Any = copy.deepcopy(BASE)
    expected, places = [], set()
    for index in chosen:
        place, value, *_ = TABLE[index]
        if place in places or any(place[: len(other)] == other or other[: len(place)] == place for other in places):
            continue
        places.add(place)
        target = page
        for part in place[:-1]:
            target = target[part]
        target[place[-1]] = value
        expected += compare(BASE, changed(place, value)).changes
    assert sorted(compare(BASE, page).changes, key=repr) == sorted(expected, key=repr)


def test_order_of_lists_and_bookkeeping_mean_nothing() -> None:
    """Entries in another order, the status and notes of signatures are no change."""
    page = copy.deepcopy(BASE)
    for name in ("parties", "people"):
        page[name] = page[name][::-1]
    page["data"]["datasets"] = page["data"]["datasets"][::-1]
    page["identity"]["status"] = "offered"
    assert compare(BASE, page).changes == ()
    assert compare(complete_example(), complete_example()).changes != ()  # another identifier is a change


def test_a_party_that_joins() -> None:
    """A new party with its data and its share is told as such, and the others' shares fall."""
    new = complete_example(["north", "south", "west", "east"])
    redline = compare(complete_example(), new)
    told = {change.meaning for change in redline.changes}
    assert "east joins" in told
    assert any("north 33.33 % → 25 %" in text for text in told)
    assert "north" in {row["who"] for row in redline.to_dict()["balance"]}


@pytest.mark.parametrize("name", TEMPLATES)
def test_drafts_are_compared_too(name: str) -> None:
    """Two kinds of draft, full of open places, compare without an error; a draft with itself has no changes."""
    one = read_source(new_from_template(name).encode())[0]
    other = read_source(new_from_template("cross-border").encode())[0]
    assert compare(one, one).changes == ()
    assert compare(one, other).changes
    assert compare({}, one).changes and compare(one, {}).changes


def fields(model: Any = Agreement, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every field of the model by the pattern under which the redline knows it."""
    for name, field in model.model_fields.items():
        is_list = str(field.annotation).startswith("tuple")
        here = (*path, field.alias or name, *(["*"] if is_list else []))
        yield ".".join(here), field.annotation
        inner = _model_in(field.annotation)
        if inner is not None:
            yield from fields(inner, here)


def test_no_field_is_forgotten() -> None:
    """Every number, date, choice and list of the agreement has a rule, or is named as one that a person reads."""
    ordered = {
        pattern
        for pattern, annotation in fields()
        if pattern.endswith("*") or (_model_in(annotation) is None and re.search(r"\b(int|float|bool|date|datetime|Literal)\b", str(annotation)))
        or annotation in (int, float, bool, date)
    }  # fmt: skip
    known = set(SCALES) | set(LISTS) | set(RULES) | READ
    assert len(ordered) > 100
    assert ordered - known == set()
    assert known - {pattern for pattern, _ in fields()} == set()
    assert not READ & (set(SCALES) | set(LISTS) | set(RULES))
