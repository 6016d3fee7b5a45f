"""The life of an agreement: every state with every event, and where signatures, calendar and events put it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared_files import ROOT
from summand.agreement import (
    STATES,
    TRANSITIONS,
    SignedAgreement,
    complete_example,
    event_entry,
    events_in,
    next_state,
    require_active,
    sign,
    state_of,
)
from summand.errors import AgreementError, AgreementNotInForce, SignatureInvalid
from summand.signing import PrivateKey

ALLOWED = {
    "draft": "offer→offered",
    "offered": "counter→countered agree→agreed withdraw→draft",
    "countered": "offer→offered counter→countered agree→agreed withdraw→draft",
    "agreed": "request_approvals→approvals_pending withdraw→draft",
    "approvals_pending": "execute→executed withdraw→draft",
    "executed": "commence→active terminate→terminated",
    "active": "amend→amending suspend→suspended dispute→in_dispute expire→expired terminate→terminated",
    "amending": "adopt→active abandon_amendment→active suspend→suspended dispute→in_dispute expire→expired "
    "terminate→terminated",
    "suspended": "resume→active dispute→in_dispute expire→expired terminate→terminated",
    "in_dispute": "settle→active suspend→suspended expire→expired terminate→terminated",
    "expired": "begin_closing→closing",
    "terminated": "begin_closing→closing",
    "closing": "close→closed",
    "closed": "",
}
START = date(2030, 3, 1)
END = date(2030, 6, 30)
NAMES = ("north", "south", "west")
KEYS = {name: PrivateKey.generate() for name in NAMES}
PARTIES: list[dict[str, Any]] = [{"id": name, "key": key.public.text} for name, key in KEYS.items()]
PARTIES[2]["roles"] = ["data_user"]
AGREEMENT = complete_example(
    PARTIES,
    datasets=[{"id": name, "holder": name} for name in ("north", "south")],
    start=START,
    days=(END - START).days + 1,
)


def signed(*names: str) -> SignedAgreement:
    """The agreement with these parties' signatures."""
    out = SignedAgreement(AGREEMENT, sign(AGREEMENT, names[0], KEYS[names[0]]))
    for name in names[1:]:
        out = SignedAgreement(AGREEMENT, sign(AGREEMENT, name, KEYS[name], out.envelope))
    return out


FULL = signed(*NAMES)


