"""k-means over sites against scikit-learn's KMeans (Lloyd) on the pooled table, from the same first centres."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, dealt, heart, numeric_dictionary, setting, uneven
from sklearn.cluster import KMeans as Reference
from sklearn.datasets import load_iris

from summand.errors import CohortTooSmall, FormulaInvalid, SingularInformation, SummandError, UsageError
from summand.methods import KMeans
from summand.tables import Limits
from summand.testing.plain import run_plain

COLUMNS = ("age", "trestbps", "thalach", "oldpeak")


def reference(x: np.ndarray, first: np.ndarray) -> Reference:
    """Lloyd's algorithm until no label changes."""
    return Reference(len(first), init=first, n_init=1, algorithm="lloyd", tol=0.0, max_iter=1000).fit(x)


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("scale", ["sd", "none"])
def test_heart_equals_scikit_learn(sites: int, scale: str) -> None:
    """Centres, sizes, sums of squares and silhouettes of four clusters, whichever way the patients are dealt."""
    table = heart()
    x = table[list(COLUMNS)].to_numpy(float)
    first = x[[3, 200, 400, 600]]
    factor = 1.0 / x.std(axis=0) if scale == "sd" else np.ones(4)
    fit = reference(x * factor, first * factor)
    labels = table["site"].to_numpy() if sites == 4 else uneven(len(table), sites)
    method = KMeans(COLUMNS, clusters=4, scale=scale, initial=tuple(map(tuple, first)))
    values = run_plain(method, dealt(table, labels, HEART), setting(HEART, sites + 1)).values
    sizes = np.bincount(fit.labels_)
    order = np.argsort(-sizes, kind="stable")
    assert [row["n"].people for row in values["clusters"]] == sizes[order].tolist()
    ours = np.array([[row[f"cluster {k + 1}"] for row in values["centres"]] for k in range(4)])
    assert ours == pytest.approx(fit.cluster_centers_[order] / factor, rel=1e-9, abs=1e-9)
    assert values["within_ss"] == pytest.approx(fit.inertia_, rel=1e-10)
    away = np.sqrt(((x * factor)[:, None] - fit.cluster_centers_[None]) ** 2 @ np.ones(4))
    away.sort(axis=1)
    silhouette = (away[:, 1] - away[:, 0]) / away[:, 1]
    assert values["silhouette"] == pytest.approx(silhouette.mean(), rel=1e-9)
    for row, label in zip(values["clusters"], order, strict=True):
        inside = fit.labels_ == label
        assert row["silhouette"] == pytest.approx(silhouette[inside].mean(), rel=1e-9)
        assert row["within_ss"] == pytest.approx((away[inside, 0] ** 2).sum(), rel=1e-9)
    total = ((x * factor - (x * factor).mean(axis=0)) ** 2).sum()
    assert values["explained"] == pytest.approx(1 - fit.inertia_ / total, rel=1e-9)


def test_own_seeds_find_what_many_starts_find() -> None:
    """From sums alone, ten starts reach the best of fifty k-means++ starts on the irises, and on the heart patients."""
    iris = load_iris(as_frame=True).data.rename(columns=lambda name: name.replace(" ", "_"))
    for table in (iris, heart()[list(COLUMNS)]):
        dictionary = numeric_dictionary(table)
        sites = dealt(table, uneven(len(table), 4), dictionary)
        for clusters in (2, 3, 5):
            values = run_plain(KMeans(clusters=clusters), sites, setting(dictionary, 5)).values
            best = Reference(clusters, n_init=50, tol=0.0, random_state=1).fit(table / table.std(ddof=0))
            assert values["within_ss"] <= best.inertia_ * 1.005
            assert sum(row["chosen"] for row in values["starts"]) == 1
            again = run_plain(KMeans(clusters=clusters), sites, setting(dictionary, 5)).values
            assert again == values


def test_under_limits_no_cluster_is_small() -> None:
    """Three people far from all others are a cluster without limits; with them another start is told, or none."""
    rng = np.random.default_rng(4)
    x = np.r_[rng.normal(size=(60, 2)) * 0.3, rng.normal(size=(3, 2)) * 0.3 + 20]
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1]})
    dictionary = numeric_dictionary(table)
    sites = dealt(table, uneven(len(table), 3), dictionary)
    free = run_plain(KMeans(clusters=2), sites, setting(dictionary, 4)).values
    assert [row["n"].people for row in free["clusters"]] == [60, 3]
    first = ((0.0, 0.0), (20.0, 20.0))
    with pytest.raises(CohortTooSmall) as error:
        run_plain(KMeans(clusters=2, initial=first), sites, setting(dictionary, 4, Limits()))
    assert "fewer than 10 people" in error.value.message
    assert error.value.clause == "D.min_cell"


REFUSED: dict[str, tuple[KMeans, type[SummandError], str]] = {
    "a constant column": (KMeans(("age", "same")), SingularInformation, "does not vary"),
    "a first centre outside": (KMeans(("age",), 2, initial=((1e6,), (40,))), UsageError, "outside"),
    "a first centre too short": (KMeans(("age", "num"), 2, initial=((50,), (40,))), UsageError, "each column"),
    "more clusters than places": (KMeans(("sex",), 5), CohortTooSmall, "fewer than 5 places"),
    "a category": (KMeans(("age", "kind")), FormulaInvalid, "is a category"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    """What cannot be clustered is said, with what to do."""
    from summand.tables import Column, Dictionary

    method, kind, words = REFUSED[case]
    table = heart()[["age", "sex", "num"]].astype(float).assign(same=1.0, kind=1)
    dictionary = Dictionary(
        "few",
        (
            Column("age", "integer", 0, 110, 1), Column("sex", "integer", 0, 1, 1), Column("num", "integer", 0, 4, 1),
            Column("same", "number", 0, 2), Column("kind", "category", levels=("1", "2")),
        ),
    )  # fmt: skip
    with pytest.raises(kind) as error:
        run_plain(method, dealt(table, uneven(len(table), 3), dictionary), setting(dictionary, 4))
    assert words in error.value.message
    assert error.value.remedy
