"""A hub that adds and opens nothing: the same results, and nothing in all that it receives, keeps and passes on."""

from __future__ import annotations

import numpy as np
import pytest

from summand.encoding import from_base64, parse, to_base64
from summand.errors import ResultSealed
from summand.federation import Federation, open_shown
from summand.hub import _store as rows
from summand.hub._convener import Convener
from summand.securesum import Codec
from summand.signing import PrivateKey
from summand.study import open_release
from summand.study.messages import HUB, read_body
from summand.testing.federations import ANALYST
from summand.transport import Message, sign_message
from wire import Wire, small_partnership, small_tables

SITES = ("east", "north", "south", "west", "york")
METHODS = [
    {"name": "describe", "columns": ["x", "y"]},
    {"name": "linear", "formula": "y ~ x"},
    {"name": "logistic", "formula": "y > 1 ~ x", "site": "fixed"},
]


def blind_wire(**terms) -> Wire:
    """Five sites under an agreement whose hub is blind."""
    data = {"hub": "blind", "round_deadline_seconds": 2, **terms.pop("data", {})}
    return Wire.of(small_partnership(tables=small_tables(SITES), data=data, **terms))


def analyst(wire: Wire) -> Federation:
    return Federation(wire.network, wire.partnership.agreement, ANALYST, wire.partnership.analyst_key)


def opened(wire: Wire, shown) -> dict:
    return open_shown(shown, wire.partnership.analyst_key)["result"]


def numbers(value) -> list[float]:
    """All figures in JSON values, in order."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return []
    if isinstance(value, int | float):
        return [float(value)]
    parts = value.values() if isinstance(value, dict) else value
    return [number for part in parts for number in numbers(part)]


@pytest.mark.parametrize("profile", ["public_data", "institutional"])
@pytest.mark.parametrize("method", METHODS, ids=lambda m: m["name"])
def test_results_are_those_of_a_hub_that_opens_totals(method, profile) -> None:
    """The same method over the same rows with either hub: the same figures to 1e-12."""
    blind = blind_wire(profile=profile)
    open_hub = Wire.of(small_partnership(tables=small_tables(SITES), profile=profile))
    expected = open_hub.run(open_hub.request(method))["result"]
    shown = blind.run(blind.request(method))

    assert (shown["status"], shown["error"], shown["result"]) == ("released", None, None)
    found = opened(blind, shown)
    agreement = {"agreement"}
    assert set(found) == set(expected)
    np.testing.assert_allclose(
        numbers({k: v for k, v in found.items() if k not in agreement}),
        numbers({k: v for k, v in expected.items() if k not in agreement}),
        rtol=1e-12,
    )
    blind.close()
    open_hub.close()


def test_the_analysts_federation_opens_it_by_itself() -> None:
    """`Federation.run` gives the result as ever, and its hash is the one in the ledger."""
    wire = blind_wire()
    result = analyst(wire).run(METHODS[1])
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    (released,) = [entry for entry in entries if entry["type"] == "study.released"]

    assert result.to_dict()["n"] == 75
    assert released["result_sha256"] == result.result_hash
    wire.close()


def test_the_hub_has_no_state_no_total_and_no_result() -> None:
    """Every byte in its store and ledger: no coefficient, no state, and no total that decodes to anything near the true."""
    wire, seen = blind_wire(), []
    wire.to_site = lambda site, message: seen.append(message)
    shown = wire.run(wire.request(METHODS[2]))
    result = opened(wire, shown)
    with wire.convener.store.transaction() as tx:
        stored = [bytes(row.data) for row in tx.execute(rows.messages.select()) if row.data is not None]
        kept = [str(row.result) for row in tx.execute(rows.studies.select())]
    everything = b"".join([*stored, *wire.convener.log.entries(0, wire.convener.log.size), *map(str.encode, kept)])
    everything += b"".join(message.raw for message in seen)
    figures = [repr(number).encode() for number in numbers(result["terms"]) if number % 1]

    assert len(figures) > 5
    assert not any(figure in everything for figure in figures)
    opens = {m.round: m for m in seen if m.kind == "round.open"}
    assert set(read_body(opens[2])[0]) == {"sealed"}
    total = Codec.q63_64().from_bytes(read_body(opens[1])[1], opens[0].header["length"])
    assert np.all(np.abs(Codec.q63_64().decode(total)) > 1e6), "15 rows a site, under a mask of 2^128"
    wire.close()


def test_only_the_person_who_asked_reads_the_result() -> None:
    """Another key, or fewer than t shares, or shares mixed up: sealed."""
    wire = blind_wire()
    shown = wire.run(wire.request(METHODS[1]))
    key, sealed, study = wire.partnership.analyst_key, shown["sealed"], shown["study"]
    with pytest.raises(ResultSealed):
        open_shown(shown, PrivateKey.generate())
    few = dict(list(sealed["shares"].items())[: sealed["threshold"] - 1])
    swapped = dict(zip(sealed["shares"], list(sealed["shares"].values())[::-1], strict=True))
    for wrong in (
        {**sealed, "shares": few},
        {**sealed, "shares": swapped},
        {**sealed, "shares": {**few, "york": None}},
        {**sealed, "sealed": to_base64(bytes(64))},
        {"sealed": sealed["sealed"]},
    ):
        with pytest.raises(ResultSealed):
            open_release(key, study, wrong)
    with pytest.raises(ResultSealed):
        open_release(key, "0" * 32, sealed)
    assert open_release(key, study, sealed)["n"] == 75
    wire.close()


def test_a_site_that_steps_wrongly_is_found_out_by_the_others() -> None:
    """The first site answers with a state of its own making; no other goes on with it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from summand.encoding import dump
    from summand.site import _sealing

    wire = blind_wire()

    def lie(sender: str, message: Message):
        if message.kind != "round.state" or message.round != 1:
            return None
        agent = wire.agents[sender]
        memory = agent._known(message.study)
        ctx = bytes.fromhex(memory.context)
        key = _sealing._state_key(agent.pair_keys(memory), ctx, sender)
        state = parse(AESGCM(key).decrypt(bytes(12), message.body, ctx))
        state["slots"][0]["state"]["beta"] = [9.0 for _ in state["slots"][0]["state"].get("beta", [0.0])]
        return signed(wire, sender, message, AESGCM(key).encrypt(bytes(12), dump(state), ctx))

    wire.to_hub = lie
    shown = wire.run(wire.request(METHODS[2]))
    assert (shown["status"], shown["result"]) == ("failed", None)
    assert "sealed" not in shown
    assert set(wire.halts().values()) <= {"sum.state_disagrees", "transport.peer_protocol"}
    wire.close()


