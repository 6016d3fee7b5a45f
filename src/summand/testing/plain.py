"""A method run over plain float64 sums: no masks, no messages, no guard. For tests of the statistics alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from summand.errors import NotConverged, UsageError
from summand.methods import Local, Method, Result, Setting, State, length, required_columns, rounds_max
from summand.tables import Array, Batch, Dictionary

ROUNDS_MAX = 400


def empty_batch(dictionary: Dictionary, columns: Iterable[str]) -> Batch:
    """No rows of some columns, with the types that they have in a batch."""
    numbers, codes = np.zeros(0, dtype=np.float64), np.zeros(0, dtype=np.int32)
    return Batch({name: numbers if dictionary[name].is_numeric else codes for name in columns}, 0)


def site_summand(method: Method, batches: Sequence[Batch], state: State, local: Local) -> tuple[Array, Local]:
    """What one site contributes to a round, and its new memory.

    Args:
        method: In its setting.
        batches: The site's rows; none at all is an empty site.
        state: The round's state.
        local: The site's memory after the round before, empty before the first.
    """
    setting = method.setting
    if setting is None:
        raise UsageError("The method has no setting yet.", remedy="Call under(setting) first.")
    rows = list(batches) or [empty_batch(setting.dictionary, method.columns)]
    required = required_columns(method)
    if required:
        rows = [batch.where(batch.complete(required)) for batch in rows]
    partial = method.tally(rows[0], state, local)
    for batch in rows[1:]:
        partial = partial + method.tally(batch, state, local)
    return method.condense(partial, state, local)


def run_plain(method: Method, sites: Sequence[Sequence[Batch]], setting: Setting) -> Result:
    """The result of a method over sites, each a list of batches, by adding their summands in float64.

    Every state goes through its JSON form, as it does between hub and sites.

    Raises:
        MethodError, Refusal: as the method's `update` does.
        NotConverged: after 400 rounds, or as many as the method may take.
    """
    return run_counted(method, sites, setting)[0]


def run_counted(method: Method, sites: Sequence[Sequence[Batch]], setting: Setting) -> tuple[Result, int]:
    """As `run_plain`, with how many rounds it took."""
    method = method.under(setting)
    state = method.start()
    memories: list[Local] = [{} for _ in sites]
    most = rounds_max(method, ROUNDS_MAX)
    for count in range(1, most + 1):
        state = type(state).from_json(state.to_json())
        total = np.zeros(length(method.layout(state)))
        for i, batches in enumerate(sites):
            summand, memories[i] = site_summand(method, batches, state, memories[i])
            total += summand
        after = method.update(total, state)
        if isinstance(after, Result):
            return after, count
        state = after
    raise NotConverged(f"No result after {most} rounds.", remedy="Report this defect.")
