"""What waits for a signature: documents as they will be signed, until their signed form comes back.

A draft is bytes and their type. It is shown, handed out, and compared with what comes back; only what carries the
signature of somebody whom the agreement names goes on to the hub, which checks it again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from summand.encoding import dump, parse
from summand.errors import FormRefused, NotHere, SummandError
from summand.portal._schema import drafts
from summand.portal._store import Store
from summand.signing import Envelope
from summand.study import SignedStudy

WORTH_SECONDS = 20 * 3_600.0
"""Sites take a request for 24 hours; a draft older than this is made anew."""


@dataclass(frozen=True)
class Draft:
    """One document on its way to a signature.

    Attributes:
        id: 32 hexadecimal digits.
        account: The number of the account that made it.
        author: Who made it, by name and organisation.
        agreement, agreement_id: Under which version, of which agreement.
        kind: ``study`` or ``statement``.
        title: What people call it.
        payload_type, payload: What is signed.
        signed: The signed form as JSON, where approvals are still to come; None before.
        state: ``unsigned``, ``approvals`` (a signed study that waits for them), ``sent`` or ``dropped``.
    """

    id: str
    account: int
    author: str
    agreement: str
    agreement_id: str
    kind: str
    title: str
    payload_type: str
    payload: bytes
    signed: bytes | None
    state: str
    created_at: float

    @property
    def envelope(self) -> Envelope:
        """What is to be signed, as a DSSE envelope without signatures."""
        return Envelope(self.payload, self.payload_type, ())

    @property
    def study(self) -> SignedStudy | None:
        """The signed study, where approvals are still to come."""
        return None if self.signed is None else SignedStudy.from_dict(parse(self.signed))


class Drafts:
    """The drafts in the portal's store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def add(
        self,
        account: int,
        author: str,
        agreement: tuple[str, str],
        kind: str,
        title: str,
        payload_type: str,
        payload: bytes,
    ) -> str:
        """A new draft; its identifier. ``agreement`` is the version's hash and the agreement's identifier."""
        made = secrets.token_hex(16)
        with self._store.transaction() as tx:
            tx.execute(
                insert(drafts).values(
                    id=made, account=account, author=author, agreement=agreement[0], agreement_id=agreement[1],
                    kind=kind, title=title[:500], payload_type=payload_type, payload=payload, signed=None,
                    state="unsigned", created_at=self._clock(),
                )
            )  # fmt: skip
        return made

    def get(self, draft: str) -> Draft:
        """The draft of that identifier.

        Raises:
            NotHere: if there is none.
        """
        with self._store.transaction() as tx:
            row = tx.execute(select(drafts).where(drafts.c.id == draft)).one_or_none()
        if row is None:
            raise NotHere("There is no such draft.", remedy="Begin from the partnership's page.")
        return Draft(*row)

    def waiting(self, agreement_ids: Sequence[str], account: int) -> list[Draft]:
        """One's own unsigned drafts, and everybody's that wait for approvals, under some agreements; newest first."""
        oldest = self._clock() - WORTH_SECONDS
        query = (
            select(drafts)
            .where(
                drafts.c.agreement_id.in_(agreement_ids),
                drafts.c.created_at > oldest,
                (drafts.c.state == "approvals") | ((drafts.c.state == "unsigned") & (drafts.c.account == account)),
            )
            .order_by(drafts.c.created_at.desc())
            .limit(50)
        )
        with self._store.transaction() as tx:
            return [Draft(*row) for row in tx.execute(query)]

    def is_stale(self, draft: Draft) -> bool:
        """Whether sites would soon take it for too old."""
        return self._clock() - draft.created_at > WORTH_SECONDS

    def set_state(self, draft: str, state: str, signed: SignedStudy | None = None) -> None:
        """Where a draft stands; with the signed study once it is."""
        values = {"state": state} if signed is None else {"state": state, "signed": dump(signed.to_dict())}
        with self._store.transaction() as tx:
            tx.execute(update(drafts).where(drafts.c.id == draft).values(**values))


def envelope_in(data: bytes) -> Envelope:
    """The signed envelope in what somebody sent.

    Raises:
        FormRefused: if it is none.
    """
    try:
        return Envelope.from_dict(parse(data, "signed file"))
    except SummandError:
        raise FormRefused(
            "This is not a signed file.", remedy="Send the file that 'summand portal sign' wrote.", field="signed"
        ) from None
