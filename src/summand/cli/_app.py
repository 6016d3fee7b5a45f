"""The tree of commands; each branch is imported when it is asked for, so that a site starts quickly."""

from __future__ import annotations

import importlib
from typing import Any

import click
import typer

BRANCHES = {
    "agreement": ("summand.cli._agreement", "agreement_app", "Write, check, show, sign and verify agreements."),
    "demo": ("summand.cli._demo", "demo_app", "The whole chain on real patients' data, in front of you."),
    "hub": ("summand.cli._hub", "hub_app", "Convene a federation."),
    "key": ("summand.cli._key", "key_app", "Make and show keys."),
    "ledger": ("summand.cli._ledger", "ledger_app", "Verify and show a ledger, with or without its hub."),
    "run": ("summand.cli._run", "run_app", "Compute over files of your own, as if each were a site."),
    "site": ("summand.cli._site", "site_app", "Set up and run a site."),
    "study": ("summand.cli._study", "study_app", "Submit, list, show and verify studies."),
}


class LazyGroup(click.Group):
    """A group that knows its branches by name and imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """All branches, in order."""
        return sorted(BRANCHES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """The branch of that name."""
        if cmd_name not in BRANCHES:
            return None
        module, name, help_text = BRANCHES[cmd_name]
        command: Any = typer.main.get_command(getattr(importlib.import_module(module), name))
        command.help = command.help or help_text
        command.name = cmd_name
        return command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """The branches with their first lines, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, BRANCHES[name][2]) for name in sorted(BRANCHES)])


def build() -> click.Command:
    """The ``summand`` command."""
    help_text = "Partners sign one agreement, keep their patients' data at home, and compute together under it."
    group = LazyGroup("summand", help=help_text, no_args_is_help=True)
    from summand import __version__

    return click.version_option(__version__, prog_name="summand")(group)
