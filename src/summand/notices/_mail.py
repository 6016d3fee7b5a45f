"""Letters by SMTP (RFC 5321), with TLS from the first byte (RFC 8314) or by STARTTLS (RFC 3207)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Literal

from summand.errors import DeliveryFailed, UsageError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SUBJECT_MAX, TEXT_MAX = 200, 100_000
Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True)
class Letter:
    """One letter: to one address, plain text."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class MailServer:
    """How to reach the organisation's mail server.

    Attributes:
        host, port: Where it is.
        sender: The address that letters come from.
        security: ``tls``, ``starttls``, or ``none`` for a server on this machine alone.
        user, password: For a server that asks for them.
        ca_file: Certificates to trust instead of the system's, for a server with its own.
        timeout_seconds: How long one step may take.
    """

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    timeout_seconds: float = 20.0

    def __post_init__(self) -> None:
        if self.security not in ("tls", "starttls", "none"):
            raise UsageError("A mail server's security is tls, starttls or none.", remedy="Correct the settings.")
        if self.security == "none" and self.host not in LOOPBACK:
            raise UsageError(
                "Letters leave this machine encrypted only.", remedy="Set 'security' to 'starttls' or 'tls'."
            )


def as_message(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it is sent: marked as automatic, so that nobody's absence note answers it (RFC 3834).

    Raises:
        UsageError: if an address is none, or subject or address try to add a header.
    """
    for address in (letter.to, sender):
        if any(sign in address for sign in "\r\n,;") or "@" not in parseaddr(address)[1]:
            raise UsageError(f"'{address[:80]!r}' is not one mail address.", remedy="Correct the settings.")
    if "\r" in letter.subject or "\n" in letter.subject:
        raise UsageError("A subject has one line.", remedy="Write it without line breaks.")
    message = EmailMessage()
    message["From"], message["To"] = sender, letter.to
    message["Subject"] = letter.subject[:SUBJECT_MAX]
    message["Date"], message["Auto-Submitted"] = formatdate(), "auto-generated"
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    message.set_content(letter.text[:TEXT_MAX])
    return message


def send_letters(server: MailServer, letters: Iterable[Letter]) -> int:
    """Send letters over one connection; how many.

    Raises:
        UsageError: if a letter is out of form; then none is sent.
        DeliveryFailed: if the server cannot be reached, does not show a trusted certificate, or refuses a letter.
    """
    messages = [as_message(letter, server.sender) for letter in letters]
    if not messages:
        return 0
    sent = 0
    try:
        with _connect(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            for message in messages:
                connection.send_message(message)
                sent += 1
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed(
            f"The mail server {server.host} took {sent} of {len(messages)} letters ({type(error).__name__}).",
            remedy="Check the settings and the server's certificate; what was not taken can be sent again.",
        ) from None
    return sent


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=server.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
    if server.security == "starttls":
        try:
            connection.starttls(context=context)
        except BaseException:
            connection.close()
            raise
    return connection
