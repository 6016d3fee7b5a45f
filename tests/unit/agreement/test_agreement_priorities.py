"""Priorities and working norms: signed by each party, side by side, and what could be traded."""

from __future__ import annotations

from typing import Any

import pytest

from summand.agreement import NORMS, Priorities, read_priorities, side_by_side, sign_priorities
from summand.errors import AgreementError, SignatureInvalid
from summand.signing import Envelope, PrivateKey

URN = "urn:uuid:00000000-0000-4000-8000-000000000001"


def stated(party: str, norms: dict[str, str] | None = None, day: str = "2026-03-01", **topics: int) -> Priorities:
    """A statement."""
    return Priorities.from_dict(
        {
            "agreement": URN, "party": party, "stated_on": day,
            "priorities": [{"topic": topic, "importance": number} for topic, number in topics.items()],
            "norms": [{"norm": name, "answer": answer} for name, answer in (norms or {}).items()],
        }
    )  # fmt: skip


def test_side_by_side() -> None:
    """Rows with the widest gap first; a topic that one does not name counts as none; silence is told."""
    north = stated(
        "north",
        {"risk": "quickly_and_corrected", "meetings": "weekly", "language": "nl"},
        privacy=5,
        publication=2,
        quality=4,
    )
    south = stated(
        "south",
        {"risk": "only_when_proved", "meetings": "fortnightly", "language": "en"},
        privacy=1,
        publication=5,
        quality=4,
    )
    found = side_by_side([north, south], ["north", "south", "west"])
    rows = {row.name: row for row in found.rows}

    assert found.rows[0].name in ("privacy", "language")
    assert (rows["privacy"].gap, rows["privacy"].standing) == (4, "differ")
    assert (rows["quality"].gap, rows["quality"].standing) == (0, "same")
    assert (rows["risk"].standing, rows["meetings"].standing, rows["language"].standing) == ("differ", "near", "differ")
    assert found.silent == ("west",)
    (trade,) = found.trades
    assert (trade.first_cares_for, trade.second_cares_for) == ("privacy", "publication")
    assert found.to_dict()["rows"][0]["positions"]


def test_no_trade_without_two_sides() -> None:
    """Where one party cares more for everything, there is nothing to trade."""
    assert side_by_side([stated("a", privacy=5, cost=5), stated("b", privacy=1, cost=4)], ["a", "b"]).trades == ()


def test_the_latest_statement_counts() -> None:
    """A party that changed its mind is shown as it is now; strangers are not shown."""
    found = side_by_side([stated("a", day="2026-03-02", cost=5), stated("a", cost=1), stated("x", cost=1)], ["a"])
    assert dict(found.rows[0].positions) == {"a": "5"}


def test_only_a_partys_key_speaks_for_it() -> None:
    """Another key, a changed text and an unknown party are refused."""
    key, other = PrivateKey.generate(), PrivateKey.generate()
    envelope = sign_priorities(stated("north", cost=3), key)

    assert read_priorities(envelope, {"north": key.public}) == stated("north", cost=3)
    for bad, keys in (
        (envelope, {"north": other.public}), (envelope, {"south": key.public}),
        (Envelope(envelope.payload.replace(b'"importance":3', b'"importance":5'), envelope.payload_type, envelope.signatures), {"north": key.public}),
        (Envelope(b"{", envelope.payload_type, ()).signed_by(key), {"north": key.public}),
    ):  # fmt: skip
        with pytest.raises(SignatureInvalid):
            read_priorities(bad, keys)


@pytest.mark.parametrize(
    "change",
    [
        {"priorities": []}, {"priorities": [{"topic": "fame", "importance": 1}]}, {"priorities": [{"topic": "cost", "importance": 6}]},
        {"priorities": [{"topic": "cost", "importance": 1}] * 2}, {"norms": [{"norm": "risk", "answer": "never"}]},
        {"stated_on": "spring"}, {"agreement": "x"}, {"colour": "red"}, {"party": 2**60},
    ],
)  # fmt: skip
def test_a_statement_that_is_none(change: dict[str, Any]) -> None:
    """What does not fit is named."""
    with pytest.raises(AgreementError):
        Priorities.from_dict({**stated("north", cost=3).to_dict(), **change})
    with pytest.raises(AgreementError):
        side_by_side([], ["a"])


def test_answers_are_texts_of_their_own() -> None:
    """No norm has an answer twice."""
    assert all(len(set(answers)) == len(answers) >= 3 for _, answers in NORMS.values())
