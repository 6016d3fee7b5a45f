"""Clauses D and E in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.agreement._computations import COMPUTATIONS
from summand.agreement._duo import SHORTHAND
from summand.agreement._words_page import listing, raw, rows, value

_PROFILES = {
    "institutional": (
        "Patient data: small counts are hidden, steps of survival curves are coarse, extremes are shown as bands, "
        "and models are kept small for the number of people behind them."
    ),
    "public_data": "The data are already published, with a licence; results are exact and nothing is hidden.",
    "trial": "A trial by one owner of data: nothing is limited, and no partner's site accepts it.",
}


def data_sentences(page: Mapping[str, Any]) -> list[str]:
    """Each dataset: whose, how much, which columns stay closed, and what the patients agreed to."""
    out = ["Every party's data stay on its own machines. Only sums over the sites leave them."]
    for dataset in rows(page, "data", "datasets"):
        codes = ", ".join(_consent(row) for row in rows(dataset, "consent_codes")) or "[missing]"
        title = f"{value(dataset, 'title')} ({value(dataset, 'id')}), held by {value(dataset, 'holder')}"
        out.append(
            f"{title}: {value(dataset, 'identifiability')} records described by the dictionary "
            f"{value(dataset, 'dictionary')}{_columns(page, dataset)}; consent {codes}."
        )
        out.append(f"Opting out of {value(dataset, 'id')}: {value(dataset, 'opt_out_mechanism')}.")
        if raw(dataset, "columns_withheld"):
            out.append(
                f"Columns of {value(dataset, 'id')} that no study reads: {listing(dataset, 'columns_withheld')}."
            )
        if raw(dataset, "source"):
            out.append(
                f"Source of {value(dataset, 'id')}: {value(dataset, 'source')}; licence {value(dataset, 'licence')}."
            )
    return out


def method_sentences(page: Mapping[str, Any]) -> list[str]:
    """Which computations may be asked for, and what of them is shown."""
    methods = [str(row.get("method")) for row in rows(page, "data", "computations_allowed")]
    named = "; ".join(COMPUTATIONS.get(method, f"[{method}]") for method in methods)
    levels = raw(page, "data", "release_levels") or ()
    shown = (
        "Totals over all sites are shown, and each site's own results where a study asks for them."
        if "site_level" in levels
        else "Only totals over all sites are shown, never one site's own results."
    )
    return [f"Allowed: {named or '[missing]'}. Nothing else.", shown, *_restrictions(page)]


def protection_sentences(page: Mapping[str, Any]) -> list[str]:
    """Disclosure profile, limits, incidents, and the privacy budget."""
    out = [_PROFILES.get(str(raw(page, "data", "disclosure_profile")), "Disclosure profile: [missing].")]
    out.append(
        f"At least {value(page, 'data', 'min_sites')} sites take part in a study, and no number about fewer than "
        f"{value(page, 'data', 'min_cell')} people is shown."
    )
    limits = raw(page, "data", "limits")
    for name, limit in limits.items() if isinstance(limits, Mapping) else ():
        out.append(f"Tightened: {str(name).replace('_', ' ')} {value({'limit': limit}, 'limit')}.")
    out.append("Nobody tries to find out who a patient is.")
    out.append(
        f"Data are processed in: {listing(page, 'data', 'location')}. Others who may receive data: "
        f"{listing(page, 'data', 'onward_transfer', empty='nobody')}."
    )
    out.append(f"An incident is reported within {value(page, 'data', 'incident_notice_hours')} hours.")
    budget = raw(page, "privacy", "budget")
    if isinstance(budget, Mapping):
        out.append(
            f"Noise is added: the privacy budget is epsilon {value(budget, 'epsilon_total')} per dataset and "
            f"{value(budget, 'period')} for each {value(budget, 'unit_of_privacy')}."
        )
    else:
        out.append("No noise is added to results.")
    return out


def _columns(page: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    names = [value(row, "name") for row in rows(page, "data", "dictionaries", str(dataset.get("dictionary")), "fields")]
    return f" ({', '.join(names)})" if names else ""


def _consent(row: Mapping[str, Any]) -> str:
    short = SHORTHAND.get(str(row.get("code")))
    parameter = f": {value(row, 'parameter')}" if "parameter" in row else ""
    return f"{value(row, 'code')}{f' ({short})' if short else ''}{parameter}"


def _restrictions(page: Mapping[str, Any]) -> list[str]:
    return [
        f"In {COMPUTATIONS.get(str(row.get('method')), str(row.get('method')))}, {str(name).replace('_', ' ')} may be: "
        f"{listing(row, 'parameters', name)}."
        for row in rows(page, "data", "computations_allowed")
        for name in (raw(row, "parameters") or {})
    ]
