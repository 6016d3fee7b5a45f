"""Curves, tests and models of the time until an event."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb
from summand.errors import UsageError


@verb
def cox(
    formula: Formula,
    site: Annotated[
        str, typer.Option(help="strata: each site has its own baseline hazard; pooled: one for all.")
    ] = "strata",
    ties: Annotated[str, typer.Option(help="efron or breslow.")] = "efron",
) -> Spec:
    """Hazard ratios by Cox's proportional hazards model."""
    return {"name": "cox", "formula": formula, "site": site, "ties": ties}


@verb
def km(
    formula: Formula,
    site: Annotated[str, typer.Option(help="pooled: one curve for each group over all sites.")] = "pooled",
) -> Spec:
    """Kaplan-Meier survival curves, overall (~ 1) or by group (~ sex)."""
    if site != "pooled":
        raise UsageError(
            f"Kaplan-Meier curves are over all sites together, not '{site[:40]}'.", remedy="Leave --site out."
        )
    return {"name": "km", "formula": formula}


@verb
def logrank(
    formula: Formula,
    site: Annotated[
        str, typer.Option(help="pooled: one comparison; strata: each site compares its own people.")
    ] = "pooled",
) -> Spec:
    """Log-rank test of groups: 'Surv(time, status) ~ group'."""
    return {"name": "logrank", "formula": formula, "site": site}


Censored = Annotated[str, typer.Option(help="The level of the status that means: no event by the end of follow-up.")]


@verb
def aalen_johansen(formula: Formula, censored: Censored = "0") -> Spec:
    """Cumulative incidence of competing events, and Gray's test: 'Surv(time, status) ~ group'."""
    return {"name": "aalen_johansen", "formula": formula, "censored": censored}
