"""The messages of a study: their kinds, and the bodies that have parts.

::

    analyst → hub    the signed study (JSON)
    hub → sites      study.request                     the signed study, unchanged
    site → hub       site.decision                     the signed decision; if it permits, the site's key record
    hub → sites      study.records                     all sites' decisions with their key records
    site → hub       site.seal                         sealed seeds for every other site, the site's signature on the cohort
    hub → sites      study.sealed                      the seeds sealed to this site, all its neighbours' signatures
    site → hub       site.ready                        its stand-in for round 0
    hub → sites      round.open                        members, state, last total, codec: its exact bytes make the round's
                                                       context
    site → hub       round.upload                      boxed shares of the self-mask seed, its stand-in for the next round,
                                                       the masked vector
    hub → sites      round.survivors                   who uploaded, where somebody did not
    site → hub       round.certify                     its signature on that
    hub → sites      round.unmask                      who uploaded, the boxes addressed to this site, the certificate
    site → hub       round.reveal                      its shares: of survivors' self-mask seeds, of lost sites' stand-ins
    hub → one site   round.total                       where the hub is blind: the total under the sites' common mask
    site → hub       round.state                       what follows, sealed to the sites; the next round.open passes it on
    hub → sites      study.result                      the result and the last total
    site → hub       site.confirm                      the result's hash, signed, after recomputing it
    hub → sites      study.ended                       released, or the error
    site → hub       site.halt                         the site stops the study, with its public reason
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from summand.encoding import dump, from_base64, parse
from summand.errors import PeerProtocolError
from summand.securesum import StandIn
from summand.transport import Message

SITE_KINDS = (
    "site.decision", "site.seal", "site.ready", "round.upload", "round.certify", "round.reveal", "round.state", "site.confirm",
    "site.halt",
)  # fmt: skip
HUB = "hub"
BOX_BYTES = 33 + 16
SHARE_BYTES = 33
SEED_BYTES, TAG_BYTES = 32, 16
DECISION_TYPE = "application/vnd.summand.decision+json"
ALARM_TYPE = "application/vnd.summand.split-view+json"
COHORT_DOMAIN = b"summand/cohort/v1"
"""Before a cohort's digest where a site signs it."""

CONFIRMED = {"agrees": True}
"""The body of ``site.confirm``: the signed header names the result."""


def join_parts(parts: Sequence[bytes]) -> bytes:
    """Parts of equal length, one behind the other."""
    return b"".join(parts)


def split_parts(data: bytes, names: Sequence[str], size: int) -> dict[str, bytes]:
    """Parts of ``size`` bytes by name.

    Raises:
        PeerProtocolError: if the length does not fit.
    """
    if len(data) != size * len(names):
        raise PeerProtocolError("A message body has the wrong length.", remedy="Send it again.")
    return {name: data[i * size : (i + 1) * size] for i, name in enumerate(names)}


def stand_in_bytes(neighbours: int) -> int:
    """How long a stand-in is: a box and a seed for each neighbour, and one tag."""
    return (BOX_BYTES + SEED_BYTES) * neighbours + TAG_BYTES


def join_stand_in(given: StandIn, neighbours: Sequence[str]) -> bytes:
    """A stand-in as it travels: the boxes in the cohort's order, then the bundle."""
    return join_parts([given.share_boxes[peer] for peer in neighbours]) + given.bundle


def split_stand_in(data: bytes, neighbours: Sequence[str]) -> StandIn:
    """The stand-in behind `join_stand_in`.

    Raises:
        PeerProtocolError: if the length does not fit.
    """
    cut = BOX_BYTES * len(neighbours)
    if len(data) != stand_in_bytes(len(neighbours)):
        raise PeerProtocolError("A stand-in has the wrong length.", remedy="Send it again.")
    return StandIn(data[cut:], split_parts(data[:cut], neighbours, BOX_BYTES))


def others(sites: Sequence[str], me: str) -> list[str]:
    """The sites but one, in order."""
    return [site for site in sites if site != me]


def open_body(state: Mapping[str, Any], total: bytes) -> tuple[bytes, int]:
    """The body of ``round.open`` or ``study.result`` and the length of its JSON part."""
    head = dump(dict(state))
    return head + total, len(head)


def read_body(message: Message) -> tuple[dict[str, Any], bytes]:
    """The JSON part and the total's bytes in the body of ``round.open`` or ``study.result``.

    Raises:
        PeerProtocolError: if they are not there.
    """
    size = message.header.get("json_bytes")
    if not isinstance(size, int) or not 0 < size <= len(message.body):
        raise PeerProtocolError("A message does not say where its JSON ends.", remedy="Send it again.")
    value = parse(message.body[:size], "state")
    if not isinstance(value, dict):
        raise PeerProtocolError("A state is not an object.", remedy="Send it again.")
    return value, message.body[size:]


def confirmed_hash(result: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what the sites confirm: the result's compact JSON, or the sealed bytes where the hub is blind."""
    sealed = result.get("sealed")
    if isinstance(sealed, str):
        return hashlib.sha256(from_base64(sealed, "sealed result")).hexdigest()
    return result_hash(result)


def result_hash(result: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the result's compact JSON as broadcast."""
    return hashlib.sha256(dump(dict(result))).hexdigest()
