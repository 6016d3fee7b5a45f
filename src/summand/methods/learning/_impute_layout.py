"""What leaves a site of multiple imputation, and the most that one row may add to it."""

from __future__ import annotations

from summand.methods._protocol import Block, Layout
from summand.methods.formulas._terms import levels_of
from summand.methods.learning._impute_columns import ImputeColumns
from summand.methods.learning._impute_state import ANALYSE, COUNT, ImputeState

SLACK = 1.0 + 2.0**-40


def impute_layout(method: ImputeColumns, state: ImputeState) -> Layout:
    """Counts first; then for every imputation the sums of one model."""
    if state.phase == COUNT:
        return _counts_layout(method)
    q, m = method.width(state), method.imputations
    what = "of the analysis" if state.phase == ANALYSE else "of a model of what is missing"
    head = 1 + q if method.is_linear(state) else q
    return (
        Block("first sums", "1", m * head, SLACK, f"how columns go with the outcome {what}"),
        Block("products", "1", m * q * (q + 1) // 2, SLACK, f"how the columns {what} go together"),
    )


def _counts_layout(method: ImputeColumns) -> Layout:
    blocks = [Block("rows", "1", 2, 1.0, "how many people there are, and the sum of the outcome")]
    for target in method.targets:
        name = target.column.name
        blocks.append(Block(f"{name}: known", "1", 1, 1.0, f"how many people have {name}"))
        blocks.append(Block(f"{name}: sums", "1", 2, SLACK, f"mean and deviation of {name}"))
    for name in method.categories:
        size = len(levels_of(method.placed.dictionary[name]))
        blocks.append(Block(f"{name}: levels", "1", size, 1.0, f"how many people have each {name}"))
    return tuple(blocks)
