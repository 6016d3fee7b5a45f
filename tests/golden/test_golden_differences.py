"""Difference in differences against loops over cell means, and statsmodels' regressions on the pooled rows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import uneven

from panel_cohorts import clinics, dealt, firms, setting_of
from summand.errors import CohortTooSmall, FormulaInvalid, SingularInformation, UsageError
from summand.methods import DifferenceInDifferences, Setting
from summand.methods._registry import from_spec
from summand.methods.causes._inference import bootstrap_weights, integers
from summand.tables import NO_LIMITS, Column, Dictionary, Limits
from summand.testing.plain import run_plain

Weights = dict[tuple[float, float], float]


def method_of(outcome: str, **settings: Any) -> DifferenceInDifferences:
    period = "year" if outcome == "invest" else "month"
    return DifferenceInDifferences(
        outcome, period, "since", **{"never": "9999" if period == "year" else "99", **settings}
    )


def run(table: pd.DataFrame, method: DifferenceInDifferences, labels: np.ndarray | None = None) -> dict[str, Any]:
    labels = uneven(len(table), 4) if labels is None else labels
    return dict(run_plain(method, dealt(table, labels), setting_of(table, len(set(labels)) + 1)).values)


def group_time(table: pd.DataFrame, period: str, never: float, g: float, t: float, control: str) -> Weights:
    """The weights of cell means (group, period) in ATT(g, t), by the definition, one cell at a time."""
    people = table.groupby(["since", period]).size()
    base, weights = g - 1, {}
    among = [
        h for h in sorted(set(table["since"])) if h == never or (control == "not_yet" and h > max(t, base) and h != g)
    ]
    for when, sign in ((t, 1.0), (base, -1.0)):
        weights[g, when] = weights.get((g, when), 0.0) + sign
        total = sum(people[h, when] for h in among)
        for h in among:
            weights[h, when] = weights.get((h, when), 0.0) - sign * people[h, when] / total
    return weights


def averaged(parts: list[tuple[float, Weights]]) -> Weights:
    total, found = sum(share for share, _ in parts), {}
    for share, weights in parts:
        for cell, weight in weights.items():
            found[cell] = found.get(cell, 0.0) + share / total * weight
    return found


def every_effect(table: pd.DataFrame, period: str, never: float, control: str) -> dict[str, dict[Any, Weights]]:
    """All effects as weights of cells."""
    times = sorted(set(table[period]))
    cohorts = [g for g in sorted(set(table["since"])) if g != never and times[0] < g <= times[-1]]
    gt = {(g, t): group_time(table, period, never, g, t, control) for g in cohorts for t in times if t != g - 1}
    size = table["since"].value_counts()
    events = sorted({t - g for g, t in gt})
    return {
        "group_times": gt,
        "cohorts": {g: averaged([(1.0, w) for (h, t), w in gt.items() if h == g and t >= g]) for g in cohorts},
        "events": {e: averaged([(size[g], w) for (g, t), w in gt.items() if t - g == e]) for e in events},
        "effects": {"overall": averaged([(size[g], w) for (g, t), w in gt.items() if t >= g])},
    }


def regression(table: pd.DataFrame, outcome: str, period: str) -> tuple[Any, list[tuple[float, float]]]:
    """Statsmodels' regression on one indicator for each cell, unfitted errors to be chosen."""
    from statsmodels.regression.linear_model import OLS

    cells = sorted(set(zip(table["since"], table[period], strict=True)))
    place = {cell: k for k, cell in enumerate(cells)}
    x = np.zeros((len(table), len(cells)))
    x[np.arange(len(table)), [place[cell] for cell in zip(table["since"], table[period], strict=True)]] = 1.0
    return OLS(table[outcome].to_numpy(float), x), cells


def contrast(weights: Weights, cells: list[tuple[float, float]]) -> np.ndarray:
    return np.array([weights.get(cell, 0.0) for cell in cells])


def key_of(name: str, row: dict[str, Any]) -> Any:
    match name:
        case "group_times":
            return float(row["treated_from"]), float(row["period"])
        case "cohorts":
            return float(row["treated_from"])
        case "events":
            return float(row["event_time"])
    return row["effect"]


