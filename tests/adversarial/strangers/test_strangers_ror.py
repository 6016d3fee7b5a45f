"""A damaged dump, and a zip that is none, end in an error of the tree."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from summand.directory._read_ror import _organisation, read_ror
from summand.directory._report import ImportReport
from summand.errors import SummandError

RECORD: dict[str, Any] = {
    "id": "https://ror.org/05a28rw58", "names": [{"value": "A", "types": ["ror_display"]}], "types": ["healthcare"],
    "locations": [{"geonames_id": 1, "geonames_details": {"country_code": "CH", "lat": 1, "lng": 2}}],
    "links": [{"type": "website", "value": "https://a.example"}], "status": "active", "established": 1900,
    "external_ids": [{"type": "grid", "all": ["grid.1"], "preferred": None}],
    "relationships": [{"type": "child", "id": "https://ror.org/05a28rw58"}],
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def zipped(records: Any) -> bytes:
    """A dump in a zip as the registry publishes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v2.json", json.dumps(records))
    return out.getvalue()


def read(path: Path, data: bytes) -> ImportReport | None:
    """What reading reports; None where it was refused by an error of the tree."""
    path.write_bytes(data)
    report = ImportReport("dump")
    try:
        for _ in read_ror(path, report):
            pass
    except SummandError as error:
        assert error.code != "internal" and error.remedy
        return None
    return report


@QUICK
@given(st.sampled_from(sorted(RECORD)), JSON)
def test_a_field_of_any_other_kind_refuses_its_record_alone(tmp_path: Path, field: str, value: Any) -> None:
    """A record with one field replaced is taken or reported; its neighbour is read in any case."""
    data = json.dumps([{**RECORD, field: value}, RECORD]).encode()
    report = read(tmp_path / "dump.json", data)
    assert report is not None
    assert report.counts["refused"] <= 1


def test_a_coordinate_of_400_digits_refuses_its_record() -> None:
    """The whole number has no float."""
    details = {"country_code": "CH", "lat": 10**400, "lng": 2}
    report = ImportReport("dump")
    assert _organisation({**RECORD, "locations": [{"geonames_details": details}]}, 1, report) is None
    assert report.counts["refused"] == 1


@QUICK
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_one_changed_byte_of_the_zip(tmp_path: Path, place: int, change: int) -> None:
    """Every way in which the standard library says that a zip is damaged, encrypted or of a kind it cannot read."""
    good = bytearray(zipped([RECORD] * 20))
    good[place % len(good)] ^= change
    read(tmp_path / "dump.zip", bytes(good))


@pytest.mark.parametrize("text", [b"[" + b"9" * 6000 + b"]", b"[" * 100_000, b"", b"\xff", b"[1,2", b"{}"])
def test_what_is_no_dump(tmp_path: Path, text: bytes) -> None:
    """Thousands of digits, thousands of levels, nothing, no UTF-8, no end, no array."""
    assert read(tmp_path / "dump.json", text) is None
