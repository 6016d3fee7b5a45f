"""A hub with a partnership, studies and people of every role, its portal asked in process or served over loopback."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from aiohttp import FormData, web

from summand.directory import Directory, Entry, Organisation
from summand.errors import Refusal
from summand.portal import ROLES, Portal, Store
from summand.portal._passwords import hash_password
from summand.study import Statement
from summand.testing.federations import ANALYST, STEWARD, Partnership

PASSWORD = "correct horse battery staple"  # noqa: S105  of sample people
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
LINEAR = {"name": "linear", "formula": "y ~ x"}
SITES = ("north", "south", "west")


SAMPLE_ORGANISATIONS: tuple[dict[str, Any], ...] = (
    {
        "id": "seeker", "name": "Seeker hospital (sample)", "kinds": ["provider"], "places": [{"country": "NL"}],
        "needs": [{"id": "stats", "text": "a biostatistician (sample)", "capability": "statistics"}],
    },
    {
        "id": "helper", "name": "Helping university (sample)", "kinds": ["university"], "places": [{"country": "DE"}],
        "capabilities": [{"code": "statistics"}],
    },
)  # fmt: skip


@dataclass
class World:
    """A hub after one released and one refused study, its portal, and one person a role at "north" and "south"."""

    partnership: Partnership
    federation: Any
    portal: Portal
    released: str = ""
    refused: str = ""
    motion: str = ""
    draft: str = ""
    url: str = ""
    people: dict[str, str] = field(default_factory=dict)

    @property
    def convener(self) -> Any:
        """The hub's core."""
        return self.federation.network.convener

    @property
    def key(self) -> str:
        """The partnership's key in addresses."""
        return self.portal.partnerships.all()[0].key

    def deliver(self) -> None:
        """Let the sites answer everything that waits for them."""
        network = self.federation.network
        for agent in network.agents.values():
            network._synchronise(agent)
        while network._deliver():
            for agent in network.agents.values():
                network._synchronise(agent)
        network.witness()

    def session(self, login: str) -> str:
        """A session's cookie for a person, without signing in."""
        return self.portal.sessions.begin(self.portal.accounts.require(login).id)


_HASH = hash_password(PASSWORD)


def make_world(*, title: str = "Line of y on x", partnership: Partnership | None = None, runs: bool = True) -> World:
    """A fresh world in this process."""
    rng = np.random.default_rng(3)
    tables = {name: {"y": rng.uniform(0, 1, 20), "x": rng.uniform(0, 1, 20)} for name in SITES}
    made = partnership or Partnership.of(tables, {"y": (0, 1), "x": (0, 1)})
    federation: Any = made.federation()
    directory = Directory()
    directory.put_all([Entry(Organisation.from_dict(fields), "declared") for fields in SAMPLE_ORGANISATIONS])
    portal = Portal(federation.network.convener, Store(), directory=directory)
    world = World(made, federation, portal)
    if runs:
        world.released = federation.run(LINEAR, title=title).study_id
        purpose = {"system": "EHDS53", "code": "54(b)", "text": "insurance"}
        with suppress(Refusal):
            federation.run(LINEAR, purpose=purpose, title="Premiums")
        world.refused = federation.network.convener.list_studies()[-1]["study"]
    world.motion = open_motion(world, title)
    for organisation in ("north", "south", "elsewhere"):
        for role in ROLES:
            login = f"{role.replace('_', '-')}.{organisation}"
            name = ANALYST if (role, organisation) == ("analyst", "north") else f"{ROLES[role]} {organisation}"
            portal.accounts.add(login, name, organisation, [role])
            portal.accounts.set_password(login, _HASH)
            world.people[login] = role
    world.portal.partnerships.publish(world.key, True, "Governance lead north")
    world.draft = make_draft(world, title=title) if runs else ""
    return world


def make_draft(world: World, title: str = "A second line", formula: str = "y ~ x") -> str:
    """A draft of the analyst's, through the form; its identifier."""
    path = f"/partnerships/{world.key}/ask/linear"
    cookies = f"__Host-summand={world.session('analyst.north')}"
    (page,) = ask(world, ("GET", path), cookies=cookies)
    form = {
        "csrf": token_in(page), "title": title, "setting.formula": formula, "setting.site": "pooled", "purpose": "0",
        "setting.errors": "model", "release_level": "total", "requester": ANALYST,
        "datasets": [dataset.id for dataset in world.partnership.agreement.datasets],
    }  # fmt: skip
    (made,) = ask(world, ("POST", path, form), cookies=cookies)
    return made.headers["Location"].removeprefix("/portal/drafts/")


