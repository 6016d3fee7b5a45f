"""The GA4GH Data Use Ontology (github.com/EBISPOT/DUO): permissions, modifiers, and what each needs."""

from __future__ import annotations

PERMISSIONS: dict[str, str] = {
    "DUO:0000004": "NRES",
    "DUO:0000006": "HMB",
    "DUO:0000007": "DS",
    "DUO:0000011": "POA",
    "DUO:0000042": "GRU",
}
MODIFIERS: dict[str, str] = {
    "DUO:0000012": "RS",
    "DUO:0000015": "NMDS",
    "DUO:0000016": "GSO",
    "DUO:0000018": "NPUNCU",
    "DUO:0000019": "PUB",
    "DUO:0000020": "COL",
    "DUO:0000021": "IRB",
    "DUO:0000022": "GS",
    "DUO:0000024": "MOR",
    "DUO:0000025": "TS",
    "DUO:0000026": "US",
    "DUO:0000027": "PS",
    "DUO:0000028": "IS",
    "DUO:0000029": "RTN",
    "DUO:0000043": "CC",
    "DUO:0000044": "NPOA",
    "DUO:0000045": "NPU",
    "DUO:0000046": "NCU",
}
INVESTIGATIONS: dict[str, str] = {
    "DUO:0000031": "methods development",
    "DUO:0000032": "a population group",
    "DUO:0000033": "ancestry",
    "DUO:0000034": "an age category",
    "DUO:0000035": "gender",
    "DUO:0000036": "research control",
    "DUO:0000037": "biomedical research",
    "DUO:0000038": "genetics",
    "DUO:0000039": "drug development",
    "DUO:0000040": "a disease",
}
"""What a requester says of a study; not consent codes."""
GROUPINGS = frozenset({"DUO:0000001", "DUO:0000017"})
"""Headings of the ontology; they permit and restrict nothing themselves."""
OBSOLETE: dict[str, str] = {
    "DUO:0000005": "DUO:0000042 (GRU), with DUO:0000043 (CC) where clinical care is permitted too",
    "DUO:0000014": "DUO:0000012 (RS), with the type of research as its parameter",
}
NEEDS_PARAMETER: dict[str, str] = {
    "DUO:0000007": "a disease, as MONDO:0000000",
    "DUO:0000012": "the type of research",
    "DUO:0000021": "the approval that is needed",
    "DUO:0000022": "a region, as ISO 3166 country codes",
    "DUO:0000024": "the date until which nothing is published",
    "DUO:0000025": "a number of months, or a date",
    "DUO:0000026": "the approved users",
    "DUO:0000027": "the approved project",
    "DUO:0000028": "the approved institutions",
}
SHORTHAND = {**PERMISSIONS, **MODIFIERS}
"""Consent codes that a dataset may carry, with their shorthand."""
