"""What the pages say, what they never say, and what they never load."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

from summand.errors import UsageError
from summand.testing.federations import Partnership
from summand.testing.portals import HOSTILE, SITES, World, ask, make_world, pages_of, text_of


@pytest.fixture(scope="module")
def world() -> World:
    """A hub after one released and one refused study."""
    return make_world()


def test_a_study_shows_result_decisions_steps_and_refusal(world: World) -> None:
    """The released table, the refusing clause, each site's decision, and the leaves in words."""
    first, second = map(
        text_of, ask(world, *(("GET", f"/studies/{s}") for s in (world.released, world.refused)), login="analyst.north")
    )
    result = world.federation.result(world.released)
    for row in result.table().compact().shown():
        assert all(cell in first for cell in row)
    assert first.count("Permitted") == 3 and "The result" in first and "was released." in first
    assert "C.prohibited_purposes" in second and "State another purpose" in second and second.count("Stopped here") == 1


def test_roles_without_figures_see_none(world: World) -> None:
    """A finance officer learns that there is a result, not the result."""
    (answer,) = ask(world, ("GET", f"/studies/{world.released}"), login="finance.south")
    assert "do not include figures" in text_of(answer) and "Intercept" not in text_of(answer)


def test_files_hold_the_released_values(world: World) -> None:
    """JSON is what the ledger's hash is of; CSV has the table's rows, and no cell that a spreadsheet would run."""
    base = f"/studies/{world.released}"
    as_json, as_csv = ask(world, ("GET", f"{base}/result.json"), ("GET", f"{base}/result.csv"), login="analyst.north")
    assert json.loads(as_json.body)["result_sha256"] == world.federation.result(world.released).result_hash
    assert "Intercept" in text_of(as_csv) and as_csv.headers["Content-Disposition"].startswith("attachment")


def test_the_drawing_is_an_image_that_can_do_nothing(world: World) -> None:
    """SVG under a policy that forbids everything but its own styles, in both themes."""
    light, dark = ask(
        world, *(("GET", f"/studies/{world.released}/plot.svg{query}") for query in ("", "?theme=dark")),
        login="analyst.north",
    )  # fmt: skip
    assert light.headers["Content-Type"].startswith("image/svg+xml") and light.body != dark.body
    assert light.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert b"<script" not in light.body


def test_an_agreement_stands_in_plain_words_with_its_signatures(world: World) -> None:
    """Headings, every party's verified signature, and the very file that all signed."""
    base = f"/partnerships/{world.key}/agreement"
    digest = world.partnership.agreement.hash
    page, file, none = ask(
        world, ("GET", base), ("GET", f"{base}/{digest}.signed.json"), ("GET", f"{base}?version={'0' * 64}"),
        login="analyst.north",
    )  # fmt: skip
    assert text_of(page).count("Verified") == 3 and "How patients are protected" in text_of(page)
    assert file.body == world.partnership.signed.to_bytes() and none.status == 404


def test_a_study_is_proved_and_a_broken_one_is_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what was proved; with a decision that nobody signed, it says that nothing is."""
    path = f"/studies/{world.released}/verify"
    (good,) = ask(world, ("GET", path), login="analyst.north")
    assert "Proved." in text_of(good) and "recomputed the result" in text_of(good)
    partnerships = world.portal.partnerships
    original = partnerships.entry

    def without_signature(leaf: int):  # type: ignore[no-untyped-def]
        entry = original(leaf)
        if entry is not None and entry["type"] == "study.decision":
            entry["envelope"]["signatures"][0]["sig"] = "A" * 86 + "=="
        return entry

    monkeypatch.setattr(partnerships, "entry", without_signature)
    (bad,) = ask(world, ("GET", path), login="analyst.north")
    assert "Proved." not in text_of(bad) and "Do not rely on this study" in text_of(bad)


def test_a_leaf_is_proved_and_its_receipt_holds(world: World) -> None:
    """What the page shows as verified, the file proves to anybody who has the entry and the log's key."""
    from summand.ledger import Receipt

    page, file, beyond = ask(
        world, ("GET", "/ledger/4"), ("GET", "/ledger/4/receipt"), ("GET", "/ledger/99999"), login="analyst.north"
    )
    log = world.convener.log
    assert "Verified just now" in text_of(page) and beyond.status == 404
    assert Receipt.from_text(text_of(file)).verify(log.entry(4), [log.verifier_key]).size == log.size


