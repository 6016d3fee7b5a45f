"""Every site left out once, through a whole federation, against statsmodels and scikit-learn on the pooled tables.

The fits agree to 1e-8, so figures about them do to 1e-7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, HOSPITALS, batch_of, heart, setting
from r_values import r_values
from sklearn.metrics import brier_score_loss, roc_auc_score

from summand.errors import FormulaInvalid, Refusal, UsageError
from summand.federation import Federation
from summand.methods import InternalExternal, Result, bounds
from summand.methods.evaluation._folds import Fold
from summand.tables import Limits
from summand.testing.plain import site_summand

FORMULA = "num > 0 ~ age + sex + exang + oldpeak"
SPEC = {"name": "internal_external", "formula": FORMULA}


def design(table: pd.DataFrame) -> np.ndarray:
    """The columns of the model by hand."""
    return np.column_stack([np.ones(len(table)), table[["age", "sex", "exang", "oldpeak"]].to_numpy(float)])


def fit(table: pd.DataFrame) -> np.ndarray:
    """The pooled fit by statsmodels."""
    from statsmodels.discrete.discrete_model import Logit

    y = (table["num"] > 0).to_numpy(float)
    return np.asarray(Logit(y, design(table)).fit(tol=1e-14, disp=0).params)


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    """What a federation of the four hospitals releases."""
    table = heart()
    sites = {name: table[table["site"] == k].drop(columns="site") for k, name in enumerate(HOSPITALS)}
    return dict(Federation.in_memory(sites, dictionary=HEART).run(SPEC, release_level="site_level").to_dict())


@pytest.mark.parametrize("place", [0, 1, 3])
def test_each_hospital_judges_the_model_of_the_others(released: dict[str, Any], place: int) -> None:
    """Coefficients are the pooled fit of the other three; area, Brier score, slope and offset those on its own patients."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    table = heart()
    own, others = table[table["site"] == place], table[table["site"] != place]
    found = released["by_site"][HOSPITALS[place]]
    beta = fit(others)
    assert [row["estimate"] for row in found["coefficients"]] == pytest.approx(beta.tolist(), rel=1e-8)
    eta, y = design(own) @ beta, (own["num"] > 0).to_numpy(float)
    mu, (row,) = 1 / (1 + np.exp(-eta)), found["models"]
    assert found["n"] == len(own)
    assert row["auc"] == pytest.approx(roc_auc_score(y, eta), abs=1e-7)
    assert row["brier"] == pytest.approx(brier_score_loss(y, mu), rel=1e-7)
    assert row["expected"] == pytest.approx(mu.mean(), rel=1e-7)
    slope = Logit(y, np.column_stack([np.ones(len(y)), eta])).fit(tol=1e-14, disp=0)
    assert row["calibration_slope"] == pytest.approx(slope.params[1], rel=1e-7)
    assert row["calibration_slope_std_error"] == pytest.approx(slope.bse[1], rel=1e-7)
    offset = GLM(y, np.ones(len(y)), family=Binomial(), offset=eta).fit(tol=1e-14)
    assert row["calibration_in_the_large"] == pytest.approx(offset.params[0], rel=1e-7)
    assert row["calibration_in_the_large_std_error"] == pytest.approx(offset.bse[0], rel=1e-7)


def test_a_site_with_few_of_a_class_is_told_so(released: dict[str, Any]) -> None:
    """Fewer than ten Swiss patients are without the disease: no figure, though the site helped to fit for the others."""
    (row,) = released["by_site"]["switzerland"]["models"]
    assert row["note"] == "too few"
    assert row["auc"] is None


def test_the_error_of_an_area_is_delongs() -> None:
    """The one that R's pROC gives, worked out at the site."""
    from summand.methods.evaluation._left_out import figures_of

    table = heart()
    eta = (-4 + 0.0517 * table["age"] + 1.213 * table["sex"] + 0.7331 * table["oldpeak"]).to_numpy(float)
    figures = figures_of(eta, (table["num"] > 0).to_numpy(float), setting(HEART, 1).limits)
    auc, error, *_ = r_values("roc")["auc_risk_all"]
    assert [figures[3], np.sqrt(figures[4])] == pytest.approx([auc, error], rel=1e-9)


