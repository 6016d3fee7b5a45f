"""Documents for people: headings, sentences and tables as PDF and as CSV.

Promise: text is data, never markup, so nothing in a document can format it, run, or read a file; the same document gives
the same bytes. A PDF is tagged for screen readers (PDF/UA-1 where
the fonts have every character). A cell of a CSV never begins a formula.

    >>> sheet = Sheet("Shares", ("party", "amount"), (("north", "12.00"), ("=1+1", "-3.00")))
    >>> print(to_csv(Document("Split", (), (sheet,))), end="")
    section,party,amount
    Shares,north,12.00
    Shares,'=1+1,-3.00
"""

from summand.documents._csv import to_csv
from summand.documents._document import Document, Sheet
from summand.documents._pdf import to_pdf

__all__ = ["Document", "Sheet", "to_csv", "to_pdf"]
