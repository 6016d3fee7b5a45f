"""Outcomes, money, map and public page: what they show is what the ledger's acts give, and who may see it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from summand.agreement import SignedAgreement, amend, compare, sign
from summand.directory import Entry, Organisation, Query, match
from summand.encoding import sha256_hex
from summand.outcomes import goal_series, process_chart
from summand.portal._map_drawing import Place, map_svg
from summand.portal._process_drawing import process_svg
from summand.sharing.contributions import contribution_register
from summand.sharing.reports import contributions_document
from summand.study import Statement, whole_entries
from summand.testing.portals import HOSTILE, World, ask, make_world, text_of, token_in

SERIES = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
"""The check series of NHS England's "Making Data Count" rules: one point outside its limits."""


@pytest.fixture(scope="module")
def world() -> World:
    """A hub whose goal has a series with one point outside its limits."""
    world = make_world()
    goal = world.partnership.agreement.purpose.goals[0]
    key = world.partnership.party_keys[goal.owner]
    for place, value in enumerate(SERIES):
        document = {
            "goal": goal.id, "period": f"{2025 + place // 12}-{place % 12 + 1:02d}", "value": float(value),
            "conf_low": None, "conf_high": None, "interval_method": "", "reason": "counted in full", "unit": goal.unit,
            "source": {"kind": "evidence", "sha256": sha256_hex(b"sample"), "title": f"Sample count {place}"},
        }  # fmt: skip
        stated = Statement.sign(
            "goal.measured", world.partnership.agreement.hash, goal.owner, document, key, inside=True
        )
        world.convener.put_statement(stated.envelope.to_dict())
    return world


def test_a_goal_shows_its_points_limits_and_signal(world: World) -> None:
    """Every point that counts, with its leaf; the one outside the limits as a special cause."""
    (answer,) = ask(world, ("GET", f"/partnerships/{world.key}/outcomes"), login="analyst.north")
    page = text_of(answer)
    series, ignored = goal_series([world.partnership.agreement], list(whole_entries(world.convener.log.entries())))
    points = series[world.partnership.agreement.purpose.goals[0].id].points
    assert (len(points), ignored) == (len(SERIES), [])
    assert all(f'href="/portal/ledger/{point.leaf}"' in page for point in points)
    assert page.count('class="spc course"') == 1 and page.count('class="spc mark concern"') == 0
    assert page.count('class="spc mark') == len(SERIES)
    assert "Is this partnership worth continuing?" in page
    looks = [view.what for view in world.portal.views.under([world.partnership.agreement.id])]
    assert "Outcomes" in looks


def test_a_chart_marks_signals_by_shape_and_escapes_its_words() -> None:
    """As many marks as points; the outlier's is no dot; hostile periods and units stay words."""
    from summand.outcomes import Observation

    found = process_chart([Observation(f"{HOSTILE}{n}", float(v)) for n, v in enumerate(SERIES)], "decrease", target=3)
    svg = process_svg(found, HOSTILE)
    special = [point for point in found.points if point.meaning != "common_cause"]
    assert svg.count("<circle") == len(SERIES) - len(special) and len(special) == 1
    assert "<script" not in svg and "<img" not in svg and "spc target" in svg


def test_money_is_the_registers_document_and_for_roles_with_money(world: World) -> None:
    """Each row of the register stands on the page and in the CSV; an analyst has no such page."""
    base = f"/partnerships/{world.key}/money"
    page, file, pdf = ask(
        world, ("GET", base), ("GET", f"{base}/contributions.csv"), ("GET", f"{base}/contributions.pdf"),
        login="finance.south",
    )  # fmt: skip
    agreement = world.partnership.agreement
    wanted = contributions_document(contribution_register(agreement, []), agreement_hash=agreement.hash)
    cells = [cell for sheet in wanted.sheets for row in sheet.rows for cell in row if cell]
    assert cells and all(cell in text_of(page).replace("&#39;", "'").replace("&amp;", "&") for cell in cells)
    assert text_of(file).startswith("section,") and pdf.body.startswith(b"%PDF-")
    (refused,) = ask(world, ("GET", base), login="analyst.north")
    assert refused.status == 403


