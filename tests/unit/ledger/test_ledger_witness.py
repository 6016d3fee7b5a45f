"""A witness after c2sp.org/tlog-witness: the request's one form, what each status means, and what is never cosigned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import CheckpointInvalid, StorageFailed
from summand.ledger import (
    AddCheckpoint,
    Checkpoint,
    Log,
    MemoryStorage,
    Note,
    Replica,
    VerifierKey,
    Witness,
    attach,
    cosignature_times,
    sign_checkpoint,
)
from summand.ledger._note import _cosigned
from summand.signing import PrivateKey

ORIGIN = "hub.example/ledger"
KEY, WITNESS_KEY = PrivateKey.generate(), PrivateKey.generate()
LOG_KEY = VerifierKey.of_log(ORIGIN, KEY.public)
ENTRIES = [f"entry {number}".encode() for number in range(12)]

EXAMPLE = (
    "old 20852014\n"
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    "\n"
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMc"
    "TOAYQ8=\n"
)
"""The request in the specification (c2sp.org/tlog-witness, "add-checkpoint", commit 055270b), with its first signature."""


def log_of(entries, key: PrivateKey = KEY, origin: str = ORIGIN) -> Log:
    log = Log.create(None, origin, key)
    log.append(entries)
    log.commit()
    return log


def asked(log: Log, old: int, proof=None) -> str:
    return AddCheckpoint(
        old, tuple(log.consistency_proof(old) if proof is None else proof), log.checkpoint_text()
    ).to_text()


@pytest.fixture
def witness() -> Witness:
    """A witness that holds the first eight entries."""
    found = Witness(
        Replica.open(None, LOG_KEY), LOG_KEY, "hub.example/ledger/north", WITNESS_KEY, lambda: 1_700_000_000.9
    )
    assert found.add_checkpoint(asked(log_of(ENTRIES[:8]), 0), ENTRIES[:8]).status == 200
    return found


def test_the_specifications_example_is_read_and_written() -> None:
    """The example request reads as its parts, and they write as the very same text."""
    request = AddCheckpoint.from_text(EXAMPLE)
    assert (request.old_size, len(request.proof)) == (20852014, 4)
    assert Checkpoint.from_text(Note.from_text(request.checkpoint_text).body).size == 20852163
    assert request.to_text() == EXAMPLE


def test_the_signed_message_is_the_specifications() -> None:
    """What is signed is the example of c2sp.org/tlog-cosignature, "Ed25519 signed message", letter by letter."""
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert _cosigned(body, 1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )


def test_the_examples_cosignature_has_this_format() -> None:
    """The example's cosignature line splits into key, the time in big-endian seconds, and 64 bytes (keys are not given)."""
    line = Note.from_text(
        EXAMPLE.split("\n\n", 1)[1]
        + "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe"
        "+mbIUBkBIfZ+qnA==\n"
    ).signatures[1]
    assert int.from_bytes(line.signature[:8], "big") == 1679315147
    assert len(line.signature[8:]) == 64


def test_200_gives_the_cosignature(witness: Witness) -> None:
    """Growth is cosigned at the witness's own time, under its key of type 0x04; the log may attach the line as it is."""
    log = log_of(ENTRIES)
    answer = witness.add_checkpoint(asked(log, 8), ENTRIES[8:])
    assert (answer.status, witness.replica.size) == (200, 12)
    note = attach(log.checkpoint_text(), [answer.text.rstrip("\n")])
    assert cosignature_times(note, [LOG_KEY, witness.verifier_key]) == {"hub.example/ledger/north": 1_700_000_000}
    assert answer.text.startswith("— ")
    assert answer.text.endswith("\n")


def test_the_same_checkpoint_is_cosigned_again(witness: Witness) -> None:
    """Old size and checkpoint size may be equal, with the same root."""
    assert witness.add_checkpoint(asked(log_of(ENTRIES[:8]), 8), []).status == 200


def test_409_names_the_size_that_the_witness_holds(witness: Witness) -> None:
    """A request from another size is answered with the size in decimal and a newline, and nothing moves."""
    log = log_of(ENTRIES)
    for old in (0, 3, 9):
        answer = witness.add_checkpoint(asked(log, old), ENTRIES[old:])
        assert (answer.status, answer.text, answer.split) == (409, "8\n", None)
    assert witness.replica.size == 8


def test_409_where_one_size_has_two_roots(witness: Witness) -> None:
    """Another root of the held size: refused, and both checkpoints are named."""
    answer = witness.add_checkpoint(asked(log_of([*ENTRIES[:7], b"another"]), 8, ()), [])
    assert (answer.status, answer.text) == (409, "")
    assert answer.split is not None
    assert "two root hashes" in answer.split.message