def signed(wire: Wire, sender: str, message: Message, body: bytes, **changes) -> bytes:
    fields = {k: v for k, v in message.header.items() if k not in ("kind", "study", "round", "sender")} | changes
    key = wire.agents[sender].key
    return sign_message(
        message.kind, sender, message.study, message.round, key, wire.network.origin, body=body, **fields
    )


@pytest.mark.parametrize(
    "header",
    [{"length": -1}, {"length": 1 << 40}, {"finished": None}, {"context": "00"}, {"length": True}, {"codec": 7}],
)
def test_malformed_steps_are_refused_to_their_sender(header) -> None:
    """A sealed state that does not say what follows changes nothing; another site is asked when the deadline passes."""
    wire = blind_wire()
    lied = []

    def lie(sender: str, message: Message):
        if message.kind == "round.state" and not lied:
            lied.append(message)
            return signed(wire, sender, message, message.body, **header)
        return None

    wire.to_hub = lie
    identifier = wire.start(wire.request(METHODS[1]))
    pass_deadlines(wire, identifier)
    assert wire.convener.show(identifier)["status"] == "released"
    assert [kind for kind, _ in wire.refused] == ["round.state"]
    wire.close()


@pytest.mark.parametrize("what", ["body", "sealed_by", "total"])
def test_a_hub_that_tampers_with_what_it_cannot_read_stops_the_study(what) -> None:
    """A flipped byte of a sealed state, another sender's name on it, another round's total: every site halts."""
    wire, totals = blind_wire(), []

    def tamper(_: str, message: Message):
        if message.kind != "round.open" or message.round < 1:
            return None
        state, total = read_body(message)
        totals.append(total)
        if message.round != 2:
            return None
        if what == "sealed_by":
            return wire.resign(message, sealed_by="york" if message.header["sealed_by"] != "york" else "east")
        if what == "total":
            return wire.resign(message, body=message.body[: -len(total)] + bytes(len(total)))
        sealed = bytearray(from_base64(state["sealed"], "state"))
        sealed[5] ^= 1
        return wire.resign_state(message, lambda _: {"sealed": to_base64(bytes(sealed))})

    wire.to_site = tamper
    shown = wire.run(wire.request(METHODS[2]))
    assert shown["status"] == "failed"
    assert set(wire.halts()) == set(SITES)
    assert not {"internal", "transport.own_protocol"} & set(wire.halts().values())
    wire.close()


