"""Entries longer than a leaf: whole again when read, and never made of anything but their own parts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.encoding import canonical
from summand.study import History, entry, in_parts, whole_entries

LONG = entry("study.cohort", study="s", names=[f"hospital {i}" for i in range(300)])
MOST = 1_000


@given(sizes=st.lists(st.integers(0, 400), max_size=6), most=st.integers(600, 3_000))
def test_entries_come_back_whole_and_in_order(sizes: list[int], most: int) -> None:
    """Any entries, long and short, are those that were put in; no leaf is longer than allowed."""
    entries = [canonical({"type": "x", "number": i, "names": ["é" * 9] * size}) for i, size in enumerate(sizes)]
    leaves = [leaf for data in entries for leaf in in_parts(data, most)]

    assert all(len(leaf) <= most for leaf in leaves)
    assert [canonical(value) for _, value in whole_entries(leaves)] == entries


def test_an_entry_stands_at_the_leaf_that_completes_it() -> None:
    """Leaf numbers count parts, from where the leaves begin."""
    parts = in_parts(LONG, MOST)
    assert len(parts) > 2

    found = list(whole_entries([b'{"type":"a"}', *parts, b'{"type":"b"}'], first=10))

    assert [(number, value["type"]) for number, value in found] == [
        (10, "a"),
        (10 + len(parts), "study.cohort"),
        (11 + len(parts), "b"),
    ]


def _changed(part: bytes, **fields: Any) -> bytes:
    return canonical({**json.loads(part), **fields})


PARTS = in_parts(LONG, MOST)
FORGED = {
    "a part is missing": [*PARTS[:1], *PARTS[2:]],
    "the last part is missing": PARTS[:-1],
    "two parts have changed places": [PARTS[1], PARTS[0], *PARTS[2:]],
    "a part comes twice": [PARTS[0], *PARTS],
    "a part is of another entry": [PARTS[0], in_parts(LONG + b" ", MOST)[1], *PARTS[2:]],
    "a piece is another": [_changed(PARTS[0], piece="AAAA"), *PARTS[1:]],
    "a piece is no base64": [_changed(PARTS[0], piece="?"), *PARTS[1:]],
    "a piece is absent": [canonical({k: v for k, v in json.loads(PARTS[0]).items() if k != "piece"}), *PARTS[1:]],
    "a number is no number": [_changed(PARTS[0], number=True), *PARTS[1:]],
    "something stands between": [PARTS[0], b'{"type":"a"}', *PARTS[1:]],
}


@pytest.mark.parametrize("leaves", FORGED.values(), ids=FORGED.keys())
def test_what_is_not_all_parts_of_one_entry_is_no_entry(leaves: list[bytes]) -> None:
    """Every leaf is given, in order; the long entry is among them only where all of its own parts are, side by side."""
    found = list(whole_entries(leaves))
    is_whole = any(leaves[i : i + len(PARTS)] == PARTS for i in range(len(leaves)))

    assert ("study.cohort" in [value["type"] for _, value in found]) is is_whole
    assert [number for number, _ in found] == sorted(number for number, _ in found)
    assert History.from_entries(leaves).of_type("study.cohort") == ([json.loads(LONG)] if is_whole else [])
