"""The only place where a study meets rows: one pass over the batches of the site's own source."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from summand.methods import Local, Method, State, required_columns
from summand.site.sources import Source
from summand.study import Plan, Program
from summand.tables import Array, Batch

BATCH_ROWS_MAX, BATCH_ROWS_MIN = 262_144, 65_536

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def summand_of(program: Program, state: dict[str, Any], site: str, source: Source, local: Local) -> tuple[Array, Local]:
    """This site's summand of one round, shape (length of the layout,), and its new memory.

    Raises:
        DataError, MethodError: if the rows are not what the dictionary says or the method cannot use them.
    """
    plan = program.plan
    if state["phase"] == "cohort":
        found = source.count_people(plan.method.columns, required_columns(plan.method))
        return program.cohort_summand(site, found.rows, found.people, found.rows_dropped), local
    slot = program.slot_state(state, site)
    partial = None if slot is None else _tally(plan, source, slot, local)
    return program.method_summand(site, state, partial, local)


def _tally(plan: Plan, source: Source, slot: State, local: Local) -> Any:
    """The sum over the batches, tallied by as many threads as the machine has cores, added in the rows' order."""
    method = plan.method
    rows = max(BATCH_ROWS_MIN, BATCH_ROWS_MAX // THREADS)
    persons = bool(getattr(method, "by_person", False))
    # always at least one, if need be an empty one
    batches = source.batches(method.columns, required_columns(method), rows, persons=persons)
    partial: Any = None
    for some in _lots(batches, THREADS):
        alone = len(some) == 1
        owns = [method.tally(some[0], slot, local)] if alone else _threads().map(_tallying(method, slot, local), some)
        for own in owns:
            partial = own if partial is None else partial + own
    return partial


def _tallying(method: Method, slot: State, local: Local) -> Callable[[Batch], Any]:
    """The tally of one batch at a state."""
    return lambda batch: method.tally(batch, slot, local)


def _lots(batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
    """So many batches at a time: memory holds no more of them, however long the data are."""
    while some := list(itertools.islice(batches, size)):
        yield some


@functools.cache
def _threads() -> ThreadPoolExecutor:
    """The threads of this process: NumPy lets the others go on while it computes."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="tally")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # a fork takes no thread along: waiting for one never ends
