"""The privacy account of a site's datasets: what every study may still cost the people in them, across all studies.

Before a study's first row is read, its whole loss is reserved; before a round's rows are read, that round's part is written
down as spent; when the site has given its shares it is marked as committed. What is written down stays, whatever crashes:
once an upload has left, others may be able to open its total. Only the rounds that were never begun come back, when the
hub has said that the study is over.

::

    study.request          the guard compares the study's loss with the balance
    round.open, round 0    RESERVE the study, or refuse
    round.open, each       the round is SPENT, before rows are read
    round.unmask           the round is COMMITTED
    study.ended            what was reserved for rounds that never began is free again
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from summand.agreement import Agreement
from summand.errors import BudgetExceeded
from summand.site._store import SiteStore
from summand.study import Noise, Spent, require_within

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS budget_study (
        study TEXT PRIMARY KEY, dataset TEXT NOT NULL, agreement TEXT NOT NULL, at TEXT NOT NULL, rho REAL NOT NULL,
        over INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS budget_round (
        study TEXT NOT NULL, round INTEGER NOT NULL, rho REAL NOT NULL, delta REAL NOT NULL, sensitivity REAL NOT NULL,
        sigma REAL NOT NULL, numbers INTEGER NOT NULL, committed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (study, round)
    ) WITHOUT ROWID""",
)
ROUNDING = 1.0 + 1e-9
"""Sums of many parts of one loss may exceed it by their last bits."""


class BudgetAccount:
    """The account in a site's memory; every method is one durable transaction."""

    def __init__(self, store: SiteStore) -> None:
        self._store = store
        with store.transaction() as tx:
            for statement in _SCHEMA:
                tx.execute(statement)

    def spent(self, dataset: str, since: datetime, *, without: str = "") -> Spent:
        """What a dataset's studies cost since a time, all agreements together; ``without`` names one left out."""
        with self._store.transaction() as tx:
            return _spent(tx, dataset, since, without)

    def reserve(
        self, study: str, dataset: str, agreement: Agreement, party: str, rho: float, at: datetime
    ) -> None:  # fmt: skip
        """Set a study's whole loss aside; again for the same study changes nothing.

        If we crash before this returns, no row was read; after it, the loss stays set aside.

        Raises:
            BudgetExceeded: if the dataset's people would bear more than the agreement lets them.
        """
        since = period_start(agreement, at.date())
        with self._store.transaction() as tx:
            found = _spent(tx, dataset, since, study)
            require_within(agreement, party, found, rho)
            stamp = at.astimezone(UTC).isoformat(timespec="seconds")
            tx.execute(
                "INSERT OR IGNORE INTO budget_study (study, dataset, agreement, at, rho) VALUES (?,?,?,?,?)",
                (study, dataset, agreement.hash, stamp, rho),
            )

    def spend(self, study: str, round_number: int, noise: Noise, numbers: int) -> None:
        """Write a round down as spent, before its rows are read; again for the same round changes nothing.

        Raises:
            BudgetExceeded: if the rounds together would cost more than was reserved.
        """
        with self._store.transaction() as tx:
            reserved = tx.execute("SELECT rho FROM budget_study WHERE study = ? AND over = 0", (study,)).fetchone()
            others = tx.execute(
                "SELECT coalesce(sum(rho), 0) FROM budget_round WHERE study = ? AND round != ?", (study, round_number)
            ).fetchone()
            if reserved is None or others[0] + noise.rho > reserved[0] * ROUNDING:
                raise BudgetExceeded(
                    "A round would cost more than was set aside for the study.",
                    remedy="Start the study again; if it happens twice, report this defect.",
                    clause="E.budget",
                )
            tx.execute(
                "INSERT OR IGNORE INTO budget_round (study, round, rho, delta, sensitivity, sigma, numbers) "
                "VALUES (?,?,?,?,?,?,?)",
                (study, round_number, noise.rho, noise.delta, noise.sensitivity, noise.sigma, numbers),
            )

    def commit(self, study: str, round_number: int) -> None:
        """The site is about to give its shares of a round."""
        with self._store.transaction() as tx:
            tx.execute("UPDATE budget_round SET committed = 1 WHERE study = ? AND round = ?", (study, round_number))

    def close(self, study: str) -> None:
        """The study is over: rounds that never began cost nothing; every round that did stays spent."""
        with self._store.transaction() as tx:
            tx.execute(
                "UPDATE budget_study SET over = 1, rho = (SELECT coalesce(sum(rho), 0) FROM budget_round r "
                "WHERE r.study = budget_study.study) WHERE study = ? AND over = 0",
                (study,),
            )

    def studies(self, dataset: str) -> list[dict[str, Any]]:
        """A dataset's studies, oldest first, with what each costs and how many of its rounds are committed."""
        query = (
            "SELECT s.study, s.agreement, s.at, s.rho, s.over, count(r.round), coalesce(sum(r.committed), 0), "
            "coalesce(sum(r.rho), 0) FROM budget_study s LEFT JOIN budget_round r USING (study) WHERE s.dataset = ? "
            "GROUP BY s.study ORDER BY s.at, s.study"
        )
        names = ("study", "agreement", "at", "rho", "over", "rounds", "committed", "rho_of_rounds")
        with self._store.transaction() as tx:
            rows = tx.execute(query, (dataset,)).fetchall()
        return [{**dict(zip(names, row, strict=True)), "over": bool(row[4])} for row in rows]


def _spent(tx: Any, dataset: str, since: datetime, without: str) -> Spent:
    stamp = since.astimezone(UTC).isoformat(timespec="seconds")
    where = "s.dataset = ? AND s.at >= ? AND s.study != ?"
    values = (dataset, stamp, without)
    rho = tx.execute(f"SELECT coalesce(sum(s.rho), 0) FROM budget_study s WHERE {where}", values)  # noqa: S608
    total = float(rho.fetchone()[0])
    delta = tx.execute(
        f"SELECT coalesce(sum(r.delta), 0) FROM budget_round r JOIN budget_study s USING (study) WHERE {where}",  # noqa: S608
        values,
    )
    return Spent(total, float(delta.fetchone()[0]))


def period_start(agreement: Agreement, today: date) -> datetime:
    """Since when losses count: the last anniversary of the term where clause E refills the budget each year; else ever."""
    budget = agreement.privacy.budget
    if budget is None or budget.refill != "annual":
        return datetime.min.replace(year=1970, tzinfo=UTC)
    start = agreement.term.start
    day = min(start.day, 28) if start.month == 2 else start.day
    this_year = date(today.year, start.month, day)
    begun = this_year if this_year <= today else date(today.year - 1, start.month, day)
    return datetime(begun.year, begun.month, begun.day, tzinfo=UTC)