def open_motion(world: World, title: str) -> str:
    """A motion of the steward's on its way; its identifier."""
    closes = datetime.now(UTC) + timedelta(days=30)
    bodies = world.partnership.agreement.governance.bodies
    act = {
        "act": "motion.opened", "id": "m-first", "body": bodies[0].id, "topic": "amendment", "title": title,
        "subject": "other", "closes_at": closes.isoformat(timespec="seconds"), "text": "Shall we go on? (sample)",
    }  # fmt: skip
    made = world.partnership
    stated = Statement.sign("governance.act", made.agreement.hash, STEWARD, act, made.steward_key, inside=True)
    world.convener.put_statement(stated.envelope.to_dict())
    return "m-first"


def pages_of(world: World) -> list[tuple[str | None, str, str]]:
    """Every page with something on it: whose session, what to call it, its address below the portal."""
    home = f"/partnerships/{world.key}"
    return [
        (None, "sign-in", "/sign-in"),
        (None, "welcome", f"/welcome/{world.portal.accounts.invite('finance.elsewhere')}"),
        ("analyst.north", "today", "/"),
        ("analyst.north", "partnerships", "/partnerships"),
        ("governance-lead.south", "partnership", home),
        ("analyst.north", "agreement", f"{home}/agreement"),
        ("analyst.north", "studies", f"{home}/studies"),
        ("analyst.north", "ask", f"{home}/ask"),
        ("analyst.north", "ask-cox", f"{home}/ask/cox"),
        ("analyst.north", "ask-table-one", f"{home}/ask/table_one"),
        ("analyst.north", "draft", f"/drafts/{world.draft}"),
        ("data-steward.north", "desk", "/desk"),
        ("analyst.north", "outcomes", f"{home}/outcomes"),
        ("finance.north", "money", f"{home}/money"),
        ("analyst.north", "map", "/map"),
        ("analyst.north", "directory", "/directory"),
        ("analyst.north", "organisation", "/directory/seeker"),
        (None, "public", f"/public/{world.key}"),
        ("analyst.north", "decisions", f"{home}/decisions"),
        ("analyst.north", "motion", f"{home}/decisions/{world.motion}"),
        ("analyst.north", "study-released", f"/studies/{world.released}"),
        ("analyst.north", "study-refused", f"/studies/{world.refused}"),
        ("finance.south", "study-without-figures", f"/studies/{world.released}"),
        ("analyst.north", "study-verify", f"/studies/{world.released}/verify"),
        ("analyst.north", "ledger", "/ledger"),
        ("analyst.north", "leaf", "/ledger/4"),
        ("auditor.north", "access-log", "/access-log"),
        ("admin.north", "people", "/people"),
        ("analyst.north", "account", "/account"),
        ("analyst.elsewhere", "nothing", "/"),
        ("analyst.north", "not-here", "/nowhere"),
    ]


@dataclass(frozen=True)
class Answer:
    """What a request gave."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(world: World, *requests: tuple[Any, ...], login: str | None = None, cookies: str = "") -> list[Answer]:
    """Answers to requests ``(method, path, form)`` of one person; in their order."""
    from aiohttp.test_utils import TestClient, TestServer

    async def go() -> list[Answer]:
        app = web.Application()
        Portal.add_to(world.portal, app)
        app.on_cleanup.clear()  # the store outlives this server
        found: list[Answer] = []
        headers = {"Cookie": cookies}
        if login is not None:
            headers = {"Cookie": f"__Host-summand={world.session(login)}"}
        async with TestClient(TestServer(app)) as client:
            for method, path, *form in requests:
                data = _encoded(form[0]) if form else None
                async with client.request(
                    method, f"/portal{path}", data=data, headers=headers, allow_redirects=False
                ) as answer:
                    found.append(Answer(answer.status, dict(answer.headers), await answer.read()))
        return found

    return asyncio.run(go())


def _encoded(form: Any) -> Any:
    """A form's fields, several values of one name each on their own; with a file among them, as parts."""
    if not isinstance(form, dict):
        return form
    data = FormData()
    for name, value in form.items():
        for item in value if isinstance(value, list) else [value]:
            more = {"filename": "file.json"} if isinstance(item, bytes) else {}
            data.add_field(name, item, **more)
    return data


def text_of(answer: Answer) -> str:
    """A page's text."""
    return answer.body.decode()


def token_in(answer: Answer) -> str:
    """The token that a page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', text_of(answer))
    assert found is not None
    return found.group(1)


@contextmanager
def served(world: World) -> Iterator[str]:
    """The portal on a port of its own, in a thread; its address."""
    loop, ready, url = asyncio.new_event_loop(), threading.Event(), []
    stop = asyncio.Event()

    async def run() -> None:
        app = web.Application()
        world.portal.add_to(app)
        app.on_cleanup.clear()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "localhost", 0).start()
        url.append(f"http://localhost:{runner.addresses[0][1]}")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield url[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
