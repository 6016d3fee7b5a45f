"""``summand settlement split``: by what coalitions could do alone. Parses, calls the room, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.cli._print import print_json
from summand.cli.settlement._kit import AsJson, money
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
