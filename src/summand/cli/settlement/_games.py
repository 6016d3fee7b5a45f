"""``summand settlement split, data-value``: by what coalitions could do alone. Parses, calls the room, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.cli._print import print_json
from summand.cli.settlement._kit import AsJson, agreement_in, money
from summand.errors import UsageError

_SHOWN_MAX = 20


def split(
    file: Annotated[
        Path,
        typer.Argument(help='What each coalition gains or costs, in cents: {"kind": "cost", "values": {"a+b": 9}}.'),
    ],
    rule: Annotated[str, typer.Option("--rule", help="shapley or nucleolus.")] = "shapley",
    as_json: AsJson = False,
) -> None:
    """Split a gain or a cost by what every coalition could do alone, and say which of them would rather leave."""
    from summand.cli._files import read_object
    from summand.sharing.games import Game, nucleolus, shapley

    rules = {"shapley": shapley, "nucleolus": nucleolus}
    if rule not in rules:
        raise UsageError(f"There is no rule '{rule}'.", remedy=f"Use --rule {' or '.join(rules)}.")
    found = rules[rule](Game.from_dict(read_object(file)))
    if as_json:
        print_json(found.to_dict())
        return
    rows = [[name, money(found.cents[name]), str(part)] for name, part in found.parts.items()]
    typer.echo(f"{money(found.game.whole)} split by {rule}.")
    for name, amount, exact in rows:
        typer.echo(f"  {name}  {amount}  (exactly {exact} cents)")
    typer.echo("No coalition would do better alone." if found.is_in_core else "These would do better alone:")
    for item in found.objections[:_SHOWN_MAX]:
        typer.echo(f"  {' and '.join(item.coalition)}: by {float(item.advantage) / 100:,.2f}")


def data_value(
    file: Annotated[
        Path,
        typer.Argument(
            help='Released scores by coalition: {"metric": "auc", "baseline": 0.5, "scores": {"a+b": 0.7}}.'
        ),
    ],
    agreement: Annotated[
        Path, typer.Option("--agreement", help="The agreement, which has to permit the release level site_level.")
    ],
    as_json: AsJson = False,
) -> None:
    """What each partner's data add to a model: leave-one-out, Shapley and Banzhaf values of released scores."""
    from summand.cli._files import read_object
    from summand.sharing.data_value import data_value as value_of
    from summand.sharing.data_value import require_site_level

    require_site_level(agreement_in(agreement))
    fields = read_object(file)
    scores, baseline = fields.get("scores"), fields.get("baseline")
    numbers = [baseline, *scores.values()] if isinstance(scores, dict) else [None]
    if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers):
        raise UsageError(
            f"{file.name} has no baseline and scores.", remedy='Write {"baseline": 0.5, "scores": {"a": 0.6}}.'
        )
    found = value_of(scores, baseline=float(baseline), metric=str(fields.get("metric", "score")))  # type: ignore[arg-type]
    if as_json:
        print_json(found.to_dict())
        return
    typer.echo(f"{found.metric}: {found.whole:.4f} with all data, {found.baseline:.4f} without any.")
    for line in found.lines:
        typer.echo(
            f"  {line.party}: leave-one-out {line.leave_one_out:.4f}, Shapley {line.shapley:.4f}, weight "
            f"{line.weight / 10_000:.2f} %"
        )
    for text in found.warnings:
        typer.echo(text)
