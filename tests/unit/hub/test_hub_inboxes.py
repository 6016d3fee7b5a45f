"""Letters in memory are those of the store: what is not committed is never handed out, and what is, always."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.hub import _store as rows
from summand.hub._inboxes import Inboxes
from summand.hub._store import LETTERS_MAX, Store

PARTIES = ("east", "west")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from([*PARTIES, "both"])),
        st.tuples(st.just("keep"), st.integers(1, 3)),
        st.tuples(st.just("lose"), st.sampled_from(PARTIES)),
        st.tuples(st.just("read"), st.sampled_from(PARTIES)),
        st.tuples(st.just("forget"), st.just("")),
        st.tuples(st.just("restart"), st.just("")),
    ),
    max_size=25,
)


class Lost(Exception):
    """A transaction that does not hold."""


@given(steps=steps)
def test_memory_says_what_the_store_says(steps: list[tuple[str, object]]) -> None:
    """Whatever was put, lost, forgotten or restarted in between, a reader gets what the store holds behind its cursor."""
    store = Store()
    inboxes, cursors = Inboxes(store), dict.fromkeys(PARTIES, 0)
    for number, (what, which) in enumerate(steps):
        data = b"letter %d" % number
        if what == "put":
            with store.transaction() as tx:
                inboxes.put(tx, "s", dict.fromkeys(PARTIES if which == "both" else (str(which),), data))
            inboxes.committed()
        elif what == "keep":
            with store.transaction() as tx:
                rows.put_message(tx, "s", "round.open", number, "hub", "0" * 64, data)
                inboxes.put(tx, "s", dict.fromkeys(PARTIES, data), ("round.open", number))
            inboxes.committed()
        elif what == "lose":
            with pytest.raises(Lost), store.transaction() as tx:
                inboxes.put(tx, "s", {str(which): data})
                raise Lost
        elif what == "forget":
            with store.transaction() as tx:
                inboxes.forget(tx, "s")
            inboxes.committed()
        elif what == "restart":
            inboxes = Inboxes(store)
        else:
            party = str(which)
            found = inboxes.read(party, cursors[party])
            with store.transaction() as tx:
                assert found == rows.read_inbox(tx, party, cursors[party])
            cursors[party] = found[-1][0] if found else cursors[party]
    for party in PARTIES:
        found = inboxes.read(party, 0)
        with store.transaction() as tx:
            assert found == rows.read_inbox(tx, party, 0)
    store.close()


def test_who_is_far_behind_reads_all_of_it_in_turn() -> None:
    """More letters than one answer holds come in order, each once."""
    store = Store()
    inboxes = Inboxes(store)
    for number in range(2 * LETTERS_MAX + 3):
        with store.transaction() as tx:
            inboxes.put(tx, "s", {"east": b"%d" % number})
        inboxes.committed()
    seen, after = [], 0
    while letters := inboxes.read("east", after):
        seen += [int(data) for _, data in letters]
        after = letters[-1][0]

    assert seen == list(range(2 * LETTERS_MAX + 3))
    store.close()
