"""Regressions."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb
from summand.errors import UsageError

Intercepts = Annotated[str, typer.Option(help="pooled: one intercept; fixed: one for each site, never sent.")]

Errors = Annotated[
    str, typer.Option(help="Standard errors: model, HC0, HC1, or by clusters: cluster-site, cluster-person.")
]


@verb
def linear(
    formula: Formula,
    site: Intercepts = "pooled",
    weights: Annotated[str, typer.Option(help="A column of prior weights.")] = "",
    errors: Annotated[
        str, typer.Option(help="Standard errors: model, HC0, HC1, HC3, or by clusters: cluster-site, cluster-person.")
    ] = "model",
) -> Spec:
    """Linear regression by least squares, with t statistics."""
    return {"name": "linear", "formula": formula, "site": site, "weights": weights, "errors": errors}


@verb
def logistic(formula: Formula, site: Intercepts = "pooled", errors: Errors = "model") -> Spec:
    """Logistic regression; the outcome has two values or is a comparison such as 'num > 0'."""
    return {"name": "logistic", "formula": formula, "site": site, "errors": errors}


@verb
def margins(
    formula: Formula,
    model: Annotated[str, typer.Option(help="logistic, linear or glm.")] = "logistic",
    variable: Annotated[
        list[str] | None, typer.Option("--variable", help="Columns whose effects are told; all if none is named.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Profiles such as 'age=50, sex=1': predictions with these set.")
    ] = None,
    levels: Annotated[
        list[str] | None, typer.Option("--levels", help="Columns at each of whose levels people are predicted.")
    ] = None,
    family: Annotated[str, typer.Option(help="Of a glm.")] = "",
    link: Annotated[str, typer.Option(help="Of a glm.")] = "",
) -> Spec:
    """Average marginal effects and adjusted predictions of a regression."""
    return {
        "name": "margins", "formula": formula, "model": model, "variables": list(variable or ()),
        "at": [_profile(text) for text in at or ()], "levels": list(levels or ()), "family": family, "link": link,
    }  # fmt: skip


def _profile(text: str) -> dict[str, str]:
    """Columns and values of ``age=50, sex=1``; a comma that no ``column=`` follows belongs to the value.

    Raises:
        UsageError: if a part has no equals sign.
    """
    parts = [part.partition("=") for part in re.split(r",(?=[^,=]*=)", text.strip(" ,")) if part.strip()]
    if not parts or not all(sign and name.strip() for name, sign, _ in parts):
        raise UsageError(f"'{text[:80]}' is no profile.", remedy="Write it like: --at 'age=50, sex=1'.")
    return {name.strip(): value.strip() for name, _, value in parts}


@verb
def mixed(
    formula: Formula,
    family: Annotated[str, typer.Option(help="gaussian, binomial (logit) or poisson (log).")] = "gaussian",
    group: Annotated[str, typer.Option(help="A column of groups within sites; each site is one if not given.")] = "",
    estimator: Annotated[str, typer.Option(help="gaussian: reml or ml.")] = "reml",
    nodes: Annotated[int, typer.Option(help="Others: quadrature nodes; 1 is Laplace's approximation.")] = 7,
    offset: Annotated[str, typer.Option(help="poisson: a column, or 'log(column)' for time at risk.")] = "",
) -> Spec:
    """Mixed model: a random intercept for each site, or for each group of people within sites."""
    own = {"group": group, "estimator": estimator, "nodes": nodes, "offset": offset}
    return {"name": "mixed", "formula": formula, "family": family, **own}


@verb
def multinomial(formula: Formula, site: Intercepts = "pooled") -> Spec:
    """Multinomial logistic regression of an outcome with several levels, each against the first."""
    return {"name": "multinomial", "formula": formula, "site": site}


@verb
def ordinal(
    formula: Formula,
    link: Annotated[str, typer.Option(help="logit: proportional odds; probit: a normal latent scale.")] = "logit",
    site: Annotated[
        str,
        typer.Option(help="pooled: the same thresholds; fixed: shifted by a number of each site's own, never sent."),
    ] = "pooled",
) -> Spec:
    """Regression of an outcome with ordered levels, with a test of proportional odds."""
    return {"name": "ordinal", "formula": formula, "link": link, "site": site}


@verb
def glm(
    formula: Formula,
    family: Annotated[str, typer.Option(help="gaussian, binomial, poisson, negative_binomial or gamma.")] = "gaussian",
    link: Annotated[str, typer.Option(help="binomial: logit, probit, cloglog; gamma: log, inverse.")] = "",
    offset: Annotated[str, typer.Option(help="A column, or 'log(column)' for time at risk.")] = "",
    weights: Annotated[str, typer.Option(help="A column of prior weights.")] = "",
    overdispersion: Annotated[float | None, typer.Option(help="Negative binomial: given; else estimated.")] = None,
    null: Annotated[str, typer.Option(help="A formula within this one to compare with, such as '~ age'.")] = "",
    errors: Errors = "model",
    site: Intercepts = "pooled",
) -> Spec:
    """Generalized linear model: counts and rates, amounts, probit and complementary log-log."""
    own = {"family": family, "link": link, "offset": offset, "weights": weights, "null": null, "errors": errors}
    return {"name": "glm", "formula": formula, "site": site, "overdispersion": overdispersion, **own}


@verb
def penalised(
    formula: Formula,
    family: Annotated[str, typer.Option(help="gaussian, binomial or poisson.")] = "gaussian",
    alpha: Annotated[float, typer.Option(help="1: lasso; 0: ridge; between them the elastic net.")] = 1.0,
    penalty: Annotated[
        list[float] | None, typer.Option("--lambda", help="Penalties; a path from the largest that matters if none.")
    ] = None,
    path: Annotated[int, typer.Option(help="Penalties of such a path, at most 100.")] = 30,
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation, 3 to 20; 0 for none.")] = 10,
    seed: Annotated[int, typer.Option(help="Another one deals rows to other folds.")] = 0,
) -> Spec:
    """Ridge, lasso and elastic net over a path of penalties, with cross-validation."""
    return {
        "name": "penalised", "formula": formula, "family": family, "alpha": alpha, "lambdas": list(penalty or ()),
        "path": path, "folds": folds, "seed": seed,
    }  # fmt: skip
