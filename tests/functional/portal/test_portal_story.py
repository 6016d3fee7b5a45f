"""The story in a real browser: two people of two organisations, a regulator and an auditor, each with their own key."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from shared_files import lacking
from summand.federation._evidence import verify_study
from summand.testing.portals import PASSWORD, make_world, served

pytestmark = pytest.mark.slow


def sign_in(browser: Any, url: str, login: str) -> Any:
    """A window of one person, signed in through the form."""
    page = browser.new_context().new_page()
    page.goto(f"{url}/portal/")
    page.get_by_label("Sign-in name").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1).wait_for()
    return page


def test_two_organisations_ask_decide_release_vote_and_are_audited(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Invite a regulator, ask by form, sign in the browser, see the result, vote, verify, and find it all in the log."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        lacking("chromium", "no Chromium to tell the story in")
    from playwright.sync_api import sync_playwright

    world = make_world()
    analyst_key, south_key = tmp_path / "analyst.pem", tmp_path / "south.pem"
    world.partnership.analyst_key.save(analyst_key)
    world.partnership.party_keys["south"].save(south_key)
    with served(world) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])

        # South's governance lead invites a regulator that is no party.
        lead = sign_in(browser, url, "governance-lead.south")
        lead.get_by_role("link", name="Partnerships", exact=True).click()
        lead.get_by_role("link", name="Sample agreement").click()
        lead.get_by_label("Short name of the organisation").fill("elsewhere")
        lead.get_by_role("button", name="Invite").click()
        lead.get_by_text("invited by Governance lead south").wait_for()

        # North's analyst asks: first a column that is not there, then rightly; signs in the browser.
        analyst = sign_in(browser, url, "analyst.north")
        analyst.goto(f"{url}/portal/partnerships/{world.key}/ask/linear")
        analyst.get_by_label("Title").fill("Told in the story")
        analyst.get_by_label("Formula").fill("y ~ weight")
        analyst.get_by_role("button", name="See what the sites would say").click()
        assert "no column 'weight'" in analyst.locator("[id='setting.formula-wrong']").inner_text()
        analyst.get_by_label("Formula").fill("y ~ x")
        analyst.get_by_role("button", name="See what the sites would say").click()
        assert analyst.get_by_text("Would permit").count() == 3
        analyst.get_by_label("Or sign in this browser").set_input_files(analyst_key)
        analyst.wait_for_url("**/studies/*")
        study = analyst.url.rsplit("/", 1)[1]
        assert analyst.get_by_text("● Now").count() == 1
        analyst.goto(f"{url}/portal/partnerships")  # the study's page follows the hub, which this test drives now
        world.deliver()
        analyst.goto(f"{url}/portal/studies/{study}")
        assert analyst.get_by_text("✓ Done").count() == 5
        assert analyst.get_by_role("rowheader", name="Intercept").count() == 1
        drawn = "document.querySelector('picture img').naturalWidth"
        analyst.wait_for_function(f"{drawn} > 0")

        # South's lead votes with South's own key; the key stays in the browser.
        sent: list[bytes] = []
        lead.on("request", lambda request: sent.append(request.post_data_buffer or b""))
        lead.goto(f"{url}/portal/partnerships/{world.key}/decisions/{world.motion}")
        lead.get_by_label("Yes").check()
        lead.get_by_label("Reason, or what you write").fill("It held up.")
        lead.get_by_label("Who signs").select_option("south")
        lead.get_by_role("button", name="Make it ready to sign").click()
        lead.get_by_label("Or sign in this browser").set_input_files(south_key)
        lead.wait_for_url("**/decisions")
        lead.goto(f"{url}/portal/partnerships/{world.key}/decisions/{world.motion}")
        assert lead.get_by_role("cell", name="It held up.").count() == 1
        secret = south_key.read_text().splitlines()[1].encode()
        assert sent and not any(secret in data for data in sent)

        # The regulator reads and verifies; North's auditor finds it in the log.
        regulator = sign_in(browser, url, "regulator.elsewhere")
        regulator.goto(f"{url}/portal/studies/{study}")
        regulator.get_by_role("link", name="Verify", exact=True).click()
        regulator.get_by_text("Proved.").wait_for()
        auditor = sign_in(browser, url, "auditor.north")
        auditor.get_by_role("link", name="Access log").click()
        assert auditor.get_by_role("cell", name="Regulator's reader elsewhere").count() >= 1
        auditor.get_by_role("button", name="Check the record").click()
        auditor.get_by_text("The record is whole.").wait_for()
        browser.close()

    # Without the portal: the ledger alone proves the same.
    entries = world.convener.log.entries()
    evidence = verify_study(study, entries, world.partnership.signed, world.convener.origin)
    assert evidence.outcome == "released"
