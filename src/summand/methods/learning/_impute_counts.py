"""After the first counts: are there enough people, and where does filling begin?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from summand.errors import CohortTooSmall, SingularInformation
from summand.methods._groups import check_classes
from summand.methods.formulas._terms import levels_of
from summand.methods.learning._impute_columns import ImputeColumns
from summand.methods.learning._impute_rows import Target
from summand.methods.learning._impute_state import ImputeState
from summand.methods.learning._impute_update import next_model
from summand.methods.learning._numbers import check_values
from summand.tables import Array, Limits


def after_counts(method: ImputeColumns, total: Array, state: ImputeState) -> ImputeState:
    """The state at the first model, or at the analysis if nothing is missing.

    Raises:
        CohortTooSmall, OutcomeConstant, SingularInformation: if too few people have an outcome class, a column or a level.
        FormulaInvalid: if many people would be filled alike.
    """
    n = round(total[0])
    method.check_distinct(n)
    _check_outcome(method, n, float(total[1]))
    begin, missing, at = np.zeros_like(state.begin), [], 2
    for place, target in enumerate(method.targets):
        known, sums, squares = round(total[at]), float(total[at + 1]), float(total[at + 2])
        at += 3
        _check_target(target, known, round(sums), method.placed.limits)
        begin[place] = sums / known, np.sqrt(max(squares / known - (sums / known) ** 2, 0.0))
        missing.append(n - known)
    for name in method.categories:
        levels = levels_of(method.placed.dictionary[name])
        _check_levels(name, levels, total[at : at + len(levels)], method.placed.limits)
        at += len(levels)
    return next_model(method, dataclasses.replace(state, n=n, missing=tuple(missing), begin=begin))


def _check_outcome(method: ImputeColumns, n: int, summed: float) -> None:
    """The outcome varies, in enough people."""
    limits = method.placed.limits
    if method.indicator is not None:
        check_classes(n, round(summed), method.indicator.label, limits)
        return
    centre, half_width = method.outcome_scale
    column = method.placed.dictionary[method.columns[0]]
    check_values(column, n, n * centre + half_width * summed, limits)


def _check_target(target: Target, known: int, summed: int, limits: Limits) -> None:
    """Enough people have a column, and each of its two values."""
    name, least = target.column.name, max(2, limits.minimum_cell)
    if known < least:
        raise CohortTooSmall(
            f"Fewer than {least} people have '{name}'.", remedy="Leave it out.", clause=_clause(limits)
        )
    if target.is_binary and limits.minimum_cell <= 1 and summed in (0, known):
        raise SingularInformation(f"The column '{name}' does not vary: nobody differs in it.", remedy="Leave it out.")
    if target.is_binary:
        check_classes(known, summed, f"{name} = its second value", limits)


def _check_levels(name: str, levels: Sequence[str], counts: Array, limits: Limits) -> None:
    """Enough people have each level."""
    least = max(limits.minimum_cell, 1)
    for level, people in zip(levels, np.rint(counts).tolist(), strict=True):
        if people < least:
            raise CohortTooSmall(
                f"Fewer than {least} people have {name} = {level} over all sites.",
                remedy="Merge levels, or leave the column out.",
                clause=_clause(limits),
            )


def _clause(limits: Limits) -> str | None:
    return "D.min_cell" if limits.minimum_cell > 1 else None