def test_the_hub_cannot_ask_for_a_step_twice_with_another_total() -> None:
    """One total, one step: a second one of the same round is another message under a known key."""
    wire = blind_wire()

    def twice(site: str, message: Message):
        if message.kind == "round.total" and message.round == 1:
            return [message.raw, wire.resign(message, body=bytes(len(message.body)))]
        return None

    wire.to_site = twice
    wire.run(wire.request(METHODS[2]))
    assert set(wire.halts().values()) == {"sum.round_replayed"}
    wire.close()


def pass_deadlines(wire: Wire, identifier: str) -> None:
    for _ in range(12):
        while wire.turn():
            pass
        if wire.convener.show(identifier)["status"] in ("released", "failed"):
            wire.network.witness()  # who was lost for the study is back as a witness
            return
        later = wire.convener.clock() + 3
        wire.convener.clock = lambda now=later: now
        wire.convener.expire()
    raise AssertionError(wire.convener.show(identifier))


def test_another_site_takes_the_step_where_the_first_stays_away() -> None:
    """The site that was asked falls silent: after the deadline the next one is asked, and the result is the same."""
    wire = blind_wire()
    first = []

    def silent(sender: str, message: Message):
        if message.kind == "round.state" and not first:
            first.append(sender)
            return []
        return None

    wire.to_hub = silent
    identifier = wire.start(wire.request(METHODS[1]))
    pass_deadlines(wire, identifier)
    shown = wire.convener.show(identifier)
    assert (shown["status"], opened(wire, shown)["n"]) == ("released", 75)
    wire.close()


def test_a_lost_site_is_left_out_behind_a_blind_hub_too() -> None:
    """South does not upload in round zero: the others' result, under the mask of those that uploaded."""
    wire = blind_wire()
    wire.to_hub = lambda sender, message: [] if (sender, message.kind) == ("south", "round.upload") else None
    identifier = wire.start(wire.request(METHODS[1]))
    pass_deadlines(wire, identifier)
    result = opened(wire, wire.convener.show(identifier))
    assert (result["n"], result["sites"]) == (60, 4)
    assert "south" in result["warnings"][0]
    wire.close()


@pytest.mark.parametrize("stop", ["round.state", "round.reveal", "round.upload", "site.confirm"])
def test_a_blind_hub_that_restarts_goes_on(stop) -> None:
    """Read anew from its store before every message of one kind."""
    wire = blind_wire()

    def restart(sender, message):
        if message.kind == stop:
            old = wire.convener
            wire.network.convener = Convener(old.store, old.log, old.key, clock=old.clock)
        return

    wire.to_hub = restart
    shown = wire.run(wire.request(METHODS[2]))
    assert shown["status"] == "released"
    assert opened(wire, shown)["n"] == 75
    wire.close()


def test_a_request_without_a_reply_key_is_refused() -> None:
    """Nobody could read its result: the guard says so, with the clause."""
    from dataclasses import replace

    from summand.study import SignedStudy

    wire = blind_wire()
    asked = wire.request(METHODS[1]).request
    bare = SignedStudy.sign(replace(asked, reply_key=None), wire.partnership.analyst_key)
    shown = wire.run(bare)
    assert (shown["status"], shown["error"]["code"], shown["error"]["clause"]) == (
        "refused", "guard.release_not_permitted", "D.hub",
    )  # fmt: skip
    wire.close()


def test_a_result_under_limits_is_judged_by_the_sites() -> None:
    """Too few people: the site that takes the step refuses, the study ends with its reason, nothing is released."""
    wire = Wire.of(
        small_partnership(tables=small_tables(SITES, rows=1), data={"hub": "blind"}, profile="institutional")
    )
    shown = wire.run(wire.request(METHODS[1]))
    assert (shown["status"], shown["error"]["code"]) == ("failed", "guard.cohort_too_small")
    assert HUB not in wire.halts()
    wire.close()
