"""A site's pass over its rows: batches tallied by several threads add up to what one batch gives."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from summand.methods import LinearRegression, Setting, from_spec
from summand.site import _rows
from summand.site.sources import open_source
from summand.tables import NO_LIMITS, Column, Dictionary

DICTIONARY = Dictionary("d", (Column("x", "number", -5, 5), Column("y", "number", -5, 5)))


def _source(rows: int) -> Any:
    rng = np.random.default_rng(rows)
    return open_source({"x": rng.uniform(-5, 5, rows), "y": rng.uniform(-5, 5, rows)}, DICTIONARY)


@pytest.mark.parametrize("rows", [0, 1, 99, 1_000])
def test_threads_add_what_one_batch_gives(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partial of many batches, three at a time, is that of the whole."""
    method = LinearRegression("y ~ x").under(Setting(DICTIONARY, NO_LIMITS, 10_000, 1))
    plan: Any = SimpleNamespace(method=method)
    source, state = _source(rows), method.start()
    (whole,) = source.batches(method.columns, method.columns, 10_000)
    monkeypatch.setattr(_rows, "THREADS", 3)
    monkeypatch.setattr(_rows, "BATCH_ROWS_MIN", 37)
    monkeypatch.setattr(_rows, "BATCH_ROWS_MAX", 37)

    partial = _rows._tally(plan, source, state, {})

    np.testing.assert_allclose(partial, method.tally(whole, state, {}), rtol=1e-13, atol=1e-12)


@dataclass
class _Ordered:
    """A partial that remembers in which order it was added."""

    seen: list[int] = field(default_factory=list)

    def __add__(self, other: _Ordered) -> _Ordered:
        return _Ordered([*self.seen, *other.seen])


def test_partials_are_added_in_the_rows_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever thread ends first, the sum of floating-point numbers is the same every time."""
    table = {"x": np.linspace(0, 1, 500), "y": np.zeros(500)}
    source = open_source(table, DICTIONARY)
    method = SimpleNamespace(
        columns=("x",), complete_cases=False,
        tally=lambda batch, state, local: _Ordered([round(499 * float(batch.columns["x"][0]))]),
    )  # fmt: skip
    monkeypatch.setattr(_rows, "THREADS", 4)
    monkeypatch.setattr(_rows, "BATCH_ROWS_MIN", 50)
    monkeypatch.setattr(_rows, "BATCH_ROWS_MAX", 50)
    plan: Any = SimpleNamespace(method=method)
    state: Any = None

    assert _rows._tally(plan, source, state, {}).seen == list(range(0, 500, 50))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no process")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """A fork takes no thread along: the child makes its own, and does not wait for those of its parent."""
    code = """
import os, warnings
from summand.site import _rows
warnings.simplefilter("ignore")
assert _rows._threads().submit(int, 3).result(10) == 3
child = os.fork()
if not child:
    try:
        os._exit(_rows._threads().submit(int, 7).result(5))
    finally:
        os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class _Forgetful(dict[Any, Any]):
    """What another thread empties as soon as something is put in."""

    def __setitem__(self, key: Any, value: Any) -> None:
        return


def test_learned_terms_may_be_placed_by_several_threads() -> None:
    """Threads that tally the same state find the method with its numbers, whichever of them cleared what was kept."""
    setting = Setting(DICTIONARY, NO_LIMITS, 10_000, 1)
    method: Any = from_spec({"name": "linear", "formula": "y ~ poly(x, 2)"}).under(setting)
    (batch,) = _source(200).batches(method.columns, method.columns, 10_000)
    state = method.start()
    while not state.fit:
        state = method.update(method.condense(method.tally(batch, state, {}), state, {})[0], state)
    whole = method.tally(batch, state, {})
    method.__dict__["_with_numbers"] = _Forgetful()

    np.testing.assert_array_equal(method.tally(batch, state, {}), whole)