def test_422_where_the_proof_does_not_hold(witness: Witness) -> None:
    """A fork is not consistent: a contradiction. A wrong proof of the true history is refused without being one."""
    fork = log_of([b"rewritten", *ENTRIES[1:]])
    answer = witness.add_checkpoint(asked(fork, 8), ENTRIES[8:])
    assert (answer.status, answer.text) == (422, "")
    assert answer.split is not None
    honest = log_of(ENTRIES)
    answer = witness.add_checkpoint(asked(honest, 8, [bytes(32)] * 3), ENTRIES[8:])
    assert (answer.status, answer.split) == (422, None)
    answer = witness.add_checkpoint(asked(honest, 8), [*ENTRIES[8:11], b"another"])
    assert (answer.status, answer.split) == (422, None)
    assert witness.replica.size == 8


def test_403_404_and_400(witness: Witness) -> None:
    """Not signed by the log; another log; a checkpoint smaller than where the request begins; no request at all."""
    stranger = log_of(ENTRIES, key=PrivateKey.generate())
    assert witness.add_checkpoint(asked(stranger, 8), ENTRIES[8:]).status == 403
    other = log_of(ENTRIES, origin="other.example/ledger")
    assert witness.add_checkpoint(asked(other, 8), ENTRIES[8:]).status == 404
    small = log_of(ENTRIES[:4])
    answer = witness.add_checkpoint(AddCheckpoint(8, (), small.checkpoint_text()).to_text(), [])
    assert answer.status == 400
    assert answer.split is not None
    assert "went back" in answer.split.message
    for text in ("", "old 8\n\n", EXAMPLE.replace("old ", "old 0"), EXAMPLE.replace("old 20852014", "old x")):
        assert witness.add_checkpoint(text, []).status == 400
    assert witness.replica.size == 8


@pytest.mark.parametrize("count", [63, 64])
def test_more_than_63_lines_of_proof_are_malformed(count: int) -> None:
    """The specification's limit."""
    text = AddCheckpoint(1, (bytes(32),) * count, "x").to_text()
    if count == 63:
        assert AddCheckpoint.from_text(text).old_size == 1
    else:
        with pytest.raises(CheckpointInvalid):
            AddCheckpoint.from_text(text)


def test_nothing_is_cosigned_that_is_not_durable() -> None:
    """The disk fails while the replica follows: no cosignature, and the reopened witness stands where it stood."""

    class Failing(MemoryStorage):
        fails = False

        def write(self, files):
            if self.fails:
                raise StorageFailed("full", remedy="free it")
            super().write(files)

    storage = Failing()
    witness = Witness(Replica.open_in(storage, LOG_KEY), LOG_KEY, "w", WITNESS_KEY, lambda: 5.0)
    assert witness.add_checkpoint(asked(log_of(ENTRIES[:8]), 0), ENTRIES[:8]).status == 200
    storage.fails = True
    with pytest.raises(StorageFailed):
        witness.add_checkpoint(asked(log_of(ENTRIES), 8), ENTRIES[8:])
    storage.fails = False
    assert Replica.open_in(storage, LOG_KEY).size == 8


@given(data=st.data())
def test_any_text_gets_a_status(data: st.DataObject) -> None:
    """Flipped, cut or invented requests are answered with a status, never an exception, and change nothing."""
    log = log_of(ENTRIES)
    text = asked(log, 8)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = data.draw(
        st.one_of(
            st.text(max_size=80),
            st.just(text[:place]),
            st.characters().map(lambda c: text[:place] + c + text[place + 1 :]),
        )
    )
    witness = Witness(Replica.open(None, LOG_KEY), LOG_KEY, "w", WITNESS_KEY, lambda: 5.0)
    witness.add_checkpoint(asked(log_of(ENTRIES[:8]), 0), ENTRIES[:8])
    answer = witness.add_checkpoint(changed, ENTRIES[8:])
    if changed != text:
        assert answer.status in (200, 400, 403, 404, 409, 422)
        assert answer.status != 200 or witness.replica.root == log.root()


def test_a_checkpoint_signed_for_a_smaller_history_is_kept_as_a_contradiction(witness: Witness) -> None:
    """The log signs a smaller tree that is not the beginning of the held one, and asks from there."""
    body = sign_checkpoint(Checkpoint(ORIGIN, 5, bytes(32)), ORIGIN, KEY)
    answer = witness.add_checkpoint(AddCheckpoint(5, (), body).to_text(), [])
    assert answer.status == 409
    assert answer.split is not None
