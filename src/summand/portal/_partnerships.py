"""Partnerships as pages see them: an agreement's versions under one key, and which organisation may see which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from summand.agreement import Agreement, Party, SignedAgreement, state_of
from summand.encoding import sha256_hex
from summand.errors import NotHere, SummandError
from summand.governance import GovernanceState, governance_state
from summand.guard._events import verified_events
from summand.hub import Convener
from summand.portal._index import Index
from summand.portal._schema import public, readers
from summand.portal._store import Store
from summand.study import History, whole_entries

KEY_LENGTH, HISTORY_MAX, ABOUT_KEPT = 16, 500, 64


@dataclass(frozen=True)
class Partnership:
    """One agreement in all its versions.

    Attributes:
        key: What addresses call it: the beginning of the hash of the agreement's identifier.
        versions: The signed agreements, oldest first.
    """

    key: str
    versions: tuple[SignedAgreement, ...]

    @property
    def signed(self) -> SignedAgreement:
        """The newest version."""
        return self.versions[-1]

    @property
    def agreement(self) -> Agreement:
        """The newest version's document."""
        return self.signed.agreement

    def party(self, organisation: str) -> Party | None:
        """The party that an organisation is here; None for an invited reader's."""
        return next((party for party in self.agreement.parties if party.id == organisation), None)


