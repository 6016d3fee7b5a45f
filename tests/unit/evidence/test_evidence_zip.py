"""A pack's zip: read by other tools, one form for the same files, and no byte of it free."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summand.evidence.verify import NotVerified, is_consistent, is_included, read_zip, write_zip
from summand.ledger import Tree, leaf_hash

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="/\\:"), min_size=1, max_size=12
)
FILES = st.dictionaries(NAMES, st.binary(max_size=80), max_size=6)


@given(FILES)
@settings(max_examples=100, deadline=None)
def test_python_reads_what_is_written(files: dict[str, bytes]) -> None:
    """The standard library finds every file with its content and no fault, whatever the order they were given in."""
    data = write_zip(files)
    assert data == write_zip(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {item.filename: archive.read(item) for item in archive.infolist()} == files
        assert {item.date_time for item in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
    assert read_zip(data) == files


@given(FILES, st.data())
@settings(max_examples=300, deadline=None)
def test_no_byte_is_free(files: dict[str, bytes], draw: st.DataObject) -> None:
    """A flipped byte outside the contents is refused; one inside them or a name gives other files."""
    data = bytearray(write_zip(files))
    at, mask = draw.draw(st.integers(0, len(data) - 1)), draw.draw(st.integers(1, 255))
    data[at] ^= mask
    with suppress(NotVerified):
        assert read_zip(bytes(data)) != files


@pytest.mark.parametrize(
    "change", [lambda d: b"x" + d, lambda d: d + b"x", lambda d: d[:-1], lambda d: b"", lambda d: b"PK"]
)
def test_other_zips_are_refused(change) -> None:
    """Bytes before or behind, cut ones, and what is no zip."""
    with pytest.raises(NotVerified):
        read_zip(change(write_zip({"a": b"1", "b": b"2"})))


def test_a_compressed_zip_is_refused() -> None:
    """The same files in another form are no pack: its bytes would not be the same everywhere."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"1" * 100)
    with pytest.raises(NotVerified):
        read_zip(out.getvalue())


@given(st.integers(1, 70), st.data())
@settings(max_examples=60, deadline=None)
def test_proofs_are_judged_as_the_ledger_gives_them(size: int, draw: st.DataObject) -> None:
    """Every proof of the ledger's own tree holds, and none for another leaf, size or root."""
    tree = Tree()
    for number in range(size):
        tree.append(leaf_hash(b"%d" % number))
    index, old = draw.draw(st.integers(0, size - 1)), draw.draw(st.integers(1, size))
    leaf, proof = leaf_hash(b"%d" % index), tree.inclusion_proof(index)
    assert is_included(leaf, index, size, proof, tree.root())
    assert not is_included(leaf_hash(b"x"), index, size, proof, tree.root())
    assert not is_included(leaf, index + 1, size, proof, tree.root())
    assert not is_included(leaf, index, size, [*proof, leaf], tree.root())
    between = tree.consistency_proof(old) if old < size else []
    assert is_consistent(old, size, tree.root(old), tree.root(), between)
    assert not is_consistent(old, size, leaf_hash(b"x"), tree.root(), between)
    assert not is_consistent(old, size, tree.root(old), tree.root(), [*between, leaf])
