"""Evidence packs under attack: by chance, by somebody who makes the manifest anew, and by malformed input."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_world import EvidenceWorld, evidence_world
from summand.encoding import canonical, from_base64, parse, to_base64
from summand.errors import PeerProtocolError, SignatureInvalid, VerificationError
from summand.evidence import verify, verify_pack
from summand.evidence.verify import NotVerified, read_zip, write_zip
from summand.signing import PrivateKey, PublicKey

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def world() -> EvidenceWorld:
    """Studies of every outcome."""
    return evidence_world()


@pytest.fixture(scope="module")
def pack(world: EvidenceWorld) -> bytes:
    """Its pack."""
    return world.pack()


@pytest.fixture(scope="module")
def files(pack: bytes) -> Files:
    """Its files."""
    return read_zip(pack)


def check(key: bytes, signature: bytes, data: bytes) -> bool:
    """The library's check, for speed; that the script's own agrees with it is tested elsewhere."""
    try:
        PublicKey(key).verify(signature, data)
    except (SignatureInvalid, PeerProtocolError):
        return False
    return True


# ── by chance ────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(draw=st.data())
@settings(max_examples=400, deadline=None)
def test_a_flipped_byte_in_any_file_is_found(files: Files, draw: st.DataObject) -> None:
    """Any byte of any file, changed to any other."""
    name = draw.draw(st.sampled_from(sorted(files)))
    data = bytearray(files[name])
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(NotVerified, match="manifest-sha256.txt" if name != "verify.py" else "verify.py"):
        verify.verify({**files, name: bytes(data)}, check)


@given(draw=st.data())
@settings(max_examples=150, deadline=None)
def test_a_flipped_byte_anywhere_in_the_zip_is_found(pack: bytes, draw: st.DataObject) -> None:
    """Names, times, lengths and checksums of the zip too."""
    data = bytearray(pack)
    at = draw.draw(st.one_of(st.integers(0, len(data) - 1), st.integers(len(data) - 5000, len(data) - 1)))
    data[at] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(VerificationError):
        verify_pack(bytes(data))


@given(draw=st.data())
@settings(max_examples=40, deadline=None)
def test_a_missing_or_strange_file_is_found(files: Files, draw: st.DataObject) -> None:
    """One left out, one renamed, one added."""
    name = draw.draw(st.sampled_from(sorted(files)))
    others = {key: data for key, data in files.items() if key != name}
    for changed in (others, {**others, f"{name}.old": files[name]}, {**files, "extra.txt": b""}):
        with pytest.raises(NotVerified):
            verify.verify(changed, check)


# ── by somebody who makes the manifest anew ──────────────────────────────────────────────────────────────────────────
def forged(files: Files, changes: dict[str, bytes | None]) -> Files:
    """The pack with changes and a manifest that fits them; what signatures say is left as it was."""
    made = {name: data for name, data in {**files, **changes}.items() if data is not None}
    del made[verify.MANIFEST]
    return {**made, verify.MANIFEST: verify.manifest_of(made)}


def edit_json(files: Files, path: str, change: Callable[[Any], Any]) -> dict[str, bytes | None]:
    """One JSON file, changed."""
    value = json.loads(files[path])
    change(value)
    return {path: json.dumps(value).encode()}


def edit_entries(files: Files, change: Callable[[dict[str, Any]], bool | None], kind: str) -> dict[str, bytes | None]:
    """The first entry of a kind, changed in place; left out where the change gives False."""
    lines, done = [], False
    for line in files[verify.ENTRIES].decode().splitlines():
        item = json.loads(line)
        entry = json.loads(item["entry"])
        if not done and entry.get("type") == kind:
            done = True
            if change(entry) is False:
                continue
            item["entry"] = canonical(entry).decode()
        lines.append(json.dumps(item))
    assert done, f"the pack holds no entry '{kind}'"
    index = json.loads(files["pack.json"])
    index["leaves_here"] = len(lines)
    return {verify.ENTRIES: "".join(f"{line}\n" for line in lines).encode(), "pack.json": json.dumps(index).encode()}


def refused(files: Files, changes: dict[str, bytes | None], match: str) -> None:
    """The forgery is found out, and for the reason meant."""
    with pytest.raises(NotVerified, match=match):
        verify.verify(forged(files, changes), check)


def test_a_fitting_manifest_alone_changes_nothing(files: Files) -> None:
    """The forger's tools work: without a change the pack verifies."""
    assert verify.verify(forged(files, {}), check).studies


