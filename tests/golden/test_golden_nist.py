"""Linear regression over three sites against the certified values of NIST's Statistical Reference Datasets."""

from __future__ import annotations

import numpy as np
import pytest
from pooled_cohorts import dealt, nist, numeric_dictionary, setting

from summand.errors import SingularInformation
from summand.methods import LinearRegression
from summand.testing.plain import run_plain

MODELS = {
    "Norris": "y ~ x1",
    "Pontius": "y ~ x1 + I(x1^2)",
    "Longley": "y ~ x1 + x2 + x3 + x4 + x5 + x6",
    "NoInt1": "y ~ x1 - 1",
    "NoInt2": "y ~ 0 + x1",
    "Wampler1": "y ~ x1 + I(x1^2) + I(x1^3) + I(x1^4) + I(x1^5)",
    "Wampler2": "y ~ x1 + I(x1^2) + I(x1^3) + I(x1^4) + I(x1^5)",
    "Filip": "y ~ x1 + " + " + ".join(f"I(x1^{power})" for power in range(2, 11)),
}


@pytest.mark.parametrize("name", MODELS)
def test_certified_values(name: str) -> None:
    """Every coefficient and its standard deviation have at least nine correct digits, dealt to three sites."""
    table, certified, residual_sd = nist(name)
    dictionary = numeric_dictionary(table)
    sites = dealt(table, np.arange(len(table)) % 3, dictionary)
    result = run_plain(LinearRegression(MODELS[name]), sites, setting(dictionary, 4)).values
    for row, (estimate, error) in zip(result["terms"], certified, strict=True):
        assert abs(row["estimate"] - estimate) <= 1e-9 * abs(estimate)
        assert abs(row["std_error"] - error) <= 1e-9 * max(error, abs(estimate))
    assert abs(result["residual_sd"] - residual_sd) <= 1e-9 * max(residual_sd, 1.0)


def test_pontius_with_the_square_as_a_column_of_its_own() -> None:
    """A second column x2 = x² in the table gives the certified values as I(x^2) does."""
    table, certified, _ = nist("Pontius")
    table["x2"] = table["x1"] ** 2
    dictionary = numeric_dictionary(table)
    sites = dealt(table, np.arange(len(table)) % 3, dictionary)
    result = run_plain(LinearRegression("y ~ x1 + x2"), sites, setting(dictionary, 4)).values
    for row, (estimate, error) in zip(result["terms"], certified, strict=True):
        assert abs(row["estimate"] / estimate - 1) <= 1e-9
        assert abs(row["std_error"] / error - 1) <= 1e-9


def test_filip_as_ten_columns_is_a_diagnosis_and_not_a_number() -> None:
    """Powers computed beforehand are dependent to 13 digits: it is said how many would be lost, and how to keep them."""
    table, _, _ = nist("Filip")
    for power in range(2, 11):
        table[f"x{power}"] = table["x1"] ** power
    dictionary = numeric_dictionary(table)
    sites = dealt(table, np.arange(len(table)) % 3, dictionary)
    formula = "y ~ " + " + ".join(f"x{power}" for power in range(1, 11))

    with pytest.raises(SingularInformation, match=r"about 1[1-6] of the 16 digits .* would be lost") as told:
        run_plain(LinearRegression(formula), sites, setting(dictionary, 4))

    assert "I(x^2)" in told.value.remedy
