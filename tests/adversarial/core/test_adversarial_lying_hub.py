"""A hub that lies, with its own valid signature: the sites find out and stop, and no site's numbers come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from summand.encoding import dump, parse, to_base64
from summand.errors import SignatureInvalid, SplitView, SumError
from summand.ledger import Log
from summand.securesum import Codec, HubSum, PairSetup, Round, context
from summand.signing import PrivateKey
from summand.study import Certificate
from summand.study.messages import BOX_BYTES, HUB, SHARE_BYTES, read_body, split_parts, stand_in_bytes
from summand.transport import Message, read_message, sign_message
from wire import Wire, scale_first_number, small_partnership

LOGISTIC = {"name": "logistic", "formula": "y > 1 ~ x"}


@pytest.fixture
def wire():
    """A federation of three whose messages the test may change."""
    carried = Wire.of()
    yield carried
    carried.close()


def only(kind: str, number: int, change: Any, site: str | None = None) -> Any:
    """A hook that changes the hub's messages of one kind and round, for one site or for all."""

    def hook(to: str, message: Message) -> Any:
        if (message.kind, message.round) != (kind, number) or site not in (None, to):
            return None
        return change(to, message)

    return hook


def scaled(wire: Wire, factor: float) -> Any:
    """A change of the first number of a broadcast state by a factor."""

    def change(_: str, message: Message) -> bytes:
        return wire.resign_state(message, lambda state: None if scale_first_number(state, factor) else state)

    return change


# ── the state ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("factor", [1 + 1e-7, 1.5, -1.0])
def test_a_state_that_the_total_does_not_give_is_refused(wire: Wire, factor: float) -> None:
    """A coefficient that is off, at all sites alike: each halts with sum.state_disagrees and uploads nothing."""
    wire.to_site = only("round.open", 2, scaled(wire, factor))
    assert wire.run(wire.request(LOGISTIC))["status"] == "failed"
    assert set(wire.halts().values()) == {"sum.state_disagrees"}
    assert set(wire.halts()) == {"north", "south", "west"}
    assert max(message.round for _, message in wire.sent if message.kind == "round.upload") == 1


def test_a_first_state_of_the_hubs_own_is_refused(wire: Wire) -> None:
    """Round zero begins at the one start that follows from the request."""
    wire.to_site = only("round.open", 0, lambda _, m: wire.resign_state(m, lambda state: {**state, "round": 7}))
    wire.run()
    assert wire.halts()["north"] == "sum.state_disagrees"


def test_another_state_for_one_site_alone_gives_no_sum(wire: Wire) -> None:
    """A state so little off that the site accepts it has another context: the masks do not cancel, nothing opens."""
    wire.to_site = only("round.open", 2, scaled(wire, 1 + 1e-13), site="south")
    uploads: dict[str, Message] = {}
    wire.to_hub = lambda site, m: uploads.__setitem__(site, m) if (m.kind, m.round) == ("round.upload", 2) else None
    identifier = wire.start(wire.request(LOGISTIC))
    while wire.turn():
        pass
    assert set(uploads) == {"north", "south", "west"}
    assert uploads["south"].header["context"] != uploads["north"].header["context"]
    running = wire.convener._running_or_none(identifier)
    cut = stand_in_bytes(2) + BOX_BYTES * 2
    for ctx in {uploads[site].header["context"] for site in uploads}:
        hub_sum = HubSum(Round(running.cohort, bytes.fromhex(ctx), 2), Codec.q63_64(), running.hub_sum.length)
        for site in uploads:
            hub_sum.add(site, uploads[site].body[cut:])
        with pytest.raises(SumError):
            hub_sum.unmask(_reveals(wire, uploads, ctx))


def _reveals(wire: Wire, uploads: dict[str, Message], ctx: str) -> dict[str, dict[str, bytes]]:
    """What the sites answer when each is asked for shares under ``ctx`` with all the boxes that the hub has."""
    sites = sorted(uploads)
    start = stand_in_bytes(2)
    sent = {site: message.body[start : start + 2 * BOX_BYTES] for site, message in uploads.items()}
    boxes = {s: split_parts(sent[s], [p for p in sites if p != s], BOX_BYTES) for s in sites}
    answers: dict[str, dict[str, bytes]] = {}
    for site in sites:
        body = b"".join(boxes[peer][site] for peer in sites if peer != site)
        data = sign_message(
            "round.unmask", HUB, uploads[site].study, 2, wire.convener.key, wire.network.origin, body=body,
            context=ctx, survivors="7",
        )  # fmt: skip
        for answer in wire.agents[site].handle(data):
            message = read_message(answer)
            if message.kind == "round.reveal":
                answers[site] = split_parts(message.body, sites, SHARE_BYTES)
    return answers


