"""Regressions."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb

Intercepts = Annotated[str, typer.Option(help="pooled: one intercept; fixed: one for each site, never sent.")]


@verb
def linear(formula: Formula, site: Intercepts = "pooled") -> Spec:
    """Linear regression by least squares, with t statistics."""
    return {"name": "linear", "formula": formula, "site": site}


@verb
def logistic(formula: Formula, site: Intercepts = "pooled") -> Spec:
    """Logistic regression; the outcome has two values or is a comparison such as 'num > 0'."""
    return {"name": "logistic", "formula": formula, "site": site}


@verb
def multinomial(formula: Formula, site: Intercepts = "pooled") -> Spec:
    """Multinomial logistic regression of an outcome with several levels, each against the first."""
    return {"name": "multinomial", "formula": formula, "site": site}


@verb
def ordinal(
    formula: Formula,
    link: Annotated[str, typer.Option(help="logit: proportional odds; probit: a normal latent scale.")] = "logit",
) -> Spec:
    """Regression of an outcome with ordered levels, with a test of proportional odds."""
    return {"name": "ordinal", "formula": formula, "link": link}


@verb
def glm(
    formula: Formula,
    family: Annotated[str, typer.Option(help="gaussian, binomial, poisson, negative_binomial or gamma.")] = "gaussian",
    link: Annotated[str, typer.Option(help="binomial: logit, probit, cloglog; gamma: log, inverse.")] = "",
    offset: Annotated[str, typer.Option(help="A column, or 'log(column)' for time at risk.")] = "",
    weights: Annotated[str, typer.Option(help="A column of prior weights.")] = "",
    overdispersion: Annotated[float | None, typer.Option(help="Negative binomial: given; else estimated.")] = None,
    null: Annotated[str, typer.Option(help="A formula within this one to compare with, such as '~ age'.")] = "",
    site: Intercepts = "pooled",
) -> Spec:
    """Generalized linear model: counts and rates, amounts, probit and complementary log-log."""
    own = {"family": family, "link": link, "offset": offset, "weights": weights, "null": null}
    return {"name": "glm", "formula": formula, "site": site, "overdispersion": overdispersion, **own}
