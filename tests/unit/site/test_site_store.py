"""A site's memory: one answer for a message, ever; no secret after the end; a failing disk is named."""

from __future__ import annotations

import numpy as np
import pytest

from summand.errors import StorageFailed
from summand.site._store import SiteStore, StudyMemory

STUDY = "ab" * 16


def memory(**fields) -> StudyMemory:
    """A running study's memory."""
    return StudyMemory(STUDY, "running", b"request", {"north": "ed25519:…"}, **fields)


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    """A store in a file, and one in this process."""
    made = SiteStore(tmp_path / "state.sqlite" if request.param == "file" else None)
    yield made
    made.close()


def test_what_was_committed_is_read_back(store: SiteStore) -> None:
    """All fields, the method's arrays bit for bit, and the answer."""
    local = {"alpha": np.array([0.1, -3e300]), "step": np.array(7)}
    store.commit(
        memory(round=2, state={"phase": "method", "x": [0.1]}, local=local, keys=b"k"), "round.open", 2, "d", b"up"
    )
    found = store.study(STUDY)
    assert (found.round, found.state, found.keys) == (2, {"phase": "method", "x": [0.1]}, b"k")
    assert all(np.array_equal(found.local[name], value) for name, value in local.items())
    assert store.answer(STUDY, "round.open", 2) == ("d", b"up")
    assert store.answer(STUDY, "round.open", 3) is None


def test_a_second_answer_cannot_take_the_firsts_place(store: SiteStore) -> None:
    """One answer for (study, kind, round): another one is an error, and the first stands with its memory."""
    store.commit(memory(round=0), "round.open", 0, "first", b"one")
    with pytest.raises(StorageFailed):
        store.commit(memory(round=9), "round.open", 0, "second", b"two")
    assert store.answer(STUDY, "round.open", 0) == ("first", b"one")
    assert store.study(STUDY).round == 0


def test_the_upload_of_the_round_before_is_forgotten(store: SiteStore) -> None:
    """Once a round is answered, the bytes of the one before are gone; that it was answered stays."""
    store.commit(memory(round=0), "round.open", 0, "zero", b"up 0")
    store.commit(memory(round=1), "round.open", 1, "one", b"up 1")
    assert store.answer(STUDY, "round.open", 0) == ("zero", None)


def test_no_secret_is_left_after_the_end(tmp_path) -> None:
    """Keys, set-up, shares and the method's memory are gone from the row, and from the file's bytes."""
    store = SiteStore(tmp_path / "state.sqlite")
    secret = b"\xa7SECRET-OF-THIS-SITE\xa7"
    store.commit(memory(setup=secret, keys=secret, own_share=secret), "study.sealed", 0, "d", secret)
    store.finish(STUDY)
    found = store.study(STUDY)
    assert (found.status, found.setup, found.keys, found.local, found.own_share) == ("over", None, None, None, None)
    store.close()
    assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())


def test_a_halt_is_kept_until_the_end(store: SiteStore) -> None:
    """What a site said when it stopped is said again, until the hub has said that the study is over."""
    store.commit(memory(keys=b"k"), "round.open", 0, "d", b"up")
    store.halt(STUDY, b"halt")
    assert store.halts(STUDY) == [b"halt"]
    assert store.study(STUDY).status == "over"
    store.finish(STUDY)
    assert store.halts(STUDY) == []


def test_a_closed_store_is_a_storage_error(store: SiteStore) -> None:
    """No error of the database comes out as it is."""
    store.close()
    with pytest.raises(StorageFailed):
        store.put("name", "value")
    with pytest.raises(StorageFailed):
        store.study(STUDY)
