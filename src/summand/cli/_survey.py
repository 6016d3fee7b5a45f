"""``summand outcomes survey``: ask how partners get on, and show the network. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from summand.cli._files import read_object
from summand.cli._goals import AgreementName, FederationFile, Key
from summand.cli._outcomes import Json, outcomes_app
from summand.cli._print import print_json, rich_table
from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.outcomes import Relationship

survey_app = typer.Typer(no_args_is_help=True, add_completion=False)
outcomes_app.add_typer(survey_app, name="survey", help="How the partners get on: trust, value, and the network.")


@survey_app.command()
def questions(as_json: Json = False) -> None:
    """The six questions, and how answers are written."""
    from summand.outcomes import QUESTIONS, SCALE, SCORES, TIE_QUESTION

    if as_json:
        scale = {str(number): word for number, word in SCALE.items()}
        print_json({"tie": TIE_QUESTION, "questions": QUESTIONS, "scale": scale,
                    "scores": {name: list(keys) for name, keys in SCORES.items()}})  # fmt: skip
        return
    typer.echo(TIE_QUESTION)
    for name, keys in SCORES.items():
        for key in keys:
            typer.echo(f"  {key} ({name}): {QUESTIONS[key]}")
    typer.echo("Answers: " + ", ".join(f"{number} {word}" for number, word in SCALE.items()))
    typer.echo('Write: {"south": {"reliability": 3, "mission": 4, …}, "west": {…}}')


@survey_app.command()
def answer(
    answers: Annotated[Path, typer.Argument(help="JSON: by party the six answers; see 'survey questions'.")],
    federation: FederationFile, key: Key,
    out: Annotated[Path, typer.Option(help="File for whoever evaluates the survey; nobody else needs it.")],
    survey: Annotated[str, typer.Option(help="Which round, such as 2026.")],
    agreement: AgreementName = None,
) -> None:  # fmt: skip
    """State your answers by their salted hash alone, and write the file for whoever evaluates the survey."""
    from summand.encoding import dump
    from summand.federation import answer_survey, open_desk

    if out.exists():
        raise UsageError(f"{out} is there already.", remedy="Choose another name with --out.")
    with open_desk(federation, key=key, agreement=agreement) as desk:
        out.write_bytes(dump(answer_survey(desk, survey, read_object(answers))))
    out.chmod(0o600)
    typer.echo(f"The ledger holds the hash. Hand {out} to whoever evaluates the survey, over a way that nobody reads.")


@survey_app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="The files that 'survey answer' wrote.")],
    federation: FederationFile, key: Key,
    survey: Annotated[str, typer.Option(help="Which round.")],
    state: Annotated[bool, typer.Option("--state", help="Put what may be shown into the ledger.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the network to a file that ends in .svg.")] = None,
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Evaluate a round; scores of fewer than three people are not shown."""
    from summand.federation import evaluate_survey, open_desk
    from summand.outcomes import network_svg

    if plot is not None and plot.suffix != ".svg":
        raise UsageError("The network is drawn as SVG.", remedy="Name a file that ends in .svg.")
    with open_desk(federation, key=key, agreement=agreement) as desk:
        found = evaluate_survey(desk, survey, [read_object(path) for path in files])
        if state:
            desk.state("relationship.measured", found.to_dict())
        title = f"{desk.agreement.title}: {survey}"
    print_json(found.to_dict()) if as_json else _print(found)
    if plot is not None:
        plot.write_text(network_svg(found, title), encoding="utf-8")


def _print(found: Relationship) -> None:
    from rich.console import Console

    def shown(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f}"

    rows = [
        [node.party, shown(node.trust), shown(node.value), str(node.named_by), str(node.names),
         f"{node.fragmentation_without:.2f}"]
        for node in found.parties
    ]  # fmt: skip
    columns = ("party", "trust", "value", "named by", "names", "fragmentation without")
    Console(highlight=False, width=120).print(rich_table(f"{found.respondents} people answered", columns, rows))
    typer.echo(f"Density {shown(found.density)}, degree centralisation {shown(found.degree_centralisation)}.")
    for label, names in (
        ("Alone", found.isolates),
        ("Did not answer", found.silent),
        ("Key players", found.key_players),
    ):
        if names:
            typer.echo(f"{label}: {', '.join(names)}")
    for source, target in found.unreciprocated:
        typer.echo(f"{source} names {target}, which does not name it.")
