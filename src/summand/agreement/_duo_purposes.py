"""Purposes: which code lies within which, and what a purpose is in DUO's terms.

EHDS: Regulation (EU) 2025/327, Art. 53(1). DUO: the GA4GH Data Use Ontology, github.com/EBISPOT/DUO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NRES, GRU, HMB, DS, POA = "DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011"
BROADER = {
    "53(1)(e)(i)": "53(1)(e)",
    "53(1)(e)(ii)": "53(1)(e)",
    GRU: NRES,
    HMB: GRU,
    POA: GRU,
    DS: HMB,
    "DUO:0000031": GRU,  # methods
    "DUO:0000032": GRU,  # a population group
    "DUO:0000033": POA,  # ancestry
    "DUO:0000034": GRU,  # an age category
    "DUO:0000035": GRU,  # gender
    "DUO:0000036": GRU,  # research control
    "DUO:0000037": HMB,  # biomedical research
    "DUO:0000038": GRU,  # genetics
    "DUO:0000039": "DUO:0000037",  # drug development
    "DUO:0000040": DS,  # a disease
}
"""Each code and the next broader one; a code is within itself and everything above it."""


def within(code: str) -> list[str]:
    """The code and all broader ones."""
    codes = [code]
    while codes[-1] in BROADER:
        codes.append(BROADER[codes[-1]])
    return codes


def as_duo(purpose: Mapping[str, Any]) -> list[str]:
    """A purpose in DUO's terms, with all broader ones; empty where it is not research, which DUO is about."""
    code = str(purpose.get("code"))
    if purpose.get("system") == "DUO":
        return within(code)
    if "53(1)(e)" in within(code) or code == "research":
        return within(DS if purpose.get("disease") else "DUO:0000037")
    return []


def is_care(purpose: Mapping[str, Any]) -> bool:
    """Whether the purpose is the care of patients itself, which DUO:0000043 (CC) opens: HIPAA treatment, EHDS 53(1)(f)."""
    return (purpose.get("system"), purpose.get("code")) in (("HIPAA", "treatment"), ("EHDS53", "53(1)(f)"))
