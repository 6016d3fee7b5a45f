"""Mixed models over sites against R lme4 1.1-31 (r_mixed.R and its output) and statsmodels' MixedLM.

lme4's deviance functions are taken to their minimum by numDeriv, whose derivatives have some eight digits: everything
agrees to 1e-7 (coefficients in units of their standard errors, where these are larger). With dozens or hundreds of
groups lme4 finds the groups' modes less exactly, and its deviance is smooth only to some 1e-7: there coefficients agree
to 1e-5 and standard errors to 1e-4, and the approximation is written down anew to see who is nearer to its maximum.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from pooled_cohorts import HEART, batch_of, heart, setting
from r_output import r_output

from shared_files import shared_data
from summand.errors import CohortTooSmall, FormulaInvalid, Separation, SingularInformation, UsageError
from summand.methods import LogisticRegression, MixedModel
from summand.tables import Batch, Column, Dictionary, Limits
from summand.testing.plain import run_counted, run_plain

pytestmark = pytest.mark.slow

R = r_output("r_mixed.txt")

Sites = list[list[Batch]]


def hearts(kind: str) -> tuple[pd.DataFrame, Sites]:
    """The heart hospitals, or their people dealt as r_mixed.R deals them; the last site has no rows."""
    table = heart()
    rows = len(table)
    if kind == "even":
        table["site"] = np.arange(rows) % 5
    elif kind != "4":
        place = np.argsort(np.argsort(table["age"].to_numpy(), kind="stable"), kind="stable")
        sites = int(kind)
        table["site"] = np.where(place == 0, 0, 1 + np.minimum(np.floor(sites * (place / rows) ** 2), sites - 1))
    halves = []
    for _, own in table.groupby("site"):
        halves.append([batch_of(own.iloc[: len(own) // 2], HEART), batch_of(own.iloc[len(own) // 2 :], HEART)])
    return table, [*halves, []]


def check(values: dict, name: str, names: dict[str, str], rtol: float, error_rtol: float) -> None:
    """Coefficients, standard errors, spreads and likelihood beside lme4's."""
    (effect,) = values["random_effects"]
    own, estimates = R[name], R[f"{name}:estimate"]
    assert effect["sd"] == pytest.approx(own["sd"], rel=rtol)
    assert values["log_likelihood"] == pytest.approx(own["log_likelihood"], rel=1e-9)
    if "residual_sd" in own:
        assert values["residual_sd"] == pytest.approx(own["residual_sd"], rel=rtol)
    errors = R.get(f"{name}:std_error")
    for row in values["terms"]:
        theirs = names.get(row["term"], row["term"])
        assert row["estimate"] == pytest.approx(estimates[theirs], rel=rtol, abs=rtol * row["std_error"])
        if errors:
            assert row["std_error"] == pytest.approx(errors[theirs], rel=error_rtol)
    if "log_sd_error" in own:
        width = 1.959963984540054 * own["log_sd_error"]
        ends = [own["sd"] * math.exp(-width), own["sd"] * math.exp(width)]
        assert [effect["sd_low"], effect["sd_high"]] == pytest.approx(ends, rel=10 * error_rtol)


HEART_NAMES = {"Intercept": "(Intercept)", "sex[T.1]": "sex", "exang[T.1]": "exang"}


@pytest.mark.parametrize("estimator", ["reml", "ml"])
@pytest.mark.parametrize("kind", ["3", "4", "18"])
def test_linear_hospitals(kind: str, estimator: str) -> None:
    """A random intercept at 3, 4 and 18 uneven sites, one of one person and one of none, is lme4's."""
    _, sites = hearts(kind)
    method = MixedModel("thalach ~ sex + oldpeak", estimator=estimator)
    result, rounds = run_counted(method, sites, setting(HEART, len(sites)))
    check(dict(result.values), f"heart{kind}:{estimator}", HEART_NAMES, 1e-7, 1e-7)
    assert rounds <= 10


@pytest.mark.parametrize("kind", ["3", "4", "18"])
@pytest.mark.parametrize("nodes", [1, 7, 9])
def test_logistic_hospitals(kind: str, nodes: int) -> None:
    """Laplace's approximation and 7 and 9 nodes give glmer's coefficients, spread and errors."""
    _, sites = hearts(kind)
    method = MixedModel("num > 0 ~ sex + oldpeak + exang", "binomial", nodes=nodes)
    result, rounds = run_counted(method, sites, setting(HEART, len(sites)))
    check(dict(result.values), f"heart{kind}:{nodes}", HEART_NAMES, 1e-7, 1e-7)
    assert rounds <= 22


