"""Designs: names, scaling and its inverse, against formulaic 1.2 and by their definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from summand.errors import CategoryUnknown, ColumnMissing, FormulaInvalid
from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import parse
from summand.methods.formulas._terms import Scale
from summand.tables import Batch, Column, Dictionary

DICTIONARY = Dictionary(
    "design",
    (
        Column("age", "integer", minimum=20, maximum=90, step=1),
        Column("bp", "number", minimum=80, maximum=200),
        Column("sex", "category", levels=("1", "2")),
        Column("cp", "integer", minimum=1, maximum=4, step=1, levels=("4", "1", "3", "2")),
        Column("zone", "category", levels=("south", "north", "east")),
        Column("ex", "integer", minimum=0, maximum=1, step=1),
        Column("note", "text"),
        Column("open", "number"),
    ),
)


def table(rows: int = 120) -> pd.DataFrame:
    """Rows that use every level."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 91, rows).astype(float),
            "bp": rng.uniform(80, 200, rows),
            "sex": rng.choice(["1", "2"], rows),
            "cp": rng.integers(1, 5, rows).astype(float),
            "zone": rng.choice(["south", "north", "east"], rows),
            "ex": rng.integers(0, 2, rows).astype(float),
        }
    )


def batch(rows: pd.DataFrame) -> Batch:
    columns = {}
    for name in rows.columns:
        levels = DICTIONARY[name].levels
        text = DICTIONARY[name].kind == "category"
        columns[name] = np.array([levels.index(v) for v in rows[name]], np.int32) if text else rows[name].to_numpy()
    return Batch(columns, len(rows))


def unscaled(design: Design) -> Design:
    return dataclasses.replace(design, scales={name: Scale(0.0, 1.0) for name in design.scales})


FORMULAS = {
    "age + bp": "age + bp",
    "age*C(sex) + bp": "age*sex + bp",
    "zone + C(cp)": "zone + C(cp)",
    "age + bp + I(age^2) + age:bp": "age + bp + I(age**2) + age:bp",
    "age:bp": "age:bp",
    "age + bp - 1": "age + bp - 1",
    "age + age:sex": "age + age:sex",
    "zone*sex": "zone*sex",
}


@pytest.mark.parametrize("ours", FORMULAS)
def test_columns_equal_formulaic(ours: str) -> None:
    """Without scaling, the columns are those that formulaic makes of the same formula."""
    from formulaic import model_matrix

    rows = table()
    rows["cp"] = rows["cp"].astype(int)
    expected = model_matrix(FORMULAS[ours], rows).to_numpy()
    found = unscaled(Design.of(parse(f"~ {ours}"), DICTIONARY)).matrix(batch(table()))
    assert found.shape == expected.shape
    for column in expected.T:
        assert min(np.abs(found.T - column).max(axis=1)) < 1e-9


@pytest.mark.parametrize("formula", [*FORMULAS, "zone*sex*bp + ex", "1"])
@pytest.mark.parametrize("intercept", [True, False])
def test_scaled_columns_lie_within_one_and_map_back(formula: str, intercept: bool) -> None:
    """Every scaled entry is at most 1, and the scaled design is the original one times a known matrix."""
    design = Design.of(parse(f"~ {formula}"), DICTIONARY, intercept=intercept)
    scaled, original = design.matrix(batch(table())), unscaled(design).matrix(batch(table()))
    assert np.abs(scaled).max(initial=0.0) <= 1.0 + 1e-15
    difference = original @ design.to_original - scaled
    if not intercept:  # the method absorbs a constant
        difference = difference - difference.mean(axis=0)
    np.testing.assert_allclose(difference, 0.0, atol=1e-9)


def test_names_and_references() -> None:
    """Terms are named as issue and field write them; the first sorted level is the reference, by number or by text."""
    assert Design.of(parse("~ age*C(sex) + cp"), DICTIONARY).terms == (
        "Intercept", "age", "sex[T.2]", "cp", "age:sex[T.2]",
    )  # fmt: skip
    assert Design.of(parse("~ C(cp) + zone"), DICTIONARY).terms[1:] == (
        "cp[T.2]", "cp[T.3]", "cp[T.4]", "zone[T.north]", "zone[T.south]",
    )  # fmt: skip
    assert Design.of(parse("~ I(age^2) + age"), DICTIONARY, intercept=False).terms == ("I(age^2)", "age")


def test_unscale_maps_coefficients_and_covariance() -> None:
    """Coefficients and covariance per unit of the columns are the linear map's image."""
    design = Design.of(parse("~ age*sex"), DICTIONARY)
    rng = np.random.default_rng(1)
    beta, root = rng.normal(size=4), rng.normal(size=(4, 4))
    estimates, covariance = design.unscale(beta, root @ root.T)
    x, original = design.matrix(batch(table())), unscaled(design).matrix(batch(table()))
    np.testing.assert_allclose(original @ estimates, x @ beta, atol=1e-10)
    np.testing.assert_allclose(original @ covariance @ original.T, x @ root @ root.T @ x.T, atol=1e-9)


def test_levels_come_from_the_dictionary() -> None:
    """A batch in which a level does not occur has the same columns, one of them all zero."""
    rows = table()
    some = rows[rows["zone"] != "north"]
    design = Design.of(parse("~ zone"), DICTIONARY)
    x = design.matrix(batch(some))
    assert design.terms[1] == "zone[T.north]"
    assert not x[:, 1].any()


def test_groups_are_counted() -> None:
    """Every level, every value of a two-valued number and every cell of an interaction of them is counted."""
    design = Design.of(parse("~ sex*ex + zone"), DICTIONARY)
    counts = dict(zip(design.groups, design.group_counts(batch(table())), strict=True))
    rows = table()
    assert counts["sex = 2"] == (rows["sex"] == "2").sum()
    assert counts["ex = 1, sex = 2"] == ((rows["sex"] == "2") & (rows["ex"] == 1)).sum()
    assert counts["zone = east"] == (rows["zone"] == "east").sum()


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("~ age:sex", "needs age in the formula"),
        ("~ sex - 1", "needs an intercept"),
        ("~ I(zone^2)", "needs a numeric column"),
        ("~ note", "never analysed"),
        ("~ C(bp)", "no levels"),
        ("~ sex + C(sex)", "twice"),
        ("~ age:I(age^2)", "a column twice"),
    ],
)
def test_terms_that_do_not_fit_are_refused(formula: str, words: str) -> None:
    """A term that does not fit its column's kind, or that lacks its lower terms, is refused with the reason."""
    with pytest.raises(FormulaInvalid, match=words):
        Design.of(parse(formula), DICTIONARY)


def test_unknown_columns_ranges_and_values_are_refused() -> None:
    """A column without entry or range, and a number that is none of its levels, are refused by name."""
    with pytest.raises(ColumnMissing, match="no column 'weight'"):
        Design.of(parse("~ weight"), DICTIONARY)
    with pytest.raises(ColumnMissing, match="no range"):
        Design.of(parse("~ open"), DICTIONARY)
    with pytest.raises(CategoryUnknown, match="'cp'"):
        Design.of(parse("~ C(cp)"), DICTIONARY).matrix(Batch({"cp": np.array([1.0, 2.5])}, 2))
