"""The hub's core: who may read what, and that one study that cannot be read keeps no other waiting."""

from __future__ import annotations

import pytest

from summand.agreement import complete_example
from summand.hub import _store as rows
from summand.signing import PrivateKey
from summand.testing.federations import sign_by_all
from wire import Wire, small_partnership


@pytest.fixture
def wire():
    """A federation of three, whose agreement waits two seconds."""
    carried = Wire.of(small_partnership(data={"round_deadline_seconds": 2}))
    yield carried
    carried.close()


def test_studies_are_read_by_those_whom_their_agreement_names(wire: Wire) -> None:
    """Parties, people and sites of an agreement may read its studies; a party of another agreement here may not."""
    register, partnership = wire.convener.register, wire.partnership
    keys = {"south": partnership.party_keys["south"], "delft": PrivateKey.generate()}
    parties = [{"id": name, "key": key.public.text} for name, key in keys.items()]
    other = complete_example(parties, profile="public_data")
    wire.convener.put_agreement(sign_by_all(other, keys).envelope.to_dict())
    own = partnership.agreement.hash
    assert register.may_read(partnership.analyst_key.public, own)
    assert register.may_read(wire.agents["north"].key.public, own)
    assert register.find_key(keys["delft"].public.fingerprint) is not None
    assert not register.may_read(keys["delft"].public, own)
    assert not register.may_read(wire.agents["north"].key.public, other.hash)
    assert not register.may_read(PrivateKey.generate().public, own)
    assert not register.may_read(partnership.analyst_key.public, "00" * 32)


def test_a_study_that_cannot_be_read_is_ended_and_keeps_no_other_waiting(wire: Wire) -> None:
    """What an older program stored of one study is not enough: it ends by name, and the other's deadline is kept."""
    broken, waiting = wire.start(), wire.start()
    wire.convener._live.clear()
    with wire.convener.store.transaction() as tx:
        tx.execute(rows.messages.delete().where(rows.messages.c.study == broken))
    clock = wire.convener.clock
    wire.convener.clock = lambda: clock() + 3
    assert set(wire.convener.expire()) == {broken, waiting}
    assert wire.convener.show(broken)["error"]["code"] == "transport.own_protocol"
    assert wire.convener.show(waiting)["error"]["code"] == "transport.round_timed_out"
    wire.convener.clock = clock
    wire.cursors.clear()
    assert wire.run()["status"] == "released"
