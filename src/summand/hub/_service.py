"""The hub over HTTPS: every message an idempotent PUT, every reading a signed GET, waiting by long poll.

===  ==============================================  ==========================================================
PUT  /v1/agreements/{hash}                           a fully signed agreement
PUT  /v1/agreements/{hash}/events/{sha256}           an event of its life: suspended, resumed, in dispute …
PUT  /v1/certificates/{site}                         a site's certificate
PUT  /v1/studies/{id}                                a signed study
PUT  /v1/statements/{sha256}                         a signed statement about an agreement: a goal, a settlement
PUT  /v1/studies/{id}/{kind}/{round}/{site}          a site's message; with ?after=&wait= answered like its inbox
GET  /v1/federation                                  the federation's description (public)
GET  /v1/agreements, /v1/agreements/{hash}           agreements (any key of an agreement)
GET  /v1/studies, /v1/studies/{id}?wait=             studies; waits for the end (any key of an agreement)
GET  /v1/inbox/{site}?after=&wait=                   what waits for a site (that site's key)
GET  /v1/studies/{id}/release                        the proof that it counts as released (any key of its agreement)
GET  /v1/ledger?size=                                what a replica of that size needs (any key of an agreement)
GET  /v1/ledger/checkpoint                           the checkpoint with its cosignatures (any key of an agreement)
PUT  /v1/ledger/cosignatures/{site}                  a checkpoint that a site cosigned
PUT  /v1/ledger/alarms/{site}                        a site's signed alarm that it was shown two histories
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

from summand.encoding import dump, pack, parse
from summand.errors import BodyTooLarge, PeerProtocolError, StorageFailed, StrangerRefused, SummandError
from summand.hub._convener import Convener
from summand.hub._store import LETTERS_MAX
from summand.hub._study import OPEN_STATES
from summand.ledger import AddCheckpoint
from summand.signing import PublicKey
from summand.transport import FederationDescription, ReadGate

log = logging.getLogger("summand.hub")
BODY_BYTES_MAX = 256 << 20
DOCUMENT_BYTES_MAX = 8 << 20
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
        self._last_seen: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._postponed: set[Callable[[], None]] = set()
        convener.on_change = self._announce
        convener.postpone = self._postpone
        self.on_storage_failed: Callable[[StorageFailed], None] = lambda _: None
        """Called once it is unknown what is durable: the process must end, and start again from what is."""

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[self._errors])
        app.router.add_put("/v1/studies/{study}/{kind}/{round}/{site}", self.put_message)  # first: it is asked for most
        app.router.add_put("/v1/agreements/{hash}", self.put_agreement)
        app.router.add_put("/v1/agreements/{hash}/events/{sha256}", self.put_event)
        app.router.add_put("/v1/certificates/{site}", self.put_certificate)
        app.router.add_put("/v1/studies/{study}", self.put_study)
        app.router.add_put("/v1/statements/{sha256}", self.put_statement)
        app.router.add_get("/v1/federation", self.get_federation)
        app.router.add_get("/v1/agreements", self.get_agreements)
        app.router.add_get("/v1/agreements/{hash}", self.get_agreement)
        app.router.add_get("/v1/studies", self.get_studies)
        app.router.add_get("/v1/studies/{study}", self.get_study)
        app.router.add_get("/v1/inbox/{site}", self.get_inbox)
        app.router.add_get("/v1/studies/{study}/release", self.get_release)
        app.router.add_get("/v1/ledger", self.get_ledger)
        app.router.add_get("/v1/ledger/checkpoint", self.get_checkpoint)
        app.router.add_put("/v1/ledger/cosignatures/{site}", self.put_cosignature)
        app.router.add_put("/v1/ledger/alarms/{site}", self.put_alarm)
        app.cleanup_ctx.append(self._watch_deadlines)
        return app

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def put_agreement(self, request: web.Request) -> web.Response:
        """Take in an agreement."""
        fields = parse(await _document(request), "agreement")
        return _json({"agreement": self.convener.put_agreement(fields, expected=request.match_info["hash"])})

    async def put_event(self, request: web.Request) -> web.Response:
        """Take in an event of an agreement's life."""
        fields = parse(await _document(request), "event")
        return _json({"agreement": self.convener.put_event(request.match_info["hash"], fields)})

    async def put_certificate(self, request: web.Request) -> web.Response:
        """Take in a site's certificate."""
        return _json({"site": self.convener.put_certificate(parse(await _document(request), "certificate"))})

    async def put_study(self, request: web.Request) -> web.Response:
        """Take in a study."""
        return _json({"study": self.convener.submit(parse(await _document(request), "study"))})

    async def put_statement(self, request: web.Request) -> web.Response:
        """Take in a statement for the ledger."""
        return _json({"document_sha256": self.convener.put_statement(parse(await _document(request), "statement"))})

    async def put_cosignature(self, request: web.Request) -> web.Response:
        """Take in a checkpoint that a site cosigned; its signature proves whose it is."""
        self.convener.witnesses.put(request.match_info["site"], await _document(request))
        return web.Response()

    async def put_alarm(self, request: web.Request) -> web.Response:
        """Take in a site's alarm."""
        fields = parse(await _document(request), "alarm")
        return _json({"alarm_sha256": self.convener.witnesses.put_alarm(request.match_info["site"], fields)})

    async def put_message(self, request: web.Request) -> web.Response:
        """Take in a site's message; the address is for routing, the signed header decides.

        With ``after`` and ``wait`` the answer is that of the inbox: one request for a message and for what follows it.
        """
        site = request.match_info["site"]
        self.convener.require_open(request.match_info["study"], site)
        sender = self.convener.receive(await request.read())
        answer = web.Response()
        if "after" in request.query:
            if sender != site:  # sent before, too late, or under another's address: then reading is proved by itself
                self._require_owner(request, site)
            answer = await self._what_waits(request, site)
        self.convener.acknowledge_received()
        return answer

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def get_federation(self, _request: web.Request) -> web.Response:
        """The federation's description."""
        return _json(self.federation.to_dict())

    async def get_agreements(self, request: web.Request) -> web.Response:
        """The agreements that the reader is in, by hash and title."""
        key, found = self._reader(request), self.convener.agreements()
        readable = {digest: found[digest].agreement.title for digest in found if self._may_read(key, digest)}
        return _json(readable)

    async def get_agreement(self, request: web.Request) -> web.Response:
        """One signed agreement."""
        key, digest = self._reader(request), request.match_info["hash"]
        self._require(key, digest)
        return _json(self.convener.agreement(digest).envelope.to_dict())

    async def get_studies(self, request: web.Request) -> web.Response:
        """All studies under the reader's agreements, without results."""
        key = self._reader(request)
        found = [study for study in self.convener.list_studies() if self._may_read(key, study["agreement"])]
        return _json({"studies": found})

    async def get_study(self, request: web.Request) -> web.Response:
        """One study; with ``wait``, once it has ended or that time is over."""
        key, study = self._reader(request), request.match_info["study"]
        deadline = asyncio.get_running_loop().time() + _wait(request)
        while True:
            changed = self._changed
            shown = self.convener.show(study)
            self._require(key, shown["agreement"])
            left = deadline - asyncio.get_running_loop().time()
            is_over = shown["status"] not in OPEN_STATES and shown["awaiting_witnesses"] is None
            if is_over or left <= 0:
                return _json(shown)
            await _wait_for(changed, left)

    async def get_release(self, request: web.Request) -> web.Response:
        """The proof that a study's result counts as released, as far as it goes."""
        key, study = self._reader(request), request.match_info["study"]
        self._require(key, self.convener.show(study)["agreement"])
        return _json(self.convener.witnesses.proof(study))

    async def get_checkpoint(self, request: web.Request) -> web.Response:
        """The published checkpoint: a signed note (c2sp.org/tlog-checkpoint)."""
        self._reader(request)
        return web.Response(text=self.convener.log.checkpoint_text())

    async def get_inbox(self, request: web.Request) -> web.Response:
        """What waits for a site behind ``after``; with ``wait``, as soon as there is something."""
        site = request.match_info["site"]
        self._require_owner(request, site)
        return await self._what_waits(request, site)

    def _require_owner(self, request: web.Request, site: str) -> None:
        if self._reader(request) != self.convener.site_key(site):
            raise StrangerRefused(f"This key may not read the inbox of {site}.", remedy="Use the site's own key.")

    async def _what_waits(self, request: web.Request, site: str) -> web.Response:
        after = _number(request, "after")
        is_woken, left = self._news[site].is_set(), _wait(request)
        letters = self._letters(site, after)
        if not letters and not is_woken and left > 0:  # woken without a letter: the ledger grew, and that is the answer
            await _wait_for(self._news[site], left)
            letters = self._letters(site, after)
        # A site looks at the ledger's size only where no letter came: then the ledger alone grew.
        size = 0 if letters else self.convener.log.size
        header = {"letters": [[seq, len(data)] for seq, data in letters], "ledger_size": size}
        return web.Response(body=pack(header, b"".join(data for _, data in letters)))

    async def get_ledger(self, request: web.Request) -> web.Response:
        """What a replica of ``size`` entries needs to advance."""
        self._reader(request)
        size = _number(request, "size")
        since = self.convener.ledger_since(size)
        asked = AddCheckpoint(size, tuple(since["proof"]), since["checkpoint"])
        header = {"add_checkpoint": asked.to_text(), "sizes": [len(item) for item in since["entries"]]}
        return web.Response(body=pack(header, b"".join(since["entries"])))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except SummandError as error:
            if isinstance(error, StorageFailed):
                self.on_storage_failed(error)
            return web.Response(
                status=error.http_status, body=dump(error.to_public_dict()), content_type="application/json"
            )
        except web.HTTPRequestEntityTooLarge:
            limit = BodyTooLarge(
                f"The body is over the limit of {BODY_BYTES_MAX >> 20} MiB.", remedy="Ask for fewer columns or bins."
            )
            return web.Response(status=413, body=dump(limit.to_public_dict()), content_type="application/json")
        except web.HTTPException as error:
            wrong = PeerProtocolError(
                f"There is no {request.method} here ({error.status}).", remedy="Check the address."
            )
            return web.Response(status=error.status, body=dump(wrong.to_public_dict()), content_type="application/json")
        except Exception as error:
            # A defect, and it may hold what was sent: the log gets its kind and place, the caller a code.
            log.error("a defect answered %s: %s at %s", request.method, type(error).__name__, _place_of(error))
            body = {"code": "internal", "message": "This is a defect of the hub.", "remedy": "Tell its operator."}
            return web.Response(status=500, body=dump(body), content_type="application/json")

    def _letters(self, site: str, after: int) -> list[tuple[int, bytes]]:
        """What waits behind ``after``; the store is asked only if something came since it was seen to be the last."""
        news = self._news[site]
        if self._last_seen.get(site) == after and not news.is_set():
            return []
        news.clear()
        letters = self.convener.inbox(site, after)
        if len(letters) < LETTERS_MAX:
            self._last_seen[site] = letters[-1][0] if letters else after
        return letters

    def _reader(self, request: web.Request) -> PublicKey:
        return self.gate.check(request.path_qs, request.headers)

    def _may_read(self, key: PublicKey, agreement_hash: str) -> bool:
        return self.convener.register.may_read(key, agreement_hash)

    def _require(self, key: PublicKey, agreement_hash: str) -> None:
        if not self._may_read(key, agreement_hash):
            raise StrangerRefused(
                "This key is in no such agreement.", remedy="Read what your own agreements are about."
            )

    def _find_key(self, fingerprint: str) -> PublicKey | None:
        return self.convener.find_key(fingerprint)

    def _announce(self, sites: set[str]) -> None:
        for site in sites:
            self._news[site].set()
        if self.convener.has_closed:
            self.convener.has_closed = False
            self._changed.set()
            self._changed = asyncio.Event()

    def _postpone(self, work: Callable[[], None], seconds: float) -> None:
        """Do it a little later, once for all who asked meanwhile."""
        if work not in self._postponed:
            self._postponed.add(work)
            asyncio.get_running_loop().call_later(seconds, self._do, work)

    def _do(self, work: Callable[[], None]) -> None:
        self._postponed.discard(work)
        try:
            work()
        except StorageFailed as error:
            self.on_storage_failed(error)

    def leave(self) -> None:
        """Answer every long poll now: the hub is about to end, and the sites ask again when it is back."""
        self._announce(set(self._news))
        self._changed.set()

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
                if isinstance(error, StorageFailed):
                    self.on_storage_failed(error)
                    return
            await asyncio.sleep(1.0)