def test_a_site_adds_nothing_to_its_own_fit() -> None:
    """The layout of a site's slot has no block of the fit that leaves it out, and another site's rows change its fit."""
    method = InternalExternal(FORMULA).under(setting(HEART, 1))
    state = method.start_slot(1, (0, 1, 2))
    assert {block.name.split(":")[0] for block in method.layout(state)} == {"without site 1", "without site 3"}
    assert type(state).from_json(state.to_json()).to_json() == state.to_json()


def test_a_sites_sums_obey_the_laws() -> None:
    """Neither batches nor row order matter, nobody adds nothing, and no number exceeds its bound: in a fit and in judging."""
    method, table = InternalExternal(FORMULA).under(setting(HEART, 1)), heart()
    start = method.start_slot(0, (0, 1))
    terms = dict(zip(method.inner.design.terms, fit(table).tolist(), strict=True))
    judging = type(start)(0, (Fold(0, "terms", terms), Fold(1, "terms", terms)), is_judging=True)
    whole, halves = batch_of(table, HEART), [batch_of(part, HEART) for part in (table[:200], table[200:])]
    shuffled = batch_of(table.sample(frac=1.0, random_state=4), HEART)
    for state in (start, judging):
        expected = site_summand(method, [whole], state, {})[0]
        for batches in (halves, [shuffled]):
            assert site_summand(method, batches, state, {})[0] == pytest.approx(expected, rel=1e-10, abs=1e-10)
        assert not site_summand(method, [], state, {})[0].any()
        assert (np.abs(expected) <= len(table) * bounds(method.layout(state))).all()


def test_a_model_without_a_fit_ends_that_site_alone() -> None:
    """Where the others' patients separate, the site says why; the rest go on."""
    rng = np.random.default_rng(2)
    table = heart().sample(240, random_state=1).reset_index(drop=True)
    parts = [table[:80], table[80:160], table[160:]]
    parts[1] = parts[1].assign(exang=(parts[1]["num"] > 0).astype(int))
    parts[2] = parts[2].assign(exang=(parts[2]["num"] > 0).astype(int))
    parts[0] = parts[0].assign(exang=rng.integers(0, 2, 80))
    method = InternalExternal("num > 0 ~ exang").under(setting(HEART, 1))
    states: dict[int, Any] = {slot: method.start_slot(slot, (0, 1, 2)) for slot in range(3)}
    ended: dict[int, Any] = {}
    for _ in range(40):
        totals = {
            slot: site_summand(method, [batch_of(parts[slot], HEART)], state, {})[0] for slot, state in states.items()
        }
        following = method.update_slots(totals, states)
        ended |= {slot: after for slot, after in following.items() if not hasattr(after, "to_json")}
        states = {slot: after for slot, after in following.items() if hasattr(after, "to_json")}
        if not states:
            break
    assert "Without this site the model has no fit" in str(ended[0])
    assert isinstance(ended[1], Result)
    assert isinstance(ended[2], Result)


def test_it_needs_the_site_level_by_name() -> None:
    """At the level total every site refuses, with the clause; by itself the method says where it belongs."""
    table = heart()
    sites = {name: table[table["site"] == k].drop(columns="site") for k, name in enumerate(HOSPITALS[:3])}
    with pytest.raises(Refusal, match="site_level") as refused:
        Federation.in_memory(sites, dictionary=HEART).run(SPEC)
    assert refused.value.clause == "D.release_levels"
    method = InternalExternal(FORMULA).under(setting(HEART, 1, Limits()))
    with pytest.raises(UsageError, match="site_level"):
        method.update(np.zeros(0), method.start())
    with pytest.raises(FormulaInvalid):
        InternalExternal.from_spec({"name": "internal_external", "formula": "num > "})
