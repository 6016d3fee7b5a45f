"""The document that a study ends with, its counts judged by the limits."""

from __future__ import annotations

from typing import Any

from summand.disclosure import SUPPRESSED, is_suppressed, release
from summand.study._cohort import Cohort
from summand.study._plan import Plan
from summand.tables import Count

RESULT_FIELDS = (
    "method", "agreement", "profile", "n", "n_dropped", "sites", "rounds", "converged", "log_likelihood",
    "terms", "groups", "columns",
)  # fmt: skip


def released(plan: Plan, state: dict[str, Any]) -> dict[str, Any]:
    """The result of a study all of whose slots have ended; ``state`` is the last one of its program."""
    cohorts = [Cohort(*slot["cohort"]) for slot in state["slots"]]
    everyone = [sum(getattr(cohort, name) for cohort in cohorts) for name in ("rows", "people", "dropped")]
    head: dict[str, Any] = {
        "method": plan.method.name, "agreement": plan.request.agreement_hash,
        "profile": plan.request.disclosure_profile, "release_level": plan.request.release_level,
    }  # fmt: skip
    counts = release(
        {"n": Count(everyone[0]), "people": Count(everyone[1]), "n_dropped": Count(everyone[2])}, plan.limits
    )
    if plan.privacy is not None:
        head["privacy"] = plan.privacy.to_dict()
    lost = state.get("left_out", [])
    tail = {"sites": len(plan.sites) - len(lost), "rounds": state["round"]}
    said = [f"{', '.join(lost)} stayed away: the figures are those of the other {tail['sites']} sites."] if lost else []
    if plan.at_site_level:
        by_site = _by_site(plan, state, cohorts)
        for name in counts:
            # A single hidden count would follow from the total and the others.
            if any(is_suppressed(site.get(name)) for site in by_site.values()):
                counts[name] = dict(SUPPRESSED)
        if is_suppressed(counts["n"]):
            counts["people"] = dict(SUPPRESSED)
        return _in_order({**head, **counts, **tail, "by_site": by_site, "warnings": said})
    ended = state["slots"][0]["ended"]
    return _in_order({**head, **counts, **tail, **ended["values"], "warnings": [*said, *ended["warnings"]]})


def _by_site(plan: Plan, state: dict[str, Any], cohorts: list[Cohort]) -> dict[str, Any]:
    by_site = {}
    for site, slot, cohort in zip(plan.sites, state["slots"], cohorts, strict=True):
        own, ended = release({"n": Count(cohort.rows), "n_dropped": Count(cohort.dropped)}, plan.limits), slot["ended"]
        values = ended.get("values", {name: value for name, value in ended.items() if name != "warnings"})
        by_site[site] = {**own, **values, "warnings": ended.get("warnings", [])}
    return by_site


def _in_order(values: dict[str, Any]) -> dict[str, Any]:
    """A result with the fields that every reader knows first, then what its method adds."""
    return {**{name: values[name] for name in RESULT_FIELDS if name in values}, **values}