def test_a_changed_result(files: Files, world: EvidenceWorld) -> None:
    """Better figures than those the sites signed; another study's; none though one is told; one where none was released."""
    line, arms, failed = (world.studies[name] for name in ("line", "arms", "no event"))
    path = f"studies/{line}/result.json"
    refused(files, {path: files[path].replace(b"0.", b"1.", 1)}, "not the one that was released")
    refused(files, {path: files[f"studies/{arms}/result.json"]}, "not the one that was released")
    refused(files, {path: None}, "not where pack.json says")
    refused(files, {f"studies/{failed}/result.json": files[path]}, "not where pack.json says")


@pytest.mark.parametrize(
    "kind", ["agreement.executed", "study.request", "study.decision", "study.cohort", "study.result", "study.confirmed", "study.released",
             "study.witnessed", "study.ended", "study.answered", "site.certified", "governance.act", "goal.measured"],
)  # fmt: skip
def test_a_changed_entry(files: Files, kind: str) -> None:
    """An entry with another time has no proof any more, whatever its type."""
    refused(
        files,
        edit_entries(files, lambda entry: entry.update(at="2026-01-01T00:00:00+00:00"), kind),
        "not proved to be in",
    )


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("agreement.executed", "not in the ledger"), ("study.request", "exactly one"), ("study.decision", "every site's permit"),
        ("study.cohort", "exactly one"), ("study.result", "exactly one"), ("study.confirmed", "exactly one"),
        ("study.released", "exactly one"), ("study.witnessed", "0 sites cosigned"), ("study.ended", "exactly one"),
        ("study.answered", "exactly one"), ("site.certified", "not signed by a certified key"), ("goal.measured", "does not list"),
    ],
)  # fmt: skip
def test_an_entry_left_out(files: Files, kind: str, match: str) -> None:
    """What a study's story or the log of signatures needs cannot be dropped."""
    refused(files, edit_entries(files, lambda _: False, kind), match)


def _retell(name: str, **fields: Any) -> Callable[[Any], None]:
    def change(index: Any) -> None:
        next(one for one in index["studies"] if one["title"] == name).update(fields)

    return change


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("forbidden", {"outcome": "open"}), ("forbidden", {"outcome": "failed"}), ("no event", {"outcome": "refused"}),
        ("line", {"outcome": "refused"}), ("line", {"outcome": "awaiting witnesses"}), ("line", {"outcome": "answered"}),
        ("line", {"result_sha256": "0" * 64}), ("line", {"result": None}), ("line", {"result": "sealed"}),
        ("forbidden", {"outcome": "released"}), ("again", {"outcome": "released"}), ("again", {"answered_by": "0" * 32}),
        ("line", {"outcome": "splendid"}),
    ],
)  # fmt: skip
def test_another_story_of_a_study(files: Files, name: str, fields: dict[str, Any]) -> None:
    """The index cannot tell of a refused study that it was released, nor the other way round."""
    refused(files, edit_json(files, "pack.json", _retell(name, **fields)), "[Ss]tudy|pack.json|malformed")


def test_a_study_that_is_not_told(files: Files) -> None:
    """A refused study cannot be hidden while its entries are there."""
    changed = edit_json(files, "pack.json", lambda index: index["studies"].pop())
    refused(files, changed, "does not list")


