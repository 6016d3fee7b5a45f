"""Statements in the ledger: a person of the agreement puts a document's hash there, nobody else can."""

from __future__ import annotations

import numpy as np
import pytest

from summand.encoding import canonical, parse, sha256_hex
from summand.errors import PeerProtocolError, SignatureInvalid, StrangerRefused
from summand.signing import PrivateKey, seal
from summand.study import STATEMENT_TYPE, Statement
from summand.testing.federations import ANALYST, Partnership


@pytest.fixture
def partnership() -> Partnership:
    """Three parties with a column each."""
    rng = np.random.default_rng(2)
    return Partnership.of({name: {"x": rng.uniform(0, 1, 5)} for name in ("north", "south", "west")}, {"x": (0, 1)})


def test_a_stated_document_is_a_leaf_that_every_replica_holds(partnership: Partnership) -> None:
    """The leaf names kind, person and the hash of the canonical document; stating it again adds nothing."""
    document = {"goal": "wait", "value": 12.5, "met": True}
    with partnership.federation() as federation:
        found = federation.state("goal.measured", document, study_id="0" * 32)
        assert found == sha256_hex(canonical(document))
        for agent in federation.network.agents.values():
            agent.replica.verify()
            last = parse(agent.replica.entries()[-1])
            assert (last["type"], last["person"], last["document_sha256"]) == ("goal.measured", ANALYST, found)


def test_only_people_of_the_agreement_state_things(partnership: Partnership) -> None:
    """Another key, another name, an unknown kind, a changed field: refused, and nothing is added."""
    document, digest = {"paid": 100}, partnership.signed.agreement.hash
    with partnership.federation() as federation:
        convener = federation.network.convener
        size = convener.log.size
        sign = Statement.sign
        stranger = PrivateKey.generate()
        with pytest.raises(SignatureInvalid):
            convener.put_statement(sign("goal.measured", digest, ANALYST, document, stranger).envelope.to_dict())
        with pytest.raises(StrangerRefused):
            convener.put_statement(sign("goal.measured", digest, "nobody", document, stranger).envelope.to_dict())
        with pytest.raises(PeerProtocolError):
            kind = sign("study.released", digest, ANALYST, document, partnership.analyst_key)
            convener.put_statement(kind.envelope.to_dict())
        with pytest.raises(PeerProtocolError):
            convener.put_statement(seal(STATEMENT_TYPE, {"kind": "goal.measured"}, partnership.analyst_key).to_dict())
        assert convener.log.size == size
