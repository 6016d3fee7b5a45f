"""Curves, tests and models of the time until an event."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb
from summand.errors import UsageError


def _numbers(text: str | None, option: str) -> list[float]:
    """The numbers of an option such as ``--times 100,300``."""
    try:
        return [float(word) for word in text.split(",")] if text else []
    except ValueError:
        raise UsageError(f"{option} takes numbers with commas between.", remedy=f"Such as {option} 100,300.") from None


@verb
def cox(
    formula: Formula,
    site: Annotated[
        str, typer.Option(help="strata: each site has its own baseline hazard; pooled: one for all.")
    ] = "strata",
    ties: Annotated[str, typer.Option(help="efron or breslow.")] = "efron",
    strata: Annotated[
        str | None, typer.Option(help="A column whose levels have baseline hazards of their own.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="A column of positive case weights.")] = None,
    errors: Annotated[
        str, typer.Option(help="model, HC0, or by clusters: cluster-site, cluster-person, cluster-column.")
    ] = "model",
    cluster: Annotated[str | None, typer.Option(help="The column of clusters, for cluster-column.")] = None,
    also: Annotated[
        str | None, typer.Option(help="What else, with commas: baseline, concordance, proportionality.")
    ] = None,
    transform: Annotated[
        str | None, typer.Option(help="Of time, for proportionality: km, rank, identity or log.")
    ] = None,
) -> Spec:
    """Hazard ratios by Cox's proportional hazards model, with robust errors, its tests, and its baseline hazard."""
    return {
        "name": "cox", "formula": formula, "site": site, "ties": ties, "strata": strata, "weights": weights,
        "errors": errors, "cluster": cluster, "also": also.split(",") if also else [], "transform": transform,
    }  # fmt: skip


@verb
def km(
    formula: Formula,
    site: Annotated[str, typer.Option(help="pooled: one curve for each group over all sites.")] = "pooled",
    times: Annotated[str | None, typer.Option(help="Times to tell the survival at, such as 100,300.")] = None,
    conf_type: Annotated[str, typer.Option(help="Kind of interval: log-log, log or plain.")] = "log-log",
) -> Spec:
    """Kaplan-Meier survival curves, overall (~ 1) or by group (~ sex)."""
    if site != "pooled":
        raise UsageError(
            f"Kaplan-Meier curves are over all sites together, not '{site[:40]}'.", remedy="Leave --site out."
        )
    return {"name": "km", "formula": formula, "conf_type": conf_type, "times": _numbers(times, "--times")}


@verb
def logrank(
    formula: Formula,
    site: Annotated[
        str, typer.Option(help="pooled: one comparison; strata: each site compares its own people.")
    ] = "pooled",
    weights: Annotated[
        str, typer.Option(help="logrank, gehan-breslow, tarone-ware, peto-peto or fleming-harrington.")
    ] = "logrank",
    rho: Annotated[float, typer.Option(help="Power of the survival, for fleming-harrington.")] = 0.0,
    gamma: Annotated[float, typer.Option(help="Power of one minus the survival, for fleming-harrington.")] = 0.0,
    trend: Annotated[bool, typer.Option("--trend", help="Test the trend over ordered groups too.")] = False,
    strata: Annotated[str | None, typer.Option(help="Compare people within the levels of this column.")] = None,
) -> Spec:
    """Log-rank test of groups: 'Surv(time, status) ~ group'."""
    return {
        "name": "logrank", "formula": formula, "site": site, "weights": weights, "rho": rho, "gamma": gamma,
        "trend": trend, "strata": strata,
    }  # fmt: skip


@verb
def nelson_aalen(
    formula: Formula,
    conf_type: Annotated[str, typer.Option(help="Kind of interval: log or plain.")] = "log",
) -> Spec:
    """Cumulative hazards by Nelson and Aalen, overall (~ 1) or by group (~ sex)."""
    return {"name": "nelson_aalen", "formula": formula, "conf_type": conf_type}


@verb
def rmst(
    formula: Formula,
    tau: Annotated[float | None, typer.Option(help="Until when; the longest time that all groups reach.")] = None,
) -> Spec:
    """Restricted mean survival time by group, with differences and ratios."""
    return {"name": "rmst", "formula": formula, "tau": tau}


Censored = Annotated[str, typer.Option(help="The level of the status that means: no event by the end of follow-up.")]


@verb
def aalen_johansen(
    formula: Formula,
    censored: Censored = "0",
    times: Annotated[str | None, typer.Option(help="Times to tell the incidence at, such as 365,1826.")] = None,
) -> Spec:
    """Cumulative incidence of competing events, and Gray's test: 'Surv(time, status) ~ group'."""
    chosen = _numbers(times, "--times")
    return {"name": "aalen_johansen", "formula": formula, "censored": censored, "times": chosen}


@verb
def fine_gray(
    formula: Formula,
    cause: Annotated[str, typer.Option(help="The level of the status whose incidence is modelled.")] = "1",
    censored: Censored = "0",
    site: Annotated[
        str, typer.Option(help="strata: each site has its own baseline and censoring; pooled: one for all.")
    ] = "strata",
) -> Spec:
    """Ratios of subdistribution hazards among competing events, by Fine and Gray's model."""
    return {"name": "fine_gray", "formula": formula, "cause": cause, "censored": censored, "site": site}


@verb
def parametric_survival(
    formula: Formula,
    distribution: Annotated[str, typer.Option(help="weibull, exponential, lognormal or loglogistic.")] = "weibull",
    site: Annotated[str, typer.Option(help="pooled: one intercept; fixed: one for each site, never sent.")] = "pooled",
) -> Spec:
    """Regression of log survival time: time ratios, and hazard ratios where times are Weibull or exponential."""
    return {"name": "parametric_survival", "formula": formula, "distribution": distribution, "site": site}


@verb
def rates(
    formula: Formula,
    per: Annotated[float, typer.Option(help="Rates per so much follow-up time, in its own unit.")] = 1.0,
    interval: Annotated[str, typer.Option(help="exact (Garwood) or byar.")] = "exact",
    bands_of: Annotated[str, typer.Option(help="Standardise to bands of this column, such as age.")] = "",
    cuts: Annotated[str | None, typer.Option(help="Where the bands begin, such as 40,60 for three bands.")] = None,
    standard: Annotated[str | None, typer.Option(help="The standard population in each band: 500,300,200.")] = None,
) -> Spec:
    """Events by person-time of groups, with ratios, and standardised to a given population."""
    return {
        "name": "rates", "formula": formula, "per": per, "interval": interval, "by": bands_of,
        "cuts": _numbers(cuts, "--cuts"), "standard": _numbers(standard, "--standard"),
    }  # fmt: skip


@verb
def piecewise_exponential(
    formula: Formula,
    cuts: Annotated[str | None, typer.Option(help="Where intervals of follow-up end, such as 30,90,365.")] = None,
    intervals: Annotated[int, typer.Option(help="Without cuts: how many intervals of about equally many events.")] = 4,
    site: Annotated[
        str, typer.Option(help="pooled: the same rates; fixed: a factor for each site, never sent.")
    ] = "pooled",
) -> Spec:
    """Rates that are constant within intervals of follow-up, and hazard ratios."""
    settings = {"cuts": _numbers(cuts, "--cuts"), "intervals": intervals, "site": site}
    return {"name": "piecewise_exponential", "formula": formula, **settings}
