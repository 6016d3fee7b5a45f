"""A site: decides by its own copy of the agreement, runs studies on its own rows, sends only masked sums.

Promise: rows never leave; every message of the hub is checked against what this site derives itself; one answer per
round, ever, stored before it is sent; the site's replica of the ledger follows only what extends it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from summand.site._agent import Agent
    from summand.site._store import SiteStore

__all__ = ["Agent", "SiteStore"]


def __getattr__(name: str) -> Any:
    """Import on use: whoever wants only `summand.site.sources` need not load guard, masks and ledger."""
    import importlib

    homes = {"Agent": "summand.site._agent", "SiteStore": "summand.site._store"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(homes[name]), name)
