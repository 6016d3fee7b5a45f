"""Which law holds where, as far as clauses depend on it."""

from __future__ import annotations

UNITED_STATES = "US"
EU_COUNTRIES = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""The 27 member states of the European Union."""
EEA_COUNTRIES = EU_COUNTRIES | {"IS", "LI", "NO"}
"""With Iceland, Liechtenstein and Norway: no transfer under GDPR Art. 44 between them."""
GDPR_COUNTRIES = EEA_COUNTRIES | {"GB", "EU"}
"""Where the GDPR or the United Kingdom's own holds."""