def check(
    values: dict[str, Any], effects: dict[str, dict[Any, Weights]], fit: Any, cells: list, scale: float = 1.0
) -> int:
    """Every estimate and error; ``scale`` is the small-sample factor of the variance. How many there were."""
    count = 0
    for name, known in effects.items():
        assert {key_of(name, row) for row in values[name]} == set(known)
        for row in values[name]:
            weights = contrast(known[key_of(name, row)], cells)
            error = np.sqrt(weights @ fit.cov_params() @ weights * scale)
            assert row["estimate"] == pytest.approx(weights @ fit.params, rel=1e-8, abs=1e-9)
            assert row["std_error"] == pytest.approx(error, rel=1e-8)
            count += 1
    return count


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_staggered_starts_on_patients(control: str, sites: int) -> None:
    """All group-time effects and their sums, with the errors of the saturated regression (HC2), at uneven sites."""
    table = clinics()
    model, cells = regression(table, "days", "month")
    values = run(table, method_of("days", control=control), uneven(len(table), sites))
    count = check(values, every_effect(table, "month", 99, control), model.fit(cov_type="HC2"), cells)
    assert count == 12 + 2 + 8 + 1
    assert {row["group"]: row["n"].people for row in values["groups"]} == {
        "3": (table["since"] == 3).sum(), "5": (table["since"] == 5).sum(), "never": (table["since"] == 99).sum()
    }  # fmt: skip


def test_real_panel_with_clustered_errors() -> None:
    """Grunfeld's firms: errors clustered by firm are statsmodels' sandwich times K / (K − 1)."""
    table = firms()
    model, cells = regression(table, "invest", "year")
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": table["firm"].astype(int), "use_correction": False})
    values = run(table, method_of("invest", errors="cluster", cluster="firm", draws=99))
    assert check(values, every_effect(table, "year", 9999, "never"), fit, cells, 11 / 10) > 60
    row = values["effects"][0]
    from scipy.stats import t

    assert row["p_value"] == pytest.approx(2 * t.sf(abs(row["statistic"]), 10), abs=1e-12)
    assert row["conf_high"] == pytest.approx(row["estimate"] + t.ppf(0.975, 10) * row["std_error"], rel=1e-10)
    assert (values["clusters"], values["treated_clusters"]) == (11, 5)


def test_errors_by_site_are_those_of_clusters_that_are_sites() -> None:
    """Squares that sites condense give what the clusters' sums give when each site is a cluster."""
    table = clinics()
    by_cluster = run(table, method_of("days", errors="cluster", cluster="clinic", draws=99))
    by_site = run(table, method_of("days", errors="site"), table["clinic"].to_numpy(int))
    for name in ("effects", "events", "cohorts", "group_times"):
        for one, other in zip(by_cluster[name], by_site[name], strict=True):
            for figure in ("estimate", "std_error", "p_value", "conf_low"):
                assert one[figure] == pytest.approx(other[figure], rel=1e-9, abs=1e-12)
    assert (by_site["clusters"], by_site["treated_clusters"]) == (9, 6)
    assert "pre_trend" not in by_site


def test_two_by_two_is_the_interaction_of_a_regression() -> None:
    """Two groups, two periods: the coefficient of treated × after, with HC2 errors."""
    import statsmodels.formula.api as smf

    table = clinics()
    table = table[table["since"].isin([3, 99]) & table["month"].isin([2, 3])].reset_index(drop=True)
    fit = smf.ols("back ~ I(since == 3) * I(month == 3)", table).fit(cov_type="HC2")
    row = run(table, method_of("back"))["effects"][0]
    assert row["estimate"] == pytest.approx(fit.params.iloc[3], rel=1e-9)
    assert row["std_error"] == pytest.approx(fit.bse.iloc[3], rel=1e-9)
    assert row["p_value"] == pytest.approx(fit.pvalues.iloc[3], abs=1e-9)


def test_one_cohort_is_the_two_way_event_study() -> None:
    """With one start, effects by event time are the leads and lags of the regression with firm group and year effects."""
    import statsmodels.formula.api as smf

    table = firms()
    table = table[table["since"] != 1947].reset_index(drop=True)
    data = table.assign(treated=(table["since"] == 1942).astype(int))
    lags = [y for y in range(1935, 1955) if y != 1941]
    data = data.assign(**{f"d{y}": ((data["year"] == y) & (data["treated"] == 1)).astype(float) for y in lags})
    fit = smf.ols(f"invest ~ treated + C(year) + {' + '.join(f'd{y}' for y in lags)}", data).fit()
    found = {row["event_time"]: row["estimate"] for row in run(table, method_of("invest"))["events"]}
    assert found == pytest.approx({y - 1942: fit.params[f"d{y}"] for y in lags}, rel=1e-8)