def test_a_wrong_result_is_not_confirmed(wire: Wire) -> None:
    """The hub changes the result: no site signs it, and it is never released."""
    wire.to_site = only("study.result", 3, scaled(wire, 1 + 1e-6))
    shown = wire.run()
    assert (shown["status"], shown["result"]) == ("failed", None)
    assert set(wire.halts().values()) == {"sum.state_disagrees"}


def test_a_total_of_another_length_is_refused(wire: Wire) -> None:
    """The total in a broadcast is cut: each site halts before it reads a row."""
    wire.to_site = only("round.open", 2, lambda _, m: wire.resign(m, body=m.body[:-16]))
    wire.run()
    assert wire.halts()["north"] == "transport.peer_protocol"


@pytest.mark.parametrize("garbage", [b"\xff" * 2000, bytes(2000), b"\x80" + bytes(1999)])
def test_a_total_of_garbage_stops_the_study_without_a_traceback(wire: Wire, garbage: bytes) -> None:
    """Whatever bytes a hub calls the total, the site answers with an error of the tree."""

    def change(_: str, message: Message) -> bytes:
        size = message.header["json_bytes"]
        return wire.resign(message, body=message.body[:size] + garbage[: len(message.body) - size])

    wire.to_site = only("round.open", 2, change)
    assert wire.run(wire.request(LOGISTIC))["status"] == "failed"
    assert set(wire.halts()) == {"north", "south", "west"}


# ── rounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_round_is_answered_once(wire: Wire) -> None:
    """The same round opened again with another state: the site halts, and gives no second upload."""

    def twice(_: str, message: Message) -> list[bytes]:
        return [message.raw, wire.resign(message, nonce=1)]

    wire.to_site = only("round.open", 1, twice, site="north")
    assert wire.run()["status"] == "failed"
    assert wire.halts() == {"north": "sum.round_replayed"}
    assert wire.kinds("north").count("round.upload") == 2  # of rounds zero and one
    assert wire.kinds("north")[-1] == "site.halt"


def test_a_round_delivered_twice_gets_the_same_answer(wire: Wire) -> None:
    """The very same message again is answered with the very same bytes, and the study goes on."""
    wire.to_site = lambda site, message: [message.raw, message.raw]
    assert wire.run()["status"] == "released"
    uploads = [m.raw for site, m in wire.sent if (site, m.kind, m.round) == ("north", "round.upload", 1)]
    assert len(uploads) == 2
    assert len(set(uploads)) == 1


def test_a_round_that_is_skipped_is_refused(wire: Wire) -> None:
    """Round two instead of round one: the site halts."""
    wire.to_site = only("round.open", 1, lambda _, m: wire.resign(m, round=2))
    wire.run()
    assert set(wire.halts().values()) == {"sum.round_replayed"}


def test_a_result_that_comes_early_is_refused(wire: Wire) -> None:
    """A result before the last total gives one: the site halts."""

    def early(_: str, message: Message) -> bytes:
        _, total = read_body(message)
        head = dump({"method": "linear", "n": 1})
        return sign_message(
            "study.result", HUB, message.study, 1, wire.convener.key, wire.network.origin, body=head + total,
            json_bytes=len(head), members="7",
        )  # fmt: skip

    wire.to_site = only("round.open", 1, early)
    wire.run()
    assert set(wire.halts().values()) == {"sum.state_disagrees"}


def test_another_codec_or_length_is_refused(wire: Wire) -> None:
    """The hub announces a coarser codec, or a longer vector than the layout has."""
    wire.to_site = only(
        "round.open", 0, lambda _, m: wire.resign(m, codec={"name": "fixed64", "bound": 1.0, "sites": 3})
    )
    wire.run()
    assert set(wire.halts().values()) == {"sum.setup_invalid"}
    longer = Wire.of(to_site=None)
    longer.to_site = only("round.open", 0, lambda _, m: longer.resign(m, length=5))
    longer.run()
    assert set(longer.halts().values()) == {"sum.setup_invalid"}
    longer.close()


# ── shares ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"context": "00" * 32}, "sum.round_replayed"),
        ({"survivors": "3"}, "sum.too_few_sites"),
        ({"survivors": "f"}, "transport.peer_protocol"),
        ({"survivors": ["north", "south", "west"]}, "transport.peer_protocol"),
        ({"survivors": None}, "transport.peer_protocol"),
        ({"round": 1}, "sum.round_replayed"),
    ],
    ids=["another context", "a smaller set", "a larger set", "no names", "none", "another round"],
)
def test_shares_are_given_for_the_round_and_its_cohort_alone(wire: Wire, header: dict[str, Any], code: str) -> None:
    """Asked for shares of anything else, the site halts and never gives any."""
    wire.to_site = only("round.unmask", 0, lambda _, m: wire.resign(m, **header))
    wire.run()
    assert set(wire.halts().values()) == {code}
    assert not any(message.kind == "round.reveal" for _, message in wire.sent)