def happens(event: str, by: tuple[str, ...] = NAMES, day: date = START) -> dict[str, Any]:
    """The entry of an event at noon of a day."""
    return event_entry(AGREEMENT, event, by, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


@pytest.mark.parametrize("state", STATES)
def test_each_state_allows_its_events_alone(state: str) -> None:
    """In every state the listed events lead where the table says, and all others are refused."""
    table = dict(arrow.split("→") for arrow in ALLOWED[state].split())

    assert set(events_in(state)) == set(table)
    for event in TRANSITIONS:
        if event in table:
            assert next_state(state, event) == table[event]
        else:
            with pytest.raises(AgreementError, match="cannot happen"):
                next_state(state, event)


@pytest.mark.parametrize(("state", "event"), [("active", "explode"), ("asleep", "offer"), ("active", "")])
def test_unknown_words_are_refused(state: str, event: str) -> None:
    """A state or event that is none is refused."""
    with pytest.raises(AgreementError, match="no event"):
        next_state(state, event)


@pytest.mark.parametrize(
    ("day", "events", "expected"),
    [
        (START - timedelta(days=1), [], "approvals_pending_or_executed"),
        (START, [], "active"),
        (END, [], "active"),
        (END + timedelta(days=1), [], "expired"),
        (START, ["amend"], "amending"),
        (START, ["amend", "abandon_amendment"], "active"),
        (START, ["suspend"], "suspended"),
        (START, ["suspend", "resume"], "active"),
        (START, ["dispute"], "in_dispute"),
        (START, ["dispute", "settle"], "active"),
        (END + timedelta(days=1), ["suspend"], "expired"),
        (START, ["terminate"], "terminated"),
        (START, ["terminate", "begin_closing"], "closing"),
        (START, ["terminate", "begin_closing", "close"], "closed"),
    ],
)
def test_where_a_signed_agreement_stands(day: date, events: list[str], expected: str) -> None:
    """Signatures, the events so far and the calendar give the state on a day."""
    found = state_of(FULL, [happens(event) for event in events], day)

    assert found == ("executed" if expected == "approvals_pending_or_executed" else expected)


@pytest.mark.parametrize(
    ("event", "by", "entitled"),
    [
        ("suspend", ("north",), True),
        ("suspend", ("west",), False),
        ("resume", ("north",), False),
        ("resume", NAMES, True),
        ("terminate", ("west",), True),
        ("adopt", ("north", "south"), False),
        ("dispute", (), False),
        ("dispute", ("east",), False),
        ("dispute", ("north", "east"), False),
        ("expire", NAMES, False),
        ("commence", NAMES, False),
    ],
)
def test_who_may_cause_an_event(event: str, by: tuple[str, ...], entitled: bool) -> None:
    """A holder alone may suspend; some events take all parties; the clock's events are nobody's."""
    if entitled:
        assert happens(event, by)["by"] == sorted(by)
    else:
        with pytest.raises(AgreementError):
            happens(event, by)


def test_unsigned_is_a_draft_and_one_signature_freezes_it() -> None:
    """Without signatures it is a draft or on offer; the first signature makes it agreed."""
    none = SignedAgreement(AGREEMENT, type(FULL.envelope)(FULL.envelope.payload, FULL.envelope.payload_type, ()))

    assert state_of(none, [], START) == "draft"
    assert state_of(none, [happens("offer", ("north",))], START) == "offered"
    assert state_of(none, [happens("offer", ("north",)), happens("counter", ("south",))], START) == "countered"
    assert state_of(signed("north"), [], START) == "agreed"
    assert state_of(signed("north"), [happens("offer"), happens("agree"), happens("request_approvals")], START) == (
        "approvals_pending"
    )


def test_approvals_not_yet_granted_or_run_out_hold_it_back() -> None:
    """Within the term but outside an ethics approval's time, the agreement waits for approvals."""
    approval = {**AGREEMENT.to_dict()["ethics"]["approvals"][0], "expires": (START + timedelta(days=9)).isoformat()}
    agreement = complete_example(
        PARTIES, start=START, days=60, datasets=[{"id": "d", "holder": "north"}], ethics={"approvals": [approval]}
    )
    envelope = sign(agreement, "north", KEYS["north"])
    for name in NAMES[1:]:
        envelope = sign(agreement, name, KEYS[name], envelope)
    signed_agreement = SignedAgreement(agreement, envelope)

    assert state_of(signed_agreement, [], START + timedelta(days=9)) == "active"
    assert state_of(signed_agreement, [], START + timedelta(days=10)) == "approvals_pending"


def test_later_events_and_other_agreements_are_passed_over() -> None:
    """The state on a day does not know later days, nor entries about another agreement or version."""
    later = happens("suspend", day=START + timedelta(days=5))
    other = {**happens("suspend"), "agreement": "0" * 64}

    assert state_of(FULL, [later, other], START + timedelta(days=4)) == "active"
    assert state_of(FULL, [later, other], START + timedelta(days=5)) == "suspended"


@pytest.mark.parametrize(
    "forged",
    [
        {"by": ["east"]},
        {"by": "north"},
        {"by": []},
        {"by": [1]},
        {"event": "vanish"},
        {"event": "resume"},
        {"at": "yesterday"},
        {"at": None},
    ],
    ids=str,
)
def test_a_forged_entry_stops_the_reading(forged: dict[str, Any]) -> None:
    """An entry that is malformed, out of turn or not entitled is an error: what is not known is not permitted."""
    with pytest.raises(AgreementError):
        state_of(FULL, [{**happens("suspend"), **forged}], START)


def test_studies_run_while_it_is_active() -> None:
    """`require_active` passes in the term and says which clause stands in the way otherwise."""
    require_active(FULL, [], START)
    with pytest.raises(AgreementNotInForce, match="expired"):
        require_active(FULL, [], END + timedelta(days=1))
    with pytest.raises(AgreementNotInForce, match="suspended"):
        require_active(FULL, [happens("suspend")], START)
    with pytest.raises(SignatureInvalid, match="west"):
        require_active(signed("north", "south"), [], START)


def test_reference_lists_the_states() -> None:
    """The table in docs/reference/agreement.md is the one that the code has."""
    page = (ROOT / "docs/reference/agreement.md").read_text("utf-8")

    for state in STATES:
        rows = [
            f"{event} → {TRANSITIONS[event].target} ({TRANSITIONS[event].by.replace('_', ' ')})"
            for event in events_in(state)
        ]
        assert f"| {state} | {'; '.join(rows) or '—'} |" in page
