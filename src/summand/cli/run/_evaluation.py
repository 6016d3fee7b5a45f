"""How well given models predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summand.cli.run._verb import Spec, verb


@verb
def evaluate(
    outcome: Annotated[str, typer.Argument(help="Such as 'num > 0', or a column with two values.")],
    model: Annotated[
        list[Path], typer.Option("--model", help='Models as JSON: {"name", "formula", "terms": {"age": 0.04, …}}.')
    ],
) -> Spec:
    """How well given logistic models predict: AUC, Brier score and calibration."""
    from summand.cli._files import read_object

    return {"name": "evaluate", "outcome": outcome, "models": [read_object(path) for path in model]}
