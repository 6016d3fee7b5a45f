"""Which cells of a table of counts to hide, so that none of the small ones can be worked out from the rest.

A cell with fewer than ``minimum_cell`` people, zero included, is hidden first (primary suppression). An attacker knows
the shown cells and, at worst, every margin; for each hidden cell this leaves an interval of possible counts (the
"feasibility interval"; for a two-way table its ends are whole numbers, since the constraints are those of a flow).
Further cells are hidden (complementary suppression) until the interval of every small cell reaches from 0 to at least
``minimum_cell``, or as far as the margins alone allow. Reaching ``minimum_cell`` and not only one less also keeps the
sum of the hidden cells of a row from being a small count itself.

Two-way tables: moving one person round a closed way of cells, up and down in turn, keeps all margins. The interval of a
cell is therefore found by sending flow round such ways, and the cells to hide are those of the cheapest way, where a
hidden cell costs nothing and a shown one its people (the shortest-path heuristic of Castro 2007, INFORMS J. Comput.
19(4), 520-533; its network is that of Cox 1995, JASA 90(432), 1453-1462). Whole numbers throughout, ties to the first
cell: every party finds the same cells.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Hidden = NDArray[np.bool_]

_FAR = np.int64(2**61)


def hidden_cells(cells: Whole, minimum_cell: int, *, margins_known: bool = True) -> Hidden:
    """Which cells must not be shown.

    Args:
        cells: Counts, shape (rows, columns); with one row or one column a frequency table whose total is known.
        minimum_cell: The fewest people a shown cell may have. 0 and 1 hide nothing: zero describes nobody.
        margins_known: Whether anybody may know the totals; if not, only the small cells themselves are hidden.

    Returns:
        True where hidden, shape (rows, columns).
    """
    if minimum_cell <= 1:
        return np.zeros(cells.shape, dtype=np.bool_)
    small = cells < minimum_cell
    if not margins_known or not small.any():
        return small
    if min(cells.shape) == 1:
        return _hide_in_list(cells.reshape(-1), small.reshape(-1), minimum_cell).reshape(cells.shape)
    return _hide_in_table(cells, small, minimum_cell)


def _hide_in_list(cells: Whole, small: Hidden, minimum_cell: int) -> Hidden:
    """One-way: the hidden cells are at least two, and together at least ``minimum_cell`` people."""
    hidden = small.copy()
    shown = [int(i) for i in np.argsort(cells, kind="stable") if not small[i]]
    while shown and (hidden.sum() < 2 or cells[hidden].sum() < minimum_cell):
        hidden[shown.pop(0)] = True
    return hidden


def _hide_in_table(cells: Whole, small: Hidden, minimum_cell: int) -> Hidden:
    """Two-way: widen each small cell's interval down to 0 and up to ``minimum_cell``.

    One pass is enough: hiding more cells only widens the intervals of those already widened.
    """
    hidden = small.copy()
    for row, column in np.argwhere(small):
        count = int(cells[row, column])
        cell, row_node, column_node = (int(row), int(column)), int(row), len(cells) + int(column)
        _send(cells, hidden, cell, (column_node, row_node), minimum_cell - count)
        _send(cells, hidden, cell, (row_node, column_node), count)
    # Where margins leave no way, what is hidden may be few people together, which the number of all would give away.
    order = np.argsort(cells, axis=None, kind="stable")
    shown = [int(place) for place in order if not hidden.flat[place]]
    while shown and cells[hidden].sum() < minimum_cell:
        hidden.flat[shown.pop(0)] = True
    return hidden


def _send(cells: Whole, hidden: Hidden, cell: tuple[int, int], ends: tuple[int, int], needed: int) -> None:
    """Send ``needed`` people round ``cell`` from one of the nodes ``ends`` to the other, hiding the cells on the way.

    A step from a row to a column adds people to their cell, without limit; one from a column to a row takes them away,
    as many as there are. From the cell's column to its row this raises the cell, from its row to its column it lowers
    it. Stops early where no way is left: then the margins alone give the bound.
    """
    people = cells.copy()
    rows = len(cells)
    while needed > 0:
        way = _cheapest_way(people, np.where(hidden, 0, cells + 1), cell, ends)
        if not way:
            return
        steps = [(min(a, b), max(a, b) - rows, -1 if a >= rows else 1) for a, b in pairwise(way)]
        moved = min([needed, *(int(people[row, column]) for row, column, sign in steps if sign < 0)])
        for row, column, sign in steps:
            people[row, column] += sign * moved
            hidden[row, column] = True
        needed -= moved


def _cheapest_way(people: Whole, cost: Whole, cell: tuple[int, int], ends: tuple[int, int]) -> list[int]:
    """The nodes of a cheapest way between ``ends`` that leaves ``cell`` out; empty if there is none.

    Nodes are the rows, then the columns. Bellman-Ford, a whole table at a time.
    """
    source, sink = ends
    rows, columns = people.shape
    weight = np.full((rows + columns, rows + columns), _FAR, dtype=np.int64)
    weight[:rows, rows:] = cost
    weight[rows:, :rows] = np.where(people > 0, cost, _FAR).T
    weight[cell[0], rows + cell[1]] = weight[rows + cell[1], cell[0]] = _FAR
    distance = np.full(rows + columns, _FAR, dtype=np.int64)
    distance[source] = 0
    before = np.full(rows + columns, -1, dtype=np.int64)
    while True:
        through = distance[:, None] + weight
        nearest = through.argmin(axis=0)
        found = through[nearest, np.arange(rows + columns)]
        better = found < distance
        if not better.any():
            break
        distance[better], before[better] = found[better], nearest[better]
    if distance[sink] >= _FAR:
        return []
    way = [sink]
    while way[-1] != source:
        way.append(int(before[way[-1]]))
    return way[::-1]
