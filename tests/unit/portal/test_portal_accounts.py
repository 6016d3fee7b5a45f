"""Accounts, passwords, sessions and the record of views: what is kept, what ends, what cannot be changed."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from summand.encoding import sha256_hex
from summand.errors import EntryInvalid, FormRefused, StorageFailed, TooManyAttempts
from summand.portal import RIGHTS, ROLES, Accounts, Right, Store
from summand.portal._passwords import hash_password, is_password
from summand.portal._sessions import ABSOLUTE_SECONDS, IDLE_SECONDS, Attempts, Sessions
from summand.portal._views import Views


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


@pytest.fixture
def store() -> Store:
    """An empty database in memory."""
    return Store()


def test_a_password_is_kept_as_argon2id_and_found_again() -> None:
    """The parameters of RFC 9106's second option; another password, or nobody's, does not fit."""
    stored = hash_password("twelve letters at least")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert is_password("twelve letters at least", stored)
    assert not is_password("twelve letters at most", stored)
    assert not is_password("twelve letters at least", None)
    assert stored != hash_password("twelve letters at least")


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 201])
def test_passwords_too_short_or_too_long_are_refused(password: str) -> None:
    """Twelve to two hundred characters, no other rule."""
    with pytest.raises(FormRefused):
        hash_password(password)


def test_an_account_is_named_once_and_by_known_roles(store: Store) -> None:
    """Whatever is malformed is refused with the name of the field."""
    accounts = Accounts(store)
    account, _ = accounts.add("Ada@North.example", "Ada", "north", ["analyst", "auditor"])
    assert (account.login, account.roles, account.has_password) == ("ada@north.example", ("analyst", "auditor"), False)
    for login, name, organisation, roles, field in (
        ("ada@north.example", "Other", "north", ["analyst"], "login"),
        ("<b>", "Other", "north", ["analyst"], "login"),
        ("other", "", "north", ["analyst"], "name"),
        ("other", "line\nbreak", "north", ["analyst"], "name"),
        ("other", "Other", "no rth", ["analyst"], "organisation"),
        ("other", "Other", "north", ["root"], "roles"),
        ("other", "Other", "north", [], "roles"),
    ):
        with pytest.raises(FormRefused) as refused:
            accounts.add(login, name, organisation, roles)
        assert refused.value.field == field


def test_a_one_time_link_counts_once_for_seven_days(store: Store) -> None:
    """It is kept as a hash, ends with the password chosen, with a newer link, and after seven days."""
    clock = Clock()
    accounts = Accounts(store, clock)
    _, first = accounts.add("ada", "Ada", "north", ["analyst"])
    with store.transaction() as tx:
        kept = tx.execute(text("SELECT invitation FROM account")).scalar_one()
    assert kept == sha256_hex(first.encode()) and accounts.invited(first) is not None
    second = accounts.invite("ada")
    assert accounts.invited(first) is None and accounts.invited(second) is not None
    clock.now += 7 * 86_400 + 1
    assert accounts.invited(second) is None
    third = accounts.invite("ada")
    accounts.set_password("ada", "stored")
    assert accounts.invited(third) is None


def test_a_locked_account_has_no_password_and_no_session(store: Store) -> None:
    """Locking shuts both ways in."""
    accounts = Accounts(store)
    account, _ = accounts.add("ada", "Ada", "north", ["analyst"])
    accounts.set_password("ada", "stored")
    accounts.set_active("ada", False)
    assert accounts.password_of("ada") is None and accounts.by_id(account.id) is None


def test_a_session_ends_when_idle_and_in_any_case(store: Store) -> None:
    """An hour without use, twelve hours in all; its secret is kept as a hash."""
    clock = Clock()
    sessions = Sessions(store, clock)
    secret = sessions.begin(1)
    with store.transaction() as tx:
        assert secret not in str(tx.execute(text("SELECT * FROM session")).all())
    for _ in range(12):
        clock.now += IDLE_SECONDS - 120
        found = sessions.find(secret)
        assert found is not None or clock.now > 1_000_000 + ABSOLUTE_SECONDS
    clock.now = 1_000_000 + ABSOLUTE_SECONDS + 1
    assert sessions.find(secret) is None
    other = sessions.begin(1)
    clock.now += IDLE_SECONDS + 1
    assert sessions.find(other) is None and sessions.find("") is None and sessions.find("guess") is None


def test_attempts_are_counted_and_forgotten() -> None:
    """After so many within the time the next is refused; time or success clears them."""
    clock = Clock()
    attempts = Attempts(3, 60.0, clock)
    for _ in range(3):
        attempts.count("ada")
    with pytest.raises(TooManyAttempts):
        attempts.count("ada")
    attempts.count("bob")
    clock.now += 61
    attempts.count("ada")
    attempts.clear("ada")
    for _ in range(3):
        attempts.count("ada")


def test_every_role_has_rights_and_an_administrator_sees_no_results() -> None:
    """Every role is described; results need a role that names them."""
    assert set(RIGHTS) == set(ROLES)
    assert RIGHTS["admin"] == {Right.ACCOUNTS}
    assert Right.RESULTS not in RIGHTS["finance"]
    assert {role for role in ROLES if Right.ACCESS_LOG in RIGHTS[role]} == {"auditor"}


def test_what_was_looked_at_cannot_be_changed_or_removed(store: Store) -> None:
    """The database refuses both; where its triggers are gone, the chain of hashes tells."""
    account, _ = Accounts(store).add("ada", "Ada", "north", ["auditor"])
    views = Views(store)
    for number in range(3):
        views.add(account, "Result", "urn:a", f"study-{number}")
    assert views.verify() == 3
    assert [view.subject for view in views.under(["urn:a"])] == ["study-2", "study-1", "study-0"]
    assert views.under(["urn:b"]) == []
    for statement in ("DELETE FROM view WHERE seq = 1", "UPDATE view SET login = 'eve' WHERE seq = 1"):
        with pytest.raises(StorageFailed), store.transaction() as tx:
            tx.execute(text(statement))
    with store.transaction() as tx:
        tx.execute(text("DROP TRIGGER view_kept"))
        tx.execute(text("DELETE FROM view WHERE seq = 2"))
    with pytest.raises(EntryInvalid, match="Row 2"):
        views.verify()
