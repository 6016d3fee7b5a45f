"""What commands print: one JSON object, or tables and sentences for a person; progress on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summand.errors import UsageError

if TYPE_CHECKING:
    from summand.federation import StudyResult

PROGRESS_AFTER_SECONDS = 2.0
FILE_WIDTH = 120


def print_json(value: Any) -> None:
    """Write one JSON object, and nothing else, to standard output."""
    from summand.encoding import dump

    sys.stdout.write(dump(value).decode() + "\n")


def print_result(result: StudyResult, *, as_json: bool, plot: Path | None) -> None:
    """Show a result, then draw it if asked for: what cannot be drawn is still told."""
    if as_json:
        print_json(result.to_dict())
    else:
        _print_tables(result)
    if plot is None:
        return
    save_plot(result, plot)
    if not as_json:
        sys.stdout.write(f"Drawn in {plot}\n")


def _print_tables(result: StudyResult) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)
    console.print(f"[bold]{escape(result.heading)}[/bold]")
    for line in result.facts:
        console.print(escape(line))
    for title, table in result.tables():
        compact = table.compact()
        console.print(rich_table(title, compact.columns, compact.shown()))
    for text in result.warnings:
        console.print(f"[yellow]Warning:[/yellow] {escape(text)}")
    for text in result.notes:
        console.print(f"[dim]Note: {escape(text)}[/dim]")


def rich_table(title: str, columns: tuple[str, ...], rows: list[list[str]]) -> Any:
    """A table for the terminal: texts to the left, numbers to the right."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=escape(title) or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for place, name in enumerate(columns):
        cells = [row[place] for row in rows]
        table.add_column(escape(name), justify="left" if not place or _is_text(cells) else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _is_text(cells: list[str]) -> bool:
    return any(cell[:1].isalpha() for cell in cells)


def check_picture(path: Path) -> None:
    """Whether a file could be a picture, before anything is computed for it.

    Raises:
        UsageError: if its ending is no picture's, or its folder is not there.
    """
    if path.suffix not in (".svg", ".png", ".html", ".json"):
        raise UsageError(
            f"A picture cannot be written as '{path.suffix}'.", remedy="Name a file that ends in .svg, .png or .html."
        )
    if not path.parent.is_dir():
        raise UsageError(f"The folder of {path} is not there.", remedy="Make the folder, or name another.")


def save_plot(result: StudyResult, path: Path) -> None:
    """Draw a result to a file: ``.svg``, ``.png``, ``.html`` or ``.json`` (Vega-Lite).

    Raises:
        UsageError: if the ending is another, the file cannot be written, or drawing needs what is not installed.
    """
    check_picture(path)
    save_chart(result.plot(), path)


def save_chart(chart: Any, path: Path) -> None:
    """Write a chart of Altair's to a file; see `save_plot`."""
    try:
        chart.save(str(path), **({"inline": True} if path.suffix == ".html" else {}))  # a page that needs no network
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", remedy="Check the path.") from None
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"The picture cannot be written as '{path.suffix}' ({type(error).__name__}).",
            remedy="Install the extra: pip install 'summand[plots]'",
        ) from None


@contextmanager
def progress(doing: Callable[[], str], *, quiet: bool = False) -> Iterator[None]:
    """Say on standard error what is being done, where it takes longer than two seconds and a person is looking."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_tell, args=(doing, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tell(doing: Callable[[], str], over: threading.Event) -> None:
    began = time.monotonic()
    if over.wait(PROGRESS_AFTER_SECONDS):
        return
    from rich.console import Console

    with Console(stderr=True).status(doing()) as status:
        while not over.wait(0.5):
            status.update(f"{doing()} ({time.monotonic() - began:.0f} s)")
