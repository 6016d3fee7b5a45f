"""The studies that a demonstration asks for, and the one that the agreement forbids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RESEARCH = {"system": "EHDS53", "code": "53(1)(e)", "text": "Scientific research related to health"}
INSURANCE = {"system": "EHDS54", "code": "54(b)", "text": "Setting the price of an insurance by patients' records"}
HEART_FORMULA = "num > 0 ~ age + sex + C(cp) + trestbps + thalach + exang + oldpeak"
CLASS_MINIMUM = 10
"""Fewest patients with and without the outcome for a hospital to have a model, or a fair area under the curve."""


@dataclass(frozen=True)
class Study:
    """One question to the federation.

    Attributes:
        key: Short name in ``result.json``.
        title: What it is called.
        method: The method as a request holds it.
        profile: Disclosure profile, None for the agreement's.
        release_level: ``total`` or ``site_level``.
        purpose: By code and in words.
        reference: What an independent library is asked for, None if nothing.
        series: What its estimates are called where several models share a chart.
    """

    key: str
    title: str
    method: Mapping[str, Any]
    profile: str | None = None
    release_level: str = "total"
    purpose: Mapping[str, str] = field(default_factory=lambda: RESEARCH)
    reference: str | None = None
    series: str = ""


def lung_studies() -> tuple[Study, ...]:
    """Description, survival by sex (exact and as ``institutional`` would release it), log-rank, Cox in both forms."""
    by_sex = "Surv(time, status) ~ sex"
    model = "Surv(time, status) ~ age + sex + ph.ecog"
    columns = ["time", "status", "age", "sex", "ph.ecog", "ph.karno", "pat.karno", "meal.cal", "wt.loss"]
    return (
        Study("describe", "Who the patients are", {"name": "describe", "columns": columns}, reference="describe"),
        Study("km", "Survival by sex", {"name": "km", "formula": by_sex}, reference="km"),
        Study(
            "km_institutional",
            "Survival by sex, as it would be released for patient data that are not public",
            {"name": "km", "formula": by_sex},
            profile="institutional",
        ),
        Study("logrank", "Do the curves differ?", {"name": "logrank", "formula": by_sex}, reference="logrank"),
        Study(
            "cox_strata",
            "Hazard by age, sex and ECOG, each institution with its own baseline",
            {"name": "cox", "formula": model, "ties": "efron", "site": "strata"},
            reference="cox_strata",
            series="own baselines",
        ),
        Study(
            "cox_pooled",
            "Hazard by age, sex and ECOG, one baseline for all",
            {"name": "cox", "formula": model, "ties": "efron", "site": "pooled"},
            reference="cox_pooled",
            series="one baseline",
        ),
        Study(
            "contribution",
            "Patients contributed by each institution",
            {"name": "describe", "columns": ["status"]},
            release_level="site_level",
        ),
    )


def heart_studies() -> tuple[Study, ...]:
    """Description and the model with one intercept per hospital; own models follow from `evaluation_studies`."""
    columns = ["num", "age", "sex", "cp", "trestbps", "chol", "thalach", "exang", "oldpeak"]
    return (
        Study("describe", "Who the patients are", {"name": "describe", "columns": columns}, reference="describe"),
        Study(
            "logistic",
            "Narrowed coronary arteries, one intercept per hospital",
            {"name": "logistic", "formula": HEART_FORMULA, "site": "fixed"},
            reference="logistic",
        ),
        Study(
            "own_models",
            "Each hospital's own model",
            {"name": "logistic", "formula": HEART_FORMULA, "site": "pooled"},
            release_level="site_level",
            reference="own_models",
        ),
        Study(
            "contribution",
            "Patients contributed by each hospital",
            {"name": "describe", "columns": ["num"]},
            release_level="site_level",
        ),
    )


def forbidden_study(method: Mapping[str, Any]) -> Study:
    """A study for a purpose that every agreement forbids: EHDS Art. 54(b), insurance."""
    return Study("forbidden", "Premiums of an insurance by patients' records", method, purpose=INSURANCE)
