"""The log's writer and its receipts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import CheckpointInvalid, InclusionProofInvalid, SummandError, UsageError
from summand.ledger import EMPTY_ROOT, Log, Receipt, Replica, VerifierKey, open_checkpoint, verify_directory
from summand.signing import PrivateKey

ORIGIN = "hub.example/ledger"
KEY = PrivateKey.generate()


def log_of(count: int) -> Log:
    log = Log.create(None, ORIGIN, KEY)
    log.append([f"entry {index}".encode() for index in range(count)])
    log.commit()
    return log


def test_an_entry_counts_only_when_committed() -> None:
    """Appended entries have their indexes at once but are neither counted nor shown before the checkpoint."""
    log = Log.create(None, ORIGIN, KEY)
    assert (log.append([b"a", b"b"]), log.append([]), log.append([b"c"])) == (range(2), range(2, 2), range(2, 3))
    assert (log.size, log.pending_count, log.root(), log.entries()) == (0, 3, EMPTY_ROOT, [])
    with pytest.raises(UsageError):
        log.entry(0)
    note = log.commit()
    assert (log.size, log.pending_count, log.entries()) == (3, 0, [b"a", b"b", b"c"])
    assert open_checkpoint(note, [log.verifier_key]).root == log.root()


def test_a_commit_of_nothing_gives_the_present_checkpoint() -> None:
    """Committing again writes nothing and answers the same."""
    log = log_of(3)
    assert log.commit() == log.commit() == log.checkpoint_text()


def test_an_earlier_checkpoint_is_the_text_that_was_given_then() -> None:
    """The checkpoint of each earlier size is given again to the letter."""
    log, notes = Log.create(None, ORIGIN, KEY), {}
    for size in (1, 4, 300):
        log.append([b"x"] * (size - log.size))
        notes[size] = log.commit()
    assert {size: log.checkpoint_text(size) for size in notes} == notes
    for size in (-1, 301):
        with pytest.raises(UsageError):
            log.checkpoint_text(size)


@pytest.mark.parametrize("length", [0, 1, 65_535])
def test_entries_up_to_the_limit_are_kept(length: int) -> None:
    """An entry of any allowed length comes back as it was."""
    log = Log.create(None, ORIGIN, KEY)
    log.append([bytes(length)])
    log.commit()
    assert log.entry(0) == bytes(length)


def test_an_entry_over_the_limit_takes_none_in() -> None:
    """One entry too long refuses the whole call, with the limit in the message."""
    log = Log.create(None, ORIGIN, KEY)
    with pytest.raises(UsageError, match="65535"):
        log.append([b"fine", bytes(65_536)])
    assert (log.pending_count, log.commit()) == (0, log.checkpoint_text())


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.data())
def test_memory_and_folder_are_one_log(tmp_path_factory: pytest.TempPathFactory, counts: list[int], data) -> None:
    """Any sequence of commits gives the same checkpoints in memory and in a folder, before and after reopening."""
    folder = tmp_path_factory.mktemp("log") / "ledger"
    memory, disk = Log.create(None, ORIGIN, KEY), Log.create(folder, ORIGIN, KEY)
    for count in counts:
        entries = [f"{memory.size + number}".encode() * 3 for number in range(count)]
        for log in (memory, disk):
            log.append(entries)
        assert memory.commit() == disk.commit()
        if data.draw(st.booleans()):
            disk.close()
            disk = Log.open(folder, ORIGIN, KEY)
    assert memory.entries() == disk.entries()
    start = data.draw(st.integers(0, memory.size))
    stop = data.draw(st.integers(start, memory.size))
    assert memory.entries(start, stop) == disk.entries(start, stop) == memory.entries()[start:stop]
    disk.close()
    assert verify_directory(folder, memory.verifier_key).root_hash == memory.root()


def test_a_log_in_a_folder_has_the_public_layout(tmp_path: Path) -> None:
    """The folder holds the checkpoint, the tiles and the bundles, and nothing else."""
    with Log.create(tmp_path, ORIGIN, KEY) as log:
        log.append([b"x"] * 257)
        log.commit()
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/1",
    ]


@pytest.mark.parametrize("bounds", [(-1, 1), (2, 1), (0, 4), (4, 4)])
def test_entries_outside_are_refused(bounds: tuple[int, int]) -> None:
    """Asking for entries that are not there, or backwards, is a usage error."""
    with pytest.raises(UsageError):
        log_of(3).entries(*bounds)


@given(st.integers(1, 600), st.integers(0, 599), st.none() | st.binary())
def test_receipts_prove_their_entry(size: int, index: int, extra: bytes | None) -> None:
    """A receipt read back from its text proves its own entry and no other, to whoever has the log's key."""
    index %= size
    log = log_of(size)
    given_out = log.receipt(index)
    receipt = Receipt.from_text(Receipt(index, given_out.proof, given_out.checkpoint_text, extra).to_text())
    assert receipt.extra == extra
    assert receipt.verify(f"entry {index}".encode(), [log.verifier_key]).size == size
    with pytest.raises(InclusionProofInvalid):
        receipt.verify(b"another entry", [log.verifier_key])
    with pytest.raises(CheckpointInvalid):
        receipt.verify(f"entry {index}".encode(), [VerifierKey.of_log(ORIGIN, PrivateKey.generate().public)])