class Partnerships:
    """The partnerships that the hub holds agreements of."""

    def __init__(self, convener: Convener, store: Store) -> None:
        self._convener, self._store = convener, store
        self._count = -1
        self._by_key: dict[str, Partnership] = {}
        self._of_party: dict[str, list[Partnership]] = {}
        self._about: dict[tuple[str, tuple[str, ...]], tuple[list[int], list[tuple[int, dict[str, Any]]]]] = {}
        self._governance: dict[str, tuple[tuple[int, datetime], GovernanceState]] = {}
        self._states: dict[tuple[str, date, int], str] = {}
        self.index = Index(store, convener.log, self.about)

    def about(self, agreement_hash: str) -> tuple[str, Mapping[str, str]]:
        """The identifier behind an agreement's hash, and the holder of each of its datasets."""
        try:
            agreement = self._convener.agreement(agreement_hash).agreement
        except SummandError:
            return "", {}
        return agreement.id, {dataset.id: dataset.holder for dataset in agreement.datasets}

    def all(self) -> list[Partnership]:
        """All of them, by title."""
        self._refresh()
        return sorted(self._by_key.values(), key=lambda one: one.agreement.title)

    def of(self, organisation: str) -> list[Partnership]:
        """Those that an organisation is a party of or was invited to read, by title."""
        self._refresh()
        invited = [self._by_key[key] for key in self._invited(organisation) if key in self._by_key]
        found = {one.key: one for one in [*self._of_party.get(organisation, []), *invited]}
        return sorted(found.values(), key=lambda one: one.agreement.title)

    def of_study(self, organisation: str, agreement_hash: str) -> Partnership:
        """The partnership of one version, if the organisation may see it.

        Raises:
            NotHere: if it may not, or there is none.
        """
        agreement_id, _ = self.about(agreement_hash)
        return self.require(organisation, key_of(agreement_id))

    def require(self, organisation: str, key: str) -> Partnership:
        """The partnership of that key, if the organisation may see it.

        Raises:
            NotHere: if it may not, or there is none.
        """
        self._refresh()
        found = self._by_key.get(key)
        if found is None or not (
            any(organisation == party.id for one in found.versions for party in one.agreement.parties)
            or key in self._invited(organisation)
        ):
            raise NotHere(
                "There is no such partnership among those that your organisation is in.",
                remedy="Begin from the list of your partnerships.",
            )
        return found

    # ── invited readers ──────────────────────────────────────────────────────────────────────────────────────────────
    def invite(self, key: str, organisation: str, by: str) -> None:
        """Let an organisation that is no party, such as a regulator, read a partnership."""
        with self._store.transaction() as tx:
            tx.execute(delete(readers).where(readers.c.key == key, readers.c.organisation == organisation))
            at = datetime.now(UTC).isoformat(timespec="seconds")
            tx.execute(insert(readers).values(key=key, organisation=organisation, invited_by=by, at=at))

    def disinvite(self, key: str, organisation: str) -> None:
        """Let it read no longer."""
        with self._store.transaction() as tx:
            tx.execute(delete(readers).where(readers.c.key == key, readers.c.organisation == organisation))

    def readers_of(self, key: str) -> list[tuple[str, str, str]]:
        """Who reads a partnership by invitation: organisation, who invited it, when."""
        query = select(readers.c.organisation, readers.c.invited_by, readers.c.at).where(readers.c.key == key)
        with self._store.transaction() as tx:
            return [(row[0], row[1], row[2]) for row in tx.execute(query.order_by(readers.c.organisation))]

    def _invited(self, organisation: str) -> list[str]:
        with self._store.transaction() as tx:
            return [row[0] for row in tx.execute(select(readers.c.key).where(readers.c.organisation == organisation))]

    # ── where it stands ──────────────────────────────────────────────────────────────────────────────────────────────
    def state(self, signed: SignedAgreement) -> str:
        """The state of one version today, as the ledger has its events; ``unknown`` where an event does not verify."""
        self.index.follow()
        events = self.index.leaves_of_agreement(signed.agreement.hash, "agreement.event")
        today = datetime.now(UTC).date()
        found = (signed.agreement.hash, today, len(events))
        if found not in self._states:
            try:
                history = self.history(signed.agreement.hash)
                state = state_of(signed, verified_events(signed.agreement, history), today)
            except SummandError:
                state = "unknown"
            self._states[found] = state
        return self._states[found]

    def history(self, agreement_hash: str, *, whole: bool = False) -> History:
        """What a guard looks at, as the hub's ledger has it: the agreement's events.

        Args:
            agreement_hash: Of which version.
            whole: Whether also its studies' requests and releases, the newest 500 of each, and its acts of governance.
        """
        kinds = ["agreement.event", *(("study.request", "study.released", "governance.act") if whole else ())]
        rows = [row for kind in kinds for row in self.index.leaves_of_agreement(agreement_hash, kind)[-HISTORY_MAX:]]
        entries = tuple(entry for _, entry in self.entries(sorted({row.leaf for row in rows})))
        log = self._convener.log
        return History(entries, log.size, log.root().hex())

    def governance(self, one: Partnership) -> GovernanceState:
        """Where governance stands, folded from the ledger; folded again only once there are new acts."""
        self.index.follow()
        kinds = ("governance.act", "site.stopped", "site.resumed")
        rows = [row for version in one.versions for kind in kinds
                for row in self.index.leaves_of_agreement(version.agreement.hash, kind)]  # fmt: skip
        now = datetime.now(UTC)
        stamp = (len(rows), now.replace(second=0, microsecond=0))  # the clock moves motions and disputes by itself
        kept = self._governance.get(one.key)
        if kept is None or kept[0] != stamp:
            certified = self.index.certificates_of([party.id for party in one.agreement.parties])
            entries = self.entries(sorted({row.leaf for row in [*certified, *rows]}))
            versions = [signed.agreement for signed in one.versions]
            kept = self._governance[one.key] = (stamp, governance_state(versions, entries, now))
        return kept[1]

    def about_all(self, one: Partnership, kinds: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
        """The entries of some types about any version of a partnership, with its parties' site keys, in order.

        Read once for as long as there are no new ones.
        """
        self.index.follow()
        rows = [row for version in one.versions for kind in kinds
                for row in self.index.leaves_of_agreement(version.agreement.hash, kind)[-HISTORY_MAX:]]  # fmt: skip
        rows += self.index.certificates_of([party.id for party in one.agreement.parties])
        wanted = sorted({row.leaf for row in rows})
        kept = self._about.get((one.key, tuple(kinds)))
        if kept is None or kept[0] != wanted:
            self._about[one.key, tuple(kinds)] = kept = (wanted, self.entries(wanted))
            if len(self._about) > ABOUT_KEPT:
                self._about.pop(next(iter(self._about)))
        return kept[1]

    # ── the public page ──────────────────────────────────────────────────────────────────────────────────────────────
    def publish(self, key: str, is_public: bool, by: str) -> None:
        """Give a partnership a public page, or take it away."""
        with self._store.transaction() as tx:
            tx.execute(delete(public).where(public.c.key == key))
            if is_public:
                at = datetime.now(UTC).isoformat(timespec="seconds")
                tx.execute(insert(public).values(key=key, published_by=by, at=at))

    def is_public(self, key: str) -> bool:
        """Whether a partnership has a public page."""
        with self._store.transaction() as tx:
            return tx.scalar(select(public.c.key).where(public.c.key == key)) is not None

    def published(self, key: str) -> Partnership | None:
        """The partnership of that key, if it has a public page."""
        self._refresh()
        return self._by_key.get(key) if self.is_public(key) else None

    def entries(self, wanted: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
        """The entries that some leaves complete, with the leaves' numbers."""
        return [(leaf, entry) for leaf in wanted if (entry := self.entry(leaf)) is not None]

    def entry(self, leaf: int) -> dict[str, Any] | None:
        """The entry that a leaf completes; None if it is none of ours."""
        log = self._convener.log
        found = dict(whole_entries([log.entry(leaf)], leaf)).get(leaf)
        if found is not None and found.get("type") == "entry.part" and isinstance(found.get("number"), int):
            first = max(0, leaf - int(found["number"]))
            joined: dict[int, dict[str, Any]] = dict(whole_entries(log.entries(first, leaf + 1), first))
            found = joined.get(leaf, found)
        return found

    def _refresh(self) -> None:
        held = self._convener.agreements()
        if len(held) == self._count:
            return
        by_id: dict[str, list[SignedAgreement]] = {}
        for signed in held.values():
            by_id.setdefault(signed.agreement.id, []).append(signed)
        self._by_key, self._of_party = {}, {}
        for identifier, versions in by_id.items():
            ordered = tuple(sorted(versions, key=lambda one: one.agreement.version))
            made = Partnership(key_of(identifier), ordered)
            self._by_key[made.key] = made
            for party in {party.id for one in ordered for party in one.agreement.parties}:
                self._of_party.setdefault(party, []).append(made)
        self._count = len(held)


def key_of(agreement_id: str) -> str:
    """What addresses call the partnership of that agreement."""
    return sha256_hex(agreement_id.encode())[:KEY_LENGTH]
