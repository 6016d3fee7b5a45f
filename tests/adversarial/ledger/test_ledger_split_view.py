"""A log that forks, goes back, cuts its tail or reorders is found out, and the replica stays where it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import (
    CheckpointInvalid,
    ConsistencyProofInvalid,
    EntryInvalid,
    SplitView,
    UsageError,
    VerificationError,
)
from summand.ledger import (
    EMPTY_ROOT,
    Checkpoint,
    Log,
    Replica,
    VerifierKey,
    attach,
    cosignature_times,
    open_checkpoint,
    sign_checkpoint,
)
from summand.signing import PrivateKey

ORIGIN = "hub.example/ledger"
KEY = PrivateKey.generate()
LOG_KEY = VerifierKey.of_log(ORIGIN, KEY.public)


def log_of(entries: Sequence[bytes], key: PrivateKey = KEY, origin: str = ORIGIN) -> Log:
    log = Log.create(None, origin, key)
    log.append(entries)
    log.commit()
    return log


def follow(replica: Replica, log: Log) -> None:
    replica.advance(log.checkpoint_text(), log.entries(replica.size), log.consistency_proof(replica.size))


HONEST = [f"entry {index}".encode() for index in range(12)]


@pytest.fixture
def replica() -> Replica:
    """A replica that holds the first eight honest entries."""
    replica = Replica.open(None, LOG_KEY)
    follow(replica, log_of(HONEST[:8]))
    return replica


def refused(replica: Replica, error: type[VerificationError], note: str, entries=(), proof=()) -> VerificationError:
    """The refusal of a message; the replica is as before in memory and on disk."""
    before = (replica.size, replica.root, replica.checkpoint_text, replica.entries(), replica.verify())
    with pytest.raises(error) as caught:
        replica.advance(note, entries, proof)
    assert type(caught.value) is error
    assert (replica.size, replica.root, replica.checkpoint_text, replica.entries(), replica.verify()) == before
    return caught.value


def test_an_honest_log_is_followed(replica: Replica) -> None:
    """Growth with the right entries and proof is accepted."""
    log = log_of(HONEST)
    follow(replica, log)
    assert (replica.size, replica.root, replica.entries()) == (12, log.root(), HONEST)
    assert replica.checkpoint_text == log.checkpoint_text()


def test_the_same_checkpoint_again_changes_nothing(replica: Replica) -> None:
    """Delivery may repeat: the held checkpoint is accepted again, with or without its entries."""
    note = replica.checkpoint_text
    for entries in ([], HONEST[:8]):
        assert replica.advance(note, entries, []) == open_checkpoint(note, [LOG_KEY])
    assert replica.verify().leaf_count == 8


def test_one_size_with_two_roots_is_a_split_view(replica: Replica) -> None:
    """Another root at the held size is a split view, and the error names both roots and the size."""
    fork = log_of([*HONEST[:7], b"forged"])
    error = refused(replica, SplitView, fork.checkpoint_text())
    for part in (replica.root.hex(), fork.root().hex(), "size 8"):
        assert part in error.message


def test_a_fork_that_grew_is_a_split_view(replica: Replica) -> None:
    """A longer log with another beginning is refused whatever proof it brings, and both checkpoints are named."""
    fork = log_of([b"forged", *HONEST[1:]])
    for proof in (fork.consistency_proof(8), log_of(HONEST).consistency_proof(8), [], [bytes(32)] * 3):
        error = refused(replica, SplitView, fork.checkpoint_text(), fork.entries(8), proof)
        for part in (replica.root.hex(), fork.root().hex(), "size 8", "size 12"):
            assert part in error.message


def test_a_rolled_back_log_is_refused(replica: Replica) -> None:
    """An older checkpoint of the same history is refused as going back."""
    error = refused(replica, SplitView, log_of(HONEST[:5]).checkpoint_text())
    assert "went back" in error.message


def test_a_cut_and_regrown_log_is_a_split_view(replica: Replica) -> None:
    """A log that dropped its tail and wrote another is found out, shorter, equal or longer."""
    for length in (1, 3, 6):
        fork = log_of([*HONEST[:5], *[b"forged"] * length])
        refused(replica, SplitView, fork.checkpoint_text(), fork.entries(min(8, fork.size)), fork.consistency_proof(5))


def test_an_emptied_log_is_refused(replica: Replica) -> None:
    """A log that says that it is empty again is refused."""
    refused(replica, SplitView, Log.create(None, ORIGIN, KEY).checkpoint_text())


def test_reordered_entries_are_refused(replica: Replica) -> None:
    """The right entries in another order are not the new tree's."""
    log = log_of(HONEST)
    proof = log.consistency_proof(8)
    for entries in (HONEST[8:][::-1], HONEST[8:11], [*HONEST[8:], b"more"], [], HONEST[:4]):
        refused(replica, EntryInvalid, log.checkpoint_text(), entries, proof)


def test_right_entries_with_a_wrong_proof_are_no_split_view(replica: Replica) -> None:
    """Where the entries show the extension, a wrong proof is a wrong proof and accuses nobody of a fork."""
    log = log_of(HONEST)
    right = log.consistency_proof(8)
    for proof in ([], right[:-1], right * 2, [*right, bytes(32)], [b"short"]):
        refused(replica, ConsistencyProofInvalid, log.checkpoint_text(), HONEST[8:], proof)
    fresh = Replica.open(None, LOG_KEY)
    with pytest.raises(ConsistencyProofInvalid):
        fresh.advance(log.checkpoint_text(), HONEST, [bytes(32)])
    assert (fresh.size, fresh.checkpoint_text) == (0, "")
    with pytest.raises(CheckpointInvalid, match="missing"):
        fresh.verify()


