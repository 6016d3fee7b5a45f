"""A method that computes nothing for a hundred rounds, put in place of ``describe`` in benchmark processes.

``python -m bench._nothing hub|site FOLDER`` serves as usual with it, and writes into the folder ``BENCH_TIMES`` when each
round began and how much processor time the process had used.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from summand import methods
from summand.methods import Block, Result, State

ROUNDS = 100


@dataclass(frozen=True)
class CountState(State):
    """How many rounds are over."""

    done: int


@dataclass(frozen=True)
class Nothing:
    """Four functions that do nothing."""

    name: ClassVar[str] = "describe"
    state_type: ClassVar[type[State]] = CountState
    setting: Any = None

    def under(self, setting: Any) -> Nothing:
        return Nothing(setting)

    def to_spec(self) -> dict[str, Any]:
        return {"name": "describe"}

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Nothing:
        return cls()

    columns: ClassVar[tuple[str, ...]] = ("x",)
    complete_cases: ClassVar[bool] = True

    def parameter_count(self) -> int:
        return 0

    def start(self) -> CountState:
        return CountState(0)

    def layout(self, state: CountState) -> tuple[Block, ...]:
        return (Block("nothing", "1", 1, 1.0),)

    def tally(self, batch: Any, state: CountState, local: Any) -> Any:
        return np.zeros(1)

    def condense(self, partial: Any, state: CountState, local: Any) -> Any:
        return partial, local

    def update(self, total: Any, state: CountState) -> State | Result:
        return Result("describe", {}) if state.done + 1 == ROUNDS else CountState(state.done + 1)


def main() -> None:
    """Serve a hub or a site with `Nothing` in the catalogue."""
    methods.METHODS["describe"] = Nothing
    what, folder = sys.argv[1], sys.argv[2]
    _note_rounds(what, Path(os.environ["BENCH_TIMES"]) / f"{what}-{Path(folder).name}")
    from summand.cli import main as run

    sys.exit(run([what, "serve", folder]))


def _note_rounds(what: str, out: Path) -> None:
    """Have the process write, when each round begins for it, the time and its own processor time, in seconds."""

    def noted(begin: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            with out.open("a") as file:
                file.write(f"{time.perf_counter()} {time.process_time()}\n")
            return begin(*arguments, **named)

        return wrapped

    if what == "hub":
        from summand.hub._sums import Sums

        Sums._open = noted(Sums._open)  # type: ignore[method-assign]
    else:
        from summand.site import _agent

        _agent._HANDLERS = {**_agent._HANDLERS, "round.open": noted(_agent._HANDLERS["round.open"])}


if __name__ == "__main__":
    main()
