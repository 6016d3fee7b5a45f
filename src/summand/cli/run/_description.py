"""Description of columns."""

from __future__ import annotations

from typing import Annotated

import typer

from summand.cli.run._verb import Spec, verb


@verb
def describe(
    columns: Annotated[list[str] | None, typer.Argument(help="Columns; all if none is named.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Describe the groups of this column apart.")] = None,
    bins: Annotated[int, typer.Option("--bins", help="Bins of each histogram, at most 200.")] = 10,
) -> Spec:
    """Counts, missing values, mean, quartiles, histogram and levels of columns."""
    return {"name": "describe", "columns": list(columns or ()), "by": group, "bins": bins}


@verb
def crosstab(
    row: Annotated[str, typer.Argument(help="A column with levels, or a comparison such as 'age > 65'.")],
    column: Annotated[str, typer.Argument(help="The other, such as 'num > 0'.")],
    strata: Annotated[str | None, typer.Option("--strata", help="A third, over whose groups to average.")] = None,
    site: Annotated[str, typer.Option(help="pooled: one table; strata: each site is a stratum.")] = "pooled",
    paired: Annotated[
        bool, typer.Option("--paired", help="Both are views of the same: McNemar's test and kappa.")
    ] = False,
) -> Spec:
    """Two columns counted together: chi-square, exact and trend tests, odds and risk ratios, over strata too."""
    return {"name": "crosstab", "row": row, "column": column, "strata": strata, "site": site, "paired": paired}
