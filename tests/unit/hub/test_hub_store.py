"""The hub's database: what is held joins the next transaction that holds, and prepared statements write what is read."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError

from summand.errors import StorageFailed
from summand.hub import _store as rows
from summand.hub._store import Store

STUDY = "ab" * 16


def put(store: Store, site: str, number: int = 0) -> None:
    """Hold one upload."""
    store.hold(lambda tx: rows.put_message(tx, STUDY, "round.upload", number, site, "0" * 64, site.encode()))


def in_file(path) -> dict[str, bytes]:
    """What another process finds of the uploads of round 0."""
    with sqlite3.connect(path) as connection:
        return dict(connection.execute("SELECT site, data FROM message WHERE round = 0").fetchall())


@pytest.fixture
def path(tmp_path):
    """Where the database lies."""
    return tmp_path / "hub.sqlite"


@pytest.fixture
def store(path):
    """A store in a file."""
    made = Store(f"sqlite:///{path}")
    yield made
    made.close()


def test_what_is_held_is_written_by_the_next_transaction(store: Store, path) -> None:
    """Nothing of it is in the file before, all of it afterwards, and a transaction sees what was held before it."""
    put(store, "east")
    put(store, "west")
    assert in_file(path) == {} and store.holds
    with store.transaction() as tx:
        assert set(rows.study_messages(tx, STUDY, "round.upload", 0)) == {"east", "west"}
    assert in_file(path) == {"east": b"east", "west": b"west"} and not store.holds


def test_what_is_held_outlives_a_transaction_that_does_not_hold(store: Store, path) -> None:
    """One message that is refused takes no other with it."""
    put(store, "east")
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        rows.put_message(tx, STUDY, "round.upload", 0, "west", "0" * 64, b"west")
        raise ZeroDivisionError
    assert store.holds and in_file(path) == {}
    store.write_held()
    assert in_file(path) == {"east": b"east"} and not store.holds


def test_a_driver_that_refuses_is_a_storage_that_failed(store: Store) -> None:
    """Prepared statements raise the driver's own errors: they come out as ours, and the transaction is undone."""
    for _ in range(2):
        put(store, "east")
    with pytest.raises(StorageFailed) as failed:
        store.write_held()
    assert isinstance(failed.value.__cause__, sqlite3.IntegrityError)
    with pytest.raises(StorageFailed) as failed, store.transaction() as tx:
        tx.execute(rows.studies.insert().values(id=None))
    assert isinstance(failed.value.__cause__, sqlite3.IntegrityError | IntegrityError)


def test_prepared_statements_are_undone_with_their_transaction(store: Store) -> None:
    """Letters, entries and standing that a broken transaction wrote are not there afterwards."""
    with store.transaction() as tx:
        rows.add_study(tx, STUDY, b"request", 1.0)
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        rows.put_inbox(tx, STUDY, {"east": b"letter"})
        rows.put_entry(tx, "key", b"entry")
        rows.set_study(tx, STUDY, "running", 3, 2.0)
        raise ZeroDivisionError
    with store.transaction() as tx:
        assert rows.read_inbox(tx, "east", 0) == [] and rows.entry_count(tx) == 0
        assert rows.study_row(tx, STUDY).status == "deciding"
    with store.transaction() as tx:
        assert rows.put_inbox(tx, STUDY, {"east": b"letter", "west": b"letter"}) == [1, 2]
        rows.set_study(tx, STUDY, "running", 3, 2.0)
    with store.transaction() as tx:
        row = rows.study_row(tx, STUDY)
        assert (row.status, row.round, row.phase_started) == ("running", 3, 2.0)
        assert rows.read_inbox(tx, "west", 0) == [(2, b"letter")]
