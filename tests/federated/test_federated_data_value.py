"""What each partner's data add to a model, by studies of every coalition, against fits of the pooled rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from summand.errors import ContributionUnknown, UsageError
from summand.federation import value_of_data
from summand.testing.federations import Partnership

COLUMNS = {"x": (-6, 6), "z": (-6, 6), "y": (0, 1)}


def partnership(*levels: str) -> Partnership:
    """Three parties of uneven size; the outcome depends on x, and on z at one of them only."""
    rng = np.random.default_rng(5)
    tables = {}
    for name, n, slope in (("north", 60, 0.0), ("south", 90, 1.5), ("west", 150, 0.0)):
        x, z = rng.normal(0, 1, n).clip(-5, 5), rng.normal(0, 1, n).clip(-5, 5)
        y = (rng.uniform(size=n) < 1 / (1 + np.exp(-x - slope * z))).astype(int)
        tables[name] = {"x": x.tolist(), "z": z.tolist(), "y": y.tolist()}
    return Partnership.of(tables, COLUMNS, data={"release_levels": list(levels)})


def test_every_coalitions_model_is_fitted_and_judged() -> None:
    """Seven models; each area is that of an independent fit on the same rows, judged on all."""
    found_from = partnership("total", "site_level")
    with found_from.federation() as federation:
        found = value_of_data(federation, "y ~ x + z")
    tables = found_from.tables
    everyone = np.column_stack([np.concatenate([tables[p][c] for p in tables]) for c in ("x", "z")])
    outcome = np.concatenate([tables[p]["y"] for p in tables])
    assert len(found.scores) == len(set(found.studies.values())) == 7
    for size in (1, 2, 3):
        for group in combinations(tables, size):
            rows = np.column_stack([np.concatenate([tables[p][c] for p in group]) for c in ("x", "z")])
            fit = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(
                rows, np.concatenate([tables[p]["y"] for p in group])
            )
            area = roc_auc_score(outcome, fit.decision_function(everyone))
            assert found.scores["+".join(group)] == pytest.approx(area, abs=1e-4)
    assert sum(line.shapley for line in found.lines) == pytest.approx(found.whole - 0.5, abs=1e-9)


def test_only_where_the_agreement_permits_it() -> None:
    """Without site_level nothing is asked of the sites; an unknown score is refused."""
    with partnership("total").federation() as federation:
        before = len(federation.entries())
        with pytest.raises(ContributionUnknown):
            value_of_data(federation, "y ~ x")
        assert len(federation.entries()) == before
    with partnership("total", "site_level").federation() as federation, pytest.raises(UsageError):
        value_of_data(federation, "y ~ x", metric="luck")