def test_pre_trend_is_the_wald_test_of_the_saturated_regression() -> None:
    """The joint test of all estimates before treatment."""
    table = clinics()
    model, cells = regression(table, "days", "month")
    fit = model.fit(cov_type="HC2")
    events = every_effect(table, "month", 99, "never")["events"]
    test = fit.wald_test(
        np.stack([contrast(events[e], cells) for e in sorted(events) if e < 0]), use_f=False, scalar=True
    )
    found = run(table, method_of("days"))["pre_trend"]
    assert found["statistic"] == pytest.approx(float(test.statistic), rel=1e-7)
    assert found["p_value"] == pytest.approx(float(test.pvalue), abs=1e-9)
    assert found["degrees_of_freedom"] == 3


def wild_by_rows(table: pd.DataFrame, weights: np.ndarray, draws: np.ndarray) -> float:
    """The restricted wild cluster bootstrap with every draw's regression fitted to rows."""
    model, _ = regression(table, "days", "month")
    x, y = model.exog, model.endog
    labels, place = np.unique(table["clinic"], return_inverse=True)
    inverse = np.linalg.inv(x.T @ x)

    def statistic(outcome: np.ndarray) -> float:
        beta = np.linalg.lstsq(x, outcome, rcond=None)[0]
        scores = np.zeros((len(labels), x.shape[1]))
        np.add.at(scores, place, x * (outcome - x @ beta)[:, None])
        covariance = inverse @ (scores.T @ scores) @ inverse
        return float(weights @ beta / np.sqrt(weights @ covariance @ weights))

    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    restricted = beta - inverse @ weights * (weights @ beta) / (weights @ inverse @ weights)
    residual = y - x @ restricted
    observed = abs(statistic(y))
    found = [abs(statistic(x @ restricted + draw[place] * residual)) for draw in draws]
    return float(np.mean(np.array(found) >= observed * (1 - 1e-9)))


@pytest.mark.parametrize("kind", ["rademacher", "webb"])
def test_wild_bootstrap_equals_refitted_rows(kind: str) -> None:
    """P-values from cluster sums are those of refitting every draw to all rows; eight clusters' signs are enumerated."""
    table = clinics(900, clusters=8)
    _, cells = regression(table, "days", "month")
    effects = every_effect(table, "month", 99, "never")
    values = run(table, method_of("days", errors="cluster", cluster="clinic", draws=120, weights=kind, seed=11))
    draws = bootstrap_weights(kind, 8, 120, 11)
    if kind == "rademacher":
        assert sorted(map(tuple, draws.tolist())) == sorted(itertools.product((-1.0, 1.0), repeat=8))
    else:
        assert draws.shape == (120, 8)
        assert np.unique(draws**2).tolist() == pytest.approx([0.5, 1.0, 1.5])
    overall = contrast(effects["effects"]["overall"], cells)
    assert values["effects"][0]["p_value_wild"] == pytest.approx(wild_by_rows(table, overall, draws), abs=1e-12)
    event = contrast(effects["events"][1.0], cells)
    row = next(row for row in values["events"] if row["event_time"] == 1)
    assert row["p_value_wild"] == pytest.approx(wild_by_rows(table, event, draws), abs=1e-12)


def test_randomisation_deals_every_way() -> None:
    """Seven clinics can be dealt 210 ways; the share with as large an overall effect is counted one by one."""
    table = clinics(700, clusters=7)
    found = run(table, method_of("days", errors="cluster", cluster="clinic", draws=99, control="not_yet"))
    labels = table.groupby("clinic")["since"].first()
    sizes = []
    for way in sorted(set(itertools.permutations(labels))):
        dealt_anew = table.assign(since=table["clinic"].map(dict(zip(labels.index, way, strict=True))))
        cells = dealt_anew.groupby(["since", "month"])["days"].mean()
        weights = every_effect(dealt_anew, "month", 99, "not_yet")["effects"]["overall"]
        sizes.append(abs(sum(weight * cells[cell] for cell, weight in weights.items())))
    observed = abs(found["effects"][0]["estimate"])
    assert found["assignments"] == len(sizes) == 210
    assert found["p_value_randomisation"] == pytest.approx(np.mean(np.array(sizes) >= observed * (1 - 1e-9)))


