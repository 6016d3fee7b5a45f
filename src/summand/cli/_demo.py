"""``summand demo``: the whole chain on real patients' data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

demo_app = typer.Typer(add_completion=False)


@demo_app.command()
def demo(
    name: Annotated[str, typer.Argument(help="'lung' (18 institutions) or 'heart' (four hospitals).")] = "lung",
    data: Annotated[Path | None, typer.Option(help="heart: the folder of the four UCI files.")] = None,
    out: Annotated[Path, typer.Option(help="Where result.json and report.html go.")] = Path("out"),
    serve: Annotated[bool, typer.Option("--serve", help="Keep the hub up with its pages.")] = False,
) -> None:
    """The whole chain on real patients' data, in front of you, with a process for the hub and for each site."""
    from summand.demo import run_demo

    run_demo(name, out=out, data=data, serve=serve)
