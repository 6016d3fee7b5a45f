"""Stepped wedges against R (lme4, pbkrtest, clubSandwich) on real patients, and against dense matrices of all rows."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import uneven

from panel_cohorts import clinics, dealt, setting_of
from shared_files import shared_data
from summand.errors import CohortTooSmall, SingularInformation, UsageError
from summand.methods import Setting, SteppedWedge
from summand.methods._registry import from_spec
from summand.tables import NO_LIMITS, Column, Dictionary, Limits
from summand.testing.plain import run_plain


def hospitals() -> pd.DataFrame:
    """The fourteen largest hospitals of the International Stroke Trial over six years; see ``r_wedge.R``."""
    trial = pd.read_csv(shared_data("stroke_trial/IST.csv.gz"), encoding="latin1", low_memory=False)
    size = trial["HOSPNUM"].value_counts()
    chosen = sorted(size.index, key=lambda number: (-size[number], number))[:14]
    rows = trial[trial["HOSPNUM"].isin(chosen) & trial["RSBP"].notna()].reset_index(drop=True)
    rank = rows["HOSPNUM"].map({number: k + 1 for k, number in enumerate(chosen)})
    year = 1900 + rows["RDATE"].str.split("-").str[-1].astype(int)
    table = {"year": year, "since": 1993 + rank % 4, "firm": rows["HOSPNUM"], "pressure": rows["RSBP"]}
    return pd.DataFrame(table).astype(float)


def by_r() -> dict[str, dict[str, list[float]]]:
    """What R found, by model and term."""
    found: dict[str, dict[str, list[float]]] = {}
    for line in (Path(__file__).parent / "r_wedge.txt").read_text().splitlines()[1:]:
        model, term, *numbers = line.split(",")
        found.setdefault(model, {})[term] = [float(number) for number in numbers]
    return found


def run(table: pd.DataFrame, sites: int = 4, **settings: Any) -> dict[str, Any]:
    names = {"outcome": "days", "period": "month", "cluster": "clinic", "never": "99"}
    if "pressure" in table:
        names = {"outcome": "pressure", "period": "year", "cluster": "firm", "never": ""}
    method = SteppedWedge(**{**names, "treated_from": "since", "draws": 99, **settings})
    labels = uneven(len(table), sites)
    return dict(run_plain(method, dealt(table, labels), setting_of(table, sites + 1)).values)


def rows_of(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Our rows by R's names of terms."""
    found = {"treated": values["effects"][0]}
    found |= {f"exposure{k}": row for k, row in enumerate(values["exposures"], 1)}
    return found | {row["term"].replace(" = ", ""): row for row in values["terms"]}


@pytest.mark.parametrize(("model", "settings", "sites", "tolerance"), [
    ("random", {}, 3, 2e-6), ("random exposure", {"effect": "exposure"}, 4, 2e-6),
    ("nested", {"clusters": "nested"}, 18, 2e-5),
    ("fixed", {"clusters": "fixed"}, 18, 1e-8), ("fixed exposure", {"clusters": "fixed", "effect": "exposure"}, 3, 1e-8),
])  # fmt: skip
def test_real_hospitals_equal_r(model: str, settings: dict[str, Any], sites: int, tolerance: float) -> None:
    """Estimates, Kenward–Roger or CR2 errors, degrees of freedom and p-values at uneven sites, some cells empty.

    Lme4 ends where its deviance no longer changes in 16 digits, which leaves its variances 1e-6 of themselves away (1e-5
    where there are two); `test_restricted_likelihood_ends_where_its_derivative_is_zero` holds ours to more.
    """
    values, known = run(hospitals(), sites, **settings), by_r()[model]
    ours = rows_of(values)
    terms = [term for term in known if term != "REML" and not term.startswith("sd")]
    assert set(terms) == set(ours) - ({"treated"} if "exposure" in model else set())
    for term in terms:
        estimate, error, freedom, statistic, p_value = known[term]
        row = ours[term]
        assert row["estimate"] == pytest.approx(estimate, rel=10 * tolerance, abs=tolerance)
        assert row["std_error"] == pytest.approx(error, rel=tolerance)
        assert row["degrees_of_freedom"] == pytest.approx(freedom, rel=20 * tolerance)
        assert row["statistic"] == pytest.approx(statistic, rel=10 * tolerance, abs=tolerance)
        assert row["p_value"] == pytest.approx(p_value, abs=10 * tolerance)
    if "fixed" not in model:
        assert values["cluster_sd"] == pytest.approx(known["sd hospital"][0], rel=tolerance)
        assert values["residual_sd"] == pytest.approx(known["sd Residual"][0], rel=tolerance)
    if model == "nested":
        assert values["cluster_period_sd"] == pytest.approx(known["sd cell"][0], rel=tolerance)


