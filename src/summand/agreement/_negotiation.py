"""A negotiation as a fold of signed acts: whose turn it is, what is on the table, who agreed, who signed.

::

    offer → (counter-offers and comments, each party in its turn) → agree, by every party → sign
    an offer after a signature voids it; a withdrawal goes back to the draft

States are those of `summand.agreement.STATES`. The first offer fixes the parties and their keys; people compare the keys'
fingerprints by another way before they sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._negotiation_acts import (
    NEGOTIATION_TYPE,
    Act,
    bare,
    document_hash,
    unsigned_act,
)
from summand.agreement._negotiation_state import Comment, Negotiation, Offer, Voided
from summand.agreement._sealing import SignedAgreement, add_signature
from summand.agreement._states import next_state
from summand.encoding import from_base64
from summand.errors import AgreementError, PeerProtocolError, SignatureInvalid
from summand.signing import Envelope, PublicKey

MOST_ACTS = 10_000


def open_negotiation(document: Mapping[str, Any], party: str, at: datetime, note: str = "") -> Envelope:
    """The first act of a negotiation, unsigned: an offer of a draft whose clause B names every party's key.

    Raises:
        AgreementError: if the draft has no identifier, or does not name the parties and their keys.
    """
    return unsigned_act(_id_of(document), 1, "", "offer", party, at, document=bare(document), note=note or None)


def fold(envelopes: Iterable[Envelope]) -> Negotiation:
    """Where a negotiation stands after these acts, each verified: its signature, its place in the chain, and its turn.

    Raises:
        AgreementError: if there is none, or one is malformed, out of turn, or not possible in the state reached.
        SignatureInvalid: if one is not signed with its party's key.
    """
    acts = list(envelopes)
    if not 0 < len(acts) <= MOST_ACTS:
        raise AgreementError(f"A negotiation has 1 to {MOST_ACTS} acts.", remedy="Begin with an offer.")
    return reduce(follow, acts[1:], _begin(Act.of(acts[0])))


def follow(before: Negotiation, envelope: Envelope) -> Negotiation:
    """The negotiation after one more act. Raises as `fold`."""
    act = Act.of(envelope)
    if act.negotiation != before.id or act.number != before.number + 1 or act.previous != before.last:
        raise AgreementError(
            f"Act {act.number} does not follow act {before.number} of this negotiation.",
            remedy="Somebody acted in between: read what is new, and make the act again.",
        )
    if act.party not in before.keys:
        raise AgreementError(f"{act.party[:60]!r} is no party of this negotiation.", remedy="Only parties act.")
    envelope.verify(NEGOTIATION_TYPE, [PublicKey.from_text(before.keys[act.party])])
    if act.at < before.at:
        raise AgreementError(
            "An act is dated before the one that it follows.", remedy="Set the clock, and make it again."
        )
    after = _STEPS[act.kind](before, act)
    return replace(after, number=act.number, last=act.sha256, at=act.at)


def _begin(act: Act) -> Negotiation:
    if act.kind != "offer" or act.number != 1 or act.previous:
        raise AgreementError("A negotiation begins with an offer.", remedy="Offer a draft first.")
    document = act.fields["document"]
    keys = _keys_of(document)
    if _id_of(document) != act.negotiation or act.party not in keys:
        raise AgreementError(
            "The first offer is not by a party of its own draft.", remedy="Offer a draft that names you in clause B."
        )
    act.envelope.verify(NEGOTIATION_TYPE, [PublicKey.from_text(keys[act.party])])
    offers = (_offer(act, 1),)
    state = next_state("draft", "offer")
    return Negotiation(act.negotiation, keys, state, 1, act.sha256, act.at, offers, frozenset({act.party}))


def _id_of(document: Mapping[str, Any]) -> str:
    identity = document.get("identity")
    found = identity.get("id") if isinstance(identity, Mapping) else None
    if not isinstance(found, str) or not found.startswith("urn:uuid:"):
        raise AgreementError(
            "The draft has no identifier.", remedy="Start from 'summand agreement new'.", clause="A.id"
        )
    return found


def _keys_of(document: Mapping[str, Any]) -> dict[str, str]:
    rows = document.get("parties")
    found: dict[str, str] = {}
    try:
        for row in rows if isinstance(rows, (list, tuple)) else ():
            found[str(row["id"])] = PublicKey.from_text(str(row["key"])).text
    except (KeyError, TypeError, PeerProtocolError):
        found = {}
    if len(found) < 2 or len(set(found.values())) < len(found):
        raise AgreementError(
            "The draft does not name two or more parties, each with a key of its own.",
            remedy="Fill in clause B of every party before the first offer.",
            clause="B.parties.key",
        )
    return found


def _offer(act: Act, version: int) -> Offer:
    document = act.fields["document"]
    return Offer(
        version, act.party, act.at.isoformat(), document_hash(document), document, str(act.fields.get("note", ""))
    )


def _on_offer(before: Negotiation, act: Act) -> Negotiation:
    document = act.fields["document"]
    if _id_of(document) != before.id or _keys_of(document) != dict(before.keys):
        raise AgreementError(
            "The counter-offer changes the identifier, the parties or their keys.",
            remedy="Begin a new negotiation with those who take part.",
            clause="B.parties",
        )
    offer = _offer(act, before.version + 1)
    if offer.hash == before.offer.hash:
        raise AgreementError("The counter-offer is what is on the table.", remedy="Agree to it, or change it.")
    if before.state in ("offered", "countered"):
        if act.party == before.offer.party:
            raise AgreementError(
                f"It is not {act.party}'s turn: its own offer is on the table.",
                remedy="Wait for an answer, comment, or withdraw it.",
            )
        state = next_state(before.state, "counter")
    else:  # a draft, or a text that was agreed or signed and is opened again
        state = before.state if before.state == "draft" else next_state(before.state, "withdraw")
        state = next_state(state, "offer")
    voided = tuple(Voided(party, before.version, act.party) for party in before.signers)
    return replace(
        before, state=state, offers=(*before.offers, offer), agreed_by=frozenset({act.party}), signed=None, signers=(),
        voided=(*before.voided, *voided),
    )  # fmt: skip


def _on_comment(before: Negotiation, act: Act) -> Negotiation:
    reply_to = act.fields.get("reply_to")
    if reply_to is not None and reply_to not in {comment.number for comment in before.comments}:
        raise AgreementError(f"There is no comment {reply_to} to answer.", remedy="Name the comment by its number.")
    comment = Comment(
        act.number, act.party, act.at.isoformat(), act.fields["clause"], act.fields["text"], before.version, reply_to
    )
    return replace(before, comments=(*before.comments, comment))


def _on_resolve(before: Negotiation, act: Act) -> Negotiation:
    number = act.fields["comment"]
    found = next((c for c in before.comments if c.number == number and c.resolved_by is None), None)
    if found is None:
        raise AgreementError(f"There is no open comment {number}.", remedy="Name an open comment by its number.")
    if found.party != act.party:
        raise AgreementError(
            f"Only {found.party}, who made comment {number}, may call it resolved.", remedy="Answer it instead."
        )
    rows = tuple(replace(c, resolved_by=act.party) if c.number == number else c for c in before.comments)
    return replace(before, comments=rows)


def _on_agree(before: Negotiation, act: Act) -> Negotiation:
    if before.state not in ("offered", "countered") or act.party in before.agreed_by:
        raise AgreementError(
            f"{act.party} has nothing to agree to now: the negotiation is {before.state}.",
            remedy=f"It is the turn of: {', '.join(before.turn) or 'nobody'}.",
        )
    _require_table(before, act)
    Agreement.from_dict(before.offer.document)  # what is still open cannot be agreed to: raises with what is missing
    agreed = before.agreed_by | {act.party}
    whole = agreed == set(before.keys)
    return replace(before, agreed_by=agreed, state=next_state(before.state, "agree") if whole else before.state)


def _on_withdraw(before: Negotiation, act: Act) -> Negotiation:
    if before.state in ("offered", "countered") and act.party != before.offer.party:
        raise AgreementError(
            f"Only {before.offer.party} may withdraw its offer.", remedy="Make a counter-offer, or comment."
        )
    voided = tuple(Voided(party, before.version, act.party) for party in before.signers)
    return replace(
        before, state=next_state(before.state, "withdraw"), agreed_by=frozenset(), signed=None, signers=(),
        voided=(*before.voided, *voided),
    )  # fmt: skip


def _on_sign(before: Negotiation, act: Act) -> Negotiation:
    if before.state not in ("agreed", "executed") or act.party in before.signers:
        raise AgreementError(
            f"{act.party} has nothing to sign now: the negotiation is {before.state}.",
            remedy="First every party agrees to one text; then each signs it once.",
        )
    _require_table(before, act)
    agreement = Agreement.from_dict(before.offer.document)
    deadline = agreement.identity.signature_deadline
    if deadline is not None and act.at.date() > deadline:
        raise AgreementError(
            f"The time to sign ended on {deadline}.", remedy="Offer a version with a later deadline.",
            clause="A.signature_deadline",
        )  # fmt: skip
    try:
        signature = from_base64(act.fields["signature"], "signature")
    except PeerProtocolError as error:
        raise SignatureInvalid(error.message, remedy=error.remedy) from None
    signed = add_signature(agreement, act.party, signature, before.signed)
    signers = (*(party for party in before.signers if party != act.party), act.party)
    effective = SignedAgreement(agreement, signed).is_effective
    return replace(before, signed=signed, signers=signers, state="executed" if effective else "agreed")


def _require_table(before: Negotiation, act: Act) -> None:
    if act.fields["hash"] != before.offer.hash:
        raise AgreementError(
            f"The act names another text than version {before.version}, which is on the table.",
            remedy="Read what is on the table, and act on its hash.",
            clause="O.signatures",
        )


_STEPS = {
    "offer": _on_offer, "comment": _on_comment, "resolve": _on_resolve, "agree": _on_agree, "withdraw": _on_withdraw,
    "sign": _on_sign,
}  # fmt: skip