def test_shares_are_given_once(wire: Wire) -> None:
    """After an honest request for shares, one for another set gets none."""

    def twice(_: str, message: Message) -> list[bytes]:
        return [message.raw, wire.resign(message, survivors="3")]

    wire.to_site = only("round.unmask", 1, twice, site="north")
    wire.run()
    assert wire.halts() == {"north": "sum.round_replayed"}
    assert wire.kinds("north").count("round.reveal") == 2  # of rounds zero and one


def test_another_sites_boxes_do_not_open(wire: Wire) -> None:
    """The hub hands a site the boxes of another one: it halts."""

    def swapped(_: str, message: Message) -> bytes:
        return wire.resign(message, body=message.body[BOX_BYTES:] + message.body[:BOX_BYTES])

    wire.to_site = only("round.unmask", 0, swapped, site="west")
    wire.run()
    assert wire.halts() == {"west": "sum.share_invalid"}


# ── joining ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_key_record_of_the_hubs_own_is_refused(wire: Wire) -> None:
    """The hub puts its own key record in south's place: north sees that south did not sign it."""
    mallory = PrivateKey.generate()

    def substituted(_: str, message: Message) -> bytes:
        records = parse(message.body)
        honest = read_message(__import__("base64").b64decode(records["south"]))
        running = wire.convener._running_or_none(message.study)
        keys = {**running.site_keys, "south": mallory.public}
        setup = PairSetup("south", running.plan.agreement_hash, running.plan.epoch, keys)
        body = dump({**parse(honest.body), "key_record": to_base64(setup.key_record())})
        forged = sign_message(
            "site.decision", "south", message.study, 0, mallory, wire.network.origin, body=body, permitted=True
        )
        return wire.resign(message, body=dump({**records, "south": to_base64(forged)}))

    wire.to_site = only("study.records", 0, substituted, site="north")
    wire.run()
    assert wire.halts() == {"north": "agreement.signature_invalid"}


def test_a_site_of_the_hubs_own_in_the_cohort_is_refused(wire: Wire) -> None:
    """The hub adds a site that the agreement does not have, or leaves one out."""
    wire.to_site = only("study.records", 0, lambda _, m: wire.resign(m, body=dump({**parse(m.body), "east": "AAAA"})))
    wire.run()
    assert set(wire.halts().values()) == {"sum.setup_invalid"}


def test_a_cohort_that_not_all_signed_is_refused(wire: Wire) -> None:
    """A signature on the cohort is missing or another's: the site halts before any round."""

    def unsigned(_: str, message: Message) -> bytes:
        fields = parse(message.body)
        fields["signatures"]["south"] = fields["signatures"]["west"]
        return wire.resign(message, body=dump(fields))

    wire.to_site = only("study.sealed", 0, unsigned)
    wire.run()
    assert set(wire.halts().values()) == {"sum.setup_invalid"}


@pytest.mark.parametrize("kind", ["study.request", "study.records", "study.sealed", "round.open", "round.unmask"])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"boxes":[],"signatures":[]}', b"[" * 5000, b"\xff\xfe"], ids=range(7)
)
def test_malformed_bodies_stop_the_study_without_a_traceback(wire: Wire, kind: str, body: bytes) -> None:
    """Whatever the hub puts into a message, the site answers with an error of the tree and leaves the study."""
    if kind == "round.unmask":
        body = body * 7
    wire.to_site = only(kind, 0, lambda _, message: wire.resign(message, body=body))
    assert wire.run()["status"] in ("failed", "deciding")
    assert set(wire.halts()) == {"north", "south", "west"}
    assert not {"internal", "transport.own_protocol"} & set(wire.halts().values())


def test_certificates_that_the_hub_made_up_do_not_count(wire: Wire) -> None:
    """The hub writes a certificate of its own for south into the ledger: the sites keep to the party's signature."""
    mallory = PrivateKey.generate()
    forged = Certificate.issue("south", mallory.public, mallory)
    fields = {"site": "south", "party": "south", "envelope": forged.envelope.to_dict()}
    from summand.study import entry

    with wire.convener.store.transaction() as tx:
        wire.convener.record(tx, "forged", entry("site.certified", key=mallory.public.text, **fields))
    assert wire.run()["status"] == "released"


# ── the past ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_messages_of_an_old_study_get_no_answer(wire: Wire) -> None:
    """Everything the hub said in a study that is over, said again: no site answers with anything new."""
    said: list[tuple[str, bytes]] = []
    wire.to_site = lambda site, message: said.append((site, message.raw))
    assert wire.run()["status"] == "released"
    assert [answer for site, data in said for answer in wire.agents[site].handle(data)] == []


