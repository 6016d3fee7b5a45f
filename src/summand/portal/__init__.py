"""The hub's pages: agreements in plain words, studies with their decisions and results, the ledger.

Promise: read only; nothing is shown without the pages' token, which `summand hub serve` prints and keeps in the hub's
folder; no script, no request to anywhere else; what a page shows is what was released and what stands in the ledger.
"""

from summand.portal._pages import Pages, pages_token

__all__ = ["Pages", "pages_token"]