def test_the_map_joins_partners_and_gathers_near_ones() -> None:
    """Two places near each other share a mark that counts them; a line goes to the third; names stay words."""
    places = [
        Place("a", "Amsterdam", 52.4, 4.9), Place("b", "Utrecht", 52.1, 5.1), Place("c", HOSTILE, -33.9, 18.4),
    ]  # fmt: skip
    svg = map_svg(places, [("a", "b"), ("a", "c")])
    assert svg.count("<circle") == 2 and svg.count('class="tie"') == 1 and ">2</text>" in svg
    assert "Amsterdam; Utrecht" in svg and "<script" not in svg and "<img" not in svg
    x, y = (4.9 + 180) * 3, (84 - 52.4) * 3
    assert f'cx="{x:.1f}" cy="{y:.1f}"' in svg


def test_the_public_page_is_there_once_published_and_tells_no_figure() -> None:
    """Nobody signs in for it; it has titles, limits and whom to ask, and no result; taken back, it is gone."""
    world = make_world(title="What the line says")
    path, home = f"/public/{world.key}", f"/partnerships/{world.key}"
    (page,) = ask(world, ("GET", path))
    text = text_of(page)
    assert page.status == 200 and "What the line says" in text and "If you do not want to take part" in text
    result = world.federation.result(world.released)
    assert not any(cell in text for row in result.table().compact().shown() for cell in row[1:])
    assert "/portal/studies/" not in text and world.released not in text
    cookies = f"__Host-summand={world.session('governance-lead.north')}"
    (form,) = ask(world, ("GET", home), cookies=cookies)
    fields = {"csrf": token_in(form), "act": "take back"}
    (done,) = ask(world, ("POST", f"{home}/public", fields), cookies=cookies)
    (gone,) = ask(world, ("GET", path))
    assert (done.status, gone.status) == (303, 404)


def test_a_new_version_shows_what_changed_in_meaning() -> None:
    """The redline's sentences stand above the new version, and the old one stays readable."""
    world = make_world()
    made = world.partnership
    newer = amend(made.agreement, {"data": {"min_sites": made.agreement.data.min_sites + 1}})
    envelope = None
    for party, key in made.party_keys.items():
        envelope = sign(newer, party, key, envelope)
    world.convener.put_agreement(SignedAgreement(newer, envelope).envelope.to_dict())
    base = f"/partnerships/{world.key}/agreement"
    page, old = ask(world, ("GET", base), ("GET", f"{base}?version={made.agreement.hash}"), login="analyst.south")
    changes = compare(made.agreement, newer).changes
    assert changes and all(
        change.meaning.split(" (")[0][:40] in text_of(page).replace("&#39;", "'") for change in changes
    )
    assert old.status == 200 and "What changed in meaning" not in text_of(old)
    (study,) = ask(world, ("GET", f"/studies/{world.released}"), login="analyst.south")
    assert study.status == 200 and datetime.now(UTC).year >= 2026


def test_the_directory_narrows_by_facets_and_gives_each_match_its_reason(world: World) -> None:
    """A facet's link gives as many as it says; the match is the room's own, word for word; hostile words stay words."""
    all_, universities, words, none = ask(
        world, ("GET", "/directory"), ("GET", "/directory?kind=university"), ("GET", "/directory?q=seeker"),
        ("GET", "/directory?q=nobody"), login="analyst.north",
    )  # fmt: skip
    assert "2 found" in text_of(all_) and "Narrowed by" not in text_of(all_)
    assert "1 found" in text_of(universities) and "Seeker hospital" not in text_of(universities)
    assert "1 found" in text_of(words) and "0 found" in text_of(none)
    one, gone = ask(world, ("GET", "/directory/seeker"), ("GET", "/directory/nobody"), login="analyst.north")
    assert gone.status == 404
    held = world.portal.directory
    seeker = held.get("seeker").organisation
    found = match(seeker, held.candidates(seeker.needs, Query(limit=0)), datetime.now(UTC).date())
    reasons = [reason for partner in found.partners for item in partner.covers for reason in item.reasons]
    assert reasons and all(reason in text_of(one) for reason in reasons)
    held.put(
        Entry(
            Organisation.from_dict({"id": "bad", "name": HOSTILE, "kinds": ["startup"], "places": [{"country": "US"}]}),
            "declared",
        )
    )
    for answer in ask(
        world,
        ("GET", "/directory"),
        ("GET", "/directory/bad"),
        ("GET", f"/directory?q={HOSTILE}"),
        login="analyst.north",
    ):
        assert "<script>alert" not in text_of(answer) and answer.status == 200


def test_a_hub_without_a_directory_says_how_to_bring_one_in() -> None:
    """The page is there, and what it needs."""
    world = make_world(runs=False)
    world.portal.directory = None
    page, gone = ask(world, ("GET", "/directory"), ("GET", "/directory/seeker"), login="analyst.north")
    assert "summand directory import" in text_of(page) and gone.status == 404
