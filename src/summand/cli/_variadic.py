"""Options that take several words, which click has only for arguments: ``--sites a.csv b.parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

OPTION = "--sites"


class FilesCommand(TyperCommand):
    """A command whose ``--sites`` takes every word up to the next option, ``--``, or the formula (it has a ``~``)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As click does, after ``--sites a b`` is written as ``--sites a --sites b``."""
        return super().parse_args(ctx, spread(args))


def spread(words: Sequence[str]) -> list[str]:
    """The words with the option repeated before each of its values.

    >>> spread(["y ~ x", "--sites", "a.csv", "b.csv", "--json"])
    ['y ~ x', '--sites', 'a.csv', '--sites', 'b.csv', '--json']
    """
    out: list[str] = []
    inside = False
    for place, word in enumerate(words):
        if word == "--":
            return [*out, *words[place:]]
        if word == OPTION:
            inside = True
            if place + 1 == len(words) or words[place + 1].startswith("-"):
                out.append(word)  # without a value: click says so
            continue
        if word.startswith(f"{OPTION}="):
            inside = True
            out.append(word)
            continue
        if word.startswith("-") or "~" in word:
            inside = False
        out.extend([OPTION, word] if inside else [word])
    return out
