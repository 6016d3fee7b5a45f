"""The directory: organisations, what they can do and need, which data they hold, and who could work with whom.

Entries come from the Research Organization Registry, from CSV, or from the organisations themselves. What an
organisation says about itself is its own word; where it signed the entry with its key, that is shown, and nobody else
can change it. Matching gives a reason for every point and proposes small coalitions, found exactly.

Promise: an `Organisation` that exists has a checked ROR identifier, known kinds and real coordinates; an import reports
every line that it did not take; a signed entry is only ever replaced by a newer one of the same key.

    >>> north = Organisation.from_dict({
    ...     "id": "ror:02qp3tb03", "name": "North", "kinds": ["provider"], "places": [{"country": "NL"}],
    ...     "needs": [{"id": "stats", "text": "a biostatistician", "capability": "statistics"}],
    ... })
    >>> south = Organisation.from_dict({
    ...     "id": "south", "name": "South", "kinds": ["university"], "places": [{"country": "DE"}],
    ...     "capabilities": [{"code": "statistics"}],
    ... })
    >>> from datetime import date
    >>> found = match(north, [Entry(south, "declared")], date(2026, 3, 1))
    >>> found.coalitions[0].reasons
    ('stats: South has statistics.',)
"""

from summand.directory._coalition import Candidate, Chosen, best_coalitions
from summand.directory._conflicts import Conflict
from summand.directory._covering import Coverage, Shortfall
from summand.directory._data_asset import DataAsset, missing_fields
from summand.directory._entries import ENTRY_TYPE, STANDINGS, Entry, read_signed_entry, sign_entry
from summand.directory._importing import import_file
from summand.directory._json_ld import data_assets_from_json_ld, datasets_to_json_ld
from summand.directory._jurisdictions import Transfer, transfer_between
from summand.directory._matching import Coalition, Match, Member, Partner, match
from summand.directory._organisation import Need, Organisation
from summand.directory._report import OUTCOMES, ImportReport, LineProblem
from summand.directory._ror import parse_ror, ror_checksum
from summand.directory._search import EXPIRIES, Found, Page, Query
from summand.directory._store import Directory
from summand.directory._tables import FACETS
from summand.directory._words import CAPABILITIES, KINDS, TRANSFER_TOOLS

__all__ = [
    "CAPABILITIES",
    "ENTRY_TYPE",
    "EXPIRIES",
    "FACETS",
    "KINDS",
    "OUTCOMES",
    "STANDINGS",
    "TRANSFER_TOOLS",
    "Candidate",
    "Chosen",
    "Coalition",
    "Conflict",
    "Coverage",
    "DataAsset",
    "Directory",
    "Entry",
    "Found",
    "ImportReport",
    "LineProblem",
    "Match",
    "Member",
    "Need",
    "Organisation",
    "Page",
    "Partner",
    "Query",
    "Shortfall",
    "Transfer",
    "best_coalitions",
    "data_assets_from_json_ld",
    "datasets_to_json_ld",
    "import_file",
    "match",
    "missing_fields",
    "parse_ror",
    "read_signed_entry",
    "ror_checksum",
    "sign_entry",
    "transfer_between",
]