def test_messages_that_the_hub_did_not_sign_change_nothing(wire: Wire) -> None:
    """A message under another key, or of another federation, is not believed; the study goes on."""
    tried = []

    def forged(site: str, message: Message) -> bytes:
        for key, origin in ((PrivateKey.generate(), wire.network.origin), (wire.convener.key, "elsewhere.example")):
            data = sign_message(message.kind, HUB, message.study, message.round, key, origin, body=message.body)
            with pytest.raises(SignatureInvalid):
                wire.agents[site].handle(data)
            tried.append(data)
        return message.raw

    wire.to_site = forged
    assert wire.run()["status"] == "released"
    assert len(tried) > 30


def test_a_forked_ledger_is_found_out(wire: Wire) -> None:
    """The hub signs another history of the same length: the replica stays where it is and raises SplitView."""
    wire.run()
    agent, size = wire.agents["north"], wire.convener.log.size
    fork = Log.create(None, wire.network.origin, wire.convener.key)
    entries = wire.convener.log.entries(0, size)
    fork.append([*entries[:-1], b'{"type":"study.released","of":"another result"}'])
    fork.commit()
    with pytest.raises(SplitView):
        agent.advance_replica(fork.checkpoint_text(), fork.entries(size, size), fork.consistency_proof(size))
    fork.append([b'{"type":"study.ended"}'])
    fork.commit()
    with pytest.raises(SplitView):
        agent.advance_replica(fork.checkpoint_text(), fork.entries(size, size + 1), fork.consistency_proof(size))
    assert (agent.replica.size, agent.replica.root) == (size, wire.convener.log.root())


def test_what_a_site_says_after_it_halted_is_that_it_halted(wire: Wire) -> None:
    """A site that halted answers every later message of the study with its halt, and with nothing else."""
    asked: list[bytes] = []

    def hook(site: str, message: Message) -> Any:
        if site == "north" and message.kind == "round.open" and message.round == 0:
            return wire.resign(message, length=99)
        return None

    wire.to_site = hook
    wire.to_hub = lambda site, message: [] if message.kind == "site.halt" else asked.append(message.raw)
    wire.run()
    halt = next(message.raw for site, message in wire.sent if site == "north" and message.kind == "site.halt")
    study = read_message(halt).study
    for kind, number in (("round.open", 0), ("round.unmask", 0), ("round.open", 1), ("study.result", 1)):
        data = sign_message(kind, HUB, study, number, wire.convener.key, wire.network.origin, body=b"{}", again=1)
        assert wire.agents["north"].handle(data) == [halt]
    ended = sign_message("study.ended", HUB, study, 0, wire.convener.key, wire.network.origin, body=b"{}")
    assert wire.agents["north"].handle(ended) == []
    assert wire.agents["north"].handle(data) == []


def test_the_context_of_a_round_names_its_exact_broadcast(wire: Wire) -> None:
    """What a site uploads under is the hash of the message it got: an auditor finds the same in the ledger."""
    opened: dict[int, Message] = {}
    wire.to_site = lambda _, m: opened.__setitem__(m.round, m) if m.kind == "round.open" else None
    wire.run()
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    recorded = {entry["round"]: entry["context"] for entry in entries if entry["type"] == "round.opened"}
    assert recorded == {number: context(message.content_digest).hex() for number, message in opened.items()}
    assert len(set(recorded.values())) == len(recorded)


def test_totals_in_the_ledger_are_those_that_were_broadcast(wire: Wire) -> None:
    """The hash of each round's total stands in the ledger, and each site's own upload under its signature."""
    import hashlib

    totals: dict[int, bytes] = {}

    def keep(_: str, message: Message) -> None:
        if message.kind in ("round.open", "study.result"):
            totals[message.round - 1] = read_body(message)[1]

    wire.to_site = keep
    wire.run()
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    summed = {entry["round"]: entry for entry in entries if entry["type"] == "round.summed"}
    for number, entry in summed.items():
        assert entry["total_sha256"] == hashlib.sha256(totals[number]).hexdigest()
        cut = stand_in_bytes(2) + 2 * BOX_BYTES
        masked = {s: m.body[cut:] for s, m in wire.sent if (m.kind, m.round) == ("round.upload", number)}
        assert entry["uploads"] == {site: hashlib.sha256(data).hexdigest() for site, data in masked.items()}
    assert np.all([len(entry["uploads"]) == 3 for entry in summed.values()])


def test_three_sites_are_needed_where_the_profile_says_so() -> None:
    """Under the institutional profile a study over two sites is refused by both: the sum would show one to the other."""
    made = small_partnership(profile="institutional")
    wire = Wire.of(made)
    shown = wire.run(wire.request(datasets=["data-north", "data-south"]))
    assert (shown["status"], shown["error"]["code"]) == ("refused", "guard.cohort_too_small")
    wire.close()
