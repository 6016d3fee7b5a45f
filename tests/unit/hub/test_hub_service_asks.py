"""A site's PUT that also asks for what follows: the first of its kind proves who asks, any other proves nothing."""

from __future__ import annotations

import asyncio
import time

import numpy as np
from aiohttp.test_utils import TestClient, TestServer

from summand.encoding import unpack
from summand.federation._memory import MemoryNetwork
from summand.hub._service import HubService
from summand.signing import PrivateKey
from summand.study import SignedStudy, StudyRequest
from summand.testing.federations import ANALYST, Partnership
from summand.transport import FederationDescription, read_message, sign_read

PURPOSE = {"system": "EHDS53", "code": "53(1)(e)", "text": "scientific research"}


def opened() -> tuple[MemoryNetwork, dict[str, bytes]]:
    """A hub with a study before its sites, and every site's decision, not yet handed over."""
    rng = np.random.default_rng(4)
    partnership = Partnership.of(
        {name: {"x": rng.uniform(0, 1, 9), "y": rng.uniform(0, 1, 9)} for name in ("north", "south", "west")},
        {"x": (0, 1), "y": (0, 1)},
    )
    network = partnership.network()
    agreement = partnership.signed.agreement
    request = StudyRequest.new(
        federation=network.origin, agreement_hash=agreement.hash, requester=ANALYST, purpose=PURPOSE,
        datasets=tuple(dataset.id for dataset in agreement.datasets), method={"name": "linear", "formula": "y ~ x"},
        release_level="total", disclosure_profile="public_data", title="asks",
    )  # fmt: skip
    for agent in network.agents.values():
        network._synchronise(agent)
    network.convener.submit(SignedStudy.sign(request, partnership.analyst_key).to_dict())
    for agent in network.agents.values():
        network._synchronise(agent)
    decisions = {name: agent.handle(network.convener.inbox(name, 0)[0][1])[0] for name, agent in network.agents.items()}
    return network, decisions


def put(network: MemoryNetwork, letters: list[tuple[str, bytes, dict[str, str]]]) -> list[tuple[int, bytes]]:
    """Status and body of PUTs, each to its address with its headers."""

    async def go() -> list[tuple[int, bytes]]:
        key = PrivateKey.generate()
        service = HubService(network.convener, FederationDescription(network.origin, "https://hub", key.public, "-"))
        found = []
        async with TestClient(TestServer(service.app())) as client:
            for address, body, headers in letters:
                async with client.put(address, data=body, headers=headers) as answer:
                    found.append((answer.status, await answer.read()))
        return found

    return asyncio.run(go())


def address_of(message: bytes, site: str, asking: str = "?after=0&wait=0") -> str:
    """Where a site's message goes, asking for its inbox."""
    parsed = read_message(message)
    return f"/v1/studies/{parsed.study}/{parsed.kind}/{parsed.round}/{site}{asking}"


def test_the_first_of_a_message_is_answered_with_what_waits() -> None:
    """The site's own letters come back with no further signature; without asking the answer is empty."""
    network, decisions = opened()
    (status, body), (plain, empty) = put(
        network,
        [
            (address_of(decisions["north"], "north"), decisions["north"], {}),
            (address_of(decisions["south"], "south", ""), decisions["south"], {}),
        ],
    )

    assert (status, len(unpack(body).header["letters"])) == (200, 1)
    assert (plain, empty) == (200, b"")


def test_a_message_sent_again_shows_nothing_without_a_signed_reading() -> None:
    """Whoever recorded a message cannot read the inbox by replaying it; its owner can, by signing the reading."""
    network, decisions = opened()
    address = address_of(decisions["north"], "north")
    key = network.agents["north"].key
    first, replayed, owner = put(
        network,
        [
            (address, decisions["north"], {}),
            (address, decisions["north"], {}),
            (address, decisions["north"], sign_read(address, key, network.origin, time.time())),
        ],
    )

    assert (first[0], replayed[0], owner[0]) == (200, 403, 200)
    assert b"transport.stranger" in replayed[1] and unpack(owner[1]).header["letters"]


def test_a_site_does_not_read_anothers_inbox_by_its_own_message() -> None:
    """A fresh message under another site's address is taken in, and shows nothing of that site's inbox."""
    network, decisions = opened()
    ((status, body),) = put(network, [(address_of(decisions["north"], "south"), decisions["north"], {})])

    assert status == 403 and b"transport.stranger" in body
