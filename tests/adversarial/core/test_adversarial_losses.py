"""A hub that lies about who was lost: whatever it tells the sites, no sum opens that the study may not have."""

from __future__ import annotations

import pytest

from summand.encoding import parse
from summand.study.messages import HUB
from summand.transport import Message, sign_message
from wire import Wire, small_partnership, small_tables

SITES = ("east", "north", "south", "west", "york")
LOGISTIC = {"name": "logistic", "formula": "y > 1 ~ x"}
ALL, BUT_SOUTH, BUT_WEST, TOO_FEW = "1f", "1b", "17", "07"


@pytest.fixture
def wire():
    """Five sites under limits, of which four open a sum."""
    carried = Wire.of(small_partnership(tables=small_tables(SITES), profile="institutional"))
    yield carried
    carried.close()


def asks(wire: Wire, message: Message, kind: str, survivors: str, body: bytes = b"") -> bytes:
    """A message of the hub's own about the round of ``message``, signed with its key."""
    return sign_message(
        kind, HUB, message.study, message.round, wire.convener.key, wire.network.origin, body=body,
        context=message.header["context"], survivors=survivors,
    )  # fmt: skip


def summed(wire: Wire) -> list[int]:
    """The rounds whose totals the ledger has."""
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    return [entry["round"] for entry in entries if entry["type"] == "round.summed"]


def at_unmask(wire: Wire, number: int, answer, site: str | None = None):
    """Replace the hub's request for shares in one round."""

    def hook(to: str, message: Message):
        if (message.kind, message.round) == ("round.unmask", number) and site in (None, to):
            return answer(to, message)
        return None

    wire.to_site = hook


def test_a_hub_that_claims_a_site_dropped_needs_the_others_signatures(wire: Wire) -> None:
    """South uploaded, the hub says it did not: without a certificate no site gives a share."""
    at_unmask(wire, 0, lambda to, m: asks(wire, m, "round.unmask", BUT_SOUTH, m.body))
    wire.run()
    assert set(wire.halts().values()) == {"sum.certificate_invalid", "sum.failed"}
    assert wire.halts()["south"] == "sum.failed", "it is told that it dropped, and gives nothing"
    assert not any(message.kind == "round.reveal" for _, message in wire.sent)


def test_a_site_that_signed_one_list_answers_for_no_other(wire: Wire) -> None:
    """Asked to sign without south, then for shares of everybody: the second message ends the study at the site."""
    at_unmask(wire, 0, lambda to, m: [asks(wire, m, "round.survivors", BUT_SOUTH), m.raw], site="north")
    wire.run()
    assert wire.halts() == {"north": "sum.round_replayed"}
    assert wire.kinds("north")[-2:] == ["round.certify", "site.halt"]


def test_a_site_that_gave_shares_signs_nothing_afterwards(wire: Wire) -> None:
    """Shares for everybody, then a list without south: no signature, the study ends there."""
    at_unmask(wire, 0, lambda to, m: [m.raw, asks(wire, m, "round.survivors", BUT_SOUTH)], site="north")
    wire.run()
    assert wire.halts() == {"north": "sum.round_replayed"}
    assert "round.certify" not in wire.kinds("north")


def test_two_lists_for_one_round_are_told_apart(wire: Wire) -> None:
    """A second list of survivors for the same round is another message under a known key: the site halts."""
    both = [BUT_SOUTH, BUT_WEST]
    at_unmask(wire, 0, lambda to, m: [asks(wire, m, "round.survivors", one) for one in both], site="north")
    wire.run()
    assert wire.halts() == {"north": "sum.round_replayed"}
    assert wire.kinds("north").count("round.certify") == 1


def test_a_list_below_the_threshold_is_not_signed(wire: Wire) -> None:
    """Three of five: no site signs for a sum over so few."""
    at_unmask(wire, 0, lambda to, m: asks(wire, m, "round.survivors", TOO_FEW))
    wire.run()
    assert "sum.too_few_sites" in set(wire.halts().values())
    assert not any(message.kind == "round.certify" for _, message in wire.sent)