@pytest.mark.parametrize("kind", ["4", "18"])
def test_statsmodels_has_the_same_restricted_maximum(kind: str) -> None:
    """Where statsmodels' restricted log-likelihood is highest, it has the same coefficients and variances to 1e-6.

    Its own optimizer stops at a relative 1e-5, so the root of the slope of its likelihood is taken.
    """
    from scipy.optimize import brentq
    from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

    table, sites = hearts(kind)
    x = np.column_stack([np.ones(len(table)), table["sex"], table["oldpeak"]]).astype(float)
    model = MixedLM(table["thalach"].to_numpy(float), x, groups=table["site"].to_numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(reml=True)

    def likelihood(log_ratio: float) -> float:
        ratio = np.array([[math.exp(log_ratio)]])
        return float(model.loglike(MixedLMParams.from_components(fe_params=np.zeros(3), cov_re=ratio), profile_fe=True))

    ratio = math.exp(brentq(lambda at: likelihood(at + 1e-4) - likelihood(at - 1e-4), -4, 1, xtol=1e-13))
    beta = model.get_fe_params(np.array([[ratio]]), np.zeros(0))[0]
    scale = float(model.get_scale(beta, np.array([[ratio]]), np.zeros(0)))
    values = run_plain(MixedModel("thalach ~ sex + oldpeak"), sites, setting(HEART, len(sites))).values
    variance, residual = values["random_effects"][0]["variance"], values["residual_sd"] ** 2
    assert [row["estimate"] for row in values["terms"]] == pytest.approx(list(beta), rel=1e-6)
    assert [variance, residual] == pytest.approx([ratio * scale, scale], rel=1e-6)
    assert values["log_likelihood"] == pytest.approx(likelihood(math.log(ratio)), rel=1e-9)
    assert values["icc"] == pytest.approx(variance / (variance + residual), rel=1e-12)


def test_sites_that_differ_by_chance_alone_have_a_spread_of_exactly_zero() -> None:
    """Where lme4 finds a singular fit, the standard deviation is 0, and the coefficients are those without it."""
    _, sites = hearts("even")
    for estimator in ("reml", "ml"):
        result = run_plain(MixedModel("thalach ~ age + sex", estimator=estimator), sites, setting(HEART, len(sites)))
        check(dict(result.values), f"even:{estimator}", HEART_NAMES, 1e-7, 1e-7)
        assert result.values["random_effects"][0]["sd"] == 0.0
        assert result.values["icc"] == 0.0
        assert "no more than chance" in result.warnings[0]
    plain = run_plain(LogisticRegression("num > 0 ~ sex + exang"), sites, setting(HEART, len(sites))).values
    for nodes in (1, 7):
        method = MixedModel("num > 0 ~ sex + exang", "binomial", nodes=nodes)
        values = run_plain(method, sites, setting(HEART, len(sites))).values
        check(dict(values), f"even:{nodes}", HEART_NAMES, 1e-6, 1e-6)
        assert values["random_effects"][0] == {
            "term": "Intercept", "sd": 0.0, "sd_low": None, "sd_high": None, "variance": 0.0,
        }  # fmt: skip
        for row, without in zip(values["terms"], plain["terms"], strict=True):
            assert row["std_error"] == pytest.approx(without["std_error"], rel=1e-8)
        assert values["spread_p_value"] == 1.0


def _dictionary(table: pd.DataFrame, **levels: str) -> Dictionary:
    columns = []
    for name in table:
        low, high = float(table[name].min()), float(table[name].max())
        columns.append(Column(str(name), "number", low, high))
    return Dictionary("table", tuple(columns))


def _dealt(table: pd.DataFrame, site: np.ndarray) -> Sites:
    batches = []
    for label in np.unique(site):
        own = table[site == label]
        cuts = np.array_split(np.arange(len(own)), 2)
        batches.append([Batch({str(n): own[n].to_numpy(float)[cut] for n in own}, len(cut)) for cut in cuts])
    return [*batches, []]


@pytest.mark.parametrize("sites", [3, 4, 18])
@pytest.mark.parametrize("estimator", ["reml", "ml"])
def test_patients_within_sites(sites: int, estimator: str) -> None:
    """Relapse and death of each patient: a random intercept by patient does not depend on where the patients are."""
    table = pd.read_csv(shared_data("survival/colon.csv"))[["time", "age", "sex", "etype", "id"]].astype(float)
    method = MixedModel("time ~ age + sex + etype", group="id", estimator=estimator)
    dealt = _dealt(table, (table["id"].to_numpy() * 7 % 101 // (101 / sites + 0.01)).astype(int) ** 2)
    result = run_plain(method, dealt, setting(_dictionary(table), len(dealt)))
    check(dict(result.values), f"colon:{estimator}", {"Intercept": "(Intercept)"}, 1e-7, 1e-7)
    assert result.values["group_count"].people == table["id"].nunique() == 929


def eyes() -> tuple[pd.DataFrame, Dictionary]:
    """Two eyes of each of 197 patients."""
    table = pd.read_csv(shared_data("survival/retinopathy.csv"))[["status", "trt", "risk", "id"]].astype(float)
    dictionary = Dictionary(
        "eyes",
        (
            Column("status", "integer", 0, 1, 1), Column("trt", "number", 0, 1), Column("risk", "number", 0, 20),
            Column("id", "integer", 0, 2000, 1),
        ),
    )  # fmt: skip
    return table, dictionary


def laplace(theta: np.ndarray, table: list[np.ndarray]) -> float:
    """Laplace's approximation of the log-likelihood at (intercept, trt, risk, sd), written down anew."""
    total = 0.0
    for trt, risk, y in table:
        fixed, z = theta[0] + theta[1] * trt + theta[2] * risk, 0.0
        for _ in range(30):
            mu = 1 / (1 + np.exp(-fixed - theta[3] * z))
            curvature = 1 + theta[3] ** 2 * (mu * (1 - mu)).sum()
            z += (theta[3] * (y - mu).sum() - z) / curvature
        eta = fixed + theta[3] * z
        total += (y * eta - np.logaddexp(0, eta)).sum() - z * z / 2 - np.log(curvature) / 2
    return float(total)


def test_laplace_is_at_its_maximum_where_groups_are_small() -> None:
    """At pairs lme4's own iterations leave an error of 1e-6 in Laplace's approximation; ours is where it is highest.

    Value, gradient and Hessian of the approximation, by central differences, agree with what the method reports.
    """
    table, dictionary = eyes()
    dealt = _dealt(table, (table["id"].to_numpy() % 17 // 5).astype(int))
    values = run_plain(
        MixedModel("status ~ trt + risk", "binomial", "id", nodes=1), dealt, setting(dictionary, 5)
    ).values
    theta = np.array([*(row["estimate"] for row in values["terms"]), values["random_effects"][0]["sd"]])
    pairs = [own[["trt", "risk", "status"]].to_numpy().T for _, own in table.groupby("id")]
    assert laplace(theta, pairs) == pytest.approx(values["log_likelihood"], rel=1e-12)
    steps = np.diag([1e-3, 1e-3, 1e-4, 1e-3])
    near = {(i, s): laplace(theta + s * steps[i], pairs) for i in range(4) for s in (-1, 1)}
    size = np.diag(steps)
    slope = np.array([near[i, 1] - near[i, -1] for i in range(4)]) / (2 * size)
    bend = np.zeros((4, 4))
    for i in range(4):
        for j in range(i + 1):
            corners = [a * b * laplace(theta + a * steps[i] + b * steps[j], pairs) for a in (-1, 1) for b in (-1, 1)]
            bend[i, j] = bend[j, i] = sum(corners) / (4 * size[i] * size[j])
    covariance = np.linalg.inv(-bend)
    assert np.abs(slope * np.sqrt(np.diag(covariance))).max() < 1e-5
    assert [row["std_error"] for row in values["terms"]] == pytest.approx(np.sqrt(np.diag(covariance))[:3], rel=1e-5)
    found = r_output("r_mixed.txt")["eyes:1:estimate"]
    assert [row["estimate"] for row in values["terms"]] == pytest.approx(list(found.values()), rel=1e-5)


@pytest.mark.parametrize("nodes", [7, 25])
def test_eyes_within_patients(nodes: int) -> None:
    """Many small groups, where the number of nodes matters."""
    table, dictionary = eyes()
    dealt = _dealt(table, (table["id"].to_numpy() % 17 // 5).astype(int))
    result = run_plain(MixedModel("status ~ trt + risk", "binomial", "id", nodes=nodes), dealt, setting(dictionary, 5))
    check(dict(result.values), f"eyes:{nodes}", {"Intercept": "(Intercept)"}, 1e-7, 1e-7)
    assert result.values["icc"] == pytest.approx(
        1 / (1 + math.pi**2 / 3 / result.values["random_effects"][0]["variance"])
    )


@pytest.fixture(scope="module")
def stroke() -> tuple[Dictionary, pd.DataFrame]:
    """The International Stroke Trial: death within 14 days, and blood pressure."""
    path = shared_data("stroke_trial/IST.csv.gz")
    table = pd.read_csv(path, encoding="latin1", usecols=["HOSPNUM", "COUNTRY", "RXASP", "ID14", "AGE", "RSBP"])
    table = table[table["ID14"].isin([0, 1])]
    own = pd.DataFrame(
        {
            "died": table["ID14"], "aspirin": (table["RXASP"] == "Y"), "decades": table["AGE"] / 10,
            "pressure": table["RSBP"], "hospital": table["HOSPNUM"],
            "country": table["COUNTRY"].astype("category").cat.codes,
        }
    ).astype(float)  # fmt: skip
    dictionary = Dictionary(
        "stroke",
        (
            Column("died", "integer", 0, 1, 1), Column("aspirin", "number", 0, 1), Column("decades", "number", 1, 10),
            Column("pressure", "number", 50, 300), Column("hospital", "integer", 1, 1000, 1),
            Column("country", "integer", 0, 100, 1),
        ),
    )  # fmt: skip
    return dictionary, own


@pytest.mark.parametrize("nodes", [1, 7])
def test_stroke_trial_countries(stroke: tuple[Dictionary, pd.DataFrame], nodes: int) -> None:
    """36 countries, some with few patients or without a death, under the institutional limits."""
    dictionary, table = stroke
    sites = _dealt(table, table["country"].to_numpy())
    method = MixedModel("died ~ aspirin + decades", "binomial", nodes=nodes)
    result = run_plain(method, sites, setting(dictionary, len(sites), Limits()))
    check(dict(result.values), f"countries:{nodes}", {"Intercept": "(Intercept)"}, 1e-5, 1e-4)


@pytest.mark.parametrize("nodes", [1, 7])
def test_stroke_trial_hospitals_within_countries(stroke: tuple[Dictionary, pd.DataFrame], nodes: int) -> None:
    """466 hospitals as groups within the countries, some of one patient."""
    dictionary, table = stroke
    sites = _dealt(table, table["country"].to_numpy())
    method = MixedModel("died ~ aspirin + decades", "binomial", "hospital", nodes=nodes)
    result = run_plain(method, sites, setting(dictionary, len(sites), Limits()))
    check(dict(result.values), f"stroke:{nodes}", {"Intercept": "(Intercept)"}, 1e-5, 1e-4)


def test_blood_pressure_at_hospitals(stroke: tuple[Dictionary, pd.DataFrame]) -> None:
    """The linear model of 466 hospitals, each a site, gives none of them away, and is lme4's."""
    dictionary, table = stroke
    sites = _dealt(table, table["hospital"].to_numpy())
    result = run_plain(MixedModel("pressure ~ aspirin + decades"), sites, setting(dictionary, len(sites), Limits()))
    check(dict(result.values), "stroke:reml", {"Intercept": "(Intercept)"}, 1e-7, 1e-7)


def hidden_peak(seed: int) -> tuple[Sites, dict[str, np.ndarray], Dictionary]:
    """Three groups whose columns differ as much as their intercepts, the other way: a spread of 0 is a lower peak."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1, 2], [10, 9, 8])
    centre = np.array([3.0, 0.0, -3.0])[group]
    x = np.clip(centre + rng.normal(size=27), -10, 10)
    z = x - 0.9 * centre + rng.normal(size=27) * 0.7
    y = (rng.uniform(size=27) < 1 / (1 + np.exp(-2 * (x - centre)))) * 1.0
    names = (Column("x", "number", -10, 10), Column("z", "number", -50, 50), Column("y", "integer", 0, 1, 1))
    columns = {"x": x, "z": z, "y": y, "group": group}
    sites = [[Batch({n: columns[n][group == k] for n in "xzy"}, int((group == k).sum()))] for k in range(3)]
    return sites, columns, Dictionary("peak", names)


def test_a_higher_peak_beyond_a_fall_is_found_by_a_linear_model() -> None:
    """Where the likelihood falls from a spread of 0 but is higher further on, the higher peak is the estimate."""
    sites, columns, dictionary = hidden_peak(5)
    x, z = np.column_stack([np.ones(27), columns["x"]]), columns["z"]
    same = columns["group"][:, None] == columns["group"]

    def likelihood(ratio: float) -> float:
        v = np.eye(27) + ratio * same
        root = np.linalg.cholesky(v)
        a, b = np.linalg.solve(root, x), np.linalg.solve(root, z)
        squares = float(np.linalg.lstsq(a, b, rcond=None)[1][0])
        return -0.5 * (27 * math.log(2 * math.pi * squares / 27) + 27) - float(np.log(np.diag(root)).sum())

    ratios = np.exp(np.linspace(-8, 8, 4001))
    best = ratios[np.argmax([likelihood(ratio) for ratio in ratios])]
    values = run_plain(MixedModel("z ~ x", estimator="ml"), sites, setting(dictionary, 3)).values
    assert likelihood(0.001) < likelihood(0.0) < likelihood(best) - 2.0
    assert values["random_effects"][0]["variance"] / values["residual_sd"] ** 2 == pytest.approx(best, rel=5e-3)
    assert values["log_likelihood"] == pytest.approx(likelihood(best), abs=1e-5)
    assert values["log_likelihood_null"] == pytest.approx(likelihood(0.0), rel=1e-10)


def test_a_higher_peak_beyond_a_fall_is_found_by_a_logistic_model() -> None:
    """The same of a logistic model, beside marginal likelihoods integrated by scipy."""
    from scipy.integrate import quad

    sites, columns, dictionary = hidden_peak(17)

    def likelihood(theta: list[float]) -> float:
        total = 0.0
        for k in range(3):
            x, y = columns["x"][columns["group"] == k], columns["y"][columns["group"] == k]

            def density(b: float, x: np.ndarray = x, y: np.ndarray = y) -> float:
                eta = theta[0] + theta[1] * x + theta[2] * b
                return math.exp(float((y * eta - np.logaddexp(0, eta)).sum()) - b * b / 2) / math.sqrt(2 * math.pi)

            total += math.log(quad(density, -8, 8, epsabs=0, epsrel=1e-11, limit=400, points=[-2, -1, 0, 1, 2])[0])
        return total

    values = run_plain(MixedModel("y ~ x", "binomial", nodes=25), sites, setting(dictionary, 3)).values
    at = [*(row["estimate"] for row in values["terms"]), values["random_effects"][0]["sd"]]
    assert values["log_likelihood"] == pytest.approx(likelihood(at), abs=1e-5)
    assert values["log_likelihood"] > values["log_likelihood_null"] + 2.0
    fixed = [
        row["estimate"] for row in run_plain(LogisticRegression("y ~ x"), sites, setting(dictionary, 3)).values["terms"]
    ]
    assert likelihood([*fixed, 0.3]) < likelihood([*fixed, 0.0])
    errors = [*(row["std_error"] for row in values["terms"]), at[2] / 2]
    for i in range(3):
        near = [likelihood([v + s * 0.05 * errors[i] * (j == i) for j, v in enumerate(at)]) for s in (-1, 1)]
        assert abs(near[1] - near[0]) / 0.1 < 0.02


def test_a_variance_ratio_without_end_is_said() -> None:
    """Groups of one person, but for one of two, leave nothing within groups: there is no maximum."""
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-5, 5, 11), rng.normal(0, 20, 11)
    x[10], z[10] = x[9] + 1.0, z[9] + 0.5
    place = np.array([*range(10), 9])
    sites = [[Batch({"x": x[place == k], "z": z[place == k]}, int((place == k).sum()))] for k in range(10)]
    dictionary = Dictionary("d", (Column("x", "number", -10, 10), Column("z", "number", -200, 200)))
    with pytest.raises(SingularInformation, match="grows without end"):
        run_plain(MixedModel("z ~ x", estimator="ml"), sites, setting(dictionary, 10))


def _infections(column: str) -> tuple[Dictionary, pd.DataFrame]:
    table = pd.read_csv(shared_data("survival/cgd.csv"))
    table["treated"] = (table["treat"] == "rIFN-g").astype(float)
    table["days"] = table["tstop"] - table["tstart"]
    table["center"] = table["center"].astype("category").cat.codes
    if column == "center":
        table = table.groupby(["id", "center", "treated"], as_index=False)[["status", "days"]].sum().assign(age=30)
    own = table[["status", "treated", "age", "days", "id", "center"]].astype(float)
    dictionary = Dictionary(
        "cgd",
        (
            Column("status", "integer", 0, 20, 1), Column("treated", "number", 0, 1), Column("age", "number", 0, 60),
            Column("days", "integer", 1, 500, 1), Column("id", "integer", 1, 200, 1), Column("center", "integer", 0, 20, 1),
        ),
    )  # fmt: skip
    return dictionary, own


@pytest.mark.parametrize("nodes", [1, 7])
def test_infections_at_hospitals(nodes: int) -> None:
    """Counts with time at risk at 13 hospitals, some without an infection: glmer's Poisson model."""
    dictionary, table = _infections("center")
    sites = _dealt(table, table["center"].to_numpy())
    method = MixedModel("status ~ treated", "poisson", nodes=nodes, offset="log(days)")
    values = run_plain(method, sites, setting(dictionary, len(sites))).values
    check(dict(values), f"infections:{nodes}", {"Intercept": "(Intercept)"}, 1e-6, 1e-5)
    assert values["terms"][1]["rate_ratio"] == pytest.approx(math.exp(values["terms"][1]["estimate"]))
    assert values["icc"] is None


@pytest.mark.parametrize("nodes", [1, 7, 25])
def test_intervals_of_patients(nodes: int) -> None:
    """The intervals of each of 128 patients, at the hospitals where they are treated."""
    dictionary, table = _infections("id")
    sites = _dealt(table, table["center"].to_numpy())
    method = MixedModel("status ~ treated + age", "poisson", "id", nodes=nodes, offset="log(days)")
    values = run_plain(method, sites, setting(dictionary, len(sites))).values
    check(dict(values), f"intervals:{nodes}", {"Intercept": "(Intercept)"}, 1e-6, 1e-6)


def test_few_hospitals_are_not_given_away() -> None:
    """Under limits a linear model is refused where one site could work out the others' sizes and means."""
    _, sites = hearts("4")
    with pytest.raises(CohortTooSmall, match="sizes and means of the others"):
        run_plain(MixedModel("thalach ~ sex + oldpeak"), sites, setting(HEART, 5, Limits()))


def test_what_does_not_exist_is_said() -> None:
    """One group, a column that separates, a text as group and wrong settings are diagnoses."""
    _, sites = hearts("4")
    with pytest.raises(SingularInformation, match="only one group"):
        run_plain(MixedModel("thalach ~ sex"), sites[:1], setting(HEART, 3))
    with pytest.raises(Separation):
        run_plain(MixedModel("num > 0 ~ num", "binomial"), sites, setting(HEART, 5))
    with pytest.raises(CohortTooSmall, match="Fewer than 3 groups"):
        run_plain(MixedModel("num > 0 ~ sex", "binomial"), sites[:2], setting(HEART, 5, Limits()))
    names = Dictionary("d", (*HEART, Column("name", "text")))
    with pytest.raises(FormulaInvalid, match="text and is never analysed"):
        MixedModel("thalach ~ sex", group="name").under(setting(names, 3))
    with pytest.raises(FormulaInvalid, match="Only a Poisson model has an offset"):
        MixedModel.from_spec({"name": "mixed", "formula": "thalach ~ sex", "offset": "age"})
    with pytest.raises(UsageError, match="nodes"):
        MixedModel.from_spec({"name": "mixed", "formula": "thalach ~ sex", "nodes": 40})
