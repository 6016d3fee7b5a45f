"""The pages in a real browser: accessible in both colour schemes, whole on a phone, and silent to everybody else."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared_files import lacking
from summand.testing.portals import PASSWORD, World, make_world, pages_of, served

AXE = Path(__file__).resolve().parents[2] / "vendor" / "axe-core" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
WIDTHS = {"phone": 360, "desktop": 1280}


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[World, str, Any]]:
    """A served portal and a browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        lacking("chromium", "no Chromium to look at the portal with")
    from playwright.sync_api import sync_playwright

    world = make_world()
    with served(world) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield world, url, browser
        browser.close()


def context_for(site: tuple[World, str, Any], login: str | None, **options: Any) -> Any:
    """A browser window of one person."""
    world, url, browser = site
    context = browser.new_context(**options)
    if login is not None:
        cookie = {"name": "__Host-summand", "value": world.session(login), "url": url.replace("http:", "https:")}
        context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Strict"}])
    return context


def test_axe_is_the_one_that_was_vendored() -> None:
    """The checker itself is what its README says."""
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_leaves(site: tuple[World, str, Any], scheme: str) -> None:
    """WCAG 2.2 A and AA on every page; no console message, no request elsewhere, no page wider than a phone."""
    world, url, _ = site
    wrong: list[Any] = []
    for login, name, path in pages_of(world):
        for device, width in WIDTHS.items():
            context = context_for(
                site, login, color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
            )
            page = context.new_page()
            requests: list[str] = []
            messages: list[str] = []
            page.on("request", lambda request, found=requests: found.append(request.url))
            page.on("console", lambda message, found=messages: found.append(message.text))
            page.goto(f"{url}/portal{path}", wait_until="load")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            page.add_script_tag(path=str(AXE))
            found = page.evaluate(
                "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
            )
            told = [
                (item["id"], item["impact"], [node["html"][:120] for node in item["nodes"]][:3])
                for item in found["violations"]
            ]
            context.close()
            elsewhere = [address for address in requests if not address.startswith((url, "data:"))]
            said = [text for text in messages if "404" not in text]
            if told or wide > 0 or elsewhere or said:
                wrong.append((name, device, told, wide, elsewhere, said))
    assert wrong == []


def test_signing_in_by_keyboard_alone_without_javascript(site: tuple[World, str, Any]) -> None:
    """Every step with Tab and Enter, scripts off: sign in, find the study, read its result, sign out."""
    world, url, _ = site
    context = context_for(site, None, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/portal/studies/{world.released}")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.get_by_label("Sign-in name").focus()
    page.keyboard.type("analyst.north")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/**")
    assert page.get_by_role("heading", level=1).inner_text() == "Line of y on x"
    assert page.get_by_role("cell", name="0.1137").count() == 1 or page.get_by_role("cell").count() > 4
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/sign-in")
    context.close()


def test_the_policy_stops_what_a_page_might_be_made_to_run(site: tuple[World, str, Any]) -> None:
    """A script that somebody got into the page does not run, and no request to another host is made."""
    _, url, _ = site
    context = context_for(site, "analyst.north")
    page = context.new_page()
    page.goto(f"{url}/portal/")
    page.evaluate(
        """() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';
        document.body.append(one); const two = document.createElement('img'); two.src = 'https://evil.example/x.png';
        document.body.append(two); }"""
    )
    assert page.evaluate("window.ran") is None
    assert (
        page.evaluate("fetch('https://evil.example/').then(() => 'sent', () => 'fetch was refused')")
        == "fetch was refused"
    )
    context.close()
