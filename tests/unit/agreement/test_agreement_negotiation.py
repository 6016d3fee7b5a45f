"""The negotiation: turns, comments, agreement, signatures that an edit voids, and every act that is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.agreement import (
    NEGOTIATION_TYPE,
    Agreement,
    Negotiation,
    complete_example,
    fold,
    follow,
    new_from_template,
    open_negotiation,
    read_source,
    sign_act,
    signing_request,
    verify_signatures,
)
from summand.encoding import canonical, parse, to_base64
from summand.errors import AgreementError, AgreementIncomplete, SignatureInvalid, SummandError
from summand.signing import Envelope, PrivateKey

KEYS = {name: PrivateKey.generate() for name in ("north", "south", "west")}
DRAFT = complete_example([{"id": name, "key": key.public.text} for name, key in KEYS.items()]).to_dict()
START = datetime(2026, 3, 1, tzinfo=UTC)


def changed(**data: Any) -> dict[str, Any]:
    """The draft with other values in clause D."""
    return {**DRAFT, "data": {**DRAFT["data"], **data}}


def opened(document: dict[str, Any] = DRAFT, party: str = "north") -> Negotiation:
    """After the first offer."""
    return fold([sign_act(open_negotiation(document, party, START), KEYS[party])])


def act(before: Negotiation, kind: Any, party: str, **fields: Any) -> Negotiation:
    """One signed act further."""
    when = START + timedelta(minutes=before.number)
    return follow(before, sign_act(before.prepare(kind, party, when, **fields), KEYS[party]))


def agreed(before: Negotiation | None = None, *parties: str) -> Negotiation:
    """After the others agreed."""
    found = before or opened()
    for party in parties or ("south", "west"):
        found = act(found, "agree", party, hash=found.offer.hash)
    return found


def signature(before: Negotiation, party: str) -> dict[str, str]:
    """The fields of an act that signs what is on the table."""
    request = signing_request(Agreement.from_dict(before.offer.document), party)
    return {"hash": request.hash, "signature": to_base64(KEYS[party].sign(request.to_sign))}


def test_offer_counter_agree_sign() -> None:
    """The whole way: each state, whose turn it is, and at the end an agreement that is in force by its signatures."""
    first = opened()
    assert (first.state, first.turn) == ("offered", ("south", "west"))
    second = act(first, "offer", "south", document=changed(min_sites=5), note="more sites")
    assert (second.state, second.version, second.turn) == ("countered", 2, ("north", "west"))
    assert [change.clause for change in second.changes().changes] == ["D.min_sites"]
    third = agreed(second, "north", "west")
    assert (third.state, third.turn) == ("agreed", ("north", "south", "west"))
    for party in KEYS:
        third = act(third, "sign", party, **signature(third, party))
    assert (third.state, third.turn, third.signers) == ("executed", (), ("north", "south", "west"))
    assert third.agreement is not None and third.agreement.is_fully_signed
    assert verify_signatures(third.agreement).strangers == ()
    assert third.agreement.agreement.data.min_sites == 5


def test_an_edit_after_a_signature_voids_it() -> None:
    """A new offer after the first signature: nobody has agreed but its maker, no signature counts, and it is written down."""
    before = agreed()
    before = act(before, "sign", "west", **signature(before, "west"))
    after = act(before, "offer", "west", document=changed(min_cell=20))

    assert (after.state, after.agreed_by, after.signers, after.agreement) == ("offered", frozenset({"west"}), (), None)
    assert [(item.party, item.version, item.by) for item in after.voided] == [("west", 1, "west")]
    with pytest.raises(AgreementError, match="another text"):
        act(agreed(after, "north", "south"), "sign", "west", **signature(before, "west"))


def test_a_withdrawal_goes_back_to_the_draft() -> None:
    """Its maker may withdraw an offer, anybody a text that was agreed; then anybody may offer."""
    gone = act(opened(), "withdraw", "north", reason="no budget")
    assert (gone.state, gone.turn) == ("draft", ("north", "south", "west"))
    assert act(gone, "offer", "west", document=changed(min_cell=30)).offer.party == "west"
    assert act(agreed(), "withdraw", "south").state == "draft"


def test_comments_by_clause() -> None:
    """Comments are threads on a clause of a version; their maker resolves them; they need no turn."""
    found = act(opened(), "comment", "north", clause="J.foreground_rule", text="Joint is slow.")
    found = act(found, "comment", "west", clause="J.foreground_rule", text="Then by field.", reply_to=2)
    found = act(found, "resolve", "north", comment=2)
    told = found.to_dict()

    assert [(c["number"], c["reply_to"], c["resolved_by"]) for c in told["comments"]] == [
        (2, None, "north"),
        (3, 2, None),
    ]
    assert told["open_comments"] == 0
    for kind, party, fields in (
        ("resolve", "south", {"comment": 3}), ("resolve", "north", {"comment": 9}), ("resolve", "north", {"comment": 2}),
        ("comment", "north", {"clause": "J", "text": "x", "reply_to": 9}),
    ):  # fmt: skip
        with pytest.raises(AgreementError):
            act(found, kind, party, **fields)


def test_what_is_open_cannot_be_agreed_to() -> None:
    """A draft that still reads "needs counsel" may be offered and answered, and not agreed to."""
    page = read_source(new_from_template("provider-provider", tuple(KEYS)).encode())[0]
    for party in page["parties"]:
        party["key"] = KEYS[party["id"]].public.text
    found = opened(page)
    assert found.to_dict()["open_findings"] > 50
    with pytest.raises(AgreementIncomplete):
        agreed(found, "south")


REFUSED: dict[str, Callable[[], object]] = {
    "countering one's own offer": lambda: act(opened(), "offer", "north", document=changed(min_cell=20)),
    "agreeing to one's own offer": lambda: agreed(opened(), "north"),
    "agreeing twice": lambda: agreed(opened(), "south", "south"),
    "agreeing to another text": lambda: act(opened(), "agree", "south", hash="0" * 64),
    "offering what is on the table": lambda: act(opened(), "offer", "south", document=DRAFT),
    "offering another agreement": lambda: act(opened(), "offer", "south", document=complete_example(list(DRAFT["parties"])).to_dict()),
    "changing a key": lambda: act(opened(), "offer", "south", document={**DRAFT, "parties": [{**DRAFT["parties"][0], "key": PrivateKey.generate().public.text}, *DRAFT["parties"][1:]]}),
    "leaving out a party": lambda: act(opened(), "offer", "south", document={**DRAFT, "parties": DRAFT["parties"][:2]}),
    "withdrawing another's offer": lambda: act(opened(), "withdraw", "south"),
    "signing before all agreed": lambda: act(opened(), "sign", "south", **signature(opened(), "south")),
    "signing twice": lambda: act(_signed_once(), "sign", "south", **signature(_signed_once(), "south")),
    "a signature of another key": lambda: act(agreed(), "sign", "south", **{**signature(agreed(), "south"), "signature": signature(agreed(), "west")["signature"]}),
    "a signature that is no base64": lambda: act(agreed(), "sign", "south", **{**signature(agreed(), "south"), "signature": "?"}),
    "an act signed by another party": lambda: follow(opened(), sign_act(opened().prepare("agree", "south", START, hash=opened().offer.hash), KEYS["west"])),
    "an act of a stranger": lambda: follow(opened(), sign_act(opened().prepare("comment", "east", START, clause="A", text="x"), KEYS["west"])),
    "an act without a signature": lambda: follow(opened(), opened().prepare("comment", "west", START, clause="A", text="x")),
    "an act dated before the last": lambda: follow(opened(), sign_act(opened().prepare("comment", "west", START - timedelta(seconds=1), clause="A", text="x"), KEYS["west"])),
    "an act that does not follow": lambda: follow(act(opened(), "comment", "west", clause="A", text="x"), sign_act(opened().prepare("comment", "south", START, clause="A", text="y"), KEYS["south"])),
    "a comment on no clause": lambda: act(opened(), "comment", "west", clause="Z.other", text="x"),
    "a comment without a text": lambda: act(opened(), "comment", "west", clause="A"),
    "a very long comment": lambda: act(opened(), "comment", "west", clause="A", text="x" * 5000),
    "a first act that is no offer": lambda: fold([opened().prepare("withdraw", "north", START)]),
    "a first offer by a stranger": lambda: fold([sign_act(open_negotiation(DRAFT, "east", START), KEYS["north"])]),
    "a draft without keys": lambda: opened({**DRAFT, "parties": [{"id": "north"}, {"id": "south"}]}),
    "a draft without an identifier": lambda: opened({**DRAFT, "identity": {}}),
    "nothing": lambda: fold([]),
}  # fmt: skip


def _signed_once() -> Negotiation:
    before = agreed()
    return act(before, "sign", "south", **signature(before, "south"))


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    """Each of these is refused with an error of the tree that says what to do."""
    with pytest.raises((AgreementError, SignatureInvalid)) as caught:
        REFUSED[what]()
    assert caught.value.remedy


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind":"offer"}',
        b'{"at":"x","kind":"comment","negotiation":"x","number":true,"party":"x","previous":""}',
        b'{ "kind": "offer" }',
    ],
)
def test_an_act_that_is_none(payload: bytes) -> None:
    """Malformed acts are refused, never a traceback."""
    with pytest.raises(AgreementError):
        fold([Envelope(payload, NEGOTIATION_TYPE, ()).signed_by(KEYS["north"])])
    with pytest.raises(AgreementError):
        fold([Envelope(payload, "text/plain", ())])


def test_after_the_deadline_nobody_signs() -> None:
    """A signature after the agreed deadline is refused, one on its day is taken."""
    page = {**DRAFT, "identity": {**DRAFT["identity"], "signature_deadline": "2026-02-28"}}
    before = agreed(opened(page))
    with pytest.raises(AgreementError, match="time to sign"):
        act(before, "sign", "south", **signature(before, "south"))
    page["identity"] = {**page["identity"], "signature_deadline": "2026-03-01"}
    before = agreed(opened(page))
    assert act(before, "sign", "south", **signature(before, "south")).signers == ("south",)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["offer", "agree", "withdraw", "comment", "sign"]),
        st.sampled_from(sorted(KEYS)),
        st.integers(10, 14),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(MOVES)
def test_laws_of_every_negotiation(moves: list[tuple[str, str, int]]) -> None:
    """Whatever is tried: the state is a known one, no signature counts for another text than the one on the table, a text is
    agreed only if all agreed to it, and the fold of the acts gives the same again.
    """
    first = sign_act(open_negotiation(DRAFT, "north", START), KEYS["north"])
    found, acts = fold([first]), [first]
    for kind, party, cell in moves:
        fields: dict[str, Any] = {
            "offer": {"document": changed(min_cell=cell)}, "agree": {"hash": found.offer.hash}, "withdraw": {},
            "comment": {"clause": "A", "text": "x"}, "sign": signature(found, party),
        }[kind]  # fmt: skip
        envelope = sign_act(found.prepare(kind, party, START, **fields), KEYS[party])  # type: ignore[arg-type]
        try:
            found = follow(found, envelope)
        except SummandError:
            continue
        acts.append(envelope)
        assert found.state in ("draft", "offered", "countered", "agreed", "executed")
        assert (found.state in ("agreed", "executed")) == (found.agreed_by == set(KEYS))
        assert not found.signers or found.state in ("agreed", "executed")
        if found.agreement is not None:
            assert found.agreement.agreement.hash == found.offer.hash
            assert found.agreement.report.signed == set(found.signers)
    assert fold(acts) == found
    again = [Envelope.from_dict(parse(canonical(item.to_dict()))) for item in acts]
    assert fold(again).last == found.last
