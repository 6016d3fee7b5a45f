"""The hub's pages, asked in this process: who may read, what they show, what they never load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from summand.errors import Refusal
from summand.portal import Pages, pages_token
from summand.testing.federations import Partnership

TOKEN = "a-token-for-this-test"


@pytest.fixture(scope="module")
def convener() -> Iterator[object]:
    """A hub after one released and one refused study."""
    rng = np.random.default_rng(3)
    tables = {name: {"y": rng.uniform(0, 1, 20), "x": rng.uniform(0, 1, 20)} for name in ("north", "south", "west")}
    with Partnership.of(tables, {"y": (0, 1), "x": (0, 1)}).federation() as federation:
        federation.run({"name": "linear", "formula": "y ~ x"}, title="Line of <y> on x")
        with pytest.raises(Refusal):
            purpose = {"system": "EHDS53", "code": "54(b)", "text": "insurance"}
            federation.run({"name": "linear", "formula": "y ~ x"}, purpose=purpose, title="Premiums")
        yield federation.network.convener


def ask(convener: object, *paths: str, token: str | None = TOKEN) -> list[tuple[int, str, dict[str, str]]]:
    """Status, text and headers of some pages, after bringing the token."""

    async def go() -> list[tuple[int, str, dict[str, str]]]:
        app = web.Application()
        Pages(convener, TOKEN).add_to(app)  # type: ignore[arg-type]
        found = []
        async with TestClient(TestServer(app)) as client:
            for path in paths:
                headers = {} if token is None else {"Cookie": f"summand_pages={token}"}
                async with client.get(path, headers=headers, allow_redirects=False) as answer:
                    found.append((answer.status, await answer.text(), dict(answer.headers)))
        return found

    return asyncio.run(go())


def test_the_first_page_names_agreement_studies_and_ledger(convener: object) -> None:
    """Titles, states and the root are there, and text from people is escaped."""
    ((status, text, _),) = ask(convener, "/pages/")

    assert status == 200
    assert "Line of &lt;y&gt; on x" in text and "<y>" not in text
    assert "released" in text and "refused" in text and convener.log.root().hex()[:16] in text  # type: ignore[attr-defined]


def test_a_study_shows_result_decisions_and_refusal(convener: object) -> None:
    """The released table, the refusing clause, and each site's decision."""
    released, refused = (study["study"] for study in convener.list_studies())  # type: ignore[attr-defined]
    (_, first, _), (_, second, _) = ask(convener, f"/pages/studies/{released}", f"/pages/studies/{refused}")

    assert "Intercept" in first and "study.released" in first and first.count("study.decision") == 3
    assert "C.prohibited_purposes" in second and "State another purpose" in second


def test_an_agreement_stands_in_plain_words(convener: object) -> None:
    """Headings and the number of verified signatures."""
    (digest,) = convener.agreements()  # type: ignore[attr-defined]
    ((status, text, _),) = ask(convener, f"/pages/agreements/{digest}")

    assert status == 200 and "3 of 3 signatures verified" in text


def test_strangers_see_nothing(convener: object) -> None:
    """Without the token, or with another, no page answers."""
    from summand.errors import StrangerRefused

    for token in (None, "another", ""):
        app_answer = ask_refused(convener, token)
        assert isinstance(app_answer, StrangerRefused)


def ask_refused(convener: object, token: str | None) -> Exception | None:
    """What the guarded handler raises; the hub's own middleware turns it into JSON."""

    async def go() -> Exception | None:
        caught: list[Exception] = []

        @web.middleware
        async def note(request: web.Request, handler: object) -> web.StreamResponse:
            try:
                return await handler(request)  # type: ignore[operator]
            except web.HTTPException:
                raise
            except Exception as error:
                caught.append(error)
                return web.Response(status=403)

        app = web.Application(middlewares=[note])
        Pages(convener, TOKEN).add_to(app)  # type: ignore[arg-type]
        async with TestClient(TestServer(app)) as client:
            headers = {} if token is None else {"Cookie": f"summand_pages={token}"}
            async with client.get("/pages/", headers=headers) as answer:
                assert answer.status == 403
        return caught[0] if caught else None

    return asyncio.run(go())


def test_the_token_leaves_the_address_and_becomes_a_strict_cookie(convener: object) -> None:
    """The first visit redirects to the same page without the token."""
    ((status, _, headers),) = ask(convener, f"/pages/?token={TOKEN}", token=None)

    assert status == 303 and headers["Location"] == "/pages/"
    assert all(word in headers["Set-Cookie"] for word in ("HttpOnly", "Secure", "SameSite=Strict"))


def test_pages_load_nothing_and_run_nothing(convener: object) -> None:
    """No script, no address of anybody else, and a policy that would forbid both."""
    pages = ask(convener, "/pages/", "/pages/ledger", "/pages/studies/" + "0" * 32)

    for _, text, headers in pages:
        assert "<script" not in text and "http://" not in text and "https://" not in text
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert [status for status, _, _ in pages] == [200, 200, 404]


def test_the_token_is_made_once_for_its_owner_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The file keeps it, readable by nobody else."""
    first = pages_token(tmp_path)

    assert first == pages_token(tmp_path) and len(first) >= 32
    assert (tmp_path / "pages.token").stat().st_mode & 0o077 == 0
