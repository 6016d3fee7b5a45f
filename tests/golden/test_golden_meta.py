"""Meta-analysis over sites against R metafor 3.8-1 (r_meta.R and its output) and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, batch_of, heart, setting
from r_output import r_output

from shared_files import shared_data
from summand.errors import CohortTooSmall, FormulaInvalid, OutcomeConstant, UsageError
from summand.methods import MetaAnalysis
from summand.tables import NO_LIMITS, Batch, Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain
from survival_cohorts import batch_of as batch_of_numbers
from survival_cohorts import cgd, dictionary_of

R = r_output("r_meta.txt")
LETTERS = {"odds_ratio": "OR", "risk_ratio": "RR", "risk_difference": "RD", "mean_difference": "MD",
           "standardised_mean_difference": "SMD"}  # fmt: skip
STROKE = Dictionary("stroke", (Column("aspirin", "integer", 0, 1, 1), Column("died", "integer", 0, 1, 1)))
RANDOMS = pytest.mark.parametrize("random", ["dl", "reml"])

Sites = list[list[Batch]]


@pytest.fixture(scope="module")
def stroke() -> pd.DataFrame:
    """The International Stroke Trial: death within 14 days, aspirin or not."""
    path = shared_data("stroke_trial/IST.csv.gz")
    table = pd.read_csv(path, encoding="latin1", usecols=["HOSPNUM", "COUNTRY", "RXASP", "ID14"], dtype=str)
    table = table[table["ID14"].isin(["0", "1"])]
    return table.assign(aspirin=(table["RXASP"] == "Y").astype(float), died=table["ID14"].astype(float))


def by(table: pd.DataFrame, column: str) -> Sites:
    """One site for each value of a column, and one without rows."""
    kept = ["aspirin", "died"]
    sites = [[Batch({n: own[n].to_numpy() for n in kept}, len(own))] for _, own in table.groupby(column)]
    return [*sites, []]


def hearts(kind: str) -> Sites:
    """The heart hospitals, or their people dealt as r_meta.R deals them; the last site has no rows."""
    table = heart()
    if kind != "4":
        rows, sites = len(table), int(kind) + 1
        spread = (np.arange(rows) * 331) % rows
        place = 1 + np.minimum(np.floor((sites - 1) * (spread / rows) ** 2), sites - 2)
        table["site"] = np.where(spread == 0, 0, place)
    return [*([batch_of(own, HEART)] for _, own in table.groupby("site")), []]


def check(values: dict, name: str, random: str, interval: str, rtol: float = 1e-8) -> None:
    """Every number of a result beside R's."""
    fixed, pooled = values["terms"]
    all_of, mine = R[name], R[f"{name}:{random.upper()}:{'z' if interval == 'normal' else 'knha'}"]
    assert values["sites_estimated"] == all_of["k"]
    assert [fixed["estimate"], fixed["std_error"], values["q"]] == pytest.approx(
        [all_of["fixed"], all_of["fixed_se"], all_of["q"]], rel=rtol
    )
    assert values["q_p_value"] == pytest.approx(all_of["q_p"], abs=1e-6, rel=1e-6)
    found = [pooled[key] for key in ("estimate", "std_error", "conf_low", "conf_high")]
    assert found == pytest.approx([mine[key] for key in ("estimate", "se", "low", "high")], rel=rtol)
    assert pooled["p_value"] == pytest.approx(mine["p"], abs=1e-6)
    if interval == "normal":
        found = [values[key] for key in ("tau2", "i_squared", "h_squared", "prediction_low", "prediction_high")]
        expected = [mine[key] for key in ("tau2", "i2", "h2", "pi_low", "pi_high")]
        assert found == pytest.approx(expected, rel=rtol, abs=1e-13)
    if values["tau2_low"] is not None:
        ends = [all_of["tau2_low"], all_of["tau2_high"]]
        assert [values["tau2_low"], values["tau2_high"]] == pytest.approx(ends, rel=rtol)


@RANDOMS
@pytest.mark.parametrize("measure", ["odds_ratio", "risk_ratio", "risk_difference"])
@pytest.mark.parametrize("place", ["country", "hospital"])
def test_stroke_trial(stroke: pd.DataFrame, place: str, measure: str, random: str) -> None:
    """36 countries and 466 hospitals, some without a death or with one arm, give metafor's numbers."""
    sites = by(stroke, {"country": "COUNTRY", "hospital": "HOSPNUM"}[place])
    for interval in ("normal", "hartung_knapp"):
        method = MetaAnalysis("died ~ aspirin", measure, "", random, interval, "q_profile")
        result = run_plain(method, sites, setting(STROKE, len(sites)))
        check(dict(result.values), f"{place}:{LETTERS[measure]}", random, interval)
    without, with_aspirin = result.values["groups"]
    assert [without["n"].people, without["events"].people] == [9715, 909]
    assert [with_aspirin["n"].people, with_aspirin["events"].people] == [9720, 872]
    assert (result.values["sites_estimated"] + result.values["sites_left_out"]) == len(sites) - 1


