"""Templates: a cover page of variables in YAML, and standard terms in prose that the cover page names by their hash.

What a template leaves to lawyers reads "needs counsel"; `check` fails until each such place is settled.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from summand.agreement._purpose import PROHIBITED_ALWAYS
from summand.encoding import sha256_hex
from summand.errors import UsageError

TEMPLATES = ("provider-provider", "cross-border-academic")
_PARTY_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_SAMPLE_PARTIES = ("party-1", "party-2", "party-3")


def new_from_template(name: str, parties: Sequence[str] = _SAMPLE_PARTIES) -> str:
    """YAML text of a new draft: the template's cover page for these parties, with a fresh identifier.

    Args:
        name: ``provider-provider`` or ``cross-border-academic``.
        parties: Short names: lower-case letters, digits and hyphens.

    Raises:
        UsageError: if there is no such template, or a short name does not fit or stands twice.
    """
    _known(name)
    for party in parties:
        if not _PARTY_NAME.fullmatch(party) or party in ("any", "null", "true", "false"):
            raise UsageError(
                f"{party[:40]!r} cannot be a party's short name.",
                remedy="Use lower-case letters, digits and hyphens, starting with a letter: clinic-north.",
            )
    if len(set(parties)) != len(parties) or not parties:
        raise UsageError("Each party is named once, and there is at least one.", remedy="Name each party once.")
    return Template(_resource(f"{name}.yaml")).substitute(
        id=f"urn:uuid:{uuid.uuid4()}",
        sha256=standard_terms_sha256(name),
        parties=_each("party", parties),
        people=_each("people", parties),
        datasets=_each("dataset", parties),
        contributions=_each("contribution", parties),
        weights="\n".join(f"      - {{party: {party}, weight: 1}}" for party in parties),
        members="[" + ", ".join(parties) + "]",
        prohibited="\n".join(
            f"    - {{code: {code}, text: {text!r}}}".replace("'", '"') for code, text in PROHIBITED_ALWAYS.items()
        ),
        lead=parties[0],
        quorum=len(parties) // 2 + 1,
        remaining=max(1, len(parties) - 1),
    )


def standard_terms(name: str) -> str:
    """Prose of the standard terms behind a template.

    Raises:
        UsageError: if there is no such template.
    """
    _known(name)
    return _resource(f"{name}-terms-1.0.md")


def standard_terms_sha256(name: str) -> str:
    """SHA-256 of `standard_terms` in UTF-8, as a cover page names it."""
    return sha256_hex(standard_terms(name).encode())


def _known(name: str) -> None:
    if name not in TEMPLATES:
        raise UsageError(f"There is no template {name[:60]!r}.", remedy=f"Choose one of: {', '.join(TEMPLATES)}.")


def _each(part: str, parties: Sequence[str]) -> str:
    text = Template(_resource(f"_{part}.yaml"))
    return "\n".join(text.substitute(party=party).rstrip("\n") for party in parties)


def _resource(name: str) -> str:
    return files("summand.agreement").joinpath("templates", name).read_text("utf-8")
