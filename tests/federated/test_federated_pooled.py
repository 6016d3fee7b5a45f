"""A federation's result is the pooled fit, whatever the split, through guard, masks and ledger."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from federated_cohort import SCHEMA, SPLITS, cohort, dealt, terms

from summand.errors import CohortTooSmall
from summand.federation import Federation
from summand.testing.federations import Partnership

TABLE = cohort()
SIGNED_SPLITS = [name for name in SPLITS if name != "one"]


@pytest.fixture(scope="module")
def federations():
    """Federations over the cohort dealt by one of `SPLITS`, under a profile, each set up once: several studies run in it."""
    made: dict[tuple[str, str], Federation] = {}

    def of(split: str, profile: str) -> Federation:
        if (split, profile) not in made:
            made[split, profile] = Partnership.of(dealt(TABLE, SPLITS[split]), SCHEMA, profile=profile).federation()
        return made[split, profile]

    yield of
    for federation in made.values():
        federation.close()


def close(ours, theirs, tolerance=1e-9) -> None:
    """Estimates and errors agree relative to themselves."""
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=tolerance)


@pytest.mark.parametrize(
    ("split", "profile"),
    [
        *((split, "public_data") for split in SIGNED_SPLITS),
        ("three", "institutional"),
        (SIGNED_SPLITS[1], "institutional"),
    ],
)
def test_linear_equals_statsmodels_on_the_pooled_rows(federations, split: str, profile: str) -> None:
    """Least squares over any split equals statsmodels' OLS on all rows together."""
    result = federations(split, profile).run({"name": "linear", "formula": "y ~ x"})
    pooled = sm.OLS(TABLE["y"], sm.add_constant(TABLE["x"])).fit()
    close(terms(result), (pooled.params, pooled.bse))
    values = result.to_dict()
    assert (values["n"], values["people"], values["sites"]) == (240, 240, len(SPLITS[split]))
    assert values["profile"] == profile


@pytest.mark.parametrize("split", SIGNED_SPLITS)
def test_logistic_equals_statsmodels_on_the_pooled_rows(federations, split: str) -> None:
    """Logistic regression over any split equals statsmodels' Logit on all rows together."""
    result = federations(split, "public_data").run({"name": "logistic", "formula": "event ~ x"})
    pooled = sm.Logit(TABLE["event"], sm.add_constant(TABLE["x"])).fit(disp=0, tol=1e-14, maxiter=100)
    close(terms(result), (pooled.params, pooled.bse), 1e-8)


@pytest.mark.parametrize("split", ["three", "eighteen"])
def test_cox_equals_lifelines_on_the_pooled_rows(federations, split: str) -> None:
    """Pooled Cox regression under public_data equals lifelines' Efron fit on all rows together."""
    from lifelines import CoxPHFitter

    result = federations(split, "public_data").run(
        {"name": "cox", "formula": "Surv(time, status) ~ x", "site": "pooled"}
    )
    pooled = CoxPHFitter().fit(
        TABLE[["time", "status", "x"]], "time", "status", fit_options={"precision": 1e-12, "r_precision": 1e-14}
    )
    close(terms(result), (pooled.params_, pooled.standard_errors_), 1e-8)


def test_one_owner_alone_tries_things_out() -> None:
    """One site in a trial gives the pooled fit too, and says that it was a trial."""
    tables = dealt(TABLE[["y", "x"]], SPLITS["one"])
    with Federation.in_memory(tables) as federation:
        result = federation.run({"name": "linear", "formula": "y ~ x"})
    pooled = sm.OLS(TABLE["y"], sm.add_constant(TABLE["x"])).fit()
    close(terms(result), (pooled.params, pooled.bse))
    assert result.to_dict()["profile"] == "trial"
    assert "Trial" in " ".join(result.to_dict()["notes"])


def test_people_are_counted_not_rows() -> None:
    """A cohort of many rows of few people is too small: the limit counts people over all sites."""
    table = TABLE.assign(person=[f"person-{i % 9}" for i in range(len(TABLE))])
    with Partnership.of(dealt(table, SPLITS["three"]), SCHEMA, profile="public_data").federation() as exact:
        result = exact.run({"name": "linear", "formula": "y ~ x"})
    assert result.to_dict()["n"] == 240
    assert result.to_dict()["people"] == 27, "nine people at each of three sites: sites cannot compare identifiers"
    few = table[table["person"] < "person-3"].head(30)
    small = Partnership.of(dealt(few, {"north": 10, "south": 10, "west": 10}), SCHEMA, profile="institutional")
    with small.federation() as federation, pytest.raises(CohortTooSmall) as refused:
        federation.run({"name": "linear", "formula": "y ~ x"})
    assert refused.value.clause == "D.min_cell"


def test_people_who_opted_out_are_left_out(tmp_path) -> None:
    """Rows of people on a site's opt-out list are in no sum: the result is the pooled fit without them."""
    gone = set(TABLE["person"][:25])
    (tmp_path / "opt-out.csv").write_text("".join(f"{name}\n" for name in sorted(gone)))
    made = Partnership.of(
        dealt(TABLE, SPLITS["three"]), SCHEMA, profile="institutional", opt_out={"north": tmp_path / "opt-out.csv"}
    )
    with made.federation() as federation:
        result = federation.run({"name": "linear", "formula": "y ~ x"})
    rest = TABLE[~TABLE["person"].isin(gone)]
    pooled = sm.OLS(rest["y"], sm.add_constant(rest["x"])).fit()
    close(terms(result), (pooled.params, pooled.bse))
    assert result.to_dict()["n"] == 215


def test_site_effects_by_condensing_equal_dummy_variables() -> None:
    """One intercept per site, none of which leaves its site, equals the fit with a dummy variable for each site."""
    sizes = {"north": 100, "south": 90, "west": 50}
    table = TABLE.assign(site=np.repeat(list(sizes), list(sizes.values())))
    with Partnership.of(dealt(TABLE, sizes), SCHEMA, profile="institutional").federation() as federation:
        result = federation.run({"name": "logistic", "formula": "event ~ x", "site": "fixed"})
    design = np.column_stack([table["x"], *(table["site"] == name for name in sizes)]).astype(float)
    pooled = sm.Logit(table["event"], design).fit(disp=0, tol=1e-14, maxiter=100)
    close(terms(result), (pooled.params[:1], pooled.bse[:1]), 1e-8)
