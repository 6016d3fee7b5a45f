"""Medicare Shared Savings against what the publisher paid: every ACO of performance year 2023."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from shared_files import shared_data
from summand.sharing.shared_savings import Review, read_published, review

FILE = "mssp/PY_Financial_and_Quality_Results_2023.csv"


@pytest.fixture(scope="module")
def reviews() -> list[Review]:
    """Our settlement of all 453 beside theirs."""
    return [review(row) for row in read_published(shared_data(FILE).read_text(encoding="utf-8"))]


def test_every_payment_to_under_a_dollar(reviews: list[Review]) -> None:
    """All 313 payments, and nobody else is paid."""
    paid = [item for item in reviews if item.published.payment_cents > 0 or item.outcome.payment_cents > 0]

    assert len(reviews) == 453
    assert len(paid) == 313
    assert max(abs(item.difference_cents) for item in paid) < 100


def test_every_minimum_rate(reviews: list[Review]) -> None:
    """By the table of sizes, also for small ACOs under two-sided models, or one of the rates they may choose."""
    assert all(item.minimum_rate_agrees for item in reviews)
    by_size = [item for item in reviews if item.published.year.track in "AB"]
    assert len(by_size) == 151
    assert all(abs(item.outcome.minimum_rate - item.published.minimum_rate) <= Fraction(5, 100_000) for item in by_size)


def test_losses(reviews: list[Review]) -> None:
    """Seventeen of twenty to under a dollar; three are below the formula, as revenue that is not published allows."""
    owing = [item for item in reviews if item.published.payment_cents < 0]
    limited = {i.published.aco_id: i.implied_loss_cents for i in owing if i.verdict != "agrees"}

    assert Counter(item.verdict for item in owing) == {
        "agrees": 17, "limited by revenue that is not published": 3,
    }  # fmt: skip
    assert limited == {"A1241": 1_972_407_00, "A4627": 509_148_00, "A5293": 171_148_00}
    assert [i.published.aco_id for i in reviews if i.outcome.payment_cents < 0] == [i.published.aco_id for i in owing]


def test_nothing_else_differs(reviews: list[Review]) -> None:
    """Of the 453, each agrees or is one of the three."""
    assert Counter(item.verdict for item in reviews)["agrees"] == 450
    assert not [item for item in reviews if item.verdict == "differs"]
