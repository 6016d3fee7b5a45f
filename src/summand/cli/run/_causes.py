"""What a treatment or a change did."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb

Treatment = Annotated[str, typer.Argument(help="The score's formula, such as 'treated ~ age + C(ward)'.")]
Site = Annotated[str, typer.Option(help="Intercepts: pooled, or fixed for one at each site, never sent.")]
Outcome = Annotated[str, typer.Option("--outcome", help="A numeric column, or a comparison such as 'days > 30'.")]


@verb
def propensity(
    treatment: Treatment,
    outcome: Outcome,
    estimand: Annotated[str, typer.Option(help="ate: everybody; att: the treated; overlap: who could be either.")] = (
        "ate"
    ),
    cut: Annotated[
        float, typer.Option(help="Scores below this, or above 1 less it, are cut before they become weights.")
    ] = 0.01,
    trim: Annotated[float, typer.Option(help="People with scores below this, or above 1 less it, are left out.")] = 0.0,
    site: Annotated[str, typer.Option(help="The score's intercept: pooled, or fixed for one at each site.")] = "pooled",
) -> Spec:
    """The effect of a treatment, arms weighted by propensity scores; with balance and overlap."""
    return {
        "name": "propensity",
        "treatment": treatment,
        "outcome": outcome,
        "estimand": estimand,
        "cut": cut,
        "trim": trim,
        "site": site,
    }


@verb
def standardisation(
    formula: Formula,
    treatment: Annotated[str, typer.Option("--treatment", help="The column whose levels are compared.")],
    site: Site = "pooled",
) -> Spec:
    """Means if everybody had each treatment in turn, by an outcome model (g-formula)."""
    return {"name": "standardisation", "formula": formula, "treatment": treatment, "site": site}


@verb
def aipw(
    treatment: Treatment,
    model: Annotated[str, typer.Option("--model", help="The outcome model, such as 'died ~ treated*age + sex'.")],
    cut: Annotated[float, typer.Option(help="Scores below this, or above 1 less it, are cut.")] = 0.01,
    site: Site = "pooled",
) -> Spec:
    """The effect of a treatment, right if the score or the outcome model is (doubly robust)."""
    return {"name": "aipw", "treatment": treatment, "formula": model, "cut": cut, "site": site}


@verb
def difference_in_differences(
    outcome: Annotated[str, typer.Argument(help="A numeric column, or a comparison such as 'days > 30'.")],
    period: Annotated[str, typer.Option("--period", help="The column of periods, such as the month's number.")],
    treated_from: Annotated[str, typer.Option("--treated-from", help="The first treated period of the row's group.")],
    never: Annotated[str, typer.Option(help="Its code for never; left out where a missing value means never.")] = "",
    control: Annotated[str, typer.Option(help="never: never treated; not_yet: also those treated later.")] = "never",
    errors: Annotated[str, typer.Option(help="people, site or cluster: within what rows are not independent.")] = (
        "people"
    ),
    cluster: Annotated[str, typer.Option(help="With --errors cluster: the column of clusters.")] = "",
    draws: Annotated[int, typer.Option(help="Of the wild bootstrap and of treatments dealt anew.")] = 999,
    weights: Annotated[str, typer.Option(help="Of the wild bootstrap: webb or rademacher.")] = "webb",
    covariates: Annotated[str, typer.Option(help="Adjusted for, such as 'age + sex'; not with clusters.")] = "",
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 1,
) -> Spec:
    """Changes in treated groups against changes in others: effects by time since treatment, group and overall."""
    return {
        "name": "difference_in_differences",
        "outcome": outcome,
        "period": period,
        "treated_from": treated_from,
        "never": never,
        "control": control,
        "errors": errors,
        "cluster": cluster,
        "draws": draws,
        "weights": weights,
        "covariates": covariates,
        "seed": seed,
    }


@verb
def interrupted_time_series(
    period: Annotated[str, typer.Option("--period", help="The column of periods, such as the month's number.")],
    change: Annotated[str, typer.Option("--change", help="The first period after the change, as the data write it.")],
    outcome: Annotated[str, typer.Argument(help="A numeric column or a comparison; none where rows are counted.")] = "",
    measure: Annotated[str, typer.Option(help="mean, total, or count (of rows).")] = "mean",
    model: Annotated[str, typer.Option(help="linear, poisson (rates, numbers) or logistic (shares).")] = "linear",
    errors: Annotated[str, typer.Option(help="newey_west, prais_winsten or independent.")] = "newey_west",
    lags: Annotated[int, typer.Option(help="Of Newey-West; -1 for the usual rule.")] = -1,
    season: Annotated[int, typer.Option(help="Periods in a season, 12 for months in a year; 0 for none.")] = 0,
    harmonics: Annotated[int, typer.Option(help="Pairs of sine and cosine for the season.")] = 1,
    control: Annotated[str, typer.Option(help="A two-valued column: first the control series, then the treated.")] = "",
) -> Spec:
    """Level and slope of a series before and after a change, and what would have been without it."""
    return {
        "name": "interrupted_time_series",
        "outcome": outcome,
        "period": period,
        "change": change,
        "measure": measure,
        "model": model,
        "errors": errors,
        "lags": lags,
        "season": season,
        "harmonics": harmonics,
        "control": control,
    }


@verb
def stepped_wedge(
    outcome: Annotated[str, typer.Argument(help="A numeric column, or a comparison such as 'days > 30'.")],
    period: Annotated[str, typer.Option("--period", help="The column of periods, such as the quarter's number.")],
    cluster: Annotated[str, typer.Option("--cluster", help="The column of clusters, with levels.")],
    treated_from: Annotated[str, typer.Option("--treated-from", help="The first treated period of the row's cluster.")],
    never: Annotated[str, typer.Option(help="Its code for never; left out where a missing value means never.")] = "",
    clusters: Annotated[str, typer.Option(help="random, nested (periods within clusters too) or fixed.")] = "random",
    effect: Annotated[str, typer.Option(help="constant, or by exposure: time since treatment began.")] = "constant",
    draws: Annotated[int, typer.Option(help="Of treatments dealt anew to the clusters.")] = 999,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 1,
) -> Spec:
    """The effect of a treatment that clusters begin one after the other."""
    return {
        "name": "stepped_wedge",
        "outcome": outcome,
        "period": period,
        "cluster": cluster,
        "treated_from": treated_from,
        "never": never,
        "clusters": clusters,
        "effect": effect,
        "draws": draws,
        "seed": seed,
    }