def test_draws_do_not_depend_on_machine_or_sites() -> None:
    """The generator's first numbers are fixed, and sites change nothing."""
    assert integers(7, 6, 12).tolist() == [3, 5, 4, 1, 1, 5, 0, 4, 4, 2, 1, 1]
    assert set(integers(3, 6, 600).tolist()) == set(map(float, range(6)))
    table = clinics(2000, clusters=24)
    method = method_of("days", errors="cluster", cluster="clinic", draws=199)
    one, other = run(table, method), run(table, method, uneven(len(table), 18))
    assert one["assignments"] == 200
    assert one["effects"][0]["p_value_wild"] == other["effects"][0]["p_value_wild"]
    assert one["p_value_randomisation"] == other["p_value_randomisation"]


@pytest.mark.parametrize("errors", ["HC2", "site"])
@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_covariates_are_those_of_the_regression(control: str, errors: str) -> None:
    """Shared slopes beside one indicator for each cell: estimates, HC2 errors and errors by site, at 18 sites."""
    table = clinics().assign(level=lambda t: (t["age"] % 3) + 1)
    table["days"] += 0.1 * table["age"] - 2 * (table["level"] == 2)
    model, cells = regression(table, "days", "month")
    x = np.column_stack([model.exog, table["age"], table["level"] == 2, table["level"] == 3]).astype(float)
    fit = model.__class__(model.endog, x).fit()
    labels = uneven(len(table), 18) if errors == "HC2" else table["clinic"].to_numpy(int)
    fit = fit.get_robustcov_results(
        *(["HC2"] if errors == "HC2" else ["cluster"]),
        **({} if errors == "HC2" else {"groups": labels, "use_correction": False}),
    )
    method = method_of(
        "days", control=control, covariates="age + C(level)", errors="people" if errors == "HC2" else "site"
    )
    dictionary = Dictionary("d", tuple(
        Column("level", "integer", 1, 3, 1, ("1", "2", "3")) if c.name == "level" else c for c in setting_of(table).dictionary
    ))  # fmt: skip
    values = dict(run_plain(method, dealt(table, labels), Setting(dictionary, NO_LIMITS, 100_000, 20)).values)
    scale = 1.0 if errors == "HC2" else 9 / 8
    for name, known in every_effect(table, "month", 99, control).items():
        for row in values[name]:
            weights = np.concatenate((contrast(known[key_of(name, row)], cells), np.zeros(3)))
            assert row["estimate"] == pytest.approx(weights @ fit.params, rel=1e-8, abs=1e-9)
            error = np.sqrt(weights @ fit.cov_params() @ weights * scale)
            assert row["std_error"] == pytest.approx(error, rel=1e-8)
    assert [row["term"] for row in values["covariates"]] == ["age", "level[T.2]", "level[T.3]"]
    assert [row["estimate"] for row in values["covariates"]] == pytest.approx(fit.params[-3:].tolist(), rel=1e-8)


def test_two_by_two_with_a_covariate() -> None:
    """Two groups, two periods and age: the coefficient of treated × after in the same regression."""
    import statsmodels.formula.api as smf

    table = clinics()
    table = table[table["since"].isin([3, 99]) & table["month"].isin([2, 3])].reset_index(drop=True)
    fit = smf.ols("days ~ I(since == 3) * I(month == 3) + age", table).fit(cov_type="HC2")
    row = run(table, method_of("days", covariates="age"))["effects"][0]
    place = [":" in name for name in fit.params.index].index(True)
    assert row["estimate"] == pytest.approx(fit.params.iloc[place], rel=1e-8)
    assert row["std_error"] == pytest.approx(fit.bse.iloc[place], rel=1e-8)


