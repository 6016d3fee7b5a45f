"""A study: its request, its plan, its rounds, its messages and its ledger entries; joins the pure rooms below.

Promise: from a signed request and an agreement, hub and sites derive the same plan (sites, limits, method, epoch) and
the same program of rounds without asking each other; nothing here reads a row or opens a connection.
"""

from summand.study._agree import agree
from summand.study._certificates import Certificate
from summand.study._earlier import (
    CohortShape,
    comparisons,
    question_anywhere,
    question_of,
)
from summand.study._entries import ENTRY_TYPES, entry
from summand.study._entry_words import entry_in_words
from summand.study._history import History
from summand.study._parts import in_parts, whole_entries
from summand.study._plan import Plan, effective_limits, shared_dictionary
from summand.study._privacy import Noise, Privacy, Spent, budget_of, require_within, rho_left
from summand.study._program import Finished, Program, earlier_of
from summand.study._release_proof import Release, ReleaseProof
from summand.study._request import APPROVAL_TYPE, RELEASE_LEVELS, REQUEST_TYPE, SignedStudy, StudyRequest
from summand.study._sealed import open_at_site, open_release, reply_key, seal_result, seal_share
from summand.study._stated import Ignored, Stated, read_statements
from summand.study._statement import DOCUMENT_BYTES_MAX, STATEMENT_KINDS, STATEMENT_TYPE, Statement
from summand.study._witnessing import certified_witnesses, cosigners, witness_key, witness_quorum

__all__ = [
    "APPROVAL_TYPE",
    "DOCUMENT_BYTES_MAX",
    "ENTRY_TYPES",
    "RELEASE_LEVELS",
    "REQUEST_TYPE",
    "STATEMENT_KINDS",
    "STATEMENT_TYPE",
    "Certificate",
    "CohortShape",
    "Finished",
    "History",
    "Ignored",
    "Noise",
    "Plan",
    "Privacy",
    "Program",
    "Release",
    "ReleaseProof",
    "SignedStudy",
    "Spent",
    "Stated",
    "Statement",
    "StudyRequest",
    "agree",
    "budget_of",
    "certified_witnesses",
    "comparisons",
    "cosigners",
    "earlier_of",
    "effective_limits",
    "entry",
    "entry_in_words",
    "in_parts",
    "open_at_site",
    "open_release",
    "question_anywhere",
    "question_of",
    "read_statements",
    "reply_key",
    "require_within",
    "rho_left",
    "seal_result",
    "seal_share",
    "shared_dictionary",
    "whole_entries",
    "witness_key",
    "witness_quorum",
]
