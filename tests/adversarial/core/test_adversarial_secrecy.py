"""What the hub receives, stores and publishes never holds a site's own vector, its values or its people's identifiers."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from summand.hub import _store as rows
from summand.securesum import Codec
from summand.testing.federations import Partnership
from wire import Wire, small_tables

SCHEMA = {
    "fields": [
        {"name": "person", "type": "string"},
        {"name": "y", "type": "number", "constraints": {"minimum": -20, "maximum": 20}},
        {"name": "x", "type": "number", "constraints": {"minimum": -5, "maximum": 5}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["f", "m"]}},
    ],
    "x-person-id": "person",
}
STUDIES = (
    {"name": "linear", "formula": "y ~ x + sex"},
    {"name": "logistic", "formula": "y > 1 ~ x", "site": "fixed"},
    {"name": "describe", "columns": ["y", "sex"]},
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Three studies over files: (every byte the hub saw, each site's encoded vectors, the tables, the folder)."""
    folder = tmp_path_factory.mktemp("patients-of-a-hospital")
    tables, paths = {}, {}
    for number, (site, columns) in enumerate(small_tables(rows=25).items()):
        y = [value + 0.0123456789 * (number + 1) for value in columns["y"]]
        people = [f"NHS-{site}-{i:06d}" for i in range(25)]
        tables[site] = {"person": people, "y": y, "x": columns["x"], "sex": ["fm"[i % 2] for i in range(25)]}
        paths[site] = folder / f"{site}-secret-registry.csv"
        lines = [",".join(tables[site]), *(",".join(map(str, row)) for row in zip(*tables[site].values(), strict=True))]
        paths[site].write_text("\n".join(lines) + "\n")
    vectors: list[bytes] = []
    encode = Codec.encode

    def recorded(self, values, bound):
        ring = encode(self, values, bound)
        vectors.append(ring[: 2 * len(values)].tobytes())
        return ring

    received: list[bytes] = []
    made = Partnership.of(paths, SCHEMA, profile="institutional")  # exact quantiles would be values of the patients
    wire = Wire.of(made, to_hub=lambda site, message: received.append(message.raw))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Codec, "encode", recorded)
        for method in STUDIES:
            assert wire.run(wire.request(method))["status"] == "released"
    yield b"\0".join([*received, *stored_bytes(wire)]), vectors, tables, folder
    wire.close()


def stored_bytes(wire: Wire) -> list[bytes]:
    """Everything in the hub's database and ledger, raw."""
    found: list[bytes] = []
    with wire.convener.store.transaction() as tx:
        for table in (rows.agreements, rows.certificates, rows.studies, rows.messages, rows.inbox, rows.ledger):
            for row in tx.execute(table.select()):
                found += [item if isinstance(item, bytes) else str(item).encode() for item in row]
    log = wire.convener.log
    return found + list(log.entries(0, log.size)) + [log.checkpoint_text().encode()]


def test_the_hub_saw_the_studies_at_all(seen) -> None:
    """The record is real: it holds the uploads and the released results of all three studies."""
    data, vectors, _, _ = seen
    assert data.count(b"round.upload") >= 3 * len(STUDIES)
    assert b"r_squared" in data
    assert len(vectors) >= 3 * 2 * len(STUDIES)


def test_no_sites_own_vector_is_in_what_the_hub_saw(seen) -> None:
    """Neither a whole encoded vector nor any of its 16-byte numbers but zero occurs anywhere at the hub."""
    data, vectors, _, _ = seen
    windows = {vector[i : i + 16] for vector in vectors for i in range(0, len(vector), 16)} - {bytes(16)}
    # Small whole numbers (a site of 25 rows) stand in counts of others too: what tells is that no vector does.
    small = {int(n).to_bytes(8, "little", signed=True) for n in range(-64, 65)}
    telling = {window for window in windows if not (window[:8] == bytes(8) and window[8:] in small)}
    assert len(telling) > 50
    found = [window.hex() for window in telling if window in data]
    assert found == []
    assert [vector for vector in vectors if vector in data] == []


def test_no_raw_value_is_in_what_the_hub_saw(seen) -> None:
    """No value of a patient occurs as text, as a float64 or as its fixed-point form."""
    data, _, tables, _ = seen
    for table in tables.values():
        for value in table["y"]:
            high, low = divmod(round(value * 2**64), 2**64)
            fixed = struct.pack("<qQ", high, low)
            for form in (str(value).encode(), np.float64(value).tobytes(), fixed):
                assert form not in data


def test_identifiers_and_paths_stay_at_the_site(seen) -> None:
    """People's identifiers, file names and folders never leave a site."""
    data, _, tables, folder = seen
    for site, table in tables.items():
        assert not any(person.encode() in data for person in table["person"])
        assert f"{site}-secret-registry".encode() not in data
    assert folder.name.encode() not in data


def test_messages_of_a_finished_study_are_forgotten_by_the_hub(seen) -> None:
    """Once a study is over the hub keeps hashes of its messages, and neither their bodies nor letters."""
    wire = Wire.of()
    identifier = wire.start()
    while wire.turn():
        pass
    with wire.convener.store.transaction() as tx:
        bodies = [row.data for row in tx.execute(rows.messages.select().where(rows.messages.c.study == identifier))]
        waiting = [row.data for row in tx.execute(rows.inbox.select())]
    assert bodies
    assert all(body is None for body in bodies)
    assert all(b"study.ended" in data for data in waiting)
    wire.close()