def dense(table: pd.DataFrame, outcome: str, period: str, cluster: str, nested: bool) -> tuple[Any, ...]:
    """Design of every row (treatment first), outcome, and the derivatives of its covariance by the variances."""
    treated = (table[period] >= table["since"]).to_numpy(float)
    by_period = [(table[period] == t).to_numpy(float) for t in sorted(set(table[period]))[1:]]
    x = np.column_stack([treated, *by_period, np.ones(len(table))])
    same = np.equal.outer(table[cluster].to_numpy(), table[cluster].to_numpy()).astype(float)
    parts = [np.eye(len(table)), same]
    if nested:
        parts.append(same * np.equal.outer(table[period].to_numpy(), table[period].to_numpy()))
    return x, table[outcome].to_numpy(float), parts


@pytest.mark.parametrize("nested", [False, True])
def test_restricted_likelihood_ends_where_its_derivative_is_zero(nested: bool) -> None:
    """With all rows' matrices: the score of the variances is zero, and Kenward and Roger's figures follow to 1e-8."""
    table = clinics(600, clusters=9, seed=4)
    rng = np.random.default_rng(4)
    shift = 2 * rng.normal(size=(10, 8))
    table["days"] += shift[table["clinic"].astype(int), table["month"].astype(int)]
    values = run(table, clusters="nested" if nested else "random")
    x, y, parts = dense(table, "days", "month", "clinic", nested)
    spreads = [values["residual_sd"], values["cluster_sd"], *([values["cluster_period_sd"]] if nested else [])]
    variances = np.array(spreads) ** 2
    assert variances.min() > 0.01
    inverse = np.linalg.inv(sum(v * part for v, part in zip(variances, parts, strict=True)))
    plain = np.linalg.inv(x.T @ inverse @ x)
    projection = inverse - inverse @ x @ plain @ x.T @ inverse
    py = projection @ y
    turned = [projection @ part for part in parts]
    for part, one in zip(parts, turned, strict=True):
        assert py @ part @ py == pytest.approx(np.trace(one), rel=1e-8)
    known = np.linalg.inv([[np.sum(a * b.T) / 2 for b in turned] for a in turned])
    p = [-x.T @ inverse @ part @ inverse @ x for part in parts]
    more = np.zeros_like(plain)
    for i, j in itertools.product(range(len(parts)), repeat=2):
        q = x.T @ inverse @ parts[i] @ inverse @ parts[j] @ inverse @ x
        more += known[i, j] * (q - p[i] @ plain @ p[j])
    covariance = plain + 2 * plain @ more @ plain
    along = np.array([plain[0] @ part @ plain[0] for part in p])
    row = values["effects"][0]
    assert row["estimate"] == pytest.approx((plain @ x.T @ inverse @ y)[0], rel=1e-8)
    assert row["std_error"] == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-8)
    assert row["degrees_of_freedom"] == pytest.approx(2 * plain[0, 0] ** 2 / (along @ known @ along), rel=1e-7)
    total = variances.sum()
    assert values["intracluster_correlation"] == pytest.approx(variances[1:].sum() / total, rel=1e-10)


def test_mixedlm_of_statsmodels() -> None:
    """Statsmodels' restricted fit of rows, whose optimiser ends at about 1e-5."""
    import statsmodels.formula.api as smf

    table = clinics(900, clusters=9).assign(treated=lambda t: (t["month"] >= t["since"]).astype(int))
    fit = smf.mixedlm("days ~ treated + C(month)", table, groups=table["clinic"]).fit(
        reml=True, method="powell", ftol=1e-14
    )
    values = run(table.drop(columns="treated"))
    assert values["effects"][0]["estimate"] == pytest.approx(fit.params["treated"], rel=1e-5)
    assert values["cluster_sd"] == pytest.approx(np.sqrt(float(fit.cov_re.iloc[0, 0])), rel=1e-3)
    assert values["residual_sd"] == pytest.approx(np.sqrt(fit.scale), rel=1e-5)


