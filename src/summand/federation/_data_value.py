"""What each partner's data add to a model: one study for each coalition, one that judges all their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from summand.errors import SettlementInvalid, UsageError

if TYPE_CHECKING:
    from summand.federation._federation import Federation
    from summand.sharing.data_value import DataValue

BASELINES = {"auc": 0.5, "brier_scaled": 0.0}
"""Scores that a model without any data has."""

MODELS_MAX = 50


def value_of_data(
    federation: Federation,
    formula: str,
    datasets: Mapping[str, Sequence[str]] | None = None,
    *,
    metric: str = "auc",
    judged_on: Sequence[str] | None = None,
    purpose: Mapping[str, Any] | None = None,
) -> DataValue:
    """Fit a logistic model on every coalition's data, judge all of them on the same data, and split what they add.

    With k parties these are ``2**k - 1`` fits and one evaluation, at most `MODELS_MAX` models: five parties. Every fit is
    a study of its own, which each site's guard permits or refuses: the agreement's fewest sites hold here too.

    Args:
        federation: Under an agreement that permits ``site_level``.
        formula: Of the logistic model.
        datasets: Party -> its datasets; each holder's if not given.
        metric: ``auc`` or ``brier_scaled`` of the evaluation.
        judged_on: Datasets on which all models are judged, such as a neutral party's; all if not given.
        purpose: As `Federation.run` takes it.

    Raises:
        ContributionUnknown: if the agreement does not permit results per site.
        UsageError: if the metric is unknown or there are too many parties.
        SettlementInvalid: if a model could not be judged.
        Refusal, SummandError: as `Federation.run`.
    """
    from summand.sharing.data_value import data_value, require_site_level

    require_site_level(federation.agreement)
    owned = datasets or _by_holder(federation)
    groups = [group for size in range(1, len(owned) + 1) for group in combinations(owned, size)]
    if metric not in BASELINES or not 1 <= len(groups) <= MODELS_MAX:
        raise UsageError(
            f"The data of {len(owned)} parties cannot be valued by '{metric[:40]}'.",
            remedy=f"Value one to five parties by {' or '.join(BASELINES)}.",
        )
    models, studies = [], {}
    for group in groups:
        name = "+".join(group)
        asked = [dataset for party in group for dataset in owned[party]]
        fitted = federation.run(
            {"name": "logistic", "formula": formula}, datasets=asked, purpose=purpose, title=f"Data of {name}"
        )
        terms = {term["term"]: term["estimate"] for term in fitted.to_dict()["terms"]}
        models.append({"name": name, "formula": formula, "terms": terms, "study": fitted.study_id})
        studies[name] = fitted.study_id
    judge = {"name": "evaluate", "models": models, "outcome": formula.partition("~")[0].strip()}
    judged = federation.run(judge, datasets=judged_on, purpose=purpose, title="What each partner's data add")
    scores = {row["model"]: row.get(metric) for row in judged.to_dict()["models"]}
    hidden = [name for name, score in scores.items() if score is None]
    if hidden or len(scores) < len(groups):
        raise SettlementInvalid(
            f"{len(hidden)} of {len(groups)} models have no score that may be told.",
            remedy="Judge on data with more people of both outcomes, or value fewer parties.",
        )
    return data_value(
        scores, baseline=BASELINES[metric], metric=metric, studies=studies, judged_by=judged.study_id
    )  # fmt: skip


def _by_holder(federation: Federation) -> dict[str, list[str]]:
    first = federation.agreement.datasets[0].dictionary
    found: dict[str, list[str]] = {}
    for dataset in federation.agreement.datasets:
        if dataset.dictionary == first:
            found.setdefault(dataset.holder, []).append(dataset.id)
    return found