async def _document(request: web.Request) -> bytes:
    """The body of a document that anybody may send: small, since its signatures are checked only after it is read."""
    body = await request.content.read(DOCUMENT_BYTES_MAX + 1)
    while len(body) <= DOCUMENT_BYTES_MAX and (more := await request.content.read(DOCUMENT_BYTES_MAX + 1 - len(body))):
        body += more
    if len(body) > DOCUMENT_BYTES_MAX:
        raise BodyTooLarge(
            f"The document is over the limit of {DOCUMENT_BYTES_MAX >> 20} MiB.",
            remedy="Send the signed document alone.",
        )
    return body


def _json(value: Any) -> web.Response:
    return web.Response(body=dump(value), content_type="application/json")


def _place_of(error: Exception) -> str:
    """The file and line that raised an error: where, without what."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return "-" if at is None else f"{at.tb_frame.f_code.co_filename.rpartition('/')[2]}:{at.tb_lineno}"


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise PeerProtocolError(f"'{name}' is not a whole number.", remedy="Correct the address.")
    return int(text)


def _wait(request: web.Request) -> float:
    text = request.query.get("wait", "0")
    if not (text.isascii() and text.replace(".", "", 1).isdigit()) or len(text) > 15:
        raise PeerProtocolError("'wait' is not a number of seconds.", remedy="Correct the address.")
    return min(WAIT_SECONDS_MAX, float(text))


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