def test_no_variance_between_clusters_is_least_squares_with_a_warning() -> None:
    """Where clusters differ by less than people make them differ, their variance is zero and the estimate is OLS."""
    rng = np.random.default_rng(3)
    table = clinics(800, clusters=9)
    treated = table["month"] >= table["since"]
    noise = pd.Series(rng.normal(size=800))
    table["days"] = 20 + table["month"] - 2 * treated + noise - noise.groupby(table["clinic"]).transform("mean")
    method = SteppedWedge("days", "month", "clinic", "since", "99", draws=99)
    result = run_plain(method, dealt(table, uneven(800, 3)), setting_of(table))
    assert result.values["cluster_sd"] == 0.0
    x, y, _ = dense(table, "days", "month", "clinic", False)
    assert result.values["effects"][0]["estimate"] == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0][0], rel=1e-8)
    assert "estimated as zero" in result.warnings[0]


@pytest.mark.parametrize("clusters", ["random", "fixed"])
def test_treatment_dealt_anew_equals_refitting_rows(clusters: str) -> None:
    """Six clinics can be dealt 90 ways: each way's weighted least squares on all rows, variances as estimated."""
    table = clinics(360, clusters=6)
    found = run(table, clusters=clusters)
    labels = table.groupby("clinic")["since"].first()
    x, y, parts = dense(table, "days", "month", "clinic", False)
    if clusters == "random":
        v = found["residual_sd"] ** 2 * parts[0] + found["cluster_sd"] ** 2 * parts[1]
        weight = np.linalg.inv(v)
    else:
        weight = np.eye(360)
        x = np.column_stack([x, *[(table["clinic"] == k).to_numpy(float) for k in range(1, 6)]])
    sizes = []
    for way in sorted(set(itertools.permutations(labels))):
        since = table["clinic"].map(dict(zip(labels.index, way, strict=True)))
        x[:, 0] = table["month"] >= since
        sizes.append(abs(np.linalg.solve(x.T @ weight @ x, x.T @ weight @ y)[0]))
    observed = abs(found["effects"][0]["estimate"])
    assert found["assignments"] == len(sizes) == 90
    assert found["p_value_randomisation"] == pytest.approx(np.mean(np.array(sizes) >= observed * (1 - 1e-9)))


def test_mean_over_exposures_and_risk_differences() -> None:
    """The effect of an exposure model is the mean of its effects; a two-valued outcome gives differences of risk."""
    table = clinics(1200, clusters=9)
    values = run(table, outcome="back", effect="exposure", clusters="fixed")
    assert values["effects"][0]["estimate"] == pytest.approx(np.mean([r["estimate"] for r in values["exposures"]]))
    assert values["exposures"][0]["effect"] == "treated, period 1 of treatment"
    data = table.assign(since=table["since"])
    import statsmodels.formula.api as smf

    treated = (data["month"] >= data["since"]).astype(float)
    fit = smf.ols("back ~ treated + C(month) + C(clinic)", data.assign(treated=treated)).fit()
    row = run(table, outcome="back", clusters="fixed")["effects"][0]
    assert row["estimate"] == pytest.approx(fit.params["treated"], rel=1e-8)


def test_what_is_refused_and_how() -> None:
    """Small cells, torn clusters, clusters never seen before and after, and requests that mean nothing."""
    table = clinics(1500)
    method = SteppedWedge("days", "month", "clinic", "since", "99")
    few = table[~((table["clinic"] == 2) & (table["month"] == 4))]
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people of some cluster are in some period"):
        run_plain(method, dealt(few, uneven(len(few), 3)), setting_of(table, 4, Limits()))
    torn = table.assign(since=np.where(np.arange(1500) == 0, 4.0, table["since"]))
    with pytest.raises(UsageError, match="is treated from several periods on"):
        run(torn)
    for since in (1.0, 99.0):
        with pytest.raises(SingularInformation, match=r"before and after|'treated' does not vary"):
            run(table.assign(since=since), clusters="fixed")
    one = table[table["clinic"] == 1]
    levels = Dictionary("d", tuple(Column(c.name, c.kind, c.minimum, c.maximum, c.step, c.levels or ()) for c in
                                   setting_of(table).dictionary))  # fmt: skip
    with pytest.raises(SingularInformation, match="fewer than two clusters"):
        run_plain(method, dealt(one, np.zeros(len(one))), Setting(levels, NO_LIMITS, 10_000, 2))
    assert from_spec(method.to_spec()) == method
    for change in ({"clusters": "mixed"}, {"effect": "linear"}, {"draws": 1}, {"cluster": 3}, {"robust": True}):
        with pytest.raises(UsageError):
            from_spec({**method.to_spec(), **change})