def test_missing_is_never_and_first_period_starts_are_left_out() -> None:
    """A missing start means never where no code is given; a start after the last period does too."""
    table = clinics()
    known = run(table, method_of("days"))
    late = table.assign(since=table["since"].replace(99, 12))
    assert run(late, method_of("days"))["effects"] == known["effects"]
    missing = table.assign(since=table["since"].replace(99, np.nan))
    assert run(missing, method_of("days", never=""))["effects"] == known["effects"]
    unknown = pd.concat([missing, missing.iloc[:7].assign(days=np.nan)], ignore_index=True)
    found = run(unknown, method_of("days", never=""))
    assert (found["n"].people, found["people"].people, found["n_dropped"].people) == (1500, 1500, 7)
    for one, other in zip(found["group_times"], known["group_times"], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-9)
    always = pd.concat([table, table.iloc[:60].assign(since=1.0)], ignore_index=True)
    result = run_plain(method_of("days"), dealt(always, uneven(len(always), 4)), setting_of(always))
    for one, other in zip(result.values["group_times"], known["group_times"], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-9)
    assert any("no time before treatment" in text for text in result.warnings)


def test_what_is_refused_and_how() -> None:
    """Small cells, torn clusters, nothing to compare and requests that mean nothing."""
    table = clinics()
    few = table[~((table["since"] == 5) & (table["month"] == 6))]
    few = pd.concat([few, table[(table["since"] == 5) & (table["month"] == 6)].iloc[:9]])
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people of some group are in some period"):
        run_plain(method_of("days"), dealt(few, uneven(len(few), 3)), setting_of(table, 4, Limits()))
    torn = table.assign(
        since=np.where(np.arange(len(table)) == 0, 5.0, table["since"].where(table["clinic"] != 1, 3.0))
    )
    torn.loc[0, "clinic"] = 1.0
    with pytest.raises(UsageError, match="The cluster clinic = 1 is treated from several periods on"):
        run(torn, method_of("days", errors="cluster", cluster="clinic"))
    nobody = table[table["since"] != 99]
    with pytest.raises(SingularInformation, match="No group can be compared"):
        run(nobody, method_of("days"))
    assert run(nobody, method_of("days", control="not_yet"))["effects"]
    method = method_of("days", errors="cluster", cluster="clinic")
    assert from_spec(method.to_spec()) == method
    for change in (
        {"cluster": ""},
        {"errors": "site"},
        {"draws": 5},
        {"weights": "normal"},
        {"control": "all"},
        {"x": 1},
    ):
        with pytest.raises(UsageError):
            from_spec({**method.to_spec(), **change})
    text = Dictionary(
        "d", (Column("days", "number", 0, 9), Column("month", "number", 0, 9), Column("since", "integer", 1, 9))
    )
    with pytest.raises(FormulaInvalid, match="does not have 2 to 600 periods"):
        method_of("days").under(setting_of(table).__class__(text, Limits(), 10, 3))


def test_groups_of_two_sites_have_no_errors_by_site_under_limits() -> None:
    """Two sites' squared scores would tell both; three sites', or one's, which has none, are summed."""
    table = clinics(2400, clusters=9)
    limits = setting_of(table, 10, Limits())
    three = run_plain(method_of("days", errors="site"), dealt(table, table["clinic"].to_numpy(int)), limits)
    assert three.values["clusters"] == 9
    two = table[table["clinic"] != 1]  # clinics 1, 4 and 7 begin in month 3
    with pytest.raises(CohortTooSmall, match="A group has several sites but fewer than 3"):
        run_plain(method_of("days", errors="site"), dealt(two, two["clinic"].to_numpy(int)), limits)
    few = table[table["clinic"].isin([1, 2, 3, 6, 9])]
    with pytest.raises(CohortTooSmall, match="let one site work out the others' means"):
        run_plain(method_of("days", errors="site"), dealt(few, few["clinic"].to_numpy(int)), limits)
    alone = table[~table["clinic"].isin([1, 4])]
    assert run_plain(method_of("days", errors="site"), dealt(alone, alone["clinic"].to_numpy(int)), limits).values[
        "effects"
    ]


def test_small_numbers_of_events_are_not_told() -> None:
    """Under limits nothing is told where a cell has few people with the outcome: an effect would tell how many."""
    table = clinics()
    table.loc[(table["since"] == 3) & (table["month"] == 2), "back"] = 0.0
    with pytest.raises(CohortTooSmall, match="people of some group have, or do not have, the outcome"):
        run_plain(method_of("back"), dealt(table, uneven(len(table), 3)), setting_of(table, 4, Limits()))
