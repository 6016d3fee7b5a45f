"""Hidden cells against an attacker with linear programming (SciPy's HiGHS, an independent implementation)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from summand.disclosure import hidden_cells

counts = st.one_of(st.integers(0, 12), st.integers(0, 60))


def interval(cells, hidden, row, column):
    """What an attacker who knows every margin and every shown cell can say about one hidden cell."""
    places = np.argwhere(hidden)
    one_way = min(cells.shape) == 1
    equations, totals = [], []
    for axis in (0, 1):
        for line in range(cells.shape[axis]):
            inside = places[:, axis] == line
            if inside.any() and not one_way:
                taken = np.take(cells, line, axis)[np.take(hidden, line, axis)]
                equations.append(inside.astype(float))
                totals.append(float(taken.sum()))
    if one_way:
        equations, totals = [np.ones(len(places))], [float(cells[hidden].sum())]
    goal = ((places == (row, column)).all(axis=1)).astype(float)
    ends = [linprog(sign * goal, A_eq=equations, b_eq=totals, bounds=(0, None)) for sign in (1, -1)]
    assert all(end.status == 0 for end in ends)
    return round(ends[0].fun), round(-ends[1].fun)


@given(st.integers(2, 5), st.integers(2, 4), st.sampled_from([3, 5, 10]), st.data())
def test_attacker_with_linear_programming_learns_nothing_about_small_cells(rows, columns, minimum_cell, data):
    """Every small cell could be anything from 0 to the minimum, or to what its margins alone allow."""
    cells = np.array(data.draw(st.lists(counts, min_size=rows * columns, max_size=rows * columns))).reshape(
        rows, columns
    )
    hidden = hidden_cells(cells, minimum_cell)
    assert hidden[cells < minimum_cell].all()
    everything = np.ones(cells.shape, dtype=bool)
    for row, column in np.argwhere(cells < minimum_cell):
        low, high = interval(cells, hidden, row, column)
        low_by_margins, high_by_margins = interval(cells, everything, row, column)
        assert low <= max(0, low_by_margins)
        assert high >= min(minimum_cell, high_by_margins)


@given(st.lists(counts, min_size=2, max_size=8), st.sampled_from([3, 10, 11]))
def test_frequency_table_with_known_total(counted, minimum_cell):
    """In a list, a small cell could be anything from 0 to the minimum, unless all is hidden and the total is small."""
    cells = np.array(counted).reshape(-1, 1)
    hidden = hidden_cells(cells, minimum_cell)
    for row, column in np.argwhere(cells < minimum_cell):
        low, high = interval(cells, hidden, row, column)
        assert low == 0
        assert high >= min(minimum_cell, cells.sum())
    if (cells >= minimum_cell).all():
        assert not hidden.any()


@given(st.lists(counts, min_size=3, max_size=8), st.randoms())
def test_every_party_hides_the_same_cells(counted, random):
    """The choice depends on the counts alone: computed again, and as a row or a column, it is the same."""
    cells = np.array(counted)
    once = hidden_cells(cells.reshape(-1, 1), 10)
    assert (once == hidden_cells(cells.reshape(-1, 1).copy(), 10)).all()
    assert (once.reshape(-1) == hidden_cells(cells.reshape(1, -1), 10).reshape(-1)).all()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([138, 87, 3], [0, 1, 1]),
        ([50, 0, 0, 30, 20], [0, 1, 1, 0, 1]),
        ([50, 4, 7, 30, 20], [0, 1, 1, 0, 0]),
        ([20, 20, 20, 1], [1, 0, 0, 1]),
        ([20, 30], [0, 0]),
        ([3, 4], [1, 1]),
    ],
    ids=["next smallest", "two zeros need a third", "two small suffice", "first of ties", "nothing small", "all small"],
)
def test_frequency_tables_by_hand(cells, expected):
    """The cells hidden in tables small enough to follow by hand."""
    assert hidden_cells(np.array(cells).reshape(-1, 1), 10).reshape(-1).tolist() == [bool(cell) for cell in expected]


def test_one_small_cell_of_a_two_way_table_takes_a_rectangle_with_it():
    """One small cell hides three more at the corners of a rectangle, the cheapest that is wide enough."""
    cells = np.array([[5, 40, 90], [30, 20, 90], [90, 90, 90]])
    assert hidden_cells(cells, 10).tolist() == [[True, True, False], [True, True, False], [False, False, False]]


def test_margins_unknown_hides_small_cells_alone():
    """Where no total is released, there is nothing to subtract from."""
    cells = np.array([[5, 40], [30, 20]])
    assert hidden_cells(cells, 10, margins_known=False).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("minimum_cell", [0, 1])
def test_no_limit_hides_nothing(minimum_cell):
    """Zero describes nobody, so a minimum of one person hides nothing."""
    assert not hidden_cells(np.array([[0, 1], [2, 0]]), minimum_cell).any()


def test_large_sparse_table_ends():
    """A table of 40 by 40 with many small cells is decided, small cells hidden and some shown."""
    cells = np.random.default_rng(7).poisson(14, (40, 40)).astype(np.int64)
    hidden = hidden_cells(cells, 10)
    assert hidden[cells < 10].all()
    assert not hidden.all()