def test_another_agreement(files: Files) -> None:
    """One term changed: no signature holds. A stranger's signature beside them; one party's missing."""
    path = "agreement/version-1.signed.json"
    envelope = json.loads(files[path])
    payload = from_base64(envelope["payload"])
    softer = {**envelope, "payload": to_base64(payload.replace(b'"min_cell":', b'"min_cell":1'))}
    refused(files, {path: json.dumps(softer).encode()}, "does not hold")
    stranger = PrivateKey.generate().public.fingerprint
    more = {**envelope, "signatures": [*envelope["signatures"], {"keyid": stranger, "sig": to_base64(bytes(64))}]}
    refused(files, {path: json.dumps(more).encode()}, "no party")
    fewer = {**envelope, "signatures": envelope["signatures"][1:]}
    refused(files, {path: json.dumps(fewer).encode()}, "as many parties")


def test_another_ledger(files: Files) -> None:
    """A checkpoint that the ledger's key did not sign, of another size, or with proofs of another history."""
    note = files[verify.CHECKPOINT].decode()
    size = note.split("\n")[1]
    refused(files, {verify.CHECKPOINT: note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n").encode()}, "not signed by")
    own = PrivateKey.generate().public.text
    refused(files, edit_json(files, "pack.json", lambda index: index.update(hub_key=own)), "not signed by")
    refused(
        files, edit_json(files, "pack.json", lambda index: index.update(origin="other.example/log")), "another ledger"
    )
    refused(files, edit_json(files, verify.CONSISTENCY, lambda c: c[0].update(root="00" * 32)), "not the beginning")
    refused(files, {verify.CONSISTENCY: b"[]"}, "another history")


def test_another_log_of_signatures(files: Files) -> None:
    """One line more, one fewer, another name."""
    log = json.loads(files[verify.SIGNATURES])
    for changed in (log[1:], [*log, log[0]], [{**log[0], "who": "somebody"}, *log[1:]]):
        refused(files, {verify.SIGNATURES: json.dumps(changed).encode()}, "does not list the signatures")


# ── malformed ────────────────────────────────────────────────────────────────────────────────────────────────────────
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(draw=st.data())
@settings(max_examples=200, deadline=None)
def test_malformed_files_never_give_a_traceback(files: Files, draw: st.DataObject) -> None:
    """Any JSON, or any bytes, in the place of a file that is read: one kind of error, never another."""
    path = draw.draw(
        st.sampled_from(
            [
                "pack.json",
                "agreement/version-1.signed.json",
                verify.ENTRIES,
                verify.CONSISTENCY,
                verify.CHECKPOINT,
                verify.SIGNATURES,
            ]
        )
    )
    data = draw.draw(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
    with pytest.raises(NotVerified):
        verify.verify(forged(files, {path: data}), check)


@given(draw=st.data())
@settings(max_examples=150, deadline=None)
def test_malformed_fields_never_give_a_traceback(files: Files, draw: st.DataObject) -> None:
    """One field of the index, replaced by any JSON."""
    index = parse(files["pack.json"])
    where = draw.draw(st.sampled_from(sorted(set(index) - {"as_of", "agreement_hash", "entries_left_out"})))
    value = draw.draw(JSON)
    if value == index[where]:
        return
    with pytest.raises(NotVerified):
        verify.verify(forged(files, {"pack.json": json.dumps({**index, where: value}).encode()}), check)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_no_pack(data: bytes) -> None:
    """What is no pack is said not to be one."""
    for given_bytes in (data, write_zip({"a": data})):
        with pytest.raises(VerificationError):
            verify_pack(given_bytes)


def test_paths_out_of_the_folder_are_no_files_of_a_pack(pack: bytes, files: Files) -> None:
    """A name with '..' or a root would be written elsewhere by an unpacker: such a zip does not verify."""
    for name in ("../evil.py", "/evil.py", "a/../../evil.py", "c:\\evil"):
        changed = forged(files, {name: b"1"})
        with pytest.raises(VerificationError):
            verify_pack(write_zip(changed))
