"""``summand settlement``: who is paid what, to the cent. Each module holds the commands of one part of the room."""

from __future__ import annotations

import typer

from summand.cli.settlement._games import data_value, split
from summand.cli.settlement._registers import act, acts, contributions, income, inventions
from summand.cli.settlement._shared_savings import mssp
from summand.cli.settlement._statement import publish, statement
from summand.cli.settlement._waterfall import waterfall

__all__ = [
    "act",
    "acts",
    "contributions",
    "data_value",
    "income",
    "inventions",
    "mssp",
    "publish",
    "settlement_app",
    "split",
    "statement",
    "waterfall",
]

settlement_app = typer.Typer(help="Work out who is paid what, to the cent.", no_args_is_help=True, add_completion=False)

for command in (act, acts, contributions, data_value, income, inventions, mssp, publish, split, statement, waterfall):
    settlement_app.command()(command)
