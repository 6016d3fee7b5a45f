"""Conditions of clause D: what patients agreed to, in the codes of the GA4GH Data Use Ontology."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from summand.agreement._datasets import ConsentCode, Dataset
from summand.agreement._duo import GROUPINGS, INVESTIGATIONS, NEEDS_PARAMETER, OBSOLETE, PERMISSIONS, SHORTHAND
from summand.agreement._findings import Place
from summand.agreement._problems import Problem, invalid, missing


def consent_codes(dataset: Dataset, place: Place) -> Iterator[Problem]:
    """Every consent code is one of DUO's with the parameter it needs, and exactly one of them is a permission."""
    codes = [item.code for item in dataset.consent_codes]
    for index, item in enumerate(dataset.consent_codes):
        yield from _consent_code(item, (*place, "consent_codes", index))
    primary = [code for code in codes if code in PERMISSIONS]
    if len(primary) != 1 and not set(codes) & set(OBSOLETE):
        yield invalid(
            (*place, "consent_codes"),
            f"Dataset {dataset.id} has {len(primary)} DUO permissions; it needs exactly one.",
            f"Name one of: {', '.join(f'{code} ({short})' for code, short in PERMISSIONS.items())}.",
        )


def _consent_code(item: ConsentCode, place: Place) -> Iterator[Problem]:
    at = (*place, "code")
    if item.code in OBSOLETE:
        yield invalid(at, f"{item.code} is obsolete in DUO.", f"Use {OBSOLETE[item.code]}.")
    elif item.code in INVESTIGATIONS or item.code in GROUPINGS:
        yield invalid(
            at, f"{item.code} describes a request or a group of codes; it permits nothing.", "Name a consent code."
        )
    elif item.code not in SHORTHAND:
        yield invalid(at, f"{item.code} is not in DUO.", f"Name one of: {', '.join(SHORTHAND)}.")
    elif item.code in NEEDS_PARAMETER and item.parameter is None:
        yield missing(
            (*place, "parameter"),
            f"{item.code} ({SHORTHAND[item.code]}) needs a parameter.",
            f"Add {NEEDS_PARAMETER[item.code]}.",
        )
    elif item.parameter is not None and not _parameter_fits(item.code, item.parameter):
        yield invalid(
            (*place, "parameter"), f"The parameter of {item.code} does not fit.", f"Give {NEEDS_PARAMETER[item.code]}."
        )


def _parameter_fits(code: str, parameter: str) -> bool:
    if code == "DUO:0000007":
        return re.fullmatch(r"MONDO:[0-9]{7}", parameter) is not None
    if code == "DUO:0000022":
        return re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?([, ]+[A-Z]{2}(-[A-Z0-9]{1,3})?)*", parameter) is not None
    if code == "DUO:0000024":
        return _is_date(parameter)
    return code != "DUO:0000025" or parameter.isdecimal() or _is_date(parameter)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
