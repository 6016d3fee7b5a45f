"""Estimates of several sites brought together."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb


@verb
def meta(
    formula: Formula,
    measure: Annotated[
        str,
        typer.Option(
            help="odds_ratio, risk_ratio, risk_difference, mean_difference, standardised_mean_difference of "
            "'outcome ~ group'; or linear, logistic, cox: each site's own model."
        ),
    ] = "odds_ratio",
    term: Annotated[str, typer.Option(help="For a model: whose coefficient; the first if not given.")] = "",
    random: Annotated[str, typer.Option(help="Variance between sites: reml or dl (DerSimonian-Laird).")] = "reml",
    interval: Annotated[str, typer.Option(help="Of the random effects: normal or hartung_knapp.")] = "normal",
    tau2_interval: Annotated[
        str, typer.Option("--tau2-interval", help="Of the variance between sites: none or q_profile.")
    ] = "none",
) -> Spec:
    """Meta-analysis: the sites' own estimates pooled, fixed and random effects, heterogeneity, prediction."""
    return {
        "name": "meta", "formula": formula, "measure": measure, "term": term, "random": random, "interval": interval,
        "tau2_interval": tau2_interval,
    }  # fmt: skip
