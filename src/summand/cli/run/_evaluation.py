"""How well given models predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb
from summand.errors import UsageError

Outcome = Annotated[str, typer.Argument(help="Such as 'num > 0', or a column with two values.")]
Models = Annotated[
    list[Path],
    typer.Option(
        "--model",
        help='A file with a model as JSON: {"name": "ours", "formula": "died ~ age", "terms": {"Intercept": -3, '
        '"age": 0.04}}; once for each.',
    ),
]
Groups = Annotated[str | None, typer.Option("--group", help="Judge the models in the groups of this column too.")]


def _read(paths: list[Path]) -> list[Spec]:
    from summand.cli._files import read_object

    return [read_object(path) for path in paths]


@verb
def evaluate(outcome: Outcome, model: Models) -> Spec:
    """How well given logistic models predict: AUC, Brier score and calibration."""
    return {"name": "evaluate", "outcome": outcome, "models": _read(model)}


@verb
def roc(outcome: Outcome, model: Models, group: Groups = None) -> Spec:
    """ROC curves of given models: areas with DeLong's errors, compared between models and between groups."""
    return {"name": "roc", "outcome": outcome, "models": _read(model), "by": group}


@verb
def thresholds(
    outcome: Outcome,
    model: Models,
    group: Groups = None,
    threshold: Annotated[
        list[float] | None, typer.Option("--threshold", help="A risk; once for each. Every twentieth if none.")
    ] = None,
) -> Spec:
    """What acting on given models' risks would do: net benefit, predictive values, Brier score, fairness of groups."""
    chosen = {"thresholds": threshold} if threshold else {}
    return {"name": "thresholds", "outcome": outcome, "models": _read(model), "by": group, **chosen}


@verb
def evaluate_survival(
    outcome: Annotated[str, typer.Argument(help="Surv(time, status)")],
    model: Models,
    at: Annotated[float | None, typer.Option("--at", help="A time at which predicted survival is judged.")] = None,
    baseline: Annotated[
        list[float] | None,
        typer.Option("--baseline", help="Survival then of a person whose score is 0; once for each model, in order."),
    ] = None,
) -> Spec:
    """Harrell's C of given survival scores, and calibration of predicted survival at a time."""
    models, given = _read(model), list(baseline or ())
    if given and len(given) != len(models):
        raise UsageError("There is not one baseline for each model.", remedy="Give --baseline once for each --model.")
    named = {str(read.get("name")): value for read, value in zip(models, given, strict=False)}
    return {"name": "evaluate_survival", "outcome": outcome, "models": models, "at": at, "baseline": named}


@verb
def internal_external(formula: Formula) -> Spec:
    """A logistic model fitted at all sites but one and judged there, for each site in turn."""
    return {"name": "internal_external", "formula": formula}
