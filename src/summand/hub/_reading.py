"""What a site says in a study, read strictly: a malformed message is refused to its sender, and stops nobody else's study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from summand.encoding import from_base64, parse
from summand.errors import PeerProtocolError, SummandError
from summand.signing import Envelope, PublicKey, open_sealed
from summand.study import SignedStudy
from summand.study.messages import DECISION_TYPE
from summand.transport import Message

DECISION_BYTES_MAX = 32_768
TEXT_CHARACTERS_MAX = 1_000
REASONS_MAX = 40
_UNSAID = {"code": "guard.refused", "message": "The site refuses, without a reason.", "remedy": "Ask the site."}


def read_decision(message: Message, study: SignedStudy, key: PublicKey) -> dict[str, Any]:
    """A site's decision: its envelope, its public reasons, and its key record where it permits.

    Raises:
        PeerProtocolError: if it is malformed, or header, envelope and study do not say the same.
        SignatureInvalid: if the decision inside is not the site's.
    """
    body = _object(message, ("decision", "reasons", "key_record"))
    envelope = Envelope.from_dict(body["decision"])
    if len(envelope.payload) > DECISION_BYTES_MAX:
        raise _malformed(message, "its decision is too long")
    verdict = open_sealed(envelope, DECISION_TYPE, [key])
    permitted = message.header.get("permitted")
    if not isinstance(verdict, dict) or not isinstance(permitted, bool):
        raise _malformed(message, "it holds no decision")
    if (verdict.get("study"), verdict.get("request_hash")) != (study.request.study_id, study.hash):
        raise _malformed(message, "it is about another study")
    if verdict.get("decision") != ("permit" if permitted else "refuse"):
        raise _malformed(message, "its header says another thing than its decision")
    _binary(message, body["key_record"])
    reasons = body["reasons"] if isinstance(body["reasons"], list) else []
    answered_by = verdict.get("answered_by") if permitted and isinstance(verdict.get("answered_by"), str) else None
    return {
        **body, "permitted": permitted, "reasons": [read_error(item) for item in reasons[:REASONS_MAX]],
        "answered_by": answered_by,
    }  # fmt: skip


def read_seal(message: Message, peers: Sequence[str]) -> dict[str, Any]:
    """A site's sealed contributions for its peers, and its signature on the cohort.

    Raises:
        PeerProtocolError: if it is malformed.
    """
    body = _object(message, ("boxes", "signature"))
    _binary(message, body["signature"])
    boxes = body["boxes"]
    if not isinstance(boxes, dict) or set(boxes) != set(peers):
        raise _malformed(message, "it does not hold one box for each other site")
    for box in boxes.values():
        _binary(message, box)
    return body


def read_halt(message: Message) -> dict[str, Any]:
    """The public reason for which a site stops.

    Raises:
        PeerProtocolError: if it is malformed.
    """
    return read_error(_object(message, ("error",))["error"])


def read_error(value: Any) -> dict[str, Any]:
    """An error as another party gave it: known fields, texts of bounded length, nothing else."""
    if not isinstance(value, dict):
        return dict(_UNSAID)
    names = [name for name in ("code", "message", "remedy", "clause", "site") if isinstance(value.get(name), str)]
    return {**_UNSAID, **{name: value[name][:TEXT_CHARACTERS_MAX] for name in names}}


def of_defect(error: Exception) -> SummandError:
    """What is said of an exception that is none of ours: which kind, never its text, which may show data."""
    from summand.errors import OwnProtocolError

    return OwnProtocolError(
        f"The hub could not work out what follows from the total ({type(error).__name__}).",
        remedy="Report this defect with the study's method; the study ended and can be started again.",
    )


def _object(message: Message, names: tuple[str, ...]) -> dict[str, Any]:
    value = parse(message.body, message.kind)
    if not isinstance(value, dict) or set(value) != set(names):
        raise _malformed(message, f"it does not hold {', '.join(names)}, nothing else")
    return value


def _binary(message: Message, text: Any) -> None:
    if not isinstance(text, str):
        raise _malformed(message, "a binary field is not base64")
    from_base64(text, message.kind)


def _malformed(message: Message, why: str) -> PeerProtocolError:
    return PeerProtocolError(f"A '{message.kind}' is malformed: {why}.", remedy="Update the older of the two programs.")
