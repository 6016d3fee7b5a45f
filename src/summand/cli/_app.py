"""The tree of commands; each branch is imported when it is asked for, so that a site starts quickly."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

BRANCHES = {
    "agreement": ("summand.cli._agreement", "agreement_app", "Write, check, show, sign and verify agreements."),
    "demo": ("summand.cli._demo", "demo_app", "The whole chain on real patients' data, in front of you."),
    "directory": ("summand.cli._directory", "directory_app", "Find partners: organisations, their data and needs."),
    "evidence": (
        "summand.cli._evidence",
        "evidence_app",
        "The evidence pack for regulators, ethics boards and funders.",
    ),
    "governance": ("summand.cli._governance", "governance_app", "Motions, votes, vetoes, disputes, tasks."),
    "hub": ("summand.cli._hub", "hub_app", "Convene a federation."),
    "key": ("summand.cli._key", "key_app", "Make and show keys."),
    "ledger": ("summand.cli._ledger", "ledger_app", "Verify and show a ledger, with or without its hub."),
    "outcomes": ("summand.cli._survey", "outcomes_app", "Goals over time, their charts, and whether to go on."),
    "portal": ("summand.cli._portal", "portal_app", "Accounts of the portal's people; sign what it makes ready."),
    "run": ("summand.cli.run", "run_app", "Compute over files of your own, as if each were a site."),
    "settlement": ("summand.cli.settlement", "settlement_app", "Work out who is paid what, to the cent."),
    "site": ("summand.cli._site", "site_app", "Set up and run a site."),
    "study": ("summand.cli._study", "study_app", "Submit, list, show and verify studies."),
}


class LazyGroup(TyperGroup):
    """A group that knows its branches by name and imports one when it is used."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the base's signature
        """All branches, in order."""
        return sorted(BRANCHES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  the base's signature
        """The branch of that name."""
        if cmd_name not in BRANCHES:
            return None
        module, name, help_text = BRANCHES[cmd_name]
        command: Any = typer.main.get_command(getattr(importlib.import_module(module), name))
        command.help = command.help or help_text
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  the base's signature
        """The branches with their first lines, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, BRANCHES[name][2]) for name in sorted(BRANCHES)])


def _version(wanted: bool) -> None:
    if wanted:
        from summand import __version__

        typer.echo(f"summand {__version__}")
        raise typer.Exit


def build() -> Any:
    """The ``summand`` command."""
    help_text = "Partners sign one agreement, keep their patients' data at home, and compute together under it."
    app = typer.Typer(
        name="summand", cls=LazyGroup, help=help_text, add_completion=False, no_args_is_help=True, rich_markup_mode=None
    )

    @app.callback(help=help_text)
    def summand(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        pass

    return typer.main.get_command(app)
