"""The agreement."""

from summand.agreement._document import Agreement
from summand.agreement._examples import complete_example, trial_agreement
from summand.agreement._findings import CLAUSES, Finding
from summand.agreement._reading import check, load_agreement
from summand.agreement._templates import TEMPLATES, new_from_template, standard_terms

__all__ = [
    "CLAUSES",
    "TEMPLATES",
    "Agreement",
    "Finding",
    "check",
    "complete_example",
    "load_agreement",
    "new_from_template",
    "standard_terms",
    "trial_agreement",
]