def test_a_receipt_has_the_published_form() -> None:
    """The text is header, index, hashes, blank line and the checkpoint to the letter (c2sp.org/tlog-proof)."""
    log = log_of(2)
    lines = log.receipt(1).to_text().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 1"]
    assert len(lines[2]) == 44
    assert "\n".join(lines[3:]) == "\n" + log.checkpoint_text()


def test_a_replica_gives_receipts_too() -> None:
    """A partner's replica can prove an entry when the hub is gone."""
    log = log_of(5)
    replica = Replica.open(None, log.verifier_key)
    replica.advance(log.checkpoint_text(), log.entries(), [])
    assert replica.receipt(3) == log.receipt(3)


RECEIPT = log_of(6).receipt(4).to_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[1:],
        lambda text: "\n" + text,
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 4", "index 04"),
        lambda text: text.replace("index 4", "index +4"),
        lambda text: text.replace("index 4", "index -4"),
        lambda text: text.replace("index 4", "index 9223372036854775808"),
        lambda text: text.replace("index 4", "index " + "9" * 5000),
        lambda text: text.replace("index 4", "Index 4"),
        lambda text: text.replace("index 4\n", ""),
        lambda text: text.replace("index 4\n", "index 4\nextra AAAA\n"),
        lambda text: text.replace("index 4\n", "extra AAA\nindex 4\n"),
        lambda text: text.replace("index 4\n", "extra AAAA\nextra AAAA\nindex 4\n"),
        lambda text: text.replace("index 4\n", "index 4\nAAAA\n"),
        lambda text: text.replace("index 4\n", "index 4\n" + "A" * 43 + "=\n" * 64),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("=\n", "\n", 1),
        lambda text: text.split("\n\n")[0] + "\n\n",
        lambda text: text.split("\n\n")[0],
    ],
)
def test_a_malformed_receipt_is_refused(change) -> None:
    """Every departure from the one form of a receipt is an InclusionProofInvalid."""
    with pytest.raises(InclusionProofInvalid):
        Receipt.from_text(change(RECEIPT))


@given(st.text())
def test_noise_is_no_receipt(noise: str) -> None:
    """Whatever the text, the parser answers with our error."""
    for text in (noise, "c2sp.org/tlog-proof@v1\nindex " + noise, RECEIPT.replace("\n\n", noise, 1)):
        try:
            parsed = Receipt.from_text(text)
        except SummandError:
            continue
        assert parsed.to_text() == text


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb"])
def test_an_origin_that_would_break_a_line_is_refused(origin: str) -> None:
    """A log's origin is also its key's name, and must be fit for one."""
    with pytest.raises(SummandError):
        Log.create(None, origin, KEY)
