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
    quantile: Annotated[
        list[float] | None, typer.Option("--quantile", help="A further quantile, such as 0.025; once for each.")
    ] = None,
    shape: Annotated[
        str, typer.Option("--shape", help="unbiased or biased: skewness, kurtosis and coefficient of variation.")
    ] = "none",
) -> Spec:
    """Counts, missing values, mean, quartiles, histogram and levels of columns."""
    further = {"quantiles": list(quantile or ()), "shape": shape}
    return {"name": "describe", "columns": list(columns or ()), "by": group, "bins": bins, **further}


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


Columns = Annotated[list[str], typer.Argument(help="The columns that are described.")]
Groups = Annotated[str, typer.Option("--group", help="A column with levels, or a comparison such as 'num > 0'.")]
Complete = Annotated[bool, typer.Option("--complete", help="Leave out people who lack any of the columns.")]


@verb
def table_one(
    columns: Columns,
    group: Groups,
    nonnormal: Annotated[
        list[str] | None, typer.Option("--nonnormal", help="A number told by its median; once for each.")
    ] = None,
    categorical: Annotated[
        list[str] | None, typer.Option("--categorical", help="A number whose levels are counted; once for each.")
    ] = None,
    complete: Complete = False,
) -> Spec:
    """The people of each group side by side: n (%), mean (SD), median, missing, standardised difference, p-value."""
    special = {"nonnormal": list(nonnormal or ()), "categorical": list(categorical or ())}
    return {"name": "table_one", "columns": columns, "by": group, **special, "complete": complete}


@verb
def compare_groups(columns: Columns, group: Groups, complete: Complete = False) -> Spec:
    """Numbers compared between groups: t tests, analyses of variance, tests by ranks, differences with intervals."""
    return {"name": "compare_groups", "columns": columns, "by": group, "complete": complete}


@verb
def correlation(
    columns: Columns,
    kind: Annotated[
        str, typer.Option("--kind", help="pearson, or spearman by ranks pooled over all sites.")
    ] = "pearson",
    given: Annotated[list[str] | None, typer.Option("--given", help="A column held fixed; once for each.")] = None,
) -> Spec:
    """Correlation of every pair of numbers, also given others, with p-values and intervals."""
    return {"name": "correlation", "columns": columns, "kind": kind, "given": list(given or ())}
