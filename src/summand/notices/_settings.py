"""Whom to write to, and how: one JSON file of whoever runs the reminders.

::

    {"smtp": {"host": "mail.example.org", "port": 587, "sender": "summand@example.org", "security": "starttls",
              "user": "summand", "password_file": "smtp.password"},
     "addresses": {"lead north": "lead@north.example"},
     "webhooks": [{"url": "https://chat.north.example/hooks/1", "name": "north"}],
     "allowed_hosts": ["chat.north.example"]}
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summand.encoding import parse
from summand.errors import SummandError, UsageError
from summand.notices._mail import MailServer
from summand.notices._webhook import Webhook

_TOP = frozenset({"smtp", "addresses", "webhooks", "allowed_hosts", "ca_file"})
_SMTP = frozenset({"host", "port", "sender", "security", "user", "password_file", "ca_file"})


@dataclass(frozen=True)
class NoticeSettings:
    """The settings as they were read.

    Attributes:
        server: The mail server; None where only webhooks are sent.
        addresses: Mail address by name of a person or party of the agreement.
        webhooks: Where else to tell.
        allowed_hosts: Hosts that webhooks may go to.
        ca_file: Certificates to trust for webhooks instead of the system's.
    """

    server: MailServer | None
    addresses: dict[str, str]
    webhooks: tuple[Webhook, ...]
    allowed_hosts: frozenset[str]
    ca_file: str | None = None

    @classmethod
    def load(cls, path: Path) -> NoticeSettings:
        """The settings in a file; a password stands in a file of its own, beside it.

        Raises:
            UsageError: if it cannot be read or is out of form.
        """
        try:
            return cls._of(parse(path.read_bytes(), path.name), path.parent)
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise _bad(path.name, type(error).__name__) from None
        except SummandError as error:
            raise _bad(path.name, error.message) from None

    @classmethod
    def _of(cls, fields: Any, folder: Path) -> NoticeSettings:
        smtp = fields.get("smtp")
        unknown = (set(fields) - _TOP) | (set(smtp or {}) - _SMTP)
        if unknown:
            raise _bad("the file", f"it has the unknown field {min(unknown)[:40]}")
        server = None if smtp is None else _server(dict(smtp), folder)
        addresses = {str(name): str(address) for name, address in fields.get("addresses", {}).items()}
        if addresses and server is None:
            raise _bad("the file", "it lists addresses and no mail server")
        hooks = tuple(Webhook(str(item["url"]), str(item["name"])) for item in fields.get("webhooks", ()))
        hosts = frozenset(str(host).lower() for host in fields.get("allowed_hosts", ()))
        return cls(server, addresses, hooks, hosts, fields.get("ca_file"))


def _server(smtp: dict[str, Any], folder: Path) -> MailServer:
    secret = smtp.pop("password_file", None)
    password = "" if secret is None else (folder / secret).read_text("utf-8").strip()
    return MailServer(**{**smtp, "port": int(smtp["port"]), "password": password})


def _bad(name: str, why: str) -> UsageError:
    return UsageError(f"{name} holds no settings for notices: {why}", remedy="See docs/governance.md for their form.")
