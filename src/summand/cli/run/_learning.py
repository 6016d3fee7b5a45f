"""Trees, groups, components and imputation."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Spec, verb

Numbers = Annotated[list[str] | None, typer.Argument(help="Numeric columns; all if none is named.")]


@verb
def pca(
    columns: Numbers = None,
    scale: Annotated[str, typer.Option("--scale", help="correlation, or covariance.")] = "correlation",
    components: Annotated[int, typer.Option("--components", help="How many are told; 0 for all.")] = 0,
) -> Spec:
    """Principal components of numeric columns, with loadings and explained variance."""
    return {"name": "pca", "columns": list(columns or ()), "scale": scale, "components": components}
