"""The hub: convenes studies, relays messages, adds masked vectors, opens totals, keeps the ledger. It never sees a row.

Promise: what is acknowledged is stored; a restart carries on; no second sum is ever opened for a round; what is
released was confirmed by the sites and stands in the ledger. Nothing here is trusted by a site: every check that
protects patients is made again, there.
"""

from summand.hub._convener import Convener
from summand.hub._store import Store

__all__ = ["Convener", "Store"]
