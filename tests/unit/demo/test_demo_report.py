"""The report: stands alone, says what result.json says, and reads well on every page width."""

import copy
import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest
from demo_kit import recorded

from shared_files import lacking
from summand.demo._format import fixed, money, number, p_value, sentence, small
from summand.demo._map import Frame, party_map
from summand.demo._report import render_report, report_charts

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("which", ["lung", "heart"])


@BOTH
def test_demo_report_fetches_nothing(which):
    """No script, no address in an attribute or style that a browser would fetch, and a policy that forbids it anyway."""
    page = render_report(recorded(which)[0])
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href|data|action)\s*=\s*["'](?!#)""", page)
    assert not re.findall(r"url\((?!#)|@import", page)
    assert "default-src 'none'" in page


@BOTH
def test_demo_report_shows_the_documents_numbers(which):
    """Root hash, every result's hash, every party, every cent and the refusal stand in the page."""
    document = recorded(which)[0]
    page = render_report(document)
    assert document["ledger"]["root_hash"] in page
    assert all(study["result_hash"] in page for study in document["studies"])
    assert all(party["name"] in page for party in document["agreement"]["parties"])
    currency = document["settlement"]["currency"]
    for row in document["settlement"]["parties"]:
        assert money(row["share_cents"], currency) in page
    assert document["refusal"]["remedy"] in page
    assert document["refusal"]["clause"] in page


@BOTH
def test_demo_report_is_made_from_the_document_alone(which):
    """Other numbers in, other numbers out: nothing is written into the template."""
    changed = copy.deepcopy(recorded(which)[0])
    changed["ledger"]["root_hash"] = "ab" * 32
    changed["ledger"]["agrees"] = False
    changed["comparison"]["is_same"] = False
    changed["data"]["passed"] = False
    changed["data"]["sites"][0]["passed"] = False
    page = render_report(changed)
    assert "ab" * 32 in page
    assert "copies of the ledger differ" in page
    assert "Not every number" in page
    assert f"1 of {len(changed['data']['sites'])} sites fail" in page


@BOTH
def test_demo_report_marks_every_invented_amount(which):
    """Every row with an amount of the settlement carries the mark."""
    page = render_report(recorded(which)[0])
    section = page[page.index("Who bears what") : page.index("The evidence")]
    rows = [row for row in re.findall(r"<tr>.*?</tr>", section, re.S) if re.search(r"(?:USD|EUR) ", row)]
    assert len(rows) > 5
    assert all('class="tag">sample' in row for row in rows)


@BOTH
def test_demo_report_escapes_what_comes_from_outside(which):
    """A party cannot write markup into the page or its drawings."""
    changed = copy.deepcopy(recorded(which)[0])
    evil = "<img src=x onerror=alert(1)>"
    changed["title"] = changed["agreement"]["parties"][0]["name"] = changed["agreement"]["parties"][0]["label"] = evil
    changed["refusal"]["message"] = evil
    for name, term in changed["labels"]["terms"].items():
        changed["labels"]["terms"][name] = {**term, "label": evil}
    assert "<img" not in render_report(changed)


@BOTH
def test_demo_report_drawings_are_well_formed_and_described(which):
    """Every drawing is XML with a title and a description, and its colours follow the page."""
    charts = report_charts(recorded(which)[0])
    assert set(charts) == ({"survival", "forest"} if which == "lung" else {"forest", "map"})
    for chart in charts.values():
        for svg in (chart.wide, chart.narrow):
            root = ElementTree.fromstring(svg)
            assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]
            assert root[0].text == chart.title
            assert root[1].text == chart.description
            assert "#010203" not in svg
            assert "var(--ink)" in svg


@BOTH
def test_demo_report_has_no_two_elements_of_one_id(which):
    """Drawings that share the page do not share identifiers."""
    found = re.findall(r'\bid="([^"]+)"', render_report(recorded(which)[0]))
    assert len(found) == len(set(found))


def test_demo_map_is_left_out_without_coordinates():
    """No party with a place, no map."""
    assert party_map([{"label": "a", "name": "a", "coordinates": None}]) is None


@pytest.mark.parametrize("width", [640, 320])
def test_demo_map_shows_every_party_inside_its_frame(width):
    """Mercator's formulas put parties on four continents, and on one spot, inside the frame."""
    import math

    spread = [(33.8, -118.1), (47.5, 19.1), (-33.9, 151.2), (-26.2, 28.0)]
    for places in (spread, spread[:1], [(60.0, 179.0), (60.0, -179.0)]):
        dots = [{"label": "x", "latitude": latitude, "longitude": longitude} for latitude, longitude in places]
        frame = Frame.around(dots, width)
        for dot in dots:
            y = math.asinh(math.tan(math.radians(dot["latitude"])))
            middle = math.asinh(math.tan(math.radians(frame.middle_latitude)))
            assert abs(frame.pixel(dot["longitude"])) <= frame.width / 2
            assert abs(frame.scale * (y - middle)) <= frame.height / 2


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(1234), "1,234"), (number(None), "–"), (number({"suppressed": True}), "hidden"), (number(-2.5), "−2.50"),
        (number([10, 20]), "10 to 20"), (number(0.0), "0"), (sentence("mIT"), "MIT"), (number(0.00123), "0.00123"), (fixed(-1.005, 1), "−1.0"), (small(0), "0 (exact)"),
        (small(5.2e-13), "5.2 × 10⁻¹³"), (p_value(0.0004), "< 0.001"), (p_value(0.0014), "0.001"),
        (money(-123456789, "EUR"), "−EUR 1,234,567.89"), (money(5, "USD"), "USD 0.05"),
    ],
)  # fmt: skip
def test_demo_numbers_read_as_people_write_them(shown, text):
    """Thousands, minus signs, hidden counts, powers of ten, p-values and cents."""
    assert shown == text


@BOTH
@pytest.mark.parametrize("width", [1280, 390])
def test_demo_report_fits_the_page_in_a_browser(which, width, tmp_path):
    """In Chromium nothing is wider than the page, nothing is requested, and there is no error on the console."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        lacking("chromium", "no Chromium to look at the report with")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(render_report(recorded(which)[0]), encoding="utf-8")
    asked, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        too_wide = page.evaluate(
            "[...document.querySelectorAll('body *')].filter(e => !e.closest('svg') && "
            "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + ' ' + e.className)"
        )
        scroll = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert too_wide == []
    assert scroll <= width
    assert [url for url in asked if not url.startswith("file:")] == []
    assert said == []
