"""Screenshots of every page of the portal, phone and desktop, light and dark: python -m docs.screenshots FOLDER

Needs Chromium (Debian: apt-get install chromium) and the development requirements.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from summand.testing.portals import World, make_world, pages_of, served

CHROMIUM = "/usr/bin/chromium"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def main(out: Path, only: str = "") -> None:
    """Write one PNG a page, width and colour scheme."""
    out.mkdir(parents=True, exist_ok=True)
    world = make_world()
    with served(world) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM)
        for login, name, path in pages_of(world):
            if only in name:
                for device, (width, height) in SIZES.items():
                    for scheme in ("light", "dark"):
                        context = browser.new_context(
                            viewport={"width": width, "height": height},
                            color_scheme=scheme,
                        )
                        sign_in(context, world, login, url)
                        page = context.new_page()
                        page.goto(f"{url}/portal{path}")
                        page.screenshot(path=out / f"{name}.{device}.{scheme}.png", full_page=True)
                        context.close()
        browser.close()


def sign_in(context: object, world: World, login: str | None, url: str) -> None:
    """Give a browser a person's session."""
    if login is not None:
        cookie = {"name": "__Host-summand", "value": world.session(login), "url": url.replace("http:", "https:")}
        context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Strict"}])  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/screenshots"), sys.argv[2] if len(sys.argv) > 2 else "")