def test_others_leaves_are_listed_without_their_content(world: World) -> None:
    """Somebody of no party learns type and time of a study's leaf, and that it is proved; not what it says."""
    listed, leaf = ask(world, ("GET", "/ledger"), ("GET", "/ledger/4"), login="analyst.elsewhere")
    for answer in (listed, leaf):
        assert "Line of y on x" not in text_of(answer) and world.released not in text_of(answer)
    assert "Verified just now" in text_of(leaf)


def test_every_page_names_its_language_title_and_main_part_and_loads_nothing(world: World) -> None:
    """No inline script or style, no address of anybody else, and a policy that would forbid all of them."""
    for login, name, path in pages_of(world):
        (answer,) = ask(world, ("GET", path), login=login)
        page, headers = text_of(answer), answer.headers
        assert '<html lang="en">' in page and page.count("<h1>") == 1 and '<main id="main"' in page, name
        assert "style=" not in page and " on" + "click" not in page and "<style" not in page, name
        assert re.findall(r"<script(?![^>]* src=\"/portal/)", page) == [], name
        links = re.findall(r'(?:href|src|action|srcset)="([^"]*)"', page)
        assert all(link.startswith(("/portal/", "#", "?")) for link in links), (name, links)
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff" and "max-age" in headers["Strict-Transport-Security"]


def test_hostile_words_are_shown_as_words() -> None:
    """Markup and template code in an agreement's texts, a study's title and people's names stay text everywhere."""
    rng = np.random.default_rng(5)
    tables = {name: {"y": rng.uniform(0, 1, 12), "x": rng.uniform(0, 1, 12)} for name in SITES}
    made = Partnership.of(
        tables, {"y": (0, 1), "x": (0, 1)}, identity={"title": HOSTILE}, purposes=[
            {"system": "EHDS53", "code": "53(1)(e)", "text": HOSTILE}
        ],
    )  # fmt: skip
    world = make_world(title=HOSTILE, partnership=made)
    world.portal.accounts.add("hostile", HOSTILE, "north", ["analyst", "auditor", "governance_lead", "admin"])
    paths = [path for login, _, path in pages_of(world) if login is not None]
    paths += [f"/partnerships?q={HOSTILE}", f"/sign-in?next={HOSTILE}", f"/{HOSTILE}", f"/ledger?type={HOSTILE}"]
    for answer in ask(world, *(("GET", path) for path in paths), login="hostile"):
        assert "<script>alert" not in text_of(answer) and "<img src=x" not in text_of(answer)
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(.{0,9})", text_of(answer))
    (page,) = ask(world, ("GET", f"/studies/{world.released}"), login="hostile")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text_of(page)


def test_a_defect_is_told_without_its_text(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that is none of ours becomes a page that says which kind, not what it said."""

    def broken(*_: object) -> None:
        raise UnicodeError("a patient's value")

    monkeypatch.setattr(world.portal.partnerships, "of", broken)
    (answer,) = ask(world, ("GET", "/partnerships"), login="analyst.north")
    assert answer.status == 500 and "UnicodeError" in text_of(answer) and "patient's value" not in text_of(answer)


def test_events_tell_where_a_study_stands(world: World) -> None:
    """Server-sent events: one message for a study that is over, then the end."""
    (answer,) = ask(world, ("GET", f"/studies/{world.released}/events"), login="analyst.north")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert json.loads(text_of(answer).removeprefix("data: "))["status"] == "released"


def test_large_and_malformed_forms_are_refused(world: World) -> None:
    """Over the limit, or no form at all: an answer of ours, and nothing is taken in."""
    form = io.BytesIO(b"login=" + b"x" * (3 << 20))
    large, strange = ask(world, ("POST", "/sign-in", form), ("POST", "/sign-in", b"\xff\xfe"))
    assert large.status == 413 and strange.status == 422


def test_there_is_no_drawing_where_there_is_no_result(world: World) -> None:
    """A refused study has nothing to draw."""
    (answer,) = ask(world, ("GET", f"/studies/{world.refused}/plot.svg"), login="analyst.north")
    assert answer.status == 404
    with pytest.raises(UsageError):
        world.convener.show("0" * 32)