@RANDOMS
@pytest.mark.parametrize("kind", ["3", "4", "18"])
@pytest.mark.parametrize("measure", ["odds_ratio", "mean_difference", "standardised_mean_difference"])
def test_heart_groups(kind: str, measure: str, random: str) -> None:
    """Odds ratios and mean differences at 3, 4 and 18 uneven sites, one of one person and one of none, are metafor's."""
    formula = "num > 0 ~ exang" if measure == "odds_ratio" else "thalach ~ exang"
    for interval in ("normal", "hartung_knapp"):
        method = MetaAnalysis(formula, measure, "", random, interval, "q_profile")
        sites = hearts(kind)
        result = run_plain(method, sites, setting(HEART, len(sites)))
        check(dict(result.values), f"heart{kind}:{LETTERS[measure]}", random, interval)


@RANDOMS
@pytest.mark.parametrize("kind", ["3", "4", "18"])
@pytest.mark.parametrize("measure", ["linear", "logistic"])
def test_heart_models(kind: str, measure: str, random: str) -> None:
    """Each site's own lm or glm, fitted where its rows are, pooled as metafor pools R's fits."""
    formula, term = {
        "linear": ("thalach ~ age + sex + oldpeak", "age"),
        "logistic": ("num > 0 ~ age + sex + exang", "exang[T.1]"),
    }[measure]
    sites = hearts(kind)
    for interval in ("normal", "hartung_knapp"):
        method = MetaAnalysis(formula, measure, term, random, interval, "q_profile")
        check(
            dict(run_plain(method, sites, setting(HEART, len(sites))).values),
            f"heart{kind}:{measure}",
            random,
            interval,
        )


def _cgd() -> tuple[pd.DataFrame, Sites]:
    table = cgd()
    columns = table[["time", "status", "treated"]]
    return columns, [[batch_of_numbers(columns[table["site"] == site])] for site in sorted(set(table["site"]))]


@RANDOMS
def test_hospitals_with_their_own_cox_models(random: str) -> None:
    """Hazard ratios of 13 hospitals, six of which have no finite one, are pooled as metafor pools coxph's."""
    columns, sites = _cgd()
    method = MetaAnalysis("Surv(time, status) ~ treated", "cox", "treated", random, "normal", "q_profile")
    result, rounds = run_counted(method, sites, setting(dictionary_of(columns), 13))
    check(dict(result.values), "cgd:cox", random, "normal")
    assert result.values["sites_left_out"] == 6
    assert result.warnings == ("6 sites had no estimate of their own and added nothing.",)
    assert result.values["terms"][1]["hazard_ratio"] == pytest.approx(np.exp(result.values["terms"][1]["estimate"]))
    assert rounds <= 40


def test_statsmodels_combines_the_same() -> None:
    """Statsmodels' combine_effects, given every hospital's difference of means, pools to the same two estimates."""
    from statsmodels.stats.meta_analysis import combine_effects

    rows = []
    for _, own in heart().groupby("site"):
        groups = [own[own["exang"] == arm]["thalach"] for arm in (0, 1)]
        rows.append([groups[1].mean() - groups[0].mean(), sum(g.var() / len(g) for g in groups)])
    expected = combine_effects(*np.array(rows).T, method_re="chi2")
    sites = hearts("4")
    values = run_plain(MetaAnalysis("thalach ~ exang", "mean_difference", random="dl"), sites, setting(HEART, 5)).values
    fixed, pooled = values["terms"]
    assert fixed["estimate"] == pytest.approx(float(expected.mean_effect_fe), rel=1e-8)
    assert pooled["estimate"] == pytest.approx(float(expected.mean_effect_re), rel=1e-8)
    assert [fixed["std_error"], pooled["std_error"]] == pytest.approx(
        [expected.sd_eff_w_fe, expected.sd_eff_w_re], rel=1e-8
    )
    assert [values["q"], values["tau2"]] == pytest.approx([expected.q, expected.tau2], rel=1e-8)


def test_units_of_the_outcome_do_not_matter() -> None:
    """Estimates in units a million times smaller, and far from zero, are pooled to the same digits."""
    table = heart()
    small = table.assign(thalach=table["thalach"] * 1e-6)
    narrow = Dictionary(
        "small", tuple(c if c.name != "thalach" else Column("thalach", "number", 4e-5, 2.4e-4) for c in HEART)
    )
    results = []
    for data, dictionary in ((table, HEART), (small, narrow)):
        sites = [[batch_of(own, dictionary)] for _, own in data.groupby("site")]
        for formula, measure, term in (
            ("thalach ~ exang", "mean_difference", ""),
            ("thalach ~ 1", "linear", "Intercept"),
        ):
            values = run_plain(MetaAnalysis(formula, measure, term), sites, setting(dictionary, 4)).values
            results.append([row[key] for row in values["terms"] for key in ("estimate", "std_error")])
    np.testing.assert_allclose(np.array(results[2:]) * 1e6, results[:2], rtol=1e-9)


