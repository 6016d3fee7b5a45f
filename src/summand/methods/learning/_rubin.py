"""Rubin's rules: one table of terms from the fits to several completed sets of rows."""

from __future__ import annotations

from typing import Any

from summand.methods._newton import p_value
from summand.tables import Array


def pooled_rows(
    terms: tuple[str, ...], estimates: Array, variances: Array, degrees_of_freedom: float
) -> list[dict[str, Any]]:
    """The table of a model fitted to m completed sets of rows.

    With Q̄ the mean estimate, Ū the mean variance and B the variance of the estimates (divisor m − 1), the total variance
    is ``T = Ū + (1 + 1/m) B``. Of it, ``λ = (1 + 1/m) B / T`` is due to what is missing; the t distribution has ν degrees
    of freedom with ``1/ν = λ² / (m − 1) + 1 / ν_obs`` and ``ν_obs = (ν₀ + 1) / (ν₀ + 3) · ν₀ (1 − λ)``.

    Args:
        terms: Their names.
        estimates: Shape (m, p), m at least 2.
        variances: Squared standard errors, shape (m, p).
        degrees_of_freedom: ν₀, of the same model without anything missing.

    Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, §3.3; Barnard & Rubin (1999), Biometrika
        86(4), eq. (3), for the degrees of freedom.
    """
    from scipy.special import stdtrit

    m = len(estimates)
    rows = []
    for term, found, own in zip(terms, estimates.T, variances.T, strict=True):
        mean, within, between = float(found.mean()), float(own.mean()), float(found.var(ddof=1))
        total = within + (1.0 + 1.0 / m) * between
        error, due = total**0.5, (1.0 + 1.0 / m) * between / total if total > 0.0 else 0.0
        observed = (degrees_of_freedom + 1.0) / (degrees_of_freedom + 3.0) * degrees_of_freedom * (1.0 - due)
        freedom = 1.0 / (due**2 / (m - 1) + 1.0 / observed)
        increase = (1.0 + 1.0 / m) * between / within if within > 0.0 else 0.0
        statistic = mean / error if error > 0.0 else None
        width = float(stdtrit(freedom, 0.975)) * error
        rows.append(
            {
                "term": term,
                "estimate": mean,
                "std_error": error,
                "statistic": statistic,
                "p_value": None if statistic is None else p_value(statistic, freedom),
                "conf_low": mean - width,
                "conf_high": mean + width,
                "degrees_of_freedom": freedom,
                "missing_information": (increase + 2.0 / (freedom + 3.0)) / (increase + 1.0),
            }
        )
    return rows
