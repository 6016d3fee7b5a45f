"""The emergency stop of a data holder: at once, for every answer, whatever the hub sends and whatever breaks."""

from __future__ import annotations

import numpy as np
import pytest

from summand.errors import SiteStopped, UsageError
from summand.federation import Federation
from summand.site._stop import STOP, StopSwitch
from summand.study.messages import SITE_KINDS
from summand.testing.federations import Partnership
from summand.transport import read_message

SITES = ("north", "south", "west")


@pytest.fixture
def federation():
    """Three sites in memory whose messages a test hands over one by one."""
    rng = np.random.default_rng(5)
    tables = {name: {"x": rng.uniform(0, 1, 9), "y": rng.uniform(0, 1, 9)} for name in SITES}
    with Partnership.of(tables, {"x": (0, 1), "y": (0, 1)}).federation() as made:
        yield made


def steps(federation: Federation, stop_before: int) -> tuple[str, list[tuple[str, str]], list[str]]:
    """Run a study, stopping 'north' before its message of that number; what was sent after, and what north was sent."""
    network = federation.network
    convener, north = network.convener, network.agents["north"]
    for agent in network.agents.values():
        network._synchronise(agent)
    study = convener.submit(federation.request({"name": "linear", "formula": "y ~ x"}).to_dict())
    for agent in network.agents.values():
        network._synchronise(agent)
    cursors, sent, seen, number = dict.fromkeys(SITES, 0), [], [], 0
    moved = True
    while moved:
        moved = False
        for site in SITES:
            for seq, letter in convener.inbox(site, cursors[site]):
                cursors[site], moved = seq, True
                if site == "north":
                    seen.append(read_message(letter).kind)
                    if number == stop_before:
                        north.stop.order("a patient complained")
                    number += 1
                for answer in network.agents[site].handle(letter):
                    if site == "north":
                        sent.append((read_message(letter).kind, read_message(answer).kind, number > stop_before))
                    convener.receive(answer)
    return study, [(kind, answer) for kind, answer, after in sent if after], seen


@pytest.mark.parametrize("stop_before", range(9))
def test_after_the_stop_nothing_leaves_but_that_it_stopped(federation, stop_before):
    """Wherever in a study the stop falls, the site sends no decision to join, key, upload, share or confirmation more."""
    study, after, seen = steps(federation, stop_before)
    shown = federation.network.show(study)
    if stop_before == 0:
        assert [answer for _, answer in after] == ["site.decision"]
        assert shown["status"] == "refused"
        reasons = shown["error"]["refusals"][0]["reasons"]
        assert [(reason["code"], reason["clause"]) for reason in reasons] == [
            ("guard.site_stopped", "H.emergency_stop")
        ]
        assert "complained" not in str(shown)
    elif seen[stop_before:] and seen[stop_before] != "study.ended":
        assert {answer for _, answer in after} == {"site.halt"}
        assert shown["status"] == "failed"
        assert shown["error"]["code"] == "guard.site_stopped"
    else:
        assert after == []
    assert set(SITE_KINDS) >= {answer for _, answer in after}


def test_a_message_sent_again_is_not_answered_again_after_the_stop(federation):
    """The answer that is stored stays stored: the same letter gets the halt instead."""
    network = federation.network
    north = network.agents["north"]
    network._synchronise(north)
    network.convener.submit(federation.request({"name": "linear", "formula": "y ~ x"}).to_dict())
    network._synchronise(north)
    ((_, letter),) = network.convener.inbox("north", 0)
    (first,) = north.handle(letter)
    assert read_message(first).kind == "site.decision"
    assert north.handle(letter) == [first]
    north.stop.order("stop")
    (second,) = north.handle(letter)
    assert read_message(second).kind == "site.halt"
    north.stop.lift()
    assert north.handle(letter) == [second]


def test_a_stop_that_comes_while_rows_are_read_holds_the_answer_back(federation, monkeypatch):
    """The switch is looked at again when the answer is ready."""
    network = federation.network
    north = network.agents["north"]
    source = north.sources["data-north"]
    read = type(source).batches

    def stopping(self, *given, **named):
        if self is source:
            north.stop.order("while reading")
        return read(self, *given, **named)

    monkeypatch.setattr(type(source), "batches", stopping)
    with pytest.raises(SiteStopped):
        federation.run({"name": "linear", "formula": "y ~ x"})


def test_a_stop_of_another_agreement_is_none_of_this_one(federation):
    """An order names an agreement or none."""
    north = federation.network.agents["north"]
    north.stop.order("another matter", "f" * 64)
    assert federation.run({"name": "linear", "formula": "y ~ x"}).to_dict()["sites"] == 3
    north.stop.order("this one", federation.agreement.hash)
    with pytest.raises(SiteStopped):
        federation.run({"name": "linear", "formula": "y ~ x"})
    assert north.stop.lift(federation.agreement.hash)
    assert federation.run({"name": "linear", "formula": "y ~ x"}).to_dict()["sites"] == 3


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"orders": [{}]}', b'{"orders": 3}', b"\xff"])
def test_a_damaged_stop_stops_everything(damage, tmp_path):
    """A file that is there and cannot be read is a stop, never its absence."""
    switch = StopSwitch(tmp_path)
    switch.require_running("a" * 64)
    (tmp_path / STOP).write_bytes(damage)
    with pytest.raises(SiteStopped):
        switch.require_running("a" * 64)


def test_stops_are_kept_beside_each_other_and_lifted_one_by_one(tmp_path):
    """Another process sees them at once, and the lifting of one leaves the other in force."""
    switch, other = StopSwitch(tmp_path), StopSwitch(tmp_path)
    switch.order("all")
    switch.order("one", "a" * 64)
    assert [order.reason for order in other.orders()] == ["all", "one"]
    assert other.lift()
    with pytest.raises(SiteStopped):
        switch.require_running("a" * 64)
    switch.require_running("b" * 64)
    assert not other.lift()
    assert switch.lift("a" * 64)
    assert not (tmp_path / STOP).exists()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_stop_has_a_reason(reason, tmp_path):
    """Without one nothing is written."""
    with pytest.raises(UsageError):
        StopSwitch(tmp_path).order(reason)
    assert StopSwitch(tmp_path).orders() == ()
