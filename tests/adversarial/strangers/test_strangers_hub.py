"""Whatever a stranger sends to the hub's addresses, no answer is a 500 and every error has the one shape."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import numpy as np
from aiohttp.test_utils import TestClient, TestServer

from summand.hub._service import HubService
from summand.signing import PrivateKey
from summand.testing.federations import Partnership
from summand.transport import FederationDescription

REQUESTS = 600
JUNK: list[Any] = [None, True, 0, -1, 1e308, "", "x", "\ud7ff", "²", [], {}, [[]], {"": ""}, [None], "9" * 5000]
WORDS = ["0", "-1", "north", "²", "%00", "%2e%2e", "%ff", "a" * 3000, "f" * 64, "d\u00e9cision", "1e400", "9" * 30, " "]
QUERIES = ["", "?after=0&wait=0", "?after=²", "?after=1e9", "?wait=.", "?wait=nan&after=", "?size=99999999", "?size=-1"]
BODIES = [
    b"",
    b"\0",
    b"[" * 100_000,
    b"\xff\xfe",
    b"9" * 10_000,
    b"1e400",
    b"NaN",
    b"{}",
    b"[]",
    b"null",
    b'"x"',
    b"old 1",
]


def service() -> tuple[HubService, list[Any]]:
    """A hub with an agreement in force, and documents that it would take."""
    rng = np.random.default_rng(4)
    rows = {name: {"x": rng.uniform(0, 1, 9)} for name in ("north", "south", "west")}
    partnership = Partnership.of(rows, {"x": (0, 1)})
    network = partnership.network()
    key = PrivateKey.generate()
    found = HubService(network.convener, FederationDescription(network.origin, "https://hub", key.public, "-"))
    return found, [partnership.signed.envelope.to_dict(), PLACE]


def changed(rng: random.Random, value: Any) -> Any:
    """The value with one node replaced, left out or nested."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(sorted(value))
        if rng.random() < 0.15:
            return {key: item for key, item in value.items() if key != name}
        return {**value, name: changed(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.randrange(len(value))
        return [*value[:place], changed(rng, value[place]), *value[place + 1 :]]
    return rng.choice(JUNK)


PLACE = {"payload": "e30=", "payloadType": "application/x", "signatures": [{"keyid": "x", "sig": "AAAA"}]}


def test_no_request_of_a_stranger_is_answered_by_a_defect() -> None:
    """Every route, every verb, mutated valid documents and junk: below 500, JSON with code, message and remedy."""

    async def go() -> dict[int, int]:
        rng, (hub, documents), seen = random.Random(3), service(), {}
        app = hub.app()
        routes = sorted({resource.canonical for resource in app.router.resources()})
        async with TestClient(TestServer(app)) as client:
            for _ in range(REQUESTS):
                path = "/".join(
                    rng.choice(WORDS) if part.startswith("{") else part for part in rng.choice(routes).split("/")
                )
                body = rng.choice(BODIES)
                if rng.random() < 0.6:
                    body = json.dumps(changed(rng, rng.choice(documents))).encode()
                method = rng.choice(["PUT", "PUT", "GET", "POST", "DELETE"])
                headers = {"Summand-Key": "x"} if rng.random() < 0.3 else {}
                async with client.request(method, path + rng.choice(QUERIES), data=body, headers=headers) as answer:
                    text = await answer.text()
                    seen[answer.status] = seen.get(answer.status, 0) + 1
                    assert answer.status < 500, (method, path[:80], body[:80], text)
                    if answer.status >= 400:
                        assert {"code", "message", "remedy"} <= set(json.loads(text)), text
                        assert "Traceback" not in text
        return seen

    seen = asyncio.run(go())
    assert {400, 403, 404} & set(seen)


def test_a_defect_is_told_in_the_one_shape_and_without_what_was_sent(caplog: Any) -> None:
    """An exception that nobody foresaw: status 500, code ``internal``; neither answer nor log holds its text."""

    async def go() -> tuple[int, str]:
        hub, _ = service()

        def fail(_: Any) -> str:
            raise KeyError("cell-4711")

        hub.convener.put_statement = fail  # type: ignore[method-assign]
        async with TestClient(TestServer(hub.app())) as client, client.put("/v1/statements/x", data=b"{}") as answer:
            return answer.status, await answer.text()

    status, text = asyncio.run(go())
    assert status == 500
    assert json.loads(text)["code"] == "internal"
    assert "4711" not in text + caplog.text
    assert "KeyError at test_strangers_hub.py" in caplog.text
