"""``summand run``: a study over files of one's own, each as if it were a site. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from summand.cli._print import print_result, progress
from summand.cli._variadic import FilesCommand
from summand.errors import UsageError

run_app = typer.Typer(no_args_is_help=True, add_completion=False)

Formula = Annotated[str, typer.Argument(help="Such as 'Surv(time, status) ~ age + sex' or 'y ~ x + C(group)'.")]
Sites = Annotated[
    list[Path], typer.Option("--sites", help="CSV or Parquet files, one for each site: --sites a.csv b.parquet …")
]
By = Annotated[str | None, typer.Option("--by", help="Deal one file to sites by this column.")]
DictionaryFile = Annotated[
    Path | None, typer.Option("--dictionary", help="Table Schema (JSON) of the columns; inferred if not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Draw the result to a file: .svg, .png or .html.")]


@run_app.command(cls=FilesCommand)
def cox(
    formula: Formula,
    sites: Sites,
    by: By = None,
    site: Annotated[
        str, typer.Option(help="strata: each site has its own baseline hazard; pooled: one for all.")
    ] = "strata",
    ties: Annotated[str, typer.Option(help="efron or breslow.")] = "efron",
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Hazard ratios by Cox's proportional hazards model."""
    spec = {"name": "cox", "formula": formula, "site": site, "ties": ties}
    _run(spec, sites, by, dictionary, as_json, plot)


@run_app.command(cls=FilesCommand)
def linear(
    formula: Formula,
    sites: Sites,
    by: By = None,
    site: Annotated[str, typer.Option(help="pooled: one intercept; fixed: one for each site, never sent.")] = "pooled",
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Linear regression by least squares, with t statistics."""
    _run({"name": "linear", "formula": formula, "site": site}, sites, by, dictionary, as_json, plot)


@run_app.command(cls=FilesCommand)
def logistic(
    formula: Formula,
    sites: Sites,
    by: By = None,
    site: Annotated[str, typer.Option(help="pooled: one intercept; fixed: one for each site, never sent.")] = "pooled",
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Logistic regression; the outcome has two values or is a comparison such as 'num > 0'."""
    _run({"name": "logistic", "formula": formula, "site": site}, sites, by, dictionary, as_json, plot)


@run_app.command(cls=FilesCommand)
def km(
    formula: Formula,
    sites: Sites,
    by: By = None,
    site: Annotated[str, typer.Option(help="pooled: one curve for each group over all sites.")] = "pooled",
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Kaplan-Meier survival curves, overall (~ 1) or by group (~ sex)."""
    if site != "pooled":
        raise UsageError(
            f"Kaplan-Meier curves are over all sites together, not '{site[:40]}'.", remedy="Leave --site out."
        )
    _run({"name": "km", "formula": formula}, sites, by, dictionary, as_json, plot)


@run_app.command(cls=FilesCommand)
def logrank(
    formula: Formula,
    sites: Sites,
    by: By = None,
    site: Annotated[
        str, typer.Option(help="pooled: one comparison; strata: each site compares its own people.")
    ] = "pooled",
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Log-rank test of groups: 'Surv(time, status) ~ group'."""
    _run({"name": "logrank", "formula": formula, "site": site}, sites, by, dictionary, as_json, plot)


@run_app.command(cls=FilesCommand)
def describe(
    sites: Sites,
    columns: Annotated[list[str] | None, typer.Argument(help="Columns; all if none is named.")] = None,
    by: By = None,
    group: Annotated[str | None, typer.Option("--group", help="Describe the groups of this column apart.")] = None,
    bins: Annotated[int, typer.Option("--bins", help="Bins of each histogram, at most 200.")] = 10,
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Counts, missing values, mean, quartiles, histogram and levels of columns."""
    spec = {"name": "describe", "columns": list(columns or ()), "by": group, "bins": bins}
    _run(spec, sites, by, dictionary, as_json, plot)


@run_app.command(cls=FilesCommand)
def evaluate(
    outcome: Annotated[str, typer.Argument(help="Such as 'num > 0', or a column with two values.")],
    sites: Sites,
    model: Annotated[
        list[Path], typer.Option("--model", help='Models as JSON: {"name", "formula", "terms": {"age": 0.04, …}}.')
    ],
    by: By = None,
    dictionary: DictionaryFile = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """How well given logistic models predict: AUC, Brier score and calibration."""
    from summand.cli._files import read_object

    models = [read_object(path) for path in model]
    _run({"name": "evaluate", "outcome": outcome, "models": models}, sites, by, dictionary, as_json, plot)


def _run(
    spec: dict[str, Any], sites: list[Path], by: str | None, dictionary: Path | None, as_json: bool, plot: Path | None
) -> None:
    from summand.federation._files import open_files, read_dictionary
    from summand.methods import from_spec

    from_spec(spec)  # what is wrong with the request itself is said before a file is opened
    meaning = None if dictionary is None else read_dictionary(dictionary)
    with progress(lambda: f"Computing {spec['name']}"), open_files(sites, by=by, dictionary=meaning) as federation:
        result = federation.run(spec)
    print_result(result, as_json=as_json, plot=plot)
