"""What every verb of ``summand run`` shares: the files, the dictionary, and how the result is shown."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from summand.cli._print import check_picture, print_result, progress
from summand.cli._variadic import FilesCommand

Spec = dict[str, Any]

run_app = typer.Typer(no_args_is_help=True, add_completion=False)

Formula = Annotated[
    str,
    typer.Argument(
        help="Such as 'Surv(time, status) ~ age + sex' or 'y ~ x + C(group)'; curves are poly(x, 3) and ns(x, 4)."
    ),
]


def _shared(
    sites: Annotated[
        list[Path], typer.Option("--sites", help="CSV or Parquet files, one for each site: --sites a.csv b.parquet …")
    ],
    by: Annotated[str | None, typer.Option("--by", help="Deal one file to sites by this column.")] = None,
    dictionary: Annotated[
        Path | None, typer.Option("--dictionary", help="Table Schema (JSON) of the columns; inferred if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw the result to a file: .svg, .png or .html.")] = None,
) -> None:
    """The options that every verb has; only its signature is used."""


def verb(make: Callable[..., Spec]) -> Callable[..., Spec]:
    """Make a command of a function that turns a verb's own arguments into a request.

    The command is called as the function is, with its docstring as help, and takes the options of `_shared` besides.
    """
    own = inspect.signature(make, eval_str=True).parameters
    shared = inspect.signature(_shared, eval_str=True).parameters
    required: list[inspect.Parameter] = []
    optional: list[inspect.Parameter] = []
    for parameter in (*own.values(), *shared.values()):
        kept = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        (required if parameter.default is inspect.Parameter.empty else optional).append(kept)

    @functools.wraps(make)
    def command(**given: Any) -> None:
        options = {name: given.pop(name) for name in shared}
        run(make(**given), **options)

    command.__signature__ = inspect.Signature([*required, *optional])  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*required, *optional)}
    run_app.command(name=make.__name__, cls=FilesCommand)(command)
    return make


def run(
    spec: Spec, sites: list[Path], by: str | None, dictionary: Path | None, as_json: bool, plot: Path | None
) -> None:
    """Compute a request over files and show what comes out."""
    from summand.federation._files import open_files, read_dictionary
    from summand.methods import AcrossSlots, from_spec

    if plot is not None:
        check_picture(plot)
    method = from_spec(spec)  # what is wrong with the request itself is said before a file is opened
    level = "site_level" if isinstance(method, AcrossSlots) else "total"
    meaning = None if dictionary is None else read_dictionary(dictionary)
    with progress(lambda: f"Computing {spec['name']}"), open_files(sites, by=by, dictionary=meaning) as federation:
        result = federation.run(spec, release_level=level)
    print_result(result, as_json=as_json, plot=plot)
