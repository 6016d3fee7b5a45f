"""Lying and broken peers: what the hub does with messages that no honest site sends, and with people it does not know."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.agreement import complete_example
from summand.encoding import dump, pack, parse
from summand.errors import (
    AgreementError,
    BodyTooLarge,
    PeerProtocolError,
    RoundReplayed,
    SignatureInvalid,
    StrangerRefused,
    StudyReplayed,
    SummandError,
)
from summand.ledger import ENTRY_BYTES_MAX
from summand.signing import PrivateKey
from summand.study import Certificate, SignedStudy, StudyRequest
from summand.study.messages import BOX_BYTES, stand_in_bytes
from summand.testing.federations import Partnership, sign_by_all
from summand.transport import Message, read_message, sign_message
from wire import Wire, small_partnership, small_tables

pytestmark = pytest.mark.slow


@pytest.fixture
def wire():
    """A federation of three whose messages the test may change."""
    carried = Wire.of()
    yield carried
    carried.close()


def signed_by(wire: Wire, site: str, message: Message, *, body: bytes | None = None, **header: Any) -> bytes:
    """A site's message with another body or header, under the site's own service key."""
    fields = {**message.header, **header}
    kind, sender, study, number = (fields.pop(name) for name in ("kind", "sender", "study", "round"))
    content = message.body if body is None else body
    return sign_message(kind, sender, study, number, wire.agents[site].key, wire.network.origin, body=content, **fields)


def until(wire: Wire, kind: str, number: int = 0, site: str = "south") -> Message:
    """Run a study until a site sends this message, and keep it from the hub."""
    kept: list[Message] = []

    def hold(sender: str, message: Message) -> Any:
        if (sender, message.kind, message.round) == (site, kind, number):
            kept.append(message)
            return []
        return None

    wire.to_hub = hold
    wire.start()
    while not kept and wire.turn():
        pass
    wire.to_hub = lambda site, message: None
    return kept[0]


def finish(wire: Wire, *answers: tuple[str, bytes]) -> dict[str, Any]:
    """Hand over what was kept and carry on to the end; the study."""
    for site, answer in answers:
        wire.hand_over(site, answer)
    while wire.turn():
        pass
    return wire.convener.list_studies()[0]


KINDS = [("site.decision", 0), ("site.seal", 0), ("round.upload", 1), ("round.reveal", 1), ("site.confirm", 3)]


@pytest.mark.parametrize(("kind", "number"), KINDS)
def test_a_second_different_message_is_refused_and_the_first_stands(wire: Wire, kind: str, number: int) -> None:
    """Two different messages of one site for one step: the second is refused, and the study is what the first made it."""
    message = until(wire, kind, number)
    wire.hand_over("south", message.raw)
    other = signed_by(wire, "south", message, nonce=1)
    try:
        wire.convener.receive(other)
    except RoundReplayed:
        pass
    else:
        assert wire.convener.show(message.study)["status"] == "released", "only after the end is it passed over"
    assert finish(wire)["status"] == "released"


@pytest.mark.parametrize(("kind", "number"), KINDS[:-1])  # a confirmation says all in its header
@pytest.mark.parametrize("cut", [0, 1, -1, 17], ids=["empty", "one byte", "one short", "seventeen"])
def test_bodies_of_the_wrong_length_are_refused_and_the_right_one_still_counts(
    wire: Wire, kind: str, number: int, cut: int
) -> None:
    """A body that is cut is refused to its sender at once; the same site's honest message is then taken."""
    message = until(wire, kind, number)
    with pytest.raises(SummandError) as refused:
        wire.convener.receive(signed_by(wire, "south", message, body=message.body[:cut]))
    assert isinstance(refused.value, (PeerProtocolError, SummandError))
    assert refused.value.code != "internal"
    assert finish(wire, ("south", message.raw))["status"] == "released"


MALFORMED = [
    ("site.decision", b"{}"),
    ("site.decision", b'{"decision":1,"reasons":[],"key_record":""}'),
    ("site.decision", b"[1,2]"),
    ("site.seal", b'{"boxes":[],"signature":""}'),
    ("site.seal", b'{"boxes":{},"signature":""}'),
    ("site.seal", b'{"boxes":{"north":1,"west":2},"signature":"AAAA"}'),
    ("site.seal", b'{"signature":"AAAA"}'),
    ("round.upload", b"\xff" * 5000),
    ("round.reveal", b"\xff" * 10),
]


