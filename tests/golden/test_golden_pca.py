"""Principal components over sites against scikit-learn's PCA on the pooled table.

Loadings are compared to 1e-8 in absolute value: an eigenvector is known to rounding divided by the gap between its
variance and the next, which is above 1e-5 of the largest here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, numeric_dictionary, setting, uneven
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA

from summand.errors import CohortTooSmall, FormulaInvalid, SingularInformation, SummandError
from summand.methods import PrincipalComponents
from summand.tables import Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

COLUMNS = ("age", "cp", "trestbps", "thalach", "oldpeak", "num")


def breast() -> pd.DataFrame:
    """The Wisconsin breast cancer table: 569 tumours, 30 measurements on scales from 1e-3 to 4e3."""
    found = load_breast_cancer(as_frame=True)
    return found.data.rename(columns=lambda name: name.replace(" ", "_"))


def check(values: dict, table: pd.DataFrame, scale: str, told: int) -> None:
    """Compare a result with scikit-learn's on the same rows."""
    x = table.to_numpy(float)
    if scale == "correlation":
        x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    fit = PCA(svd_solver="full").fit(x)
    ours = np.array([[row[f"PC{k + 1}"] for k in range(told)] for row in values["loadings"]])
    assert [row["variance"] for row in values["components"]] == pytest.approx(fit.explained_variance_[:told], rel=1e-8)
    assert [row["proportion"] for row in values["components"]] == pytest.approx(
        fit.explained_variance_ratio_[:told], rel=1e-8
    )
    assert np.abs(ours - fit.components_[:told].T).max() < 1e-8
    assert [row["mean"] for row in values["loadings"]] == pytest.approx(table.mean().to_numpy(), rel=1e-12)
    assert [row["sd"] for row in values["loadings"]] == pytest.approx(table.std().to_numpy(), rel=1e-10)


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("scale", ["correlation", "covariance"])
def test_heart_equals_scikit_learn(sites: int, scale: str) -> None:
    """Variances, loadings, means and deviations of six columns, a site of one patient and an empty one among them."""
    table = heart()
    labels = table["site"].to_numpy() if sites == 4 else uneven(len(table), sites)
    result, rounds = run_counted(
        PrincipalComponents(COLUMNS, scale), dealt(table, labels, HEART), setting(HEART, sites + 1)
    )
    check(dict(result.values), table[list(COLUMNS)], scale, len(COLUMNS))
    assert rounds == 2


def test_thirty_measurements_equal_scikit_learn() -> None:
    """The first ten of thirty components, correlations up to 0.998."""
    table = breast()
    dictionary = numeric_dictionary(table)
    sites = dealt(table, uneven(len(table), 5), dictionary)
    result = run_plain(PrincipalComponents((), "correlation", 10), sites, setting(dictionary, 6))
    check(dict(result.values), table, "correlation", 10)


def test_equal_variances_have_no_direction() -> None:
    """Two uncorrelated columns of one variance: their loadings are left out, and a warning says why."""
    table = pd.DataFrame({"a": [1.0, -1, 1, -1, 0, 0], "b": [1.0, 1, -1, -1, 0, 0], "c": [0.0, 0, 0, 0, 3, -3]})
    dictionary = numeric_dictionary(table)
    result = run_plain(
        PrincipalComponents((), "covariance"), dealt(table, np.arange(6) % 3, dictionary), setting(dictionary, 4)
    )
    by_column = {row["column"]: row for row in result.values["loadings"]}
    assert by_column["c"]["PC1"] == pytest.approx(1.0)
    assert by_column["a"]["PC2"] is None
    assert by_column["b"]["PC3"] is None
    assert result.warnings == ("PC2, PC3 explain equally much, so their directions are not determined.",)


def test_what_is_refused() -> None:
    """A constant column, a category, a single column, and few people with one of two values, each with its words."""
    table = pd.DataFrame({"a": np.arange(40.0), "b": np.full(40, 5.0), "ill": np.r_[np.ones(3), np.zeros(37)]})
    dictionary = Dictionary(
        "few",
        (
            Column("a", "number", 0, 50), Column("b", "number", 0, 10),
            Column("ill", "integer", 0, 1, 1), Column("sex", "category", levels=("f", "m")),
        ),
    )  # fmt: skip
    sites = dealt(table.assign(sex="f"), np.arange(40) % 3, Dictionary("few", dictionary.columns[:3]))

    def refused(method: PrincipalComponents, kind: type[SummandError], limits: Limits) -> str:
        with pytest.raises(kind) as error:
            run_plain(method, sites, setting(dictionary, 4, limits))
        return error.value.message

    loose = Limits(minimum_cell=0)
    assert "does not vary" in refused(PrincipalComponents(("a", "b")), SingularInformation, loose)
    assert "is a category" in refused(PrincipalComponents(("a", "sex")), FormulaInvalid, loose)
    assert "needs 2 to" in refused(PrincipalComponents(("a",)), FormulaInvalid, loose)
    said = refused(PrincipalComponents(("a", "ill")), CohortTooSmall, Limits())
    assert "ill = 1" in said
    assert "3" not in said
