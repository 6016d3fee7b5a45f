"""Pages of a portal with 1,000 organisations, 200 partnerships, 10,000 studies and 1,000,000 ledger leaves.

The hub is filled through its own store and log with signed agreements, requests and decisions, and rounds by their hashes;
then each page is asked for over a loopback connection, as its most burdened reader. Printed are median and 99th percentile
of what the server's process spends on one answer, and of the time to the last byte on this machine.

    python -m bench portal               SUMMAND_BENCH_SCALE=0.01 for a hundredth of everything
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import insert

from summand.agreement import SignedAgreement, complete_example, sign
from summand.encoding import canonical, dump
from summand.hub import Convener, Store
from summand.hub import _store as hub_rows
from summand.ledger import Log
from summand.portal import Portal
from summand.portal import Store as PortalStore
from summand.portal._passwords import hash_password
from summand.signing import PrivateKey, seal
from summand.study import SignedStudy, StudyRequest, entry
from summand.study.messages import DECISION_TYPE, result_hash
from summand.testing.federations import table_schema

SCALE = float(os.environ.get("SUMMAND_BENCH_SCALE", "1"))
ORGANISATIONS, PARTNERSHIPS, STUDIES, LEAVES = (max(5, int(n * SCALE)) for n in (1_000, 200, 10_000, 1_000_000))
PARTIES = 5
TIMES = 60
ORIGIN = "bench.example/log"
CHUNK = 50_000


def run() -> dict[str, str]:
    """Median and 99th percentile of each page."""
    began = time.process_time()
    convener, portal, studies, filled = _filled()
    found = {
        "filled: organisations, partnerships, studies, leaves": f"{filled} ({time.process_time() - began:.0f} s of CPU)"
    }
    times = asyncio.run(_measured(portal, studies))
    for name, (cpu, wall) in times.items():
        found[f"{name}: CPU ms, p50 and p99"] = f"{np.median(cpu) * 1e3:.1f}  {np.quantile(cpu, 0.99) * 1e3:.1f}"
        found[f"{name}: ms to the last byte, p50 and p99"] = (
            f"{np.median(wall) * 1e3:.1f}  {np.quantile(wall, 0.99) * 1e3:.1f}"
        )
    convener.close()
    return found


def _filled() -> tuple[Convener, Portal, list[str], str]:
    toss, key = random.Random(1), PrivateKey.generate()
    convener = Convener(Store(), Log.create(None, ORIGIN, key), key)
    names = [f"org-{number:04d}" for number in range(ORGANISATIONS)]
    keys = {name: PrivateKey.generate() for name in names}
    asker = PrivateKey.generate()
    # One organisation is in every partnership: the most burdened reader there is.
    chosen = [[names[0], *toss.sample(names[1:], PARTIES - 1)] for _ in range(PARTNERSHIPS)]
    signed = [_signed(number, parties, keys, asker) for number, parties in enumerate(chosen)]
    for one in signed:
        convener.put_agreement(one.envelope.to_dict(), by_operator=True)
    studies, waiting = [], []
    leaves = convener.log.size
    each = max(1, -(-(LEAVES - leaves) // STUDIES))
    for number in range(STUDIES):
        one = signed[number % len(signed)]
        study, entries, row = _study(number, one, keys, asker, each)
        studies.append(study)
        waiting.append((entries, row))
        if len(waiting) * each >= CHUNK or number == STUDIES - 1:
            _store(convener, waiting)
            waiting.clear()
    portal = Portal(convener, PortalStore())
    for role in ("analyst", "data_steward", "governance_lead", "auditor", "admin"):
        portal.accounts.add(role.replace("_", "-"), role, names[0], [role])
        portal.accounts.set_password(role.replace("_", "-"), hash_password("a password for a bench"))
    portal.index  # noqa: B018 — follows the whole ledger once
    filled = f"{len(names)}, {len(signed)}, {len(studies)}, {convener.log.size}"
    return convener, portal, studies, filled


def _signed(number: int, parties: list[str], keys: dict[str, PrivateKey], asker: PrivateKey) -> SignedAgreement:
    document = complete_example(
        [{"id": name, "key": keys[name].public.text} for name in parties],
        dictionaries={"cohort": table_schema({"y": (0, 1), "x": (0, 1)})},
        datasets=[{"id": f"data-{name}", "holder": name, "rows_max": 1000} for name in parties],
        people=[{"name": "bench analyst", "party": parties[0], "role": "analyst", "key": asker.public.text}],
        profile="public_data", identity={"title": f"Partnership {number:03d} (bench)", "id": f"urn:uuid:00000000-0000-4000-8000-{number:012x}"},
    )  # fmt: skip
    envelope = None
    for name in parties:
        envelope = sign(document, name, keys[name], envelope)
    assert envelope is not None
    return SignedAgreement(document, envelope)


RESULT: dict[str, Any] = {
    "method": "linear", "n": 100, "n_dropped": 0, "sites": PARTIES, "rounds": 3, "profile": "public_data",
    "release_level": "total", "warnings": [],
    "terms": [{"term": f"x{i}", "estimate": 0.1 * i, "std_error": 0.1, "p_value": 0.5} for i in range(12)],
}  # fmt: skip


def _study(number: int, one: SignedAgreement, keys: Any, asker: PrivateKey, each: int) -> tuple[str, list[bytes], dict]:
    agreement = one.agreement
    request = StudyRequest.new(
        federation=ORIGIN, agreement_hash=agreement.hash, requester="bench analyst",
        purpose={"system": "EHDS53", "code": "53(1)(e)", "text": "research"},
        datasets=tuple(dataset.id for dataset in agreement.datasets), method={"name": "linear", "formula": "y ~ x"},
        release_level="total", disclosure_profile="public_data", title=f"Study {number:05d}",
    )  # fmt: skip
    study = SignedStudy.sign(request, asker)
    ident = request.study_id
    result = {**RESULT, "agreement": agreement.hash}
    digest = result_hash(result)
    entries = [entry("study.request", study=ident, request_hash=study.hash, signed=study.to_dict())]
    for party in agreement.parties:
        said = {"study": ident, "request_hash": study.hash, "agreement_hash": agreement.hash, "site": party.id,
                "decision": "permit", "reasons": []}  # fmt: skip
        envelope = seal(DECISION_TYPE, said, keys[party.id])
        entries.append(entry("study.decision", study=ident, site=party.id, envelope=envelope.to_dict()))
    ending = [
        entry("study.result", study=ident, result_sha256=digest),
        entry("study.confirmed", study=ident, result_sha256=digest, confirmations={}),
        entry("study.released", study=ident, result_sha256=digest),
    ]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for step in range(each - len(entries) - len(ending)):
        kind = ("round.opened", "round.summed")[step % 2]
        fields = {
            "type": kind,
            "at": at,
            "study": ident,
            "round": step // 2,
            "context": f"{number}-{step}",
            "length": 7,
        }
        entries.append(canonical(fields))
    row = {
        "id": ident, "status": "released", "request": dump(study.to_dict()), "round": each // 2, "phase_started": 0.0,
        "result": dump(result).decode(), "error": None,
    }  # fmt: skip
    return ident, entries + ending, row


def _store(convener: Convener, waiting: list[tuple[list[bytes], dict]]) -> None:
    """Entries into the store and under a checkpoint, studies beside them, as a hub would have them after all this."""
    entries = [data for found, _ in waiting for data in found]
    first = convener.log.size
    with convener.store.transaction() as tx:
        rows = [{"key": f"bench/{first + number}", "data": data} for number, data in enumerate(entries)]
        tx.execute(insert(hub_rows.ledger), rows)
        tx.execute(insert(hub_rows.studies), [row for _, row in waiting])
    convener.log.append(entries)
    convener.log.commit()


def _pages(portal: Portal, studies: list[str]) -> dict[str, tuple[str, Any]]:
    keys = [one.key for one in portal.partnerships.all()]
    toss = random.Random(2)
    size = portal.convener.log.size

    def some(template: str, values: list[Any]) -> Any:
        return lambda: template.format(toss.choice(values))

    numbers = list(range(0, size, max(1, size // 997)))
    return {
        "today": ("analyst", lambda: "/"),
        "partnerships": ("analyst", lambda: "/partnerships"),
        "partnership": ("governance-lead", some("/partnerships/{}", keys)),
        "agreement": ("analyst", some("/partnerships/{}/agreement", keys)),
        "studies": ("analyst", some("/partnerships/{}/studies", keys)),
        "decisions": ("governance-lead", some("/partnerships/{}/decisions", keys)),
        "outcomes": ("governance-lead", some("/partnerships/{}/outcomes", keys)),
        "money": ("governance-lead", some("/partnerships/{}/money", keys)),
        "map": ("analyst", lambda: "/map"),
        "ask": ("analyst", some("/partnerships/{}/ask/linear", keys)),
        "study": ("analyst", some("/studies/{}", studies)),
        "desk": ("data-steward", lambda: "/desk"),
        "ledger": ("analyst", lambda: "/ledger"),
        "ledger, one kind": ("analyst", lambda: "/ledger?type=study.released"),
        "ledger, older": ("analyst", some("/ledger?before={}", numbers)),
        "leaf": ("analyst", some("/ledger/{}", numbers)),
        "access log": ("auditor", lambda: "/access-log"),
        "people": ("admin", lambda: "/people"),
    }


async def _measured(portal: Portal, studies: list[str]) -> dict[str, tuple[list[float], list[float]]]:
    spent: list[float] = []

    @web.middleware
    async def meter(request: web.Request, handler: Any) -> web.StreamResponse:
        before = time.process_time()
        try:
            return await handler(request)
        finally:
            spent.append(time.process_time() - before)

    app = web.Application(middlewares=[meter])
    portal.add_to(app)
    app.on_cleanup.clear()
    found = {}
    async with TestClient(TestServer(app)) as client:
        for name, (login, path) in _pages(portal, studies).items():
            account = portal.accounts.require(login)
            headers = {"Cookie": f"__Host-summand={portal.sessions.begin(account.id)}"}
            spent.clear()
            wall = []
            for _ in range(TIMES):
                before = time.perf_counter()
                async with client.get(f"/portal{path()}", headers=headers, allow_redirects=False) as answer:
                    await answer.read()
                    assert answer.status == 200, (name, answer.status, await answer.text())
                wall.append(time.perf_counter() - before)
            found[name] = (list(spent), wall)
    return found
