"""Documents as PDF, set by Typst from a fixed template; the document travels as data."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from summand.documents._document import Document
from summand.encoding import dump
from summand.errors import UsageError

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Creation time written into every PDF, so that the same document has the same bytes; its own date stands in its text."""

TEMPLATE = """
#let document-data = json(bytes(sys.inputs.document))
#set document(title: document-data.title, date: none)
#set text(lang: document-data.language, size: 10pt, font: ("Noto Sans", "DejaVu Sans", "Libertinus Serif"))
#set page(paper: "a4", margin: (x: 18mm, y: 20mm), numbering: "1 / 1")
#set table(stroke: none, inset: (x: 4pt, y: 3pt))
#show heading: set block(above: 1.4em, below: 0.7em)
#title()
#for line in document-data.sentences [#par(line)]
#for sheet in document-data.sheets [
  #heading(level: 1, sheet.heading)
  #table(
    columns: sheet.columns.map(name => auto),
    align: (column, row) => if sheet.numeric.contains(sheet.columns.at(column)) { right } else { left },
    table.hline(),
    table.header(..sheet.columns.map(name => strong(name))),
    table.hline(stroke: 0.5pt),
    ..sheet.rows.flatten(),
    table.hline(),
  )
]
#set text(size: 8pt)
#for line in document-data.notes [#par(line)]
"""


def to_pdf(document: Document) -> bytes:
    """A document as PDF/UA-1, or as a tagged PDF where no font of this machine has one of its characters.

    Raises:
        UsageError: if the library that sets PDFs is not installed.
    """
    try:
        import typst
    except ImportError:
        raise UsageError(
            "PDFs cannot be set here.", remedy="Install the extra: pip install 'summand[reports]'"
        ) from None
    fields: dict[str, Any] = asdict(document)
    fields["sheets"] = [sheet for sheet in fields["sheets"] if sheet["rows"]]
    inputs = {"document": dump(fields).decode()}
    try:
        found = typst.compile(TEMPLATE.encode(), sys_inputs=inputs, pdf_standards=["ua-1"], timestamp=_EPOCH)
    except typst.TypstError:  # PDF/UA-1 forbids characters that cannot be drawn; better a box than no document
        found = typst.compile(TEMPLATE.encode(), sys_inputs=inputs, timestamp=_EPOCH)
    return bytes(found)
