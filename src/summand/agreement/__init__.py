"""The agreement: one document that people sign and machines hold to.

Clauses A to O in a strict model, read from YAML or JSON with the line of every mistake, checked clause against clause,
hashed as canonical JSON (RFC 8785) and signed by each party in one DSSE envelope; its life as a state machine, its
amendments as a chain of hashes, and its content in plain words.

Promise: an `Agreement` that exists is complete and consistent, its ``hash`` changes with any term, and the prohibited
purposes of `Agreement.prohibited_codes` hold whatever the document says.

    >>> from summand.signing import PrivateKey
    >>> key = PrivateKey.generate()
    >>> agreement = complete_example([{"id": "north", "key": key.public.text}, "south", "west"])
    >>> signed = SignedAgreement(agreement, sign(agreement, "north", key))
    >>> [row.standing for row in signed.report.parties]
    ['valid', 'missing', 'missing']
    >>> signed.is_fully_signed
    False
"""

from summand.agreement._amending import amend, verify_succession
from summand.agreement._cards import Card, Term, clause_cards, set_term
from summand.agreement._data_use import Answer, DataUse, DiseaseTree
from summand.agreement._datasets import ConsentCode, Dataset
from summand.agreement._document import Agreement
from summand.agreement._duo_matching import ConsentFinding, ConsentVerdict, match_consent
from summand.agreement._duo_purposes import within
from summand.agreement._duo_rules import CONSENT, ConsentRule
from summand.agreement._examples import complete_example, trial_agreement
from summand.agreement._findings import CLAUSES, Finding
from summand.agreement._json_schema import json_schema
from summand.agreement._law import EEA_COUNTRIES, EU_COUNTRIES
from summand.agreement._negotiation import fold, follow, open_negotiation
from summand.agreement._negotiation_acts import NEGOTIATION_TYPE, Act, document_hash, sign_act
from summand.agreement._negotiation_state import Comment, Negotiation, Offer, Voided
from summand.agreement._odrl import Projection, projections
from summand.agreement._paper import to_document
from summand.agreement._parties import Party
from summand.agreement._people import Person
from summand.agreement._priorities import (
    NORMS,
    PRIORITIES_TYPE,
    TOPICS,
    Priorities,
    SideBySide,
    read_priorities,
    side_by_side,
    sign_priorities,
)
from summand.agreement._profiles import PROFILES
from summand.agreement._purpose import PROHIBITED_ALWAYS, Purpose
from summand.agreement._reading import check, load_agreement
from summand.agreement._redline import DIRECTIONS, Change, Effect, Redline, compare
from summand.agreement._sealing import (
    PAYLOAD_TYPE,
    PartySignature,
    SignatureReport,
    SignedAgreement,
    SigningRequest,
    add_signature,
    load_signed,
    sign,
    signing_request,
    verify_signatures,
)
from summand.agreement._source import read_source
from summand.agreement._standing import event_entry, require_active, state_of
from summand.agreement._states import STATES, TRANSITIONS, Transition, events_in, next_state
from summand.agreement._templates import TEMPLATES, new_from_template, standard_terms
from summand.agreement._words import Section, plain_sections, to_plain_words

__all__ = [
    "CLAUSES",
    "CONSENT",
    "DIRECTIONS",
    "EEA_COUNTRIES",
    "EU_COUNTRIES",
    "NEGOTIATION_TYPE",
    "NORMS",
    "PAYLOAD_TYPE",
    "PRIORITIES_TYPE",
    "PROFILES",
    "PROHIBITED_ALWAYS",
    "STATES",
    "TEMPLATES",
    "TOPICS",
    "TRANSITIONS",
    "Act",
    "Agreement",
    "Answer",
    "Card",
    "Change",
    "Comment",
    "ConsentCode",
    "ConsentFinding",
    "ConsentRule",
    "ConsentVerdict",
    "DataUse",
    "Dataset",
    "DiseaseTree",
    "Effect",
    "Finding",
    "Negotiation",
    "Offer",
    "Party",
    "PartySignature",
    "Person",
    "Priorities",
    "Projection",
    "Purpose",
    "Redline",
    "Section",
    "SideBySide",
    "SignatureReport",
    "SignedAgreement",
    "SigningRequest",
    "Term",
    "Transition",
    "Voided",
    "add_signature",
    "amend",
    "check",
    "clause_cards",
    "compare",
    "complete_example",
    "document_hash",
    "event_entry",
    "events_in",
    "fold",
    "follow",
    "json_schema",
    "load_agreement",
    "load_signed",
    "match_consent",
    "new_from_template",
    "next_state",
    "open_negotiation",
    "plain_sections",
    "projections",
    "read_priorities",
    "read_source",
    "require_active",
    "set_term",
    "side_by_side",
    "sign",
    "sign_act",
    "sign_priorities",
    "signing_request",
    "standard_terms",
    "state_of",
    "to_document",
    "to_plain_words",
    "trial_agreement",
    "verify_signatures",
    "verify_succession",
    "within",
]
