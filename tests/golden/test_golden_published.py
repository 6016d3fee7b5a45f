"""Published tables: the International Stroke Trial's counts and FLamby's splits, with the recipes of docs/evidence."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from shared_files import shared_data
from summand.methods import Setting, from_spec
from summand.tables import NO_LIMITS
from summand.testing.plain import run_plain

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from docs.evidence import flamby, stroke_trial

SITES = {"country": 36, "hospital": 466}


@pytest.fixture(scope="module")
def trial():
    """The stroke trial's patients."""
    shared_data("stroke_trial")
    return stroke_trial.frame()


@pytest.mark.parametrize("by", SITES)
def test_the_stroke_trials_counts_are_those_published(trial, by: str) -> None:
    """Deaths within 14 days, dealt to countries or hospitals: 872 of 9,720 with aspirin, 909 of 9,715 without."""
    sites = stroke_trial.batches(trial, by)
    setting = Setting(stroke_trial.DICTIONARY, NO_LIMITS, len(trial), len(sites))
    result = run_plain(from_spec({"name": "crosstab", "row": "aspirin", "column": "died"}), sites, setting)
    cells = {(cell["row"], cell["column"]): cell["people"].people for cell in result.values["cells"]}

    assert len(sites) == SITES[by]
    assert (cells["1", "1"], cells["1", "0"] + cells["1", "1"]) == (872, 9_720)
    assert (cells["0", "1"], cells["0", "0"] + cells["0", "1"]) == (909, 9_715)


@pytest.mark.slow
@pytest.mark.parametrize("by", SITES)
def test_the_adjusted_model_is_the_fit_with_a_dummy_for_each_site(trial, by: str) -> None:
    """One intercept for each country or hospital, eliminated there: statsmodels with as many dummies gives the same."""
    sites = stroke_trial.batches(trial, by)
    setting = Setting(stroke_trial.DICTIONARY, NO_LIMITS, len(trial), len(sites))
    method = from_spec({"name": "logistic", "formula": stroke_trial.ADJUSTED, "site": "fixed"})
    terms = run_plain(method, sites, setting).values["terms"]
    estimates, errors = stroke_trial.pooled_fit(trial, by)

    np.testing.assert_allclose([term["estimate"] for term in terms], estimates, rtol=1e-8)
    np.testing.assert_allclose([term["std_error"] for term in terms], errors, rtol=1e-8)


def test_flamby_splits_have_the_published_sizes() -> None:
    """Fed-TCGA-BRCA's six regions and Fed-Heart-Disease's four centres have the rows that FLamby says."""
    shared_data("tcga_brca")
    table, names = flamby.brca()
    trained = {region: len(part) for region, part in flamby.brca_sites(table, "train").items()}
    heart, covariates = flamby.heart()

    assert (len(table), len(names), sum(trained.values())) == (1_088, 29, 866)
    assert trained == {
        "Northeast": 248, "South": 156, "West": 164, "Midwest": 129, "Europe": 129, "Canada": 40
    }  # fmt: skip
    assert len(covariates) == 13
    assert heart["centre"].value_counts().to_dict() == {
        "cleveland": 303,
        "hungarian": 261,
        "va": 130,
        "switzerland": 46,
    }


def test_flamby_hearts_plain_model_has_the_accuracy_that_scikit_learn_gives() -> None:
    """Ridge logistic regression over four sites, C = 1, predicts each test patient as scikit-learn's pooled fit does."""
    from sklearn.linear_model import LogisticRegression

    shared_data("heart")
    table, names = flamby.heart()
    train, test = (table[table["fold"] == fold] for fold in ("train", "test"))
    pooled = LogisticRegression(C=1.0, max_iter=10_000, tol=1e-12).fit(train[names], train["ill"])
    right = pooled.predict(test[names]) == test["ill"]
    theirs = right.groupby(test["centre"]).mean().mean()

    (plain, _) = flamby._heart_rows()

    assert plain[-1] == f"mean accuracy {theirs:.3f}"
