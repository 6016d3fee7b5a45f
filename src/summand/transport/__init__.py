"""How messages travel: signed frames, over HTTPS or in memory.

Promise: a message is believed for its Ed25519 signature, never for the connection it came by; TLS (1.3 only, the
federation's own authority, compared by fingerprint) keeps sizes and times from being more than sizes and times.
"""

from summand.transport._client import HubClient
from summand.transport._federation import FederationDescription
from summand.transport._ledger_answer import LedgerGrowth, cut
from summand.transport._requests import ReadGate, sign_read
from summand.transport._signed import Message, read_message, sign_message
from summand.transport._tls import client_context, create_tls, server_context

__all__ = [
    "FederationDescription",
    "HubClient",
    "LedgerGrowth",
    "Message",
    "ReadGate",
    "client_context",
    "create_tls",
    "cut",
    "read_message",
    "server_context",
    "sign_message",
    "sign_read",
]
