"""Correlations, their tests and intervals, from the products of columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.methods._newton import NORMAL_975, equations, p_value
from summand.methods._protocol import Result
from summand.methods._rounding import to_digits
from summand.methods.description._correlation_state import CorrelationState
from summand.tables import Array

if TYPE_CHECKING:
    from summand.methods.description._correlation import Correlation

DIGITS = 3
NOTHING = dict.fromkeys(("estimate", "statistic", "p_value", "conf_low", "conf_high"))


def correlation_result(method: Correlation, products: Array, state: CorrelationState) -> Result:
    """The table of all pairs.

    Args:
        method: In its setting.
        products: Of the columns about their means, shape (columns, columns).
        state: The last.

    Raises:
        SingularInformation: if the given columns are a combination of each other.
    """
    count = len(method.variables)
    hidden = _hidden(method, state)
    matrix = _partial(products, count, method.given)
    rows: list[dict[str, Any]] = []
    for i in range(count):
        for j in range(i):
            pair = {"first": method.variables[j], "second": method.variables[i]}
            withheld = _is_hidden(hidden, j, i, range(count, len(method.columns)))
            found = None if withheld else _correlation(matrix, i, j)
            if found is None:
                rows.append({**pair, **NOTHING})
                continue
            row = _row(found, state.n, len(method.given), by_ranks=method.kind == "spearman")
            rows.append({**pair, **(_few_digits(row) if method.placed.limits.minimum_cell > 1 else row)})
    values: dict[str, Any] = {"kind": method.kind, "given": ", ".join(method.given) or None, "correlations": rows}
    if method.kind == "pearson" and not method.given:
        values["cronbach_alpha"] = None if hidden else _alpha(method, products)
    return Result("correlation", values, _warnings(method, state, bool(hidden)))


def _partial(products: Array, count: int, given: tuple[str, ...]) -> Array:
    """The products of what the given columns leave of the others: a Schur complement."""
    if not given:
        return products
    inner = equations(products[count:, count:], given, np.eye(len(given)), least=0.0)
    across = products[count:, :count]
    explained = np.column_stack([inner.solve(column) for column in across.T])
    return np.asarray(products[:count, :count] - across.T @ explained, dtype=np.float64)


def _correlation(matrix: Array, i: int, j: int) -> float | None:
    """None where a column does not vary."""
    scale = math.sqrt(max(float(matrix[i, i]), 0.0)) * math.sqrt(max(float(matrix[j, j]), 0.0))
    return max(-1.0, min(1.0, float(matrix[i, j]) / scale)) if scale > 0.0 else None


def _row(r: float, n: int, given: int, *, by_ranks: bool) -> dict[str, Any]:
    """A correlation with Student's t, and the interval on Fisher's scale."""
    row: dict[str, Any] = {**NOTHING, "estimate": r}
    degrees = n - 2 - given
    if degrees >= 1 and abs(r) < 1.0:
        t = r * math.sqrt(degrees / ((1.0 - r) * (1.0 + r)))
        row.update(statistic=t, p_value=p_value(t, degrees))
    if degrees >= 2 and abs(r) < 1.0:
        width = NORMAL_975 * math.sqrt((1.0 + r * r / 2.0 if by_ranks else 1.0) / (degrees - 1.0))
        row.update(conf_low=math.tanh(math.atanh(r) - width), conf_high=math.tanh(math.atanh(r) + width))
    return row


def _alpha(method: Correlation, products: Array) -> float | None:
    """Cronbach's alpha of all columns as items of one scale: ``k / (k - 1) (1 - sum of variances / variance of sum)``.

    Source: Cronbach (1951), Psychometrika 16(3), equation 2.
    """
    widths = np.array([method.placed.dictionary[name].half_width for name in method.variables])
    items = products * np.outer(widths, widths)
    whole = float(items.sum())
    if whole <= 0.0:
        return None
    alpha = len(items) / (len(items) - 1.0) * (1.0 - float(np.trace(items)) / whole)
    return to_digits(alpha, DIGITS) if method.placed.limits.minimum_cell > 1 else alpha


def _few_digits(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else to_digits(value, DIGITS) for name, value in row.items()}


def _hidden(method: Correlation, state: CorrelationState) -> frozenset[tuple[int, int]]:
    """The pairs of columns with few values that some people, but too few, share; (k, k) for a column by itself."""
    found, at, least = set(), 0, method.placed.limits.minimum_cell
    for pair in method.pairs:
        r, c = method.table_shape(pair)
        table = state.tables[at : at + r * c].reshape(r, c)
        at += r * c
        cells = np.diag(table) if pair[0] == pair[1] else table.ravel()
        if bool((cells < least).any()):
            found.add(pair)
    return frozenset(found)


def _is_hidden(hidden: frozenset[tuple[int, int]], first: int, second: int, given: range) -> bool:
    """Whether anything hidden is about two columns, or about what is held fixed."""
    involved = {first, second, *given}
    return any(a in involved and b in involved for a, b in hidden)


def _warnings(method: Correlation, state: CorrelationState, withheld: bool) -> tuple[str, ...]:
    found = []
    if withheld:
        least = method.placed.limits.minimum_cell
        found.append(f"Where fewer than {least} people share values of columns with few, there is no correlation.")
    grouped = [name for name, tied in zip(method.columns, state.grouped, strict=False) if tied]
    if grouped:
        found.append(f"The ranks of {', '.join(grouped)} are those of values grouped into bins.")
    return tuple(found)
