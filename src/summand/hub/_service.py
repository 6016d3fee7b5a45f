"""The hub over HTTPS: every message an idempotent PUT, every reading a signed GET, waiting by long poll.

===  ==============================================  ==========================================================
PUT  /v1/agreements/{hash}                           a fully signed agreement
PUT  /v1/certificates/{site}                         a site's certificate
PUT  /v1/studies/{id}                                a signed study
PUT  /v1/studies/{id}/{kind}/{round}/{site}          a site's message
GET  /v1/federation                                  the federation's description (public)
GET  /v1/agreements, /v1/agreements/{hash}           agreements (any key of an agreement)
GET  /v1/studies, /v1/studies/{id}?wait=             studies; waits for the end (any key of an agreement)
GET  /v1/inbox/{site}?after=&wait=                   what waits for a site (that site's key)
GET  /v1/ledger?size=                                what a replica of that size needs (any key of an agreement)
===  ==============================================  ==========================================================

Errors are one JSON shape: ``{"code", "message", "remedy"}`` with the status of the error's class.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from summand.encoding import dump, pack, parse, to_base64
from summand.errors import BodyTooLarge, PeerProtocolError, StrangerRefused, SummandError
from summand.hub._convener import Convener
from summand.hub._study import OPEN_STATES
from summand.signing import PublicKey
from summand.transport import FederationDescription, ReadGate

log = logging.getLogger("summand.hub")
BODY_BYTES_MAX = 256 << 20
WAIT_SECONDS_MAX = 30.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HubService:
    """The routes over one convener.

    Args:
        convener: The hub's core.
        federation: What GET /v1/federation shows.
    """

    def __init__(self, convener: Convener, federation: FederationDescription) -> None:
        self.convener, self.federation = convener, federation
        self.gate = ReadGate(convener.origin, self._find_key, convener.clock)
        self._news: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._changed = asyncio.Event()
        convener.on_change = self._announce

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[_errors])
        app.router.add_put("/v1/agreements/{hash}", self.put_agreement)
        app.router.add_put("/v1/certificates/{site}", self.put_certificate)
        app.router.add_put("/v1/studies/{study}", self.put_study)
        app.router.add_put("/v1/studies/{study}/{kind}/{round}/{site}", self.put_message)
        app.router.add_get("/v1/federation", self.get_federation)
        app.router.add_get("/v1/agreements", self.get_agreements)
        app.router.add_get("/v1/agreements/{hash}", self.get_agreement)
        app.router.add_get("/v1/studies", self.get_studies)
        app.router.add_get("/v1/studies/{study}", self.get_study)
        app.router.add_get("/v1/inbox/{site}", self.get_inbox)
        app.router.add_get("/v1/ledger", self.get_ledger)
        app.cleanup_ctx.append(self._watch_deadlines)
        return app

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def put_agreement(self, request: web.Request) -> web.Response:
        """Take in an agreement."""
        digest = self.convener.put_agreement(parse(await _body(request), "agreement"))
        if digest != request.match_info["hash"]:
            raise PeerProtocolError("The agreement has another hash than its address.", remedy="Send it to its own.")
        return _json({"agreement": digest})

    async def put_certificate(self, request: web.Request) -> web.Response:
        """Take in a site's certificate."""
        return _json({"site": self.convener.put_certificate(parse(await _body(request), "certificate"))})

    async def put_study(self, request: web.Request) -> web.Response:
        """Take in a study."""
        return _json({"study": self.convener.submit(parse(await _body(request), "study"))})

    async def put_message(self, request: web.Request) -> web.Response:
        """Take in a site's message; the address is for routing, the signed header decides."""
        self.convener.receive(await _body(request))
        return web.Response()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def get_federation(self, _request: web.Request) -> web.Response:
        """The federation's description."""
        return _json(self.federation.to_dict())

    async def get_agreements(self, request: web.Request) -> web.Response:
        """All agreements, by hash and title."""
        self._reader(request)
        found = self.convener.agreements()
        return _json({digest: signed.agreement.title for digest, signed in found.items()})

    async def get_agreement(self, request: web.Request) -> web.Response:
        """One signed agreement."""
        self._reader(request)
        return _json(self.convener.agreement(request.match_info["hash"]).envelope.to_dict())

    async def get_studies(self, request: web.Request) -> web.Response:
        """All studies, without results."""
        self._reader(request)
        return _json({"studies": self.convener.list_studies()})

    async def get_study(self, request: web.Request) -> web.Response:
        """One study; with ``wait``, once it has ended or that time is over."""
        self._reader(request)
        study = request.match_info["study"]
        deadline = asyncio.get_running_loop().time() + _wait(request)
        while True:
            changed = self._changed
            shown = self.convener.show(study)
            left = deadline - asyncio.get_running_loop().time()
            if shown["status"] not in OPEN_STATES or left <= 0:
                return _json(shown)
            await _wait_for(changed, left)

    async def get_inbox(self, request: web.Request) -> web.Response:
        """What waits for a site behind ``after``; with ``wait``, as soon as there is something."""
        site = request.match_info["site"]
        key = self._reader(request)
        if key != self.convener.site_key(site):
            raise StrangerRefused(f"This key may not read the inbox of {site}.", remedy="Use the site's own key.")
        after = _number(request, "after")
        letters = self.convener.inbox(site, after)
        left = _wait(request)
        if not letters and left > 0:
            self._news[site].clear()
            letters = self.convener.inbox(site, after)
            if not letters:
                await _wait_for(self._news[site], left)
                letters = self.convener.inbox(site, after)
        header = {"letters": [[seq, len(data)] for seq, data in letters]}
        return web.Response(body=pack(header, b"".join(data for _, data in letters)))

    async def get_ledger(self, request: web.Request) -> web.Response:
        """What a replica of ``size`` entries needs to advance."""
        self._reader(request)
        since = self.convener.ledger_since(_number(request, "size"))
        header = {
            "checkpoint": since["checkpoint"], "proof": [to_base64(node) for node in since["proof"]],
            "sizes": [len(item) for item in since["entries"]],
        }  # fmt: skip
        return web.Response(body=pack(header, b"".join(since["entries"])))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _reader(self, request: web.Request) -> PublicKey:
        return self.gate.check(request.path_qs, request.headers)

    def _find_key(self, fingerprint: str) -> PublicKey | None:
        return self.convener.find_key(fingerprint)

    def _announce(self, sites: set[str]) -> None:
        for site in sites:
            self._news[site].set()
        self._changed.set()
        self._changed = asyncio.Event()

    async def _watch_deadlines(self, _app: web.Application) -> Any:
        task = asyncio.create_task(self._expire_for_ever())
        yield
        task.cancel()

    async def _expire_for_ever(self) -> None:
        while True:
            try:
                self.convener.expire()
            except SummandError as error:
                log.warning("a deadline could not be kept: %s", error.code)
            await asyncio.sleep(1.0)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SummandError as error:
        return web.Response(
            status=error.http_status, body=dump(error.to_public_dict()), content_type="application/json"
        )
    except web.HTTPRequestEntityTooLarge:
        limit = BodyTooLarge(
            f"The body is over the limit of {BODY_BYTES_MAX >> 20} MiB.", remedy="Ask for fewer columns or bins."
        )
        return web.Response(status=413, body=dump(limit.to_public_dict()), content_type="application/json")
    except web.HTTPException as error:
        wrong = PeerProtocolError(f"There is no {request.method} here ({error.status}).", remedy="Check the address.")
        return web.Response(status=error.status, body=dump(wrong.to_public_dict()), content_type="application/json")


async def _body(request: web.Request) -> bytes:
    return await request.read()


def _json(value: Any) -> web.Response:
    return web.Response(body=dump(value), content_type="application/json")


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not text.isdigit() or len(text) > 15:
        raise PeerProtocolError(f"'{name}' is not a whole number.", remedy="Correct the address.")
    return int(text)


def _wait(request: web.Request) -> float:
    text = request.query.get("wait", "0")
    if not text.replace(".", "", 1).isdigit():
        raise PeerProtocolError("'wait' is not a number of seconds.", remedy="Correct the address.")
    return min(WAIT_SECONDS_MAX, float(text))


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
