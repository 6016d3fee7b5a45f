"""The laws of bounds and of addition in every round to the end, where a method's last rounds differ from its first."""

from __future__ import annotations

from typing import Any

import cases_levels
import cases_margins
import cases_penalised
import cases_terms
import numpy as np
import pytest
from law_case import Case

from summand.methods import Local, Result, bounds
from summand.testing.plain import site_summand

CASES = [*cases_levels.CASES, *cases_margins.CASES, *cases_penalised.CASES, *cases_terms.CASES]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_round_adds_within_its_bounds(case: Case) -> None:
    """In every round of a run a few rows stay within their bounds, two sites add to one, and no rows are zeros."""
    method, rng = case.ready, np.random.default_rng(11)
    batch = case.draw(rng, case.rows_min)
    state: Any = method.start()
    memory: Local = {}
    rounds = 0
    while not isinstance(state, Result):
        bound = bounds(method.layout(state))
        for rows in (1, 3, 10):
            few = case.draw(rng, rows)
            found, _ = site_summand(method, [few], state, memory)
            assert (np.abs(found) <= rows * bound * (1 + 1e-9)).all()
        assert not site_summand(method, [], state, memory)[0].any()
        total, following = site_summand(method, [batch], state, memory)
        if not case.sites_matter:
            odd = np.arange(batch.rows) % 2 == 1
            parts = [site_summand(method, [batch.where(keep)], state, memory)[0] for keep in (odd, ~odd)]
            assert (np.abs(sum(parts) - total) <= 1e-10 * (1.0 + batch.rows * bound)).all()
        state, memory, rounds = method.update(total, state), following, rounds + 1
    assert rounds >= 2
