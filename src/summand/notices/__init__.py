"""Letters and webhooks: what needs somebody reaches that person, over the organisation's own mail server or a listed host.

Promise: nothing goes to a host that the settings do not list, over anything but TLS (a mail server on this machine
excepted), and no redirect is followed; a webhook is signed, so that its receiver knows who sent it and when. Texts come
from the state of governance: nothing here reads a patient's data.

    >>> letter = Letter("lead@north.example", "Two for you", "Vote for north: Readmissions")
    >>> message = as_message(letter, "summand@hub.example")
    >>> message["To"], message["Auto-Submitted"]
    ('lead@north.example', 'auto-generated')
"""

from summand.notices._mail import Letter, MailServer, as_message, send_letters
from summand.notices._settings import NoticeSettings
from summand.notices._webhook import Webhook, send_webhook, signed_headers, verify_webhook

__all__ = [
    "Letter",
    "MailServer",
    "NoticeSettings",
    "Webhook",
    "as_message",
    "send_letters",
    "send_webhook",
    "signed_headers",
    "verify_webhook",
]
