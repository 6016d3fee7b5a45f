"""Who looked at figures that come from patients' data: append-only, each row chained to the one before by its hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from summand.encoding import canonical, sha256_hex
from summand.errors import EntryInvalid
from summand.portal._accounts import Account
from summand.portal._schema import views
from summand.portal._store import Store

_FIRST = "0" * 64


@dataclass(frozen=True)
class View:
    """One look: when (UTC), who, for which organisation, at what kind of page, under which agreement, at which study."""

    seq: int
    at: str
    login: str
    name: str
    organisation: str
    what: str
    agreement_id: str
    subject: str


class Views:
    """The record of views in the portal's store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, account: Account, what: str, agreement_id: str, subject: str) -> None:
        """Record a look before it is granted."""
        fields: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "login": account.login, "name": account.name,
            "organisation": account.organisation, "what": what, "agreement_id": agreement_id, "subject": subject,
        }  # fmt: skip
        with self._store.transaction() as tx:
            last = tx.scalar(select(views.c.hash).order_by(views.c.seq.desc()).limit(1)) or _FIRST
            tx.execute(insert(views).values(**fields, hash=_chained(last, fields)))

    def under(self, agreement_ids: Sequence[str], *, before: int | None = None, most: int = 50) -> list[View]:
        """The looks under some agreements, newest first; those before number ``before`` if given."""
        query = select(views).where(views.c.agreement_id.in_(agreement_ids)).order_by(views.c.seq.desc()).limit(most)
        if before is not None:
            query = query.where(views.c.seq < before)
        with self._store.transaction() as tx:
            rows = tx.execute(query).all()
        return [View(*row[:8]) for row in rows]

    def verify(self) -> int:
        """Check the whole chain; how many looks there are.

        Raises:
            EntryInvalid: if a row was changed, removed or put in between.
        """
        last, number = _FIRST, 0
        with self._store.transaction() as tx:
            for row in tx.execute(select(views).order_by(views.c.seq)):
                fields = dict(row._mapping)
                number += 1
                last = _chained(last, {key: fields[key] for key in fields if key not in ("seq", "hash")})
                if fields["hash"] != last or fields["seq"] != number:
                    raise EntryInvalid(
                        f"Row {number} of the record of views is not what was written.",
                        remedy="Compare with a backup of portal.sqlite, and find out who changed it.",
                    )
        return number


def _chained(last: str, fields: dict[str, Any]) -> str:
    return sha256_hex(canonical({**fields, "previous": last}))
