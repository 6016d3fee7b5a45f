"""Tests of several coefficients at once: each term of a formula, and a formula against one within it.

Source: McCullagh & Nelder (1989), Generalized Linear Models, §2.3 and app. A; Rao (1948), Proc. Camb. Phil. Soc. 44(1)
(score); where a dispersion is estimated, statistics are divided by it and their degrees of freedom, and go with F.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from summand.methods.formulas._design import Design
from summand.methods.formulas._formula import Formula, Term
from summand.methods.formulas._terms import columns_of_term
from summand.tables import Array, Dictionary


def chi_square_record(statistic: float, freedom: int, rest: float | None) -> dict[str, Any]:
    """A statistic with its p-value: chi-square, or F with ``rest`` degrees of freedom below."""
    if rest is None:
        from scipy.special import chdtrc

        p_value = float(chdtrc(freedom, statistic))
        return {"statistic": statistic, "degrees_of_freedom": freedom, "distribution": "chi-square", "p_value": p_value}
    from scipy.special import fdtrc

    f = statistic / freedom
    p_value = float(fdtrc(freedom, rest, f))
    return {
        "statistic": f,
        "degrees_of_freedom": freedom,
        "distribution": f"F({freedom}, {rest:g})",
        "p_value": p_value,
    }


def wald(estimates: Array, covariance: Array, places: list[int]) -> float:
    """``b' inverse(V) b`` of some coefficients, of which none may be known exactly."""
    b, v = estimates[places], covariance[np.ix_(places, places)]
    scale = 1.0 / np.sqrt(np.diag(v))
    return float((b * scale) @ np.linalg.solve(v * np.outer(scale, scale), b * scale))


def of_terms(
    design: Design, formula: Formula, dictionary: Dictionary, estimates: Array, covariance: Array, rest: float | None
) -> list[dict[str, Any]]:
    """Wald's test of each term of the formula: that all its coefficients are 0.

    Args:
        design: Of the formula.
        estimates, covariance: In the order of ``design.terms``.
        rest: Degrees of freedom of the dispersion's estimate; None where there is none.
    """
    if not (np.diag(covariance) > 0.0).all():
        return []
    found = []
    for term in formula.terms:
        places = [design.terms.index(name) for name in columns_of_term(term, dictionary)]
        record = chi_square_record(wald(estimates, covariance, places), len(places), rest)
        found.append({"term": _label(term), **record})
    return found


def _label(term: Term) -> str:
    """The term as its columns are named: a curve without the numbers that were learned."""
    return ":".join(getattr(factor, "label", str(factor)) for factor in term.factors)


def against_null(
    likelihood_ratio: float, wald_statistic: float, score: float | None, freedom: int, rest: float | None
) -> list[dict[str, Any]]:
    """The three tests of a formula against one within it, which has ``freedom`` coefficients less."""
    statistics = {"likelihood ratio": likelihood_ratio, "wald": wald_statistic, "score": score}
    return [
        {"test": name, **chi_square_record(max(statistic, 0.0), freedom, rest)}
        for name, statistic in statistics.items()
        if statistic is not None
    ]