def test_one_site_by_itself(stroke: pd.DataFrame) -> None:
    """At the release level of one site, its own estimate and standard error are released, and nothing pooled."""
    own = by(stroke[stroke["COUNTRY"] == "ITAL"], "COUNTRY")[:1]
    values = run_plain(MetaAnalysis("died ~ aspirin"), own, setting(STROKE, 1, Limits())).values
    (row,) = values["terms"]
    table = own[0][0].columns
    a, b, c, d = (
        float(((table["aspirin"] == arm) & (table["died"] == died)).sum()) for arm in (1, 0) for died in (1, 0)
    )
    assert row["estimate"] == pytest.approx(np.log(a * d / (b * c)), rel=1e-12)
    assert row["std_error"] == pytest.approx(np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), rel=1e-12)
    assert row["term"] == "aspirin = 1"
    assert "tau2" not in values


def test_few_sites_do_not_give_each_other_away(stroke: pd.DataFrame) -> None:
    """Under limits no more sums are opened than leave each site's estimate unknown to the others."""
    large = stroke[stroke["COUNTRY"].isin(["UK", "ITAL", "SWIT", "POLA", "NETH"])]
    sites = by(large, "COUNTRY")[:-1]
    few = setting(STROKE, 5, Limits())
    assert run_plain(MetaAnalysis("died ~ aspirin", random="dl"), sites, few).values["sites_estimated"] == 5
    with pytest.raises(CohortTooSmall, match=r"work out those of the others.*random='dl'"):
        run_plain(MetaAnalysis("died ~ aspirin", random="reml"), sites, few)
    with pytest.raises(CohortTooSmall, match="With 4 estimates"):
        run_plain(MetaAnalysis("died ~ aspirin", random="dl"), sites[:4], few)
    everyone = by(stroke, "COUNTRY")
    values = run_plain(MetaAnalysis("died ~ aspirin"), everyone, setting(STROKE, 37, Limits())).values
    assert values["tau2"] == 0.0


def test_what_does_not_exist_is_said(stroke: pd.DataFrame) -> None:
    """No site with an estimate, too few sites, wrong formulas and settings are diagnoses with advice."""
    nobody = [[Batch({"aspirin": np.array([0.0, 1.0]), "died": np.zeros(2)}, 2)], []]
    with pytest.raises(OutcomeConstant, match="No site has an estimate of its own"):
        run_plain(MetaAnalysis("died ~ aspirin"), nobody, setting(STROKE, 2))
    with pytest.raises(CohortTooSmall, match="Fewer than 3 sites"):
        run_plain(MetaAnalysis("died ~ aspirin"), by(stroke, "COUNTRY")[:1], setting(STROKE, 3, Limits(0, 3)))
    with pytest.raises(FormulaInvalid, match="one column stands on the right"):
        MetaAnalysis("num > 0 ~ sex + exang").under(setting(HEART, 3))
    with pytest.raises(FormulaInvalid, match="has no term 'weight'"):
        MetaAnalysis("thalach ~ age", "linear", "weight").under(setting(HEART, 3))
    with pytest.raises(FormulaInvalid, match="no terms to choose from"):
        MetaAnalysis.from_spec({"name": "meta", "formula": "died ~ aspirin", "term": "aspirin"})
    with pytest.raises(UsageError, match="measure"):
        MetaAnalysis.from_spec({"name": "meta", "formula": "died ~ aspirin", "measure": "hazard"})


def test_small_groups_are_refused_under_limits() -> None:
    """Fewer deaths in a group, over all sites, than the minimum cell are not pooled."""
    rng = np.random.default_rng(3)
    sites = []
    for _ in range(6):
        aspirin = rng.integers(0, 2, 100).astype(float)
        sites.append([Batch({"aspirin": aspirin, "died": (np.arange(100) < 2) * 1.0}, 100)])
    with pytest.raises(CohortTooSmall, match="Fewer than 10 people have, or do not have, the outcome"):
        run_plain(MetaAnalysis("died ~ aspirin", random="dl"), sites, setting(STROKE, 6, Limits()))


def test_equal_sites_have_no_variance_between_them() -> None:
    """Sites that agree give a variance of exactly zero, and Hartung and Knapp's error of zero."""
    one = Batch({"aspirin": np.repeat([0.0, 1.0], 20), "died": np.tile([0.0, 1.0, 0.0, 0.0], 10)}, 40)
    for random in ("dl", "reml"):
        method = MetaAnalysis("died ~ aspirin", random=random, interval="hartung_knapp", tau2_interval="q_profile")
        values = run_plain(method, [[one]] * 4, setting(STROKE, 4, NO_LIMITS)).values
        assert (values["tau2"], values["tau2_low"], values["i_squared"]) == (0.0, 0.0, 0.0)
        assert values["terms"][1]["std_error"] == pytest.approx(0.0, abs=1e-9)