def test_a_site_does_not_sign_its_own_loss(wire: Wire) -> None:
    """South, which uploaded, is asked to sign that it did not: it halts."""
    at_unmask(wire, 0, lambda to, m: asks(wire, m, "round.survivors", BUT_SOUTH), site="south")
    wire.run()
    assert "round.certify" not in wire.kinds("south")
    assert wire.halts() == {"south": "sum.failed"}


@pytest.mark.parametrize("number", [1, 2])
def test_under_limits_no_list_with_fewer_sites_is_signed_once_a_sum_was_opened(wire: Wire, number: int) -> None:
    """The sum over all in round zero and one over all but south afterwards would give south away."""
    at_unmask(wire, number, lambda to, m: asks(wire, m, "round.survivors", BUT_SOUTH))
    wire.run(wire.request(LOGISTIC))
    assert wire.halts() == {site: "sum.failed" if site == "south" else "sum.pinned_cohort" for site in SITES}
    assert summed(wire) == list(range(number))


@pytest.mark.parametrize("header", [{"members": BUT_SOUTH}, {"members": BUT_SOUTH, "starts_over": True}])
def test_under_limits_no_round_with_fewer_sites_follows_a_sum_over_all(wire: Wire, header) -> None:
    """The hub opens the next round over all but south, or starts over without it: the sites halt."""

    def fewer(_: str, message: Message):
        if (message.kind, message.round) == ("round.open", 2):
            return wire.resign(message, **header)
        return None

    wire.to_site = fewer
    wire.run(wire.request(LOGISTIC))
    assert set(wire.halts().values()) == {"sum.pinned_cohort", "sum.too_few_sites"}
    assert wire.halts()["south"] == "sum.too_few_sites", "it is not among the members"
    assert summed(wire) == [0, 1]


def test_different_members_for_different_sites_give_no_sum(wire: Wire) -> None:
    """Round zero over all but west for some, over all for the others: their masks do not cancel."""

    def fewer(to: str, message: Message):
        if (message.kind, message.round) == ("round.open", 0) and to in ("east", "north"):
            return wire.resign(message, members=BUT_WEST)
        return None

    wire.to_site = fewer
    wire.run(wire.request(LOGISTIC))
    assert summed(wire) == []


@pytest.mark.parametrize("members", ["00", "07", "3f", "1F", "", None, 31, "zz"])
def test_members_that_make_no_cohort_are_refused(wire: Wire, members) -> None:
    """Too few, strangers, another spelling, no text: halted before any row is read."""

    def changed(_: str, message: Message):
        return wire.resign(message, members=members) if message.kind == "round.open" else None

    wire.to_site = changed
    wire.run()
    assert set(wire.halts()) == set(SITES)
    assert not {"internal", "transport.own_protocol"} & set(wire.halts().values())
    assert not any(message.kind == "round.upload" for _, message in wire.sent)


@pytest.mark.parametrize("certificate", [b"[]", b"{", b'{"north":1}', b'{"north":"AAAA"}', b"\xff" * 9, b"null"])
def test_malformed_certificates_end_the_study_without_a_traceback(wire: Wire, certificate: bytes) -> None:
    """Whatever stands where a certificate should."""
    at_unmask(wire, 0, lambda to, m: asks(wire, m, "round.unmask", BUT_SOUTH, m.body + certificate))
    wire.run()
    assert set(wire.halts()) == set(SITES)
    assert not {"internal", "transport.own_protocol"} & set(wire.halts().values())


def test_a_stranger_or_a_lost_site_cannot_certify(wire: Wire) -> None:
    """Signatures that nobody asked for are refused to their sender, and the study goes on."""
    forged = []

    def hook(sender: str, message: Message):
        if (message.kind, message.round) == ("round.upload", 0) and sender == "north":
            key = wire.agents["north"].key
            unasked = sign_message("round.certify", "north", message.study, 0, key, wire.network.origin, body=bytes(64))
            forged.append(unasked)
            return [message.raw, unasked]
        return None

    wire.to_hub = hook
    assert wire.run(wire.request(LOGISTIC))["status"] == "released"
    assert [kind for kind, _ in wire.refused] == ["round.upload"]
    assert forged
