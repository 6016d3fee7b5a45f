"""``summand outcomes``: charts of series over time. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from summand.cli._print import check_picture, print_json, rich_table, save_chart
from summand.cli._series import read_rebases, read_series

if TYPE_CHECKING:
    from summand.outcomes import ProcessChart

outcomes_app = typer.Typer(no_args_is_help=True, add_completion=False)


@outcomes_app.callback()
def outcomes() -> None:
    """Goals over time, their charts, and whether to go on."""


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Draw it to a file: .svg, .png or .html.")]


@outcomes_app.command()
def chart(
    file: Annotated[Path, typer.Argument(help="CSV: period,value; or for counts period,count,size.")],
    better: Annotated[
        Literal["increase", "decrease", "neutral"], typer.Option("--better", help="Which way is better.")
    ] = "neutral",
    target: Annotated[float | None, typer.Option("--target", help="Value to reach.")] = None,
    kind: Annotated[
        Literal["xmr", "p", "u", "p_prime", "u_prime"],
        typer.Option("--kind", help="xmr: single values; p: proportions; u: rates; p_prime, u_prime: large sizes."),
    ] = "xmr",
    rebase: Annotated[
        list[str] | None, typer.Option("--rebase", help="PERIOD=REASON: a known change from which limits start anew.")
    ] = None,
    screen: Annotated[
        bool, typer.Option("--screen/--no-screen", help="Leave outlying moving ranges out of the limits.")
    ] = True,
    title: Annotated[str, typer.Option("--title", help="What is measured.")] = "",
    unit: Annotated[str, typer.Option("--unit", help="Its unit.")] = "",
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """A process behaviour chart of a series, by the rules of NHS England's "Making Data Count"."""
    from summand.outcomes import process_chart

    if plot is not None:
        check_picture(plot)
    found = process_chart(
        read_series(file), better, kind=kind, target=target, rebases=read_rebases(rebase or []), screen=screen
    )
    show_chart(found, title or file.stem, unit, plot, as_json)


def show_chart(found: ProcessChart, title: str, unit: str, plot: Path | None, as_json: bool) -> None:
    """Print a chart, and draw it if asked for."""
    if as_json:
        print_json({"title": title, "unit": unit, **found.to_dict()})
    else:
        _print_chart(found, title)
    if plot is not None:
        from summand.federation.plots import process_plot

        save_chart(process_plot(found, title, unit), plot)
        if not as_json:
            typer.echo(f"Drawn in {plot}")


def _print_chart(found: ProcessChart, title: str) -> None:
    from rich.console import Console

    from summand.outcomes import assurance_words, variation_words

    console = Console(highlight=False, width=120)
    rows = [
        [
            point.period, f"{point.value:.4g}", f"{point.lower:.4g}", f"{point.centre:.4g}", f"{point.upper:.4g}",
            "" if point.signal == "none" else point.signal.replace("_", " "),
            "" if point.meaning == "common_cause" else point.meaning,
        ]
        for point in found.points
    ]  # fmt: skip
    columns = ("period", "value", "lower", "mean", "upper", "signal", "meaning")
    console.print(rich_table(title, columns, rows))
    for base in found.bases[1:]:
        typer.echo(f"New base from {base.first}: {base.reason}")
    typer.echo(f"Variation: {variation_words(found)}.")
    if found.assurance != "none":
        typer.echo(f"Target {found.target:g}: {assurance_words(found)}.")
    for text in found.warnings:
        typer.echo(f"Warning: {text}")
