"""Results as an analyst holds them: tables, pages and charts, in which what was kept back never looks like zero."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest

import summand
from summand.errors import UsageError
from summand.federation import Federation, StudyResult, Table
from summand.federation._files import site_names
from summand.testing.federations import Partnership, deal

SCHEMA = {
    "fields": [
        {"name": "time", "type": "integer", "constraints": {"minimum": 0, "maximum": 100}},
        {"name": "status", "type": "integer", "constraints": {"enum": [0, 1]}},
        {"name": "age", "type": "integer", "constraints": {"minimum": 20, "maximum": 90}},
        {"name": "arm", "type": "string", "constraints": {"enum": ["new", "old"]}},
        {"name": "rare", "type": "string", "constraints": {"enum": ["no", "yes", "perhaps"]}},
    ]
}


def _tables(rows: int = 240) -> dict[str, Any]:
    draw = np.random.default_rng(11)
    columns = {
        "time": draw.integers(1, 100, rows).tolist(),
        "status": draw.integers(0, 2, rows).tolist(),
        "age": draw.integers(20, 90, rows).tolist(),
        "arm": draw.choice(["new", "old"], rows).tolist(),
        "rare": ["yes" if i < 3 else "no" for i in range(rows)],
    }
    return deal(columns, {"north": rows // 3, "south": rows // 3, "west": rows - 2 * (rows // 3)})


@pytest.fixture(scope="module")
def federations() -> dict[str, Federation]:
    """The same cohort under each profile."""
    tables = _tables()
    kept = {
        name: Partnership.of(tables, SCHEMA, profile=name).federation() for name in ("institutional", "public_data")
    }
    return {**kept, "trial": Federation.in_memory(tables)}


SPECS: dict[str, dict[str, Any]] = {
    "cox": {"name": "cox", "formula": "Surv(time, status) ~ age"},
    "km": {"name": "km", "formula": "Surv(time, status) ~ arm"},
    "km of all": {"name": "km", "formula": "Surv(time, status) ~ 1"},
    "logrank": {"name": "logrank", "formula": "Surv(time, status) ~ arm"},
    "linear": {"name": "linear", "formula": "age ~ time"},
    "logistic": {"name": "logistic", "formula": "status ~ age"},
    "describe": {"name": "describe", "columns": ["age", "rare", "status"]},
    "evaluate": {
        "name": "evaluate", "outcome": "status",
        "models": [{"name": "by age", "formula": "~ age", "terms": {"Intercept": -1.0, "age": 0.02}}],
    },
}  # fmt: skip


def spec_of(name: str, federation: Federation, profile: str) -> dict[str, Any]:
    """What is asked; under a minimum cell a model that is judged is one that a study released."""
    if (name, profile) != ("evaluate", "institutional"):
        return SPECS[name]
    fitted = federation.run(SPECS["logistic"])
    terms = {row["term"]: row["estimate"] for row in fitted.to_dict()["terms"]}
    model = {"name": "by age", "formula": "~ age", "terms": terms, "study": fitted.study_id}
    return {**SPECS[name], "models": [model]}


@pytest.mark.parametrize("profile", ["institutional", "public_data", "trial"])
@pytest.mark.parametrize("name", SPECS)
def test_every_kind_of_result_has_table_page_and_chart(
    federations: dict[str, Federation], profile: str, name: str
) -> None:
    """Under every profile a result names its agreement and profile in text and page, and gives a table and a chart."""
    result = federations[profile].run(spec_of(name, federations[profile], profile))

    assert isinstance(result.table(), Table)
    assert result.table().rows
    for text in (str(result), result._repr_html_()):
        assert f"profile {profile}" in text
        assert result.agreement_title in text
    assert ("exact values" in str(result)) == (profile == "public_data")
    chart = result.plot().to_dict()
    assert chart["title"]["subtitle"][0].startswith(f"profile {profile}")


def test_what_was_kept_back_is_hidden_and_never_zero(federations: dict[str, Federation]) -> None:
    """Three people and none at all look alike: 'hidden' in text and page, None in the table, no bar in the chart."""
    result = federations["institutional"].run(SPECS["describe"])
    rare = next(row for row in result.to_dict()["columns"] if row["column"] == "rare")

    assert [cells[0] for cells in rare["levels"]["cells"]].count(None) >= 2
    levels = dict(result.tables())["Levels"]
    of_rare = [row for row in levels.to_dicts() if row["column"] == "rare"]
    assert {row["people"] for row in of_rare if row["level"] in ("yes", "perhaps")} == {None}
    shown = [row for row in levels.shown() if row[0] == "rare"]
    assert [row[2] for row in shown if row[1] in ("yes", "perhaps")] == ["hidden", "hidden"]
    assert "hidden" in result._repr_html_()
    bars = [
        bar for values in _values(result.plot().to_dict()) for bar in values if bar.get("level") in ("yes", "perhaps")
    ]
    assert bars == []


def _values(chart: dict[str, Any]) -> list[list[dict[str, Any]]]:
    parts = [chart, *chart.get("concat", []), *chart.get("layer", [])]
    return [part["data"]["values"] for part in parts if "values" in part.get("data", {})]


def test_charts_draw_the_released_numbers(federations: dict[str, Federation]) -> None:
    """A forest plot shows hazard ratios on a logarithmic axis; a curve is drawn in steps with its band."""
    cox, km = (federations["trial"].run(SPECS[name]) for name in ("cox", "km of all"))
    (term,) = cox.to_dict()["terms"]

    drawn = cox.plot().to_dict()
    row = next(values[0] for values in _layers(drawn) if "term" in values[0])
    assert row["estimate"] == pytest.approx(term["hazard_ratio"], rel=1e-12)
    assert "'type': 'log'" in str(drawn)
    curve = km.to_dict()["groups"][0]["curve"]
    drawn = km.plot().to_dict()
    points = next(values for values in [*_layers(drawn), *_values(drawn)] if values and "survival" in values[0])
    assert [point["survival"] for point in points] == curve["survival"]
    assert str(drawn).count("step-after") == 2


def _layers(chart: dict[str, Any]) -> list[list[dict[str, Any]]]:
    named = chart.get("datasets", {})
    parts = [chart, *chart.get("layer", [])]
    found = [part["data"].get("values") or named.get(part["data"].get("name"), []) for part in parts if "data" in part]
    return [list(values) for values in found]


def test_a_ratio_next_to_one_is_not_shown_as_one() -> None:
    """The ratio for one day of age keeps two digits of what it differs by, in its interval too; headings are words."""
    names = ("term", "odds_ratio", "odds_ratio_low", "odds_ratio_high", "degrees_of_freedom")
    table = Table(names, (("days", 1.0000688, 1.0000341, 1.000104, 1), ("age", 1.0182, 0.98, 1.0006, 1))).compact()

    assert table.columns == ("term", "odds ratio", "95 % interval", "degrees of freedom")
    assert table.shown()[0] == ["days", "1.000069", "1.000034 to 1.00010", "1"]
    assert table.shown()[1] == ["age", "1.018", "0.98 to 1.00060", "1"]


def test_a_page_escapes_what_others_wrote() -> None:
    """Titles, groups and warnings stand in the page as text, never as markup."""
    bad = "<script>alert(1)</script>"
    result = StudyResult(
        "0" * 32,
        {
            "method": "km", "agreement": "0" * 64, "profile": "trial", "n": 3, "n_dropped": 0, "sites": 1, "rounds": 2,
            "groups": [{"group": bad, "n": 3, "events": 1, "median": None, "curve": None}], "warnings": [bad],
        },
        "0" * 64, bad, (bad,), {"name": "km", "formula": bad},
    )  # fmt: skip

    page = result._repr_html_()

    assert "<script" not in page
    assert len(re.findall("&lt;script&gt;", page)) == 5


def test_without_altair_a_chart_says_what_to_install(
    federations: dict[str, Federation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the extra is not installed, .plot() names it."""
    result = federations["trial"].run(SPECS["cox"])
    monkeypatch.setitem(sys.modules, "altair", None)

    with pytest.raises(UsageError, match="summand\\[plots\\]"):
        result.plot()


def test_site_level_results_are_a_table_by_site(federations: dict[str, Federation]) -> None:
    """At site_level, every site's own terms stand in one table with the site's name."""
    table = federations["trial"].run(SPECS["linear"], release_level="site_level").table()

    assert {row["site"] for row in table.to_dicts()} == {"north", "south", "west"}
    assert len(table.rows) == 6


def test_files_and_levels_become_names_of_sites() -> None:
    """Any text gives a name that agreements allow, and two that fall together are told apart."""
    assert site_names(["St. Mary's", "St. Mary's", "Zürich", "  ", "", "3"]) == [
        "St._Mary_s", "St._Mary_s-2", "Zurich", "site", "site-2", "3",
    ]  # fmt: skip


def test_the_package_offers_what_analysts_use() -> None:
    """summand.Federation and summand.connect are there without an import of their own, and nothing else is made up."""
    assert summand.Federation is Federation
    assert callable(summand.connect)
    assert {"Federation", "connect"} <= set(dir(summand))
    with pytest.raises(AttributeError):
        summand.nothing_of_this_name  # noqa: B018
