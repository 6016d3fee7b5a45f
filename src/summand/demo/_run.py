"""``summand demo``: set up, run, show, write, and leave nothing running."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from summand.agreement import SignedAgreement, sign
from summand.demo import DEMOS
from summand.demo._case import Case, Keys
from summand.demo._conduct import Conduct
from summand.demo._console import ConsoleAudience
from summand.demo._download import download_heart
from summand.demo._heart import HOSPITALS, heart_case
from summand.demo._lung import lung_case
from summand.demo._people import portal_people
from summand.demo._reference import Reference
from summand.demo._report import render_report
from summand.demo._served import ServedNetwork
from summand.errors import UsageError

RESULT_FILE, REPORT_FILE = "result.json", "report.html"


def run(name: str, *, out: Path, data: Path | None, serve: bool, console: Console | None) -> dict[str, Any]:
    """As `summand.demo.run_demo` says."""
    begun = time.monotonic()
    with _terminated_as_interrupt(), ConsoleAudience(console or Console()) as audience, contextlib.ExitStack() as stack:
        audience.step("Reading the data")
        keys, case = open_case(name, data)
        reference = stack.enter_context(Reference(case))
        audience.step(f"Signing the agreement with the keys of {len(case.sites)} parties")
        signed = sign_by_all(case, keys)
        audience.step(f"Starting one hub and {len(case.sites)} sites, each a process of its own")
        folder = out / f"federation-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        network = ServedNetwork(case, keys, signed, folder)
        stack.callback(network.close)
        document = Conduct(case, signed, network, reference, audience).run()
        document["elapsed_seconds"] = round(time.monotonic() - begun, 3)
        audience.step("Drawing the report")
        with ThreadPoolExecutor(max_workers=1) as pool:
            ending = None if serve else pool.submit(network.close)  # the hub takes its time to let go of the sites
            write(document, out)
            if ending is not None:
                ending.result()
        elapsed = time.monotonic() - begun
        audience.say(f"\n[bold]{elapsed:.1f} s in all.[/] Written: {out / RESULT_FILE}, {out / REPORT_FILE}")
        if serve:
            _stay(audience, network, folder, case)
    return document


def open_case(name: str, data: Path | None) -> tuple[Keys, Case]:
    """The demonstration's data and agreement, with fresh keys.

    Raises:
        UsageError: if there is no demonstration of that name.
        SiteUnreachable, SourceUnreadable: if the data cannot be had.
    """
    if name == "lung":
        if data is not None:
            raise UsageError("The lung data ship with lifelines; --data is for 'heart'.", remedy="Leave --data out.")
        keys = Keys.generate(tuple(site.party for site in lung_case().sites))
        return keys, lung_case(keys)
    if name == "heart":
        keys = Keys.generate(tuple(HOSPITALS))
        return keys, heart_case(download_heart() if data is None else data, keys)
    raise UsageError(f"There is no demonstration '{name[:40]}'.", remedy=f"The demonstrations are: {', '.join(DEMOS)}.")


def sign_by_all(case: Case, keys: Keys) -> SignedAgreement:
    """The agreement with every party's signature."""
    envelope = None
    for site in case.sites:
        envelope = sign(case.agreement, site.party, keys.parties[site.party], envelope)
    if envelope is None:
        raise UsageError("An agreement needs a party.", remedy="Give at least one site.")
    return SignedAgreement(case.agreement, envelope)


def write(document: dict[str, Any], out: Path) -> None:
    """Write ``result.json`` and ``report.html``; each appears whole under its name."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {RESULT_FILE: json.dumps(document, indent=1, allow_nan=False) + "\n", REPORT_FILE: render_report(document)}
    for name, text in texts.items():
        draft = out / f".{name}.draft"
        draft.write_text(text, encoding="utf-8")
        draft.replace(out / name)


def _stay(audience: ConsoleAudience, network: ServedNetwork, folder: Path, case: Case) -> None:
    audience.say(f"The hub stays at {network.url}; its description and the analyst's key are in {folder}.")
    audience.say(f"Its portal: [bold]{network.portal_url}[/]  (its certificate is the demonstration's own)")
    for person in portal_people(network.hub_folder, case):
        audience.say(f"  sign-in name [bold]{person.login}[/], password [bold]{person.password}[/] — {person.roles}")
    audience.say("Ctrl-C ends it.")
    audience.step("Serving")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(0.5)
            network.check_alive()


@contextlib.contextmanager
def _terminated_as_interrupt() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the run as Ctrl-C does, which a background job would not hear of either."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    kept = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
