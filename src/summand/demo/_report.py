"""``report.html``: one page that stands alone, made from ``result.json`` and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from summand.demo import _format
from summand.demo._charts import Chart, forest_chart, survival_chart
from summand.demo._map import party_map

Fields = Mapping[str, Any]
RATIOS = {"cox": "Hazard ratio", "logistic": "Odds ratio"}


def render_report(document: Fields) -> str:
    """The page.

    Self-contained: no script, no address is fetched, drawings are inline SVG with titles and descriptions for screen
    readers; follows the reader's light or dark setting and prints on white.

    Args:
        document: What ``result.json`` holds.
    """
    import jinja2  # only where a page is written

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("summand.demo", "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    for name in ("number", "fixed", "small", "p_value", "money", "sentence"):
        environment.filters[name] = getattr(_format, name)
    environment.globals["verdicts"] = _format.VERDICTS
    studies = {study["key"]: study for study in document["studies"]}
    return environment.get_template("report.html").render(
        d=document,
        studies=studies,
        charts=report_charts(document),
        models=[study for study in document["studies"] if _is_compared_model(study)],
        label=lambda term: _label(document, term)[0],
        names={party["id"]: party["label"] for party in document["agreement"]["parties"]},
    )


def report_charts(document: Fields) -> dict[str, Chart]:
    """The drawings of a document by name: ``survival``, ``forest``, ``map``; what it has no data for is left out."""
    studies = {study["key"]: study["result"] for study in document["studies"]}
    charts: dict[str, Chart] = {}
    if "km" in studies:
        labels = document["labels"]
        charts["survival"] = survival_chart(
            "Survival by sex", studies["km"], studies.get("km_institutional"), labels["groups"], labels["time_unit"]
        )
    rows = [row for study in document["studies"] for row in _ratios(document, study)]
    if rows:
        name = RATIOS[next(study["method"]["name"] for study in document["studies"] if _is_compared_model(study))]
        charts["forest"] = forest_chart(f"{name}s", name, rows)
    drawn = party_map(document["agreement"]["parties"])
    if drawn is not None:
        charts["map"] = drawn
    return charts


def _is_compared_model(study: Fields) -> bool:
    return study["method"]["name"] in RATIOS and study["release_level"] == "total" and "reference" in study


def _ratios(document: Fields, study: Fields) -> list[dict[str, Any]]:
    if not _is_compared_model(study):
        return []
    rows = []
    for term in study["result"]["terms"]:
        label, per = _label(document, term["term"])
        ratio, low, high = (math.exp(per * term[name]) for name in ("estimate", "conf_low", "conf_high"))
        rows.append(
            {"label": label, "ratio": ratio, "low": low, "high": high, "series": study["series"] or study["title"]}
        )
    return rows


def _label(document: Fields, term: str) -> tuple[str, float]:
    found = document["labels"]["terms"].get(term, {"label": term, "per": 1.0})
    return str(found["label"]), float(found["per"])
