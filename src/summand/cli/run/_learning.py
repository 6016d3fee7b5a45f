"""Trees, groups, components and imputation."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Formula, Spec, verb
from summand.errors import UsageError

Numbers = Annotated[list[str] | None, typer.Argument(help="Numeric columns; all if none is named.")]


@verb
def pca(
    columns: Numbers = None,
    scale: Annotated[str, typer.Option("--scale", help="correlation, or covariance.")] = "correlation",
    components: Annotated[int, typer.Option("--components", help="How many are told; 0 for all.")] = 0,
) -> Spec:
    """Principal components of numeric columns, with loadings and explained variance."""
    return {"name": "pca", "columns": list(columns or ()), "scale": scale, "components": components}


@verb
def impute(
    formula: Formula,
    imputations: Annotated[int, typer.Option("--imputations", help="How often the gaps are filled.")] = 20,
    cycles: Annotated[int, typer.Option("--cycles", help="How often each column is filled anew.")] = 5,
    auxiliary: Annotated[list[str] | None, typer.Option("--auxiliary", help="Further columns that help.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of draws and noise.")] = 1,
) -> Spec:
    """Linear or logistic regression with multiple imputation of what is missing, pooled by Rubin's rules."""
    return {
        "name": "impute", "formula": formula, "imputations": imputations, "cycles": cycles,
        "auxiliary": list(auxiliary or ()), "seed": seed,
    }  # fmt: skip


@verb
def kmeans(
    columns: Numbers = None,
    clusters: Annotated[int, typer.Option("--clusters", help="How many.")] = 3,
    starts: Annotated[int, typer.Option("--starts", help="From how many sets of seeds.")] = 10,
    scale: Annotated[str, typer.Option("--scale", help="sd, range or none.")] = "sd",
    seed: Annotated[int, typer.Option("--seed", help="Of the draws.")] = 1,
) -> Spec:
    """Clusters of rows around centres, with sizes, sums of squares and silhouettes."""
    return {
        "name": "kmeans", "columns": list(columns or ()), "clusters": clusters, "starts": starts, "scale": scale,
        "seed": seed,
    }  # fmt: skip


@verb
def boosting(
    formula: Formula,
    loss: Annotated[str, typer.Option("--loss", help="auto, logistic, squared, or poisson for counts.")] = "auto",
    trees: Annotated[int, typer.Option("--trees", help="At most so many.")] = 100,
    depth: Annotated[int, typer.Option("--depth", help="Of each tree, at most 8.")] = 6,
    learning_rate: Annotated[float, typer.Option("--learning-rate", help="What part of its step a leaf takes.")] = 0.1,
    bins: Annotated[int, typer.Option("--bins", help="Of a numeric column, at most 255.")] = 64,
    rows_min: Annotated[int, typer.Option("--rows-min", help="The fewest people in a leaf.")] = 20,
    l2: Annotated[float, typer.Option("--l2", help="Penalty on the size of a leaf's value.")] = 1.0,
    held_out: Annotated[int, typer.Option("--held-out", help="Percent of rows kept to judge by.")] = 20,
    patience: Annotated[int, typer.Option("--patience", help="Trees without a gain before the end; 0: never.")] = 10,
    rising: Annotated[list[str] | None, typer.Option("--rising", help="Columns that may only raise it.")] = None,
    falling: Annotated[list[str] | None, typer.Option("--falling", help="Columns that may only lower it.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which rows are held out.")] = 1,
) -> Spec:
    """Gradient-boosted trees for an outcome with two values, a number, or a count."""
    if both := sorted({*(rising or ())} & {*(falling or ())}):
        raise UsageError(f"'{both[0]}' is asked to rise and to fall.", remedy="Name it once, or leave it out.")
    monotone = {**dict.fromkeys(rising or (), 1), **dict.fromkeys(falling or (), -1)}
    return {
        "name": "boosting", "formula": formula, "loss": loss, "trees": trees, "depth": depth,
        "learning_rate": learning_rate, "bins": bins, "rows_min": rows_min, "l2": l2, "held_out": held_out,
        "patience": patience, "monotone": monotone, "seed": seed,
    }  # fmt: skip
