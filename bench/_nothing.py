"""A method that computes nothing for a hundred rounds, put in place of ``describe`` in benchmark processes.

``python -m bench._nothing hub|site FOLDER`` serves as usual with it; the hub also writes when each round opened.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
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
    if what == "hub":
        _write_times()
    from summand.cli import main as run

    sys.exit(run([what, "serve", folder]))


def _write_times() -> None:
    from summand.hub._rounds import Rounds

    opened, out = Rounds._open, os.environ["BENCH_TIMES"]

    def noted(self: Any, *arguments: Any) -> None:
        with open(out, "a") as file:
            file.write(f"{time.perf_counter()}\n")
        opened(self, *arguments)

    Rounds._open = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
