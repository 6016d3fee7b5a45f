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
