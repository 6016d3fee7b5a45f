"""Whatever acts stand in a ledger, no register breaks: each counts or is told."""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from summand.agreement import complete_example
from summand.documents import to_csv
from summand.errors import SettlementInvalid
from summand.sharing import ACT_KIND, ACTS, act_document, record_of, settle
from summand.sharing.contributions import contribution_register
from summand.sharing.games import Game
from summand.sharing.income import income_register
from summand.sharing.inventions import invention_register
from summand.sharing.reports import contributions_document, income_document, inventions_document
from summand.sharing.waterfall import Period, Waterfall
from summand.study import Stated

PARTIES = ("north", "south", "west")
NAMES = st.sampled_from([*PARTIES, "I.1", "I.payment.1", "x", "steering", "england", ""])
STEP = {
    "order": 1, "text": "all", "kind": "share",
    "weights": [{"party": "north", "weight": 1}, {"party": "south", "weight": 2}],
}  # fmt: skip
DEAL = complete_example(
    PARTIES,
    revenue={"waterfall": [STEP], "currency": "EUR", "reporting_period": "year", "legal_guards": ["ehds_fee"]},
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, limits of numbers and texts included or not."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return values(arguments[0]) if "pattern" not in repr(arguments[1]) else st.just("ab" * 32)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values, arguments))
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3)
    if is_dataclass(kind):
        return documents(typing.cast(Any, kind))
    plain = {
        int: st.integers(-1, 3) | st.sampled_from([1000, 10**9, 10**15]), bool: st.booleans(), str: NAMES,
        type(None): st.none(), date: st.dates().map(date.isoformat),
    }  # fmt: skip
    return plain[kind]


def hints_of(record: Any) -> dict[str, Any]:
    """The types of a record's fields."""
    hints = typing.get_type_hints(record, include_extras=True)
    return {item.name: hints[item.name] for item in fields(record)}


ANSWER = {"may_work": "yes", "may_license": "no", "accounts": "no", "may_sue": "no"}
OFTEN: dict[str, st.SearchStrategy[Any]] = {
    "contributors": st.sampled_from([
        [{"employer": "north", "per_mille": 1000}],
        [{"employer": "north", "per_mille": 1}, {"employer": "west", "per_mille": 999}],
        [],
    ]),
    "owners": st.sampled_from([["north", "west"], ["north", "south"], ["north"]]),
    "answers": st.sampled_from([[{"territory": "US", **ANSWER}], [{"territory": "EP", **ANSWER}], []]),
    "id": st.sampled_from(["x", "y", "I.1"]),
    "invention": st.sampled_from(["x", "y"]),
    "party": st.sampled_from(PARTIES),
}  # fmt: skip
"""Fields that are seldom in form by chance."""


def documents(record: Any) -> st.SearchStrategy[dict[str, Any]]:
    """The fields of a record as JSON values; what has a default may be left out."""
    drawn = {
        name: OFTEN[name] if name in OFTEN and record.__name__ not in ("Contributor", "FourAnswers") else values(kind)
        for name, kind in hints_of(record).items()
    }
    free = {item.name for item in fields(record) if not (item.default is MISSING and item.default_factory is MISSING)}
    needed = {name: found for name, found in drawn.items() if name not in free}
    return st.fixed_dictionaries(needed, optional={name: drawn[name] for name in sorted(free)})


def acts() -> st.SearchStrategy[dict[str, Any]]:
    """Any act, in form or nearly."""
    return st.sampled_from(sorted(ACTS)).flatmap(
        lambda name: documents(ACTS[name]).map(lambda found: {"act": name, **found})
    )


STATED = st.lists(st.tuples(st.sampled_from(PARTIES), acts()), max_size=12)


def stated(said: list[tuple[str, dict[str, Any]]]) -> list[Stated]:
    """Acts as if parties had signed them, a day after each other."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Stated(
            leaf, SimpleNamespace(kind=ACT_KIND, document=document, person=party), party, "party",  # type: ignore[arg-type]
            start + timedelta(days=leaf),
        )
        for leaf, (party, document) in enumerate(said)
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STATED, st.dates())
def test_no_act_breaks_a_register(said: list[tuple[str, dict[str, Any]]], today: date) -> None:
    """Registers, what they say in JSON, their documents and the cost split: for any acts on any day."""
    found = stated(said)
    contributions = contribution_register(DEAL, found, today)
    income = income_register(DEAL, found, today=today)
    inventions = invention_register(DEAL, found, today)
    for register in (contributions, income, inventions):
        assert register.to_dict()
    for document in (contributions_document(contributions), income_document(income), inventions_document(inventions)):
        assert to_csv(document)
    assert all(total["delivered_cents"] >= 0 for total in contributions.totals().values())
    statement = settle(DEAL, register=contributions)
    assert sum(position.share_cents for position in statement.positions) == statement.total_cents
    paid = sum(sum(by.values()) for by in (income.paid, income.held_back, income.blocked))
    assert paid == sum(item.distribution.gross_cents - item.distribution.left_cents for item in income.periods)


@given(acts())
def test_an_act_in_form_is_written_as_it_was_read(document: dict[str, Any]) -> None:
    """And one out of form is refused in words, without its values."""
    try:
        record = record_of(document, ACTS)
    except SettlementInvalid as error:
        assert error.remedy
        return
    assert record_of(act_document(record), ACTS) == record


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["kind", "values", "a", "a+b", "tiers", "currency", "name", "gross_cents", "at", "act"]), inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    """Games, waterfalls and periods."""
    for read in (Game.from_dict, Waterfall.from_dict, Period.from_dict):
        try:
            read(value)
        except SettlementInvalid:
            continue
