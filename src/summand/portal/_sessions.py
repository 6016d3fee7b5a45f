"""Sessions: a random cookie, known here by its hash alone, that ends by itself; and how often somebody may try.

Source: OWASP Session Management and Authentication Cheat Sheets; NIST SP 800-63B §7.2 (idle and absolute limits).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from summand.encoding import sha256_hex
from summand.errors import TooManyAttempts
from summand.portal._schema import sessions
from summand.portal._store import Store

IDLE_SECONDS, ABSOLUTE_SECONDS = 3_600.0, 12 * 3_600.0
SEEN_EVERY_SECONDS = 60.0
_KEYS_MAX = 20_000


@dataclass(frozen=True)
class Session:
    """A person's session; ``csrf`` stands in every form that the person is given."""

    hash: str
    account: int
    csrf: str

    def is_token(self, given: str) -> bool:
        """Whether a form carries this session's token."""
        return hmac.compare_digest(given.encode(), self.csrf.encode())


class Sessions:
    """The sessions in the portal's store."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def begin(self, account: int) -> str:
        """A new session; the secret for the cookie."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._store.transaction() as tx:
            tx.execute(delete(sessions).where(sessions.c.created_at < now - ABSOLUTE_SECONDS))
            tx.execute(
                insert(sessions).values(
                    hash=sha256_hex(secret.encode()),
                    account=account,
                    csrf=secrets.token_urlsafe(32),
                    created_at=now,
                    seen_at=now,
                )
            )
        return secret

    def find(self, secret: str) -> Session | None:
        """The session behind a cookie, unless it was idle for an hour or began twelve hours ago."""
        if not secret:
            return None
        wanted, now = sha256_hex(secret.encode()), self._clock()
        with self._store.transaction() as tx:
            row = tx.execute(select(sessions).where(sessions.c.hash == wanted)).one_or_none()
            if row is None or now - row.seen_at > IDLE_SECONDS or now - row.created_at > ABSOLUTE_SECONDS:
                return None
            if now - row.seen_at > SEEN_EVERY_SECONDS:
                tx.execute(update(sessions).where(sessions.c.hash == wanted).values(seen_at=now))
        return Session(row.hash, row.account, row.csrf)

    def end(self, session: Session) -> None:
        """End one session."""
        with self._store.transaction() as tx:
            tx.execute(delete(sessions).where(sessions.c.hash == session.hash))

    def end_all(self, account: int) -> None:
        """End every session of an account: its password changed, or it may not sign in any more."""
        with self._store.transaction() as tx:
            tx.execute(delete(sessions).where(sessions.c.account == account))


class Attempts:
    """At most ``most`` attempts within ``seconds`` for each key, such as an address or a sign-in name."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._made: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, key: str) -> None:
        """Count one attempt.

        Raises:
            TooManyAttempts: if there were too many just before.
        """
        now = self._clock()
        made = self._made.setdefault(key, deque())
        self._made.move_to_end(key)
        while len(self._made) > _KEYS_MAX:
            self._made.popitem(last=False)
        while made and made[0] <= now - self._seconds:
            made.popleft()
        if len(made) >= self._most:
            raise TooManyAttempts(
                f"There were {self._most} attempts within {self._seconds / 60:.0f} minutes.",
                remedy="Wait some minutes and try again, or ask your administrator for a new one-time link.",
            )
        made.append(now)

    def clear(self, key: str) -> None:
        """Forget the attempts of a key that succeeded."""
        self._made.pop(key, None)
