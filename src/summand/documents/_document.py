"""What a document is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """A table under a heading.

    Attributes:
        heading: What it shows.
        columns: Names of its columns.
        rows: Texts, one for each column.
        numeric: Columns that are set to the right.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A heading, sentences, tables, and sentences at the end.

    Attributes:
        title: Heading, and the title of the PDF.
        sentences: Before the tables.
        sheets: Tables in order; empty ones are left out.
        notes: After the tables, in small print.
        language: BCP 47.
    """

    title: str
    sentences: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()
    language: str = "en"
