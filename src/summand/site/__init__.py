"""A site: decides by its own copy of the agreement, runs studies on its own rows, sends only masked sums.

Promise: rows never leave; every message of the hub is checked against what this site derives itself; one answer per
round, ever, stored before it is sent; the site's replica of the ledger follows only what extends it.
"""

from summand.site._agent import Agent
from summand.site._store import SiteStore

__all__ = ["Agent", "SiteStore"]
