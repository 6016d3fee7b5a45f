"""The only place where a study meets rows: one pass over the batches of the site's own source."""

from __future__ import annotations

from typing import Any

from summand.methods import Local, State
from summand.site.sources import Source
from summand.study import Plan, Program
from summand.tables import Array


def summand_of(program: Program, state: dict[str, Any], site: str, source: Source, local: Local) -> tuple[Array, Local]:
    """This site's summand of one round, shape (length of the layout,), and its new memory.

    Raises:
        DataError, MethodError: if the rows are not what the dictionary says or the method cannot use them.
    """
    plan = program.plan
    if state["phase"] == "cohort":
        found = source.count_people(plan.method.columns, _complete(plan))
        return program.cohort_summand(site, found.rows, found.people, found.rows_dropped), local
    slot = program.slot_state(state, site)
    partial = None if slot is None else _tally(plan, source, slot, local)
    return program.method_summand(site, state, partial, local)


def _tally(plan: Plan, source: Source, slot: State, local: Local) -> Any:
    method = plan.method
    partial: Any = None
    for batch in source.batches(method.columns, _complete(plan)):  # always at least one, if need be an empty one
        own = method.tally(batch, slot, local)
        partial = own if partial is None else partial + own
    return partial


def _complete(plan: Plan) -> tuple[str, ...] | None:
    return plan.method.columns if plan.method.complete_cases else None
