"""A site that stays away past the agreement's deadline ends the study cleanly, and nothing of that round opens later."""

from __future__ import annotations

import pytest

from summand.encoding import parse
from summand.hub._convener import Convener
from wire import Wire, small_partnership

KINDS = [("site.decision", 0), ("site.seal", 0), ("round.upload", 0), ("round.upload", 2), ("round.reveal", 1)]


def late_by(wire: Wire, kind: str, number: int, sites: tuple[str, ...] = ("south",)) -> tuple[str, list[bytes]]:
    """A study in which sites do not send one message in time, until the deadline: its identifier, what was held back."""
    held: list[bytes] = []

    def hold(sender, message):
        if sender in sites and (message.kind, message.round) == (kind, number):
            held.append(message.raw)
            return []
        return None

    wire.to_hub = hold
    identifier = wire.start()
    while wire.turn():
        pass
    wire.to_hub = lambda site, message: None
    return identifier, held


def pass_time(wire: Wire, seconds: float) -> list[str]:
    """Let time pass at the hub and let it look at the clock; the studies that ended."""
    clock = wire.convener.clock
    wire.convener.clock = lambda: clock() + seconds
    return wire.convener.expire()


@pytest.fixture
def wire():
    """A federation whose agreement waits two seconds for a site."""
    carried = Wire.of(small_partnership(data={"round_deadline_seconds": 2}))
    yield carried
    carried.close()


@pytest.mark.parametrize(("kind", "number"), KINDS)
def test_the_study_ends_with_a_named_error(wire: Wire, kind: str, number: int) -> None:
    """Past the deadline the study has failed with transport.round_timed_out, naming site, clause and round."""
    sites = (
        ("south", "west") if kind == "round.reveal" else ("south",)
    )  # two of three give enough shares? no: all three
    identifier, _ = late_by(wire, kind, number, sites)
    assert pass_time(wire, 1.5) == []
    assert pass_time(wire, 1.0) == [identifier]
    shown = wire.convener.show(identifier)
    assert (shown["status"], shown["result"]) == ("failed", None)
    assert (shown["error"]["code"], shown["error"]["clause"]) == (
        "transport.round_timed_out",
        "D.round_deadline_seconds",
    )
    assert "south" in shown["error"]["message"]
    assert "north" not in shown["error"]["message"]
    ended = parse(wire.convener.log.entries(0, wire.convener.log.size)[-1])
    assert (ended["type"], ended["study"], ended["error"]["code"]) == (
        "study.ended", identifier, "transport.round_timed_out",
    )  # fmt: skip
    assert pass_time(wire, 10.0) == [], "it ends once"


@pytest.mark.parametrize(("kind", "number"), KINDS)
def test_nothing_of_the_round_is_opened_afterwards(wire: Wire, kind: str, number: int) -> None:
    """The late message comes after all: acknowledged and not looked at; no total, no release, no further round."""
    identifier, held = late_by(wire, kind, number)
    pass_time(wire, 3.0)
    size = wire.convener.log.size
    for message in held:
        wire.convener.receive(message)
    while wire.turn():
        pass
    assert wire.convener.show(identifier)["status"] == "failed"
    assert wire.convener.log.size == size
    entries = [parse(data) for data in wire.convener.log.entries(0, size)]
    if kind == "round.upload":
        assert number not in [entry["round"] for entry in entries if entry["type"] == "round.summed"]


def test_sites_forget_the_secrets_of_a_study_that_timed_out(wire: Wire) -> None:
    """Once the sites hear of the end, no pair key and no share is left, and a later request for shares gets none."""
    identifier, _ = late_by(wire, "round.upload", 1)
    pass_time(wire, 3.0)
    while wire.turn():
        pass
    for agent in wire.agents.values():
        memory = agent.store.study(identifier)
        assert (memory.status, memory.keys, memory.setup, memory.own_share) == ("over", None, None, None)


def test_time_in_which_the_hub_was_down_is_not_held_against_the_sites(wire: Wire) -> None:
    """A hub that was away for an hour and comes back waits the whole deadline again."""
    identifier, held = late_by(wire, "round.upload", 1)
    later = wire.convener.clock() + 3600
    wire.network.convener = Convener(wire.convener.store, wire.convener.log, wire.convener.key, clock=lambda: later)
    assert wire.convener.expire() == []
    for message in held:
        wire.convener.receive(message)
    while wire.turn():
        pass
    assert wire.convener.show(identifier)["status"] == "released"


def test_the_next_study_is_not_touched(wire: Wire) -> None:
    """After a time-out the same sites run the same study anew, under a new identifier."""
    late_by(wire, "round.upload", 1)
    pass_time(wire, 3.0)
    assert wire.run()["status"] == "released"
