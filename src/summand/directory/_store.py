"""Where the directory is kept: one SQL database, SQLite (WAL) by default, the same statements on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, create_engine, delete, event, insert, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from summand.directory import _search as searching
from summand.directory._entries import Entry, Standing, require_successor
from summand.directory._organisation import Need, Organisation
from summand.directory._tables import (
    FACETS,
    SCHEMA_VERSION,
    certificates,
    facet_values,
    facets,
    metadata,
    organisations,
    row_of,
    schema,
)
from summand.encoding import dump, parse
from summand.errors import OrganisationUnknown, OwnProtocolError, StorageFailed
from summand.signing import Envelope

_BATCH = 400


class Directory:
    """The organisations that are known here, behind a database URL; ``sqlite://`` keeps them in memory."""

    def __init__(self, url: str = "sqlite://") -> None:
        options: dict[str, Any] = {}
        if url == "sqlite://":
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        self.engine = create_engine(url, **options)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
        with self._transaction() as tx:
            metadata.create_all(tx)
            found = tx.scalar(select(schema.c.version))
            if found is None:
                tx.execute(insert(schema).values(version=SCHEMA_VERSION))
            elif found != SCHEMA_VERSION:
                raise OwnProtocolError(
                    f"The directory's database has schema version {found}; this program needs {SCHEMA_VERSION}.",
                    remedy="Run the version of Summand that wrote it, or import into a new one.",
                )

    @classmethod
    def at(cls, path: Path) -> Directory:
        """The directory in one SQLite file, made if it is not there."""
        return cls(f"sqlite:///{path}")

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def put(self, entry: Entry) -> None:
        """Keep an entry in the place of an older one.

        Raises:
            SignatureInvalid: if a signed entry would be replaced by one that its key did not sign, or by an older one.
        """
        require_successor(self._find(entry.organisation.id), entry)
        self.put_all([entry])

    def put_all(self, entries: Sequence[Entry]) -> None:
        """Keep entries that may take the place of what is there; all together or none."""
        with self._transaction() as tx:
            for start in range(0, len(entries), _BATCH):
                _replace(tx, entries[start : start + _BATCH])

    def get(self, organisation_id: str) -> Entry:
        """The entry of an organisation.

        Raises:
            OrganisationUnknown: if there is none.
        """
        found = self._find(organisation_id)
        if found is None:
            raise OrganisationUnknown(
                f"The directory has no organisation {organisation_id[:80]!r}.",
                remedy="Look for it with 'summand directory list --text NAME'.",
            )
        return found

    def standings(self, identifiers: Iterable[str]) -> dict[str, Entry]:
        """The entries that are there, by identifier."""
        wanted, found = list(identifiers), {}
        with self._transaction() as tx:
            for start in range(0, len(wanted), _BATCH):
                rows = tx.execute(_select_entries(wanted[start : start + _BATCH]))
                found.update({entry.organisation.id: entry for entry in map(_entry, rows)})
        return found

    def remove(self, organisation_id: str) -> None:
        """Forget an organisation.

        Raises:
            OrganisationUnknown: if it is not there.
        """
        self.get(organisation_id)
        with self._transaction() as tx:
            _forget(tx, [organisation_id])

    def search(self, query: searching.Query, *, with_facets: bool = True) -> searching.Page:
        """One page of what fits, by name, with the counts of every facet."""
        with self._transaction() as tx:
            rows = tuple(searching.Found(*row) for row in tx.execute(searching.page_statement(query)))
            total = tx.scalar(searching.total_statement(query)) or 0
            counts: dict[str, tuple[tuple[str, int], ...]] = {}
            for name in FACETS if with_facets else ():
                found = tx.execute(searching.facet_statement(query, name))
                counts[name] = tuple((value, count) for value, count in found)
            if with_facets:
                counts["certificate_expiry"] = tuple(
                    (band, count)
                    for band in searching.EXPIRIES
                    if (count := tx.scalar(searching.expiry_statement(query, band)) or 0)
                )
        return searching.Page(total, rows, counts, query)

    def points(self, query: searching.Query) -> tuple[searching.Found, ...]:
        """Everything that fits and has coordinates, for a map; without limit."""
        statement = select(*searching.ROW_COLUMNS).where(
            *searching.conditions(query), organisations.c.latitude.is_not(None), organisations.c.longitude.is_not(None)
        )
        with self._transaction() as tx:
            return tuple(searching.Found(*row) for row in tx.execute(statement))

    def entries(self, query: searching.Query) -> tuple[Entry, ...]:
        """Every entry that fits, whole; the query's page is not asked."""
        statement = _SELECT.where(*searching.conditions(query)).order_by(organisations.c.id)
        with self._transaction() as tx:
            return tuple(map(_entry, tx.execute(statement)))

    def candidates(self, needs: Sequence[Need], query: searching.Query) -> tuple[Entry, ...]:
        """Every entry that fits and has a capability that is needed, or any dataset where data are needed."""
        codes = [need.capability for need in needs if need.capability]
        wanted = and_(facets.c.facet == "capability", facets.c.value.in_(codes))
        if any(need.data for need in needs):
            wanted = or_(wanted, and_(facets.c.facet == "holds", facets.c.value == "data"))
        able = select(facets.c.organisation).where(wanted)
        statement = _SELECT.where(*searching.conditions(query), organisations.c.id.in_(able)).order_by(
            organisations.c.id
        )
        with self._transaction() as tx:
            return tuple(map(_entry, tx.execute(statement)))

    def _find(self, organisation_id: str) -> Entry | None:
        return self.standings([organisation_id]).get(organisation_id)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as tx:
                yield tx
        except SQLAlchemyError as error:
            raise StorageFailed(
                f"The directory's database did not read or keep what it was given ({type(error).__name__}).",
                remedy="Check that the file is a directory made by this program, and that the disk has room.",
            ) from error


_SELECT = select(organisations.c.data, organisations.c.standing, organisations.c.envelope)


def _select_entries(identifiers: Sequence[str]) -> Any:
    return _SELECT.where(organisations.c.id.in_(identifiers))


def _entry(row: Any) -> Entry:
    data, standing, envelope = row
    sealed = Envelope.from_dict(parse(envelope, "entry")) if envelope is not None else None
    kept: Standing = standing
    return Entry(Organisation.model_validate_json(data), kept, sealed)


def _replace(tx: Connection, entries: Sequence[Entry]) -> None:
    _forget(tx, [entry.organisation.id for entry in entries])
    rows, values, papers = [], [], []
    for entry in entries:
        one = entry.organisation
        envelope = dump(entry.envelope.to_dict()) if entry.envelope is not None else None
        rows.append(row_of(entry, dump(one.to_dict()), envelope))
        values += [{"facet": name, "value": value, "organisation": one.id} for name, value in facet_values(entry)]
        papers += [
            {"organisation": one.id, "place": place, "name": item.name, "expires": item.expires.isoformat()}
            for place, item in enumerate(one.certificates)
        ]
    for table, found in ((organisations, rows), (facets, values), (certificates, papers)):
        if found:
            tx.execute(insert(table), found)


def _forget(tx: Connection, identifiers: Sequence[str]) -> None:
    tx.execute(delete(organisations).where(organisations.c.id.in_(identifiers)))
    tx.execute(delete(facets).where(facets.c.organisation.in_(identifiers)))
    tx.execute(delete(certificates).where(certificates.c.organisation.in_(identifiers)))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
