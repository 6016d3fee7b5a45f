"""Documents as CSV (RFC 4180): one table for all sheets, with the sheet's heading in the first column."""

from __future__ import annotations

import csv
import io
import re

from summand.documents._document import Document

_NUMBER = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?%?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(document: Document) -> str:
    """All tables of a document as one, in UTF-8 with plain newlines; columns that a table lacks are empty.

    A cell that a spreadsheet would take for a formula begins with an apostrophe (CWE-1236); numbers stay as they are.
    """
    columns: list[str] = []
    for sheet in document.sheets:
        columns += [name for name in sheet.columns if name not in columns]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["section", *columns])
    for sheet in document.sheets:
        for row in sheet.rows:
            cells = dict(zip(sheet.columns, row, strict=True))
            writer.writerow([_safe(sheet.heading), *(_safe(cells.get(name, "")) for name in columns)])
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
