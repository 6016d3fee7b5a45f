"""Letters on their way to the sites: in the store for a restart, and in memory for who asks next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from summand.hub import _store as rows
from summand.hub._store import LETTERS_MAX, Store

Letter = tuple[int, bytes]


@dataclass
class _Known:
    """Every letter of a party behind the sequence number ``after``."""

    after: int
    letters: list[Letter] = field(default_factory=list)


class Inboxes:
    """What waits for each party.

    A letter is committed with what it follows from, and is handed out only afterwards. Memory holds the letters of those
    parties that ask, from the number they asked behind; whoever asks behind another number is answered from the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, _Known] = {}
        self._uncommitted: list[tuple[str, Letter]] = []
        store.on_rollback = self._rolled_back

    def put(
        self, tx: Connection, study: str, letters: Mapping[str, bytes], kept: tuple[str, int] | None = None
    ) -> None:
        """Leave letters in the caller's transaction; see `rows.put_inbox`."""
        numbers = rows.put_inbox(tx, study, letters, kept)
        self._uncommitted += [
            (party, (number, data)) for number, (party, data) in zip(numbers, letters.items(), strict=True)
        ]

    def forget(self, tx: Connection, study: str) -> None:
        """Drop what waits of a study that is over."""
        rows.forget_letters(tx, study)
        self._known = {}  # the store is read again, with what this transaction leaves in it

    def committed(self) -> None:
        """The transaction holds: from now on its letters are handed out."""
        for party, letter in self._uncommitted:
            if party in self._known:
                self._known[party].letters.append(letter)
        self._uncommitted = []

    def _rolled_back(self) -> None:
        """The transaction does not hold, or nobody knows: the store decides what there is."""
        self._uncommitted, self._known = [], {}

    def read(self, party: str, after: int) -> list[Letter]:
        """What waits for a party behind ``after``, at most 64 letters."""
        known = self._known.get(party)
        if known is None or after < known.after:
            with self._store.transaction() as tx:
                found = rows.read_inbox(tx, party, after)
            if len(found) == LETTERS_MAX:
                return found  # there may be more: whoever is so far behind is answered from the store
            known = self._known[party] = _Known(after, found)
        known.letters = [letter for letter in known.letters if letter[0] > after]
        known.after = after
        return known.letters[:LETTERS_MAX]

    def drop(self, party: str, up_to: int) -> None:
        """Forget what a party has read and acted on."""
        with self._store.transaction() as tx:
            rows.drop_inbox(tx, party, up_to)
