"""What the partnership adds: each hospital's own model and the federated one, judged at every hospital."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from summand.demo._studies import CLASS_MINIMUM, HEART_FORMULA, Study

FEDERATED = "federated"
TOO_FEW = "too few"
Fields = Mapping[str, Any]


def evaluation_study(federated: Fields, own: Fields) -> Study:
    """The study that judges the federated model and every hospital's own one at every hospital.

    Args:
        federated: The released fit with one intercept per hospital; its slopes rank patients, its intercepts are not
            known and not needed.
        own: The released fits at site level.
    """
    models = [_given(FEDERATED, federated["terms"])]
    models += [_given(site, fit["terms"]) for site, fit in own["by_site"].items() if has_own_model(fit)]
    return Study(
        "evaluation",
        "Own models and the federated one, judged at every hospital",
        {"name": "evaluate", "models": models, "outcome": HEART_FORMULA.partition("~")[0].strip()},
        release_level="site_level",
    )


def has_own_model(fit: Fields) -> bool:
    """Whether a hospital's own fit has an estimate, on enough patients with and without the outcome."""
    n, events = fit.get("n"), fit.get("events")
    if not isinstance(n, int) or not isinstance(events, int) or not fit.get("terms"):
        return False
    return min(events, n - events) >= CLASS_MINIMUM


def partnership_part(results: Fields) -> dict[str, Any]:
    """The area under the ROC curve of every model at every hospital, None where a class has too few patients."""
    own, judged = results["own_models"]["result"]["by_site"], results["evaluation"]["result"]["by_site"]
    hospitals = []
    for site, values in judged.items():
        areas = {row["model"]: row.get("auc") for row in values.get("models") or ()}
        (cases,), (controls,) = values["outcome"]["cells"]
        status, reason = _own_status(own[site], cases, controls)
        hospitals.append(
            {
                "party": site, "n": values.get("n"), "cases": cases, "controls": controls, "own_model": status,
                "reason": reason, "auc_own": areas.get(site), "auc_federated": areas.get(FEDERATED),
                "auc_by_model": areas,
            }
        )  # fmt: skip
    return {
        "class_minimum": CLASS_MINIMUM,
        "note": "An own model is judged on the patients it was fitted to, which flatters it.",
        "models": [FEDERATED, *(site for site in own if has_own_model(own[site]))],
        "hospitals": hospitals,
    }


def _own_status(fit: Fields, cases: Any, controls: Any) -> tuple[str, str]:
    """Whether a hospital could fit its own model, and if not, why."""
    if not isinstance(cases, int) or not isinstance(controls, int) or min(cases, controls) < CLASS_MINIMUM:
        return TOO_FEW, f"fewer than {CLASS_MINIMUM} patients with or without the outcome"
    if has_own_model(fit):
        return "fitted", ""
    return "no estimate", str(fit.get("error", {}).get("message", "the fit gave no estimate"))


def _given(name: str, terms: Sequence[Fields]) -> dict[str, Any]:
    coefficients = {str(row["term"]): float(row["estimate"]) for row in terms}
    return {"name": name, "formula": HEART_FORMULA, "terms": coefficients}
