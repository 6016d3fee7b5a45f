"""Events of an agreement's life over a real ledger: who causes them, and that studies stop and go on with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from summand.agreement import event_entry
from summand.errors import (
    AgreementError,
    AgreementNotInForce,
    PeerProtocolError,
    RequesterNotPermitted,
    SignatureInvalid,
)
from summand.federation import Desk
from summand.guard import EVENT_TYPE
from summand.signing import PrivateKey, seal
from summand.testing.federations import ANALYST, Partnership

SITES = ("north", "south", "west")
METHOD = {"name": "linear", "formula": "y ~ x"}


@pytest.fixture
def partnership():
    """Three parties."""
    rng = np.random.default_rng(4)
    tables = {name: {"x": rng.uniform(0, 1, 9), "y": rng.uniform(0, 1, 9)} for name in SITES}
    return Partnership.of(tables, {"x": (0, 1), "y": (0, 1)})


def desks(partnership, federation):
    """Each party's desk."""
    return {
        name: Desk(federation.network, [partnership.agreement], name, key)
        for name, key in partnership.party_keys.items()
    }


@pytest.mark.parametrize(("begin", "end"), [("dispute", "settle"), ("suspend", "resume")])
def test_one_party_halts_studies_and_all_together_let_them_go_on(partnership, begin, end):
    """Refused by every site's guard in between; all but one do not suffice; an event that cannot happen is not taken."""
    with partnership.federation() as federation:
        at = desks(partnership, federation)
        convener = federation.network.convener
        at["south"].cause(at["south"].event(begin, "who pays?"))
        size = convener.log.size
        with pytest.raises(AgreementNotInForce):
            federation.run(METHOD)
        together = at["north"].event(end, "halves", by_all=True)
        with pytest.raises(SignatureInvalid):
            at["north"].cause(at["south"].join_event(together))
        with pytest.raises(AgreementError):
            at["west"].cause(at["west"].event(begin, "again"))
        with pytest.raises(AgreementError):
            at["west"].event(end, "alone")
        assert [e["type"] for _, e in at["west"].entries()[size:] if e["type"] == "agreement.event"] == []
        at["west"].cause(at["west"].join_event(at["south"].join_event(together)))
        assert federation.run(METHOD).to_dict()["sites"] == 3


def test_events_by_strangers_of_tomorrow_and_of_yesterday_are_not_taken(partnership):
    """Another key under a party's name; dated ahead; dated before the last one; the same one again adds nothing."""
    with partnership.federation() as federation:
        at, agreement = desks(partnership, federation), partnership.agreement
        now = datetime.now(UTC)

        def sealed(name, key, when):
            return seal(EVENT_TYPE, event_entry(agreement, name, ["south"], when, "x"), key)

        south = partnership.party_keys["south"]
        with pytest.raises(SignatureInvalid):
            at["south"].cause(sealed("suspend", PrivateKey.generate(), now))
        with pytest.raises(PeerProtocolError):
            at["south"].cause(sealed("suspend", south, now + timedelta(hours=1)))
        first = sealed("dispute", south, now)
        at["south"].cause(first)
        size = federation.network.convener.log.size
        at["south"].cause(first)
        with pytest.raises(SignatureInvalid):
            at["south"].cause(sealed("suspend", south, now - timedelta(hours=1)))
        for fields in ({}, {"payload": "", "payloadType": "x", "signatures": []}):
            with pytest.raises((PeerProtocolError, SignatureInvalid)):
                federation.network.convener.put_event(agreement.hash, fields)
        assert federation.network.convener.log.size == size


def test_events_take_a_party_s_key(partnership):
    """An analyst causes none."""
    with partnership.federation() as federation:
        desk = Desk(federation.network, [partnership.agreement], ANALYST, partnership.analyst_key)
        with pytest.raises(RequesterNotPermitted):
            desk.event("suspend", "x")
