"""Every condition that one clause puts on another, by clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from summand.agreement._check_data import data_conditions
from summand.agreement._check_kind import kind_conditions
from summand.agreement._check_parties import party_conditions
from summand.agreement._check_purpose import purpose_conditions
from summand.agreement._check_terms import term_conditions
from summand.agreement._check_work import work_conditions
from summand.agreement._document import Agreement
from summand.agreement._findings import CLAUSES, Finding, finding
from summand.agreement._problems import Problem

Check: TypeAlias = Callable[[Agreement], Iterator[Problem]]
CHECKS: tuple[Check, ...] = (
    party_conditions,
    purpose_conditions,
    data_conditions,
    work_conditions,
    term_conditions,
    kind_conditions,
)


def conditions(agreement: Agreement, lines: Mapping[str, int]) -> tuple[Finding, ...]:
    """All findings about an agreement whose fields are all there, in the order of the clauses."""
    found = [
        finding(problem.code, problem.place, problem.message, problem.remedy, lines)
        for each in CHECKS
        for problem in each(agreement)
    ]
    keys = list(CLAUSES)
    return tuple(sorted(found, key=lambda item: keys.index(item.pointer.split("/")[1])))