@pytest.mark.parametrize(("kind", "body"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_message_is_refused_to_its_sender_and_stops_nobody(wire: Wire, kind: str, body: bytes) -> None:
    """A message that does not parse is refused when it comes, and not to whoever answers last."""
    message = until(wire, kind)
    with pytest.raises(SummandError) as refused:
        wire.convener.receive(signed_by(wire, "south", message, body=body))
    assert refused.value.code != "internal"
    assert finish(wire, ("south", message.raw))["status"] == "released"


def test_a_decision_that_says_one_thing_and_signs_another_is_refused(wire: Wire) -> None:
    """The header permits and the signed decision refuses, or the decision is about another study, or is another site's."""
    message = until(wire, "site.decision")
    with pytest.raises(PeerProtocolError):
        wire.convener.receive(signed_by(wire, "south", message, permitted=False))
    another = until(wire, "site.decision", site="north")
    with pytest.raises((PeerProtocolError, SignatureInvalid)):
        wire.convener.receive(signed_by(wire, "south", message, body=another.body))


@pytest.mark.parametrize(
    "error", [None, 7, [], {}, {"code": 5}, {"code": "x" * 10**6, "message": "m" * 10**6, "other": {"deep": [1]}}], ids=range(6)
)  # fmt: skip
def test_any_halt_ends_the_study_and_none_breaks_the_ledger(wire: Wire, error: Any) -> None:
    """A halt may hold anything: what goes to the ledger and the analyst is short, and of known fields."""
    message = until(wire, "round.upload")
    wire.convener.receive(signed_by(wire, "south", message, kind="site.halt", body=dump({"error": error})))
    shown = wire.convener.show(message.study)
    assert shown["status"] == "failed"
    assert set(shown["error"]) <= {"code", "message", "remedy", "clause", "site"}
    assert max(len(entry) for entry in wire.convener.log.entries(0, wire.convener.log.size)) <= ENTRY_BYTES_MAX
    assert wire.run()["status"] == "released", "the next study is not touched"


def test_a_halt_without_a_reason_is_refused(wire: Wire) -> None:
    """A halt that is no object is refused; the site can still halt properly."""
    message = until(wire, "round.upload")
    with pytest.raises(PeerProtocolError):
        wire.convener.receive(signed_by(wire, "south", message, kind="site.halt", body=b"[]"))


def test_a_message_signed_by_another_site_is_refused(wire: Wire) -> None:
    """West signs in south's name: not south's signature."""
    message = until(wire, "round.upload")
    with pytest.raises(SignatureInvalid):
        wire.convener.receive(signed_by(wire, "west", message))
    assert finish(wire, ("south", message.raw))["status"] == "released"


def test_a_strangers_message_is_refused(wire: Wire) -> None:
    """A key that nobody certified, under a site's name or under its own."""
    message = until(wire, "round.upload")
    for sender, expected in (("south", SignatureInvalid), ("mallory", StrangerRefused), ("hub", StrangerRefused)):
        data = sign_message(
            "round.upload", sender, message.study, 0, PrivateKey.generate(), wire.network.origin, body=message.body,
            context=message.header["context"],
        )  # fmt: skip
        with pytest.raises(expected):
            wire.convener.receive(data)


@pytest.mark.parametrize("kind", ["round.open", "study.result", "study.ended", "nonsense", "", "SITE.HALT"])
def test_kinds_that_no_site_sends_are_refused(wire: Wire, kind: str) -> None:
    """A site that speaks as the hub does, or says what does not exist."""
    message = until(wire, "round.upload")
    with pytest.raises(StrangerRefused):
        wire.convener.receive(signed_by(wire, "south", message, kind=kind))


def test_messages_out_of_order_are_refused(wire: Wire) -> None:
    """A message of a round to come, or of a later step, is refused: it can be sent again in its turn."""
    message = until(wire, "round.upload")
    for header in ({"round": 1}, {"round": 999_999}, {"kind": "site.confirm"}):
        with pytest.raises(RoundReplayed):
            wire.convener.receive(signed_by(wire, "south", message, **header))
    assert finish(wire, ("south", message.raw))["status"] == "released"


def test_late_messages_change_nothing(wire: Wire) -> None:
    """Every message of a study that is over, sent again by its site: acknowledged, and nothing moves."""
    wire.run()
    size, root = wire.convener.log.size, wire.convener.log.root()
    for _, message in wire.sent:
        wire.convener.receive(message.raw)
    assert (wire.convener.log.size, wire.convener.log.root()) == (size, root)


def test_a_wrong_share_opens_nothing(wire: Wire) -> None:
    """A site gives shares that are not its own: the sum does not open, and the study ends with a named error."""
    message = until(wire, "round.reveal", 0)
    wrong = bytes(32) + b"\x05"
    shown = finish(wire, ("south", signed_by(wire, "south", message, body=wrong * 3)))
    assert shown["status"] == "failed"
    assert shown["error"]["code"] in ("sum.failed", "sum.share_invalid")


def test_a_vector_that_is_not_the_sites_own_spoils_the_sum_and_says_so(wire: Wire) -> None:
    """A site uploads noise: the masks do not cancel, no total is opened."""
    message = until(wire, "round.upload", 1)
    head = stand_in_bytes(2) + 2 * BOX_BYTES
    noise = message.body[:head] + bytes(b ^ 0x5A for b in message.body[head:])
    shown = finish(wire, ("south", signed_by(wire, "south", message, body=noise)))
    assert (shown["status"], shown["error"]["code"]) == ("failed", "sum.failed")


def test_a_site_that_confirms_another_result_stops_its_release(wire: Wire) -> None:
    """One signature on another hash, and the result is not released: the ledger says by whom."""
    message = until(wire, "site.confirm", 3, site="north")
    held = [m for site, m in wire.sent if m.kind == "site.confirm"]
    assert len(held) == 3, "all three had confirmed, and two are not enough"
    assert wire.convener.show(message.study)["status"] == "confirming"
    wire.convener.receive(signed_by(wire, "north", message, result_sha256="00" * 32))
    shown = wire.convener.show(message.study)
    assert (shown["status"], shown["result"], shown["error"]["code"]) == ("failed", None, "sum.state_disagrees")
    ended = parse(wire.convener.log.entries(0, wire.convener.log.size)[-1])
    assert (ended["type"], ended["by"]) == ("study.ended", "north")


# ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
SIGNATURE = bytes(64)
FRAMES = {
    "nothing": b"",
    "a signature alone": SIGNATURE,
    "noise": bytes(range(256)) * 4,
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "a header longer than the message": SIGNATURE + b"SMD1" + struct.pack(">I", 0xFFFF_FFFF) + b"{}",
    "no header": SIGNATURE + b"SMD1" + struct.pack(">I", 0),
    "a header that is a list": SIGNATURE + b"SMD1" + struct.pack(">I", 2) + b"[]",
    "a header that is no JSON": SIGNATURE + b"SMD1" + struct.pack(">I", 3) + b"{a}",
    "a header of deep lists": SIGNATURE + b"SMD1" + struct.pack(">I", 200_000) + b"[" * 200_000,
    "a header of many keys": SIGNATURE + pack({f"k{i}": i for i in range(20_000)}),
    "numbers for texts": SIGNATURE + pack({"kind": 1, "sender": 2, "study": 3, "round": 4}),
    "a round below zero": SIGNATURE + pack({"kind": "round.upload", "sender": "north", "study": "s", "round": -1}),
    "a round that is true": SIGNATURE + pack({"kind": "round.upload", "sender": "north", "study": "s", "round": True}),
    "a round too large": SIGNATURE + pack({"kind": "round.upload", "sender": "north", "study": "s", "round": 10**18}),
    "an unknown study": SIGNATURE + pack({"kind": "round.upload", "sender": "north", "study": "s" * 999, "round": 0}),
    "not text": SIGNATURE + b"SMD1" + struct.pack(">I", 12) + b'{"kind":"\xff"}',
}


@pytest.mark.parametrize("data", FRAMES.values(), ids=FRAMES.keys())
def test_bytes_that_are_no_message_are_refused_by_hub_and_site(wire: Wire, data: bytes) -> None:
    """Truncated frames, garbage, huge lengths and bombs: an error of the tree on both sides, nothing stored."""
    size = wire.convener.log.size
    for take in (wire.convener.receive, wire.agents["north"].handle):
        with pytest.raises(SummandError) as refused:
            take(data)
        assert refused.value.code != "internal"
    assert wire.convener.log.size == size


@pytest.fixture(scope="module")
def idle():
    """A federation in which a study waits for south's decision, and that message."""
    carried = Wire.of()
    yield carried, until(carried, "site.decision")
    carried.close()


@given(data=st.data())
@settings(max_examples=40)
def test_a_changed_byte_is_refused(idle, data) -> None:
    """One byte of a message is changed, left out or added: refused, whatever byte it is."""
    wire, message = idle
    raw = bytearray(message.raw)
    where = data.draw(st.integers(0, len(raw) - 1))
    how = data.draw(st.sampled_from(["change", "leave out", "add"]))
    if how == "change":
        raw[where] ^= data.draw(st.integers(1, 255))
    elif how == "leave out":
        del raw[where]
    else:
        raw.insert(where, data.draw(st.integers(0, 255).filter(lambda b: bytes([b]) != bytes(raw[where : where + 1]))))
    with pytest.raises(SummandError) as refused:
        wire.convener.receive(bytes(raw))
    assert refused.value.code != "internal"
    assert wire.convener.show(message.study)["status"] == "deciding"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(value=json_values)
@settings(max_examples=40)
def test_any_json_as_a_document_is_answered_with_an_error_of_the_tree(idle, value) -> None:
    """Agreements, certificates, studies and messages of any JSON are refused without a traceback."""
    wire, message = idle
    for take in (wire.convener.put_agreement, wire.convener.put_certificate, wire.convener.submit):
        with pytest.raises(SummandError):
            take(value)
    with pytest.raises(SummandError):
        wire.convener.receive(signed_by(wire, "south", message, body=dump(value)))
    data = sign_message("study.request", "hub", "0" * 32, 0, wire.convener.key, wire.network.origin, body=dump(value))
    (answer,) = wire.agents["west"].handle(data)
    assert parse(read_message(answer).body)["error"]["code"] not in ("internal", "transport.own_protocol")


@given(value=json_values)
@settings(max_examples=40)
def test_any_method_the_analyst_signs_is_answered_with_an_error_of_the_tree(idle, value) -> None:
    """A request whose method is any object, properly signed: refused or put before the sites, never a traceback."""
    wire, _ = idle
    for method in ({"name": "linear", "formula": value}, {"name": value}, {"name": "describe", "columns": value}):
        fields = {**wire.request().request.to_dict(), "method": method}
        try:
            study = SignedStudy.sign(StudyRequest.from_dict(fields), wire.partnership.analyst_key)
            wire.convener.submit(study.to_dict())
        except SummandError as error:
            assert error.code not in ("internal", "transport.own_protocol")


# ── who is let in ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_stranger_cannot_name_himself_north(wire: Wire) -> None:
    """Strangers bring an agreement of their own in which "north" has their key: the hub does not take it in."""
    names = ("north", "mallory")
    keys = {name: PrivateKey.generate() for name in names}
    document = complete_example(
        [{"id": name, "key": keys[name].public.text} for name in names], data={"min_sites": 2}, profile="public_data"
    )
    with pytest.raises(StrangerRefused):
        wire.convener.put_agreement(sign_by_all(document, keys).envelope.to_dict())
    assert wire.convener.find_key(keys["mallory"].public.fingerprint) is None
    assert wire.run()["status"] == "released"


def test_a_partner_cannot_change_another_partners_key(wire: Wire) -> None:
    """East's own new agreement names north under another key: refused, and the operator may still admit it."""
    keys = {"south": wire.partnership.party_keys["south"], "north": PrivateKey.generate()}
    document = complete_example(
        [{"id": name, "key": key.public.text} for name, key in keys.items()], profile="public_data"
    )
    signed = sign_by_all(document, keys).envelope.to_dict()
    with pytest.raises(StrangerRefused) as refused:
        wire.convener.put_agreement(signed)
    assert "north" in str(refused.value)
    assert wire.convener.put_agreement(signed, by_operator=True) == document.hash


def test_partners_bring_a_newcomer(wire: Wire) -> None:
    """An agreement that a known party signed with its known key is taken in, newcomer and all."""
    keys = {"south": wire.partnership.party_keys["south"], "delft": PrivateKey.generate()}
    document = complete_example(
        [{"id": name, "key": key.public.text} for name, key in keys.items()], profile="public_data"
    )
    assert wire.convener.put_agreement(sign_by_all(document, keys).envelope.to_dict()) == document.hash


def test_an_unsigned_agreement_is_not_taken_in(wire: Wire) -> None:
    """One signature is missing."""
    keys = {"south": wire.partnership.party_keys["south"]}
    document = complete_example([{"id": "south", "key": keys["south"].public.text}, "delft"], profile="public_data")
    with pytest.raises(AgreementError):
        wire.convener.put_agreement(sign_by_all(document, keys).envelope.to_dict())


def certify(wire: Wire, party: str, key: PrivateKey, *, site: str | None = None, days: int = 365) -> dict[str, Any]:
    """A certificate by a party's key for a site, as it travels."""
    made = Certificate.issue(party, PrivateKey.generate().public, key, site=site, days=days)
    return {"site": site or party, "party": party, "envelope": made.envelope.to_dict()}


def test_a_partner_cannot_certify_another_partners_site(wire: Wire) -> None:
    """South certifies a site called north, of its own party or of north's: refused, so it cannot read north's inbox."""
    south = wire.partnership.party_keys["south"]
    held = wire.convener.site_key("north")
    with pytest.raises(StrangerRefused):
        wire.convener.put_certificate(certify(wire, "south", south, site="north"))
    with pytest.raises(SignatureInvalid):
        wire.convener.put_certificate(certify(wire, "north", south))
    assert wire.convener.site_key("north") == held


def test_an_old_certificate_takes_nobodys_place(wire: Wire) -> None:
    """A certificate that a newer one replaced, sent again by whoever kept it: the newer one stays."""
    north = wire.partnership.party_keys["north"]
    replaced = dict(wire.convener.register._certificates["north"])
    new = PrivateKey.generate()
    fresh = Certificate.issue("north", new.public, north)
    later = (datetime.now(UTC) + timedelta(seconds=30)).isoformat(timespec="seconds")
    fields = {**parse(fresh.envelope.payload), "from": parse(fresh.envelope.payload)["from"]}
    from summand.signing import seal
    from summand.study._certificates import CERTIFICATE_TYPE

    start = datetime.fromisoformat(fields["from"]) + timedelta(minutes=5)
    envelope = seal(CERTIFICATE_TYPE, {**fields, "from": start.isoformat(timespec="seconds")}, north)
    wire.convener.put_certificate({"site": "north", "party": "north", "envelope": envelope.to_dict()})
    assert wire.convener.site_key("north") == new.public
    wire.convener.put_certificate(replaced)
    assert wire.convener.site_key("north") == new.public
    assert later > fields["from"]


def test_an_expired_certificate_is_refused_and_shuts_nobody_else_out(wire: Wire) -> None:
    """One site's certificate runs out: that site is refused, the others and the analyst go on reading."""
    held = {site: agent.key.public for site, agent in wire.agents.items()}
    with pytest.raises(SignatureInvalid):
        wire.convener.put_certificate(certify(wire, "south", wire.partnership.party_keys["south"], days=-1))
    north = wire.partnership.party_keys["north"]
    soon = certify(wire, "north", north, days=1)
    wire.convener.put_certificate(soon)
    wire.convener.clock = lambda: datetime.now(UTC).timestamp() + 2 * 86_400
    wire.convener.register._read_by.clear()
    with pytest.raises(SignatureInvalid):
        wire.convener.site_key("north")
    assert wire.convener.find_key(held["south"].fingerprint) == held["south"]
    assert wire.convener.find_key(wire.partnership.analyst_key.public.fingerprint) is not None


def test_a_request_too_large_for_the_ledger_is_refused_before_it_is_stored(wire: Wire) -> None:
    """An analyst's request of 100 kB: refused, and the next study runs."""
    fields = wire.request().request.to_dict()
    fields["purpose"] = {**fields["purpose"], "text": "x" * 100_000}
    study = SignedStudy.sign(StudyRequest.from_dict(fields), wire.partnership.analyst_key)
    with pytest.raises(BodyTooLarge):
        wire.convener.submit(study.to_dict())
    assert wire.run()["status"] == "released"


def test_an_identifier_is_used_once(wire: Wire) -> None:
    """Another request under an identifier in use is refused; the same request again changes nothing."""
    study = wire.request()
    wire.run(study)
    size = wire.convener.log.size
    assert wire.convener.submit(study.to_dict()) == study.request.study_id
    other = SignedStudy.sign(
        StudyRequest.from_dict({**study.request.to_dict(), "title": "other"}), wire.partnership.analyst_key
    )
    with pytest.raises(StudyReplayed):
        wire.convener.submit(other.to_dict())
    assert wire.convener.log.size == size


def test_an_analyst_with_a_renewed_key_may_ask_with_either() -> None:
    """A person whom the agreement names twice, with an old and a new key: the hub takes both, the sites decide."""
    made = small_partnership()
    new = PrivateKey.generate()
    people = [person.model_dump(mode="json", by_alias=True, exclude_none=True) for person in made.agreement.people]
    people.append({**people[0], "key": new.public.text})
    tables = small_tables()
    keys = dict(made.party_keys)
    document = complete_example(
        [{"id": name, "key": key.public.text} for name, key in keys.items()],
        dictionaries={"cohort": made.agreement.dictionary_of("data-north")},
        datasets=[{"id": f"data-{name}", "holder": name, "rows_max": 100} for name in keys],
        people=people, profile="public_data",
    )  # fmt: skip
    again = Partnership(sign_by_all(document, keys), tables, keys, new, made.steward_key)
    wire = Wire.of(again)
    assert wire.run()["status"] == "released"
    wire.close()
