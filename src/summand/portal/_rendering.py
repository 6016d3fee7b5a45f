"""Templates: Jinja2 with everything escaped, and the few words and shapes that all pages share."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from summand.hub import Convener
from summand.portal._roles import ROLES, Right
from summand.portal._words import (
    agreement_state,
    entry_title,
    method_title,
    motion_outcome,
    plain_number,
    significant,
    study_status,
)

if TYPE_CHECKING:
    from summand.portal._visit import Visit

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


class Renderer:
    """Pages of one hub."""

    def __init__(self, convener: Convener) -> None:
        self._convener = convener
        self._environment = Environment(
            loader=PackageLoader("summand.portal"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.filters |= {
            "day": day, "moment": moment, "short": short, "thousands": thousands, "study_status": study_status,
            "agreement_state": agreement_state, "entry_title": entry_title, "method_title": method_title, "outcome": motion_outcome, "plain": plain_number, "marked": marked, "significant": significant,
        }  # fmt: skip
        self._environment.globals |= {"ROLES": ROLES, "Right": Right}

    def render(self, visit: Visit, template: str, **values: Any) -> str:
        """A page's text; ``csrf`` is what its forms must carry."""
        log = self._convener.log
        csrf = "" if visit.session is None else visit.session.csrf
        common = {
            "origin": self._convener.origin, "leaf_count": log.size, "root": log.root().hex(), "visit": visit,
            "account": visit.account, "csrf": values.pop("csrf", csrf), "here": visit.request.path,
            "now": datetime.now(UTC),
        }  # fmt: skip
        return self._environment.get_template(template).render(**common, **values)


def marked(text: str) -> Markup:
    """A docstring's words with what stands between double backquotes as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(text.split("``"))
    )


def form_token() -> str:
    """A token for a form of somebody who is not signed in yet."""
    return secrets.token_urlsafe(32)


def day(value: Any) -> str:
    """A date as people read it: 3 March 2026."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def moment(value: Any) -> str:
    """A time (UTC) as people read it: 3 March 2026, 14:05 UTC."""
    try:
        found = datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return str(value)
    return f"{day(found.isoformat())}, {found:%H:%M} UTC"


def short(value: Any, digits: int = 12) -> str:
    """The beginning of a hash."""
    return f"{str(value)[:digits]}…"


def thousands(value: Any) -> str:
    """A whole number with commas."""
    return f"{value:,}"