def test_a_strangers_checkpoint_is_refused(replica: Replica) -> None:
    """Another key, another name or another origin is not this log."""
    stranger = PrivateKey.generate()
    held = Checkpoint(ORIGIN, 8, replica.root)
    for note in (
        sign_checkpoint(held, ORIGIN, stranger),
        sign_checkpoint(held, "other.example", KEY),
        log_of(HONEST, origin="other.example").checkpoint_text(),
        sign_checkpoint(Checkpoint("other.example", 8, replica.root), ORIGIN, KEY),
        "",
    ):
        refused(replica, CheckpointInvalid, note, HONEST[8:])


def test_an_entry_over_the_limit_is_refused(replica: Replica) -> None:
    """An entry that no bundle can hold is refused before anything is hashed, and the replica stays."""
    log = log_of(HONEST)
    with pytest.raises(UsageError, match="65535"):
        replica.advance(log.checkpoint_text(), [bytes(65_536)], log.consistency_proof(8))
    assert replica.verify().leaf_count == 8


def test_two_replicas_that_compare_find_a_fork_that_each_alone_accepted() -> None:
    """A hub that shows each partner another history is caught when one partner's checkpoint reaches the other."""
    left, right = Replica.open(None, LOG_KEY), Replica.open(None, LOG_KEY)
    follow(left, log_of(HONEST[:6]))
    follow(right, log_of([*HONEST[:5], b"for the right only"]))
    refused(left, SplitView, right.checkpoint_text)
    refused(right, SplitView, left.checkpoint_text)


def test_the_empty_log_is_followed_from_nothing() -> None:
    """A fresh replica stands nowhere, then at the empty checkpoint, then follows."""
    replica, log = Replica.open(None, LOG_KEY), Log.create(None, ORIGIN, KEY)
    assert (replica.size, replica.root, replica.checkpoint_text) == (0, EMPTY_ROOT, "")
    with pytest.raises(CheckpointInvalid):
        replica.cosign("site-a.example", KEY)
    follow(replica, log)
    assert replica.checkpoint_text == log.checkpoint_text()
    log.append([b"a"])
    log.commit()
    follow(replica, log)
    assert replica.entries() == [b"a"]


def test_witnesses_cosign_what_they_hold() -> None:
    """A replica's cosignature goes under the log's checkpoint; one on another checkpoint, or a stranger's, does not."""
    log, witness = log_of(HONEST), PrivateKey.generate()
    replica = Replica.open(None, LOG_KEY)
    follow(replica, log)
    line = replica.cosign("site-a.example", witness, 1_700_000_000)
    known = [VerifierKey.of_witness("site-a.example", witness.public)]
    note = log.attach_cosignatures([line], known)
    assert cosignature_times(note, [LOG_KEY, *known]) == {"site-a.example": 1_700_000_000}
    assert log.checkpoint_text() == note == attach(log.checkpoint_text(12), [line])
    with pytest.raises(CheckpointInvalid):
        log.attach_cosignatures([replica.cosign("site-b.example", witness)], known)
    log.append([b"more"])
    log.commit()
    with pytest.raises(CheckpointInvalid):
        log.attach_cosignatures([line], known)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 299), st.booleans())
def test_any_fork_is_found(held: int, more: int, where: int, shorter: bool) -> None:
    """Whatever entry a fork changes and wherever it ends, a replica that held the entry refuses it and stays."""
    where %= held
    entries = [str(index).encode() for index in range(held + more)]
    replica = Replica.open(None, LOG_KEY)
    follow(replica, log_of(entries[:held]))
    forged = [*entries[:where], b"forged", *entries[where + 1 :]]
    fork = log_of(forged[: where + 1] if shorter else forged)
    start = min(held, fork.size)
    refused(replica, SplitView, fork.checkpoint_text(), fork.entries(start), fork.consistency_proof(start))


def test_a_log_or_replica_opens_only_its_own_folder(tmp_path: Path) -> None:
    """A folder of another origin or key is not opened, and a folder with a log is not created over."""
    with Log.create(tmp_path / "ledger", ORIGIN, KEY) as log:
        log.append(HONEST)
        log.commit()
    with pytest.raises(UsageError, match="already"):
        Log.create(tmp_path / "ledger", ORIGIN, KEY)
    for origin, key in ((ORIGIN, PrivateKey.generate()), ("other.example", KEY)):
        with pytest.raises(CheckpointInvalid):
            Log.open(tmp_path / "ledger", origin, key)
        with pytest.raises(CheckpointInvalid):
            Replica.open(tmp_path / "ledger", VerifierKey.of_log(origin, key.public))
    with pytest.raises(UsageError, match="no ledger"):
        Log.open(tmp_path / "nothing", ORIGIN, KEY)
    assert not (tmp_path / "nothing").exists()
    with Replica.open(tmp_path / "ledger", LOG_KEY) as replica:
        assert replica.entries() == HONEST
