"""The portal: pages for the people of a partnership, on the hub's own server.

Promise: every page is made on the server and works without JavaScript; nothing is loaded from or sent to any other host;
a person sees the partnerships of their own organisation and no others, and what their roles include; every look at
figures that come from patients' data is recorded before it is granted; no page reads more of the ledger than it shows.
Nothing here replaces a signature: studies, approvals and stops count by people's own keys, which never come here.

    >>> from summand.portal import ROLES
    >>> sorted(ROLES)
    ['admin', 'analyst', 'auditor', 'data_steward', 'finance', 'governance_lead', 'regulator']
"""

from summand.portal._accounts import Account, Accounts
from summand.portal._opening import open_accounts, open_directory, open_store
from summand.portal._portal import Portal
from summand.portal._roles import RIGHTS, ROLES, Right
from summand.portal._store import Store

__all__ = [
    "RIGHTS",
    "ROLES",
    "Account",
    "Accounts",
    "Portal",
    "Right",
    "Store",
    "open_accounts",
    "open_directory",
    "open_store",
]
