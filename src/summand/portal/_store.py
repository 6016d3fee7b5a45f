"""The portal's database connection: one, for the one thread that serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from summand.errors import OwnProtocolError, StorageFailed
from summand.portal import _schema as schema


class Store:
    """The portal's database behind a URL; ``sqlite://`` keeps it in memory.

    Raises:
        StorageFailed: from every transaction that the database does not keep.
    """

    def __init__(self, url: str = "sqlite://") -> None:
        options: dict[str, Any] = {}
        if url == "sqlite://":
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        self.engine = create_engine(url, **options)
        is_sqlite = self.engine.dialect.name == "sqlite"
        if is_sqlite:
            event.listen(self.engine, "connect", _prepare)
        schema.metadata.create_all(self.engine)
        self._connection = self.engine.connect()
        with self.transaction() as tx:
            if is_sqlite:
                for statement in schema.APPEND_ONLY:
                    tx.execute(text(statement))
            found = tx.scalar(select(schema.schema.c.version))
            if found is None:
                tx.execute(insert(schema.schema).values(version=schema.SCHEMA_VERSION))
            elif found != schema.SCHEMA_VERSION:
                raise OwnProtocolError(
                    f"The portal's database has schema version {found}; this program needs {schema.SCHEMA_VERSION}.",
                    remedy="Run the version of Summand that wrote it.",
                )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: everything inside is committed together, or nothing is."""
        try:
            with self._connection.begin():
                yield self._connection
        except SQLAlchemyError as error:
            raise StorageFailed(
                f"The portal's database did not read or keep what it was given ({type(error).__name__}).",
                remedy="Free or repair it, then start the hub again.",
            ) from error

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
        self.engine.dispose()


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
