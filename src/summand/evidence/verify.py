"""Verifies an evidence pack offline. Plain Python 3.11 or newer, nothing installed, no network:

    python -I verify.py               the unpacked pack that this file lies in
    python -I verify.py pack.zip      a pack as it came

Exit status 0 and a report if everything holds; else 1, and on standard error the first thing that does not.

What it proves, in this order: (1) every file has the hash that the manifest gives it, and there are no others; (2) the
parties signed the agreement; (3) the ledger's keeper signed the checkpoint; (4) every ledger entry here is under that
checkpoint; (5) sites' keys are certified by their parties; (6) who signed each statement, event, request, approval, decision
and confirmation; (7) each released result is the one whose hash the sites signed before its release, and enough sites have
cosigned the ledger over it; (8) the log of signatures lists exactly these.

What it cannot prove: that the ledger's key and the parties' keys are the right ones (compare the fingerprints that it
prints by a second channel), that no entry was left out, and what the PDFs and summaries say beyond their hashes (each names
the leaves it was made from). A copy of this script from somewhere you trust is better than the one in the pack.

Sources: RFC 8032 §5.1.7 (Ed25519), RFC 9162 §2.1.3.2 and §2.1.4.2 (proofs), DSSE v1, c2sp.org/signed-note,
tlog-checkpoint and tlog-cosignature.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FORMAT = "summand.evidence/1"
MANIFEST, INDEX, SIGNATURES = "manifest-sha256.txt", "pack.json", "signatures.json"
ENTRIES, CHECKPOINT, CONSISTENCY = "ledger/entries.jsonl", "ledger/checkpoint.txt", "ledger/consistency.json"
_TYPE = "application/vnd.summand."
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*/)*[A-Za-z0-9][A-Za-z0-9_.-]*")
SUMMARY_MAX = 40


class NotVerified(Exception):
    """Something in the pack is not as it must be; the message says what."""


Check = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature (64 bytes) is the key's (32 bytes) on some bytes: ``check(key, signature, data)``."""


# ── Ed25519 ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]
_ZERO: Point = (0, 1, 1, 0)


def _add(p: Point, q: Point) -> Point:
    """The sum of two points of edwards25519 in extended coordinates (RFC 8032 §5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(p: Point) -> Point:
    a, b, c = p[0] * p[0] % _P, p[1] * p[1] % _P, 2 * p[2] * p[2] % _P
    h = a + b
    e, g = h - (p[0] + p[1]) * (p[0] + p[1]) % _P, a - b
    f = c + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _decoded(data: bytes) -> Point | None:
    """The point behind 32 bytes; None if there is none in this one form (RFC 8032 §5.1.3)."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(data) != 32 or y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT % _P
    if v * x * x % _P != u or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _encoded(p: Point) -> bytes:
    inverse = pow(p[2], -1, _P)
    x, y = p[0] * inverse % _P, p[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _decoded((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or _ZERO


def is_signed(key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` is the Ed25519 signature of ``key`` on ``data``: [S]B - [k]A = R, S below the order."""
    point = _decoded(key)
    if point is None or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + data).digest(), "little") % _L
    minus = (_P - point[0], point[1], point[2], _P - point[3])
    both, found = _add(_BASE, minus), _ZERO
    for bit in range(252, -1, -1):
        found = _double(found)
        first, second = s >> bit & 1, k >> bit & 1
        if first or second:
            found = _add(found, both if first and second else _BASE if first else minus)
    return _encoded(found) == signature[:32]


# ── the zip, in one form only ────────────────────────────────────────────────────────────────────────────────────────
def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The one zip of some files: sorted by name, not compressed, at one time, so that the same files give the same bytes.

    Raises:
        NotVerified: if they are too many or too large for a zip of the old form.
    """
    if len(files) >= 0xFFFF or sum(map(len, files.values())) >= 0xF0000000:
        raise NotVerified("The pack is too large for one zip: 65,534 files, and 3.75 GiB in all.")
    out, directory = io.BytesIO(), io.BytesIO()
    for name in sorted(files):
        data, raw = files[name], name.encode()
        # version 2.0, names in UTF-8, stored, 1980-01-01 00:00
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0x0800, 0, 0, 0x0021, zlib.crc32(data), len(data), len(data), len(raw), 0
        )
        directory.write(b"PK\x01\x02" + struct.pack("<H", 0x0314) + common)
        directory.write(struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, out.tell()) + raw)
        out.write(b"PK\x03\x04" + common + raw + data)
    start, listed = out.tell(), directory.getvalue()
    count = len(files)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), start, 0)
    return out.getvalue() + listed + b"PK\x05\x06" + end


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files of a pack.

    Raises:
        NotVerified: if a byte of the zip is not as `write_zip` puts it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {item.filename: archive.read(item) for item in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise NotVerified(f"The zip cannot be read: {error}.") from None
    if write_zip(files) != data:
        raise NotVerified("The zip is not in the form of an evidence pack: a byte outside its files was changed.")
    return files


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of an unpacked pack."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    return {name: path.read_bytes() for name, path in found.items()}


# ── small readers ────────────────────────────────────────────────────────────────────────────────────────────────────
def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _base64(text: Any) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise NotVerified("A value is not base64.") from None
    if base64.b64encode(data).decode() != text:
        raise NotVerified("A value is not canonical base64.")
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotVerified("A JSON object names a field twice.")
    return found


def _json(data: bytes | str, what: str) -> Any:
    try:
        return json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NotVerified(f"{what} is not JSON.") from None


def _require(holds: Any, message: str) -> None:
    if not holds:
        raise NotVerified(message)


def _key(text: Any) -> bytes:
    prefix, _, rest = str(text).partition(":")
    raw = _base64(rest)
    _require(prefix == "ed25519" and len(raw) == 32, "A key is not an Ed25519 key.")
    return raw


def _time(text: Any) -> datetime:
    found = datetime.fromisoformat(str(text))
    _require(found.tzinfo is not None, "A time has no zone.")
    return found.astimezone(UTC)


# ── hashes and proofs ────────────────────────────────────────────────────────────────────────────────────────────────
def _leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf hash is proved to be leaf ``index`` of the tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or any(len(value) != 32 for value in (leaf, root, *proof)):
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = _node(p, r)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        else:
            r = _node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of ``new`` leaves is proved to extend that of ``old`` (RFC 9162 §2.1.4.2)."""
    if old == new:
        return old > 0 and not proof and old_root == new_root
    if not 0 < old < new or not proof or any(len(value) != 32 for value in (old_root, new_root, *proof)):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = _node(c, fr), _node(c, sr)
            while not (fn & 1 or fn == 0):
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = _node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


# ── the pack ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Report:
    """What was proved.

    Attributes:
        facts: In words, in order.
        signatures: Who signed what, each with the leaf that it stands in, None outside the ledger.
        fingerprints: Names and the SHA-256 (hex) of their keys: compare them by a second channel.
        studies: Each study with its outcome.
    """

    facts: list[str] = field(default_factory=list)
    signatures: list[dict[str, Any]] = field(default_factory=list)
    fingerprints: dict[str, str] = field(default_factory=dict)
    studies: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "facts": self.facts, "studies": self.studies, "fingerprints": self.fingerprints,
            "signature_count": len(self.signatures),
        }  # fmt: skip


def check_manifest(files: Mapping[str, bytes]) -> None:
    """Check every file's hash, and that there is no file besides.

    Raises:
        NotVerified: naming the first file that differs.
    """
    listed: dict[str, str] = {}
    for line in files.get(MANIFEST, b"").decode("utf-8", "replace").splitlines(keepends=True):
        digest, _, name = line.removesuffix("\n").partition("  ")
        _require(line.endswith("\n") and name and name not in listed, f"{MANIFEST} is malformed.")
        listed[name] = digest
    _require(files.get(MANIFEST) == manifest_of({name: files[name] for name in listed if name in files}),
             f"{MANIFEST} does not have the hashes of the files: {_differing(listed, files)}.")  # fmt: skip
    _require(all(_NAME.fullmatch(name) for name in listed), "A file's name leads out of the pack, or is not plain.")
    others = set(files) - {MANIFEST} - set(listed)
    _require(not others, f"There are files that {MANIFEST} does not name, such as {min(others, default='')}.")
    _require(INDEX in listed, f"There is no {INDEX}.")


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """The manifest of some files, as ``sha256sum --check`` reads it."""
    return "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files)).encode()


def _differing(listed: Mapping[str, str], files: Mapping[str, bytes]) -> str:
    names = [name for name, digest in listed.items() if name not in files or sha256(files[name]) != digest]
    return min(names, default="its own form")


def verify(files: Mapping[str, bytes], check: Check = is_signed) -> Report:
    """Check a whole pack.

    Args:
        files: By path.
        check: How a signature is checked.

    Raises:
        NotVerified: naming the first thing that does not hold.
    """
    check_manifest(files)
    report = examine(files, check)
    listed = _json(files.get(SIGNATURES, b""), SIGNATURES)
    _require(listed == report.signatures, f"{SIGNATURES} does not list the signatures that are here.")
    return report


def examine(files: Mapping[str, bytes], check: Check = is_signed) -> Report:
    """As `verify`, without the manifest and the log of signatures: what these are made from.

    Raises:
        NotVerified: naming the first thing that does not hold.
    """
    try:
        return _Case(files, check).examine()
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError) as error:
        raise NotVerified(f"Something in the pack is malformed ({type(error).__name__}: {error}).") from None


@dataclass(frozen=True)
class _Certificate:
    party: str
    key: bytes
    begin: datetime
    end: datetime


class _Case:
    def __init__(self, files: Mapping[str, bytes], check: Check) -> None:
        self.files, self.check, self.report = files, check, Report()
        self.index = _json(files[INDEX], INDEX)
        self.versions: dict[str, dict[str, Any]] = {}
        self.entries: list[tuple[int, dict[str, Any]]] = []
        self.certificates: dict[str, list[_Certificate]] = {}
        self.roots: dict[int, bytes] = {}

    def examine(self) -> Report:
        _require(self.index["format"] == FORMAT, "This is no evidence pack of this version.")
        self.origin, self.hub_key = str(self.index["origin"]), _key(self.index["hub_key"])
        self.report.fingerprints[f"ledger {self.origin}"] = sha256(self.hub_key)
        for path in self.index["agreements"]:
            self._agreement(_json(self.files[path], path), path)
        size, root = self._checkpoint()
        self._read_entries(size, root)
        self._consistency(size, root)
        self._certificates()
        self._executed()
        self._statements()
        self._events()
        for told in self.index["studies"]:
            self._study(told)
        self._no_other_study()
        return self.report

    def _say(self, text: str) -> None:
        self.report.facts.append(text)

    def _log(self, leaf: int | None, what: str, who: str, key: bytes, data: bytes) -> None:
        self.report.signatures.append(
            {"leaf": leaf, "what": what, "who": who, "key_sha256": sha256(key), "signed_sha256": sha256(data)}
        )

    # ── envelopes ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _open(self, envelope: Mapping[str, Any], kind: str) -> tuple[Any, bytes, bytes]:
        """The value inside an envelope, its payload, and the bytes that are signed (DSSE v1); nobody's signature is checked."""
        name = envelope["payloadType"]
        _require(name == _TYPE + kind, f"An envelope holds {str(name)[:80]} where {kind} belongs.")
        payload = _base64(envelope["payload"])
        signed = b"DSSEv1 %d %s %d %s" % (len(name.encode()), name.encode(), len(payload), payload)
        return _json(payload, "a signed document"), payload, signed

    def _signs(self, envelope: Mapping[str, Any], key: bytes, signed: bytes) -> bool:
        given = [_base64(one["sig"]) for one in envelope["signatures"] if one["keyid"] == sha256(key)]
        return len(given) == 1 and self.check(key, given[0], signed)

    # ── (2) the agreement ────────────────────────────────────────────────────────────────────────────────────────────
    def _agreement(self, envelope: Mapping[str, Any], path: str) -> None:
        document, payload, signed = self._open(envelope, "agreement+json")
        keys = {party["id"]: _key(party["key"]) for party in document["parties"]}
        strangers = {one["keyid"] for one in envelope["signatures"]} - {sha256(key) for key in keys.values()}
        _require(not strangers, f"Somebody who is no party signed {path}.")
        there = {one["keyid"] for one in envelope["signatures"]}
        names = [name for name, key in keys.items() if sha256(key) in there]
        for name in names:
            _require(self._signs(envelope, keys[name], signed), f"The signature of {name} on {path} does not hold.")
            self._log(None, f"agreement {sha256(payload)}", name, keys[name], payload)
            self.report.fingerprints[f"party {name}"] = sha256(keys[name])
        rule = document["execution"]["effective_when"]
        wanted = len(keys) if rule["rule"] == "all" else rule.get("k") or len(keys)
        _require(
            len(names) >= wanted and set(rule.get("core", ())) <= set(names),
            f"{path} is not signed by as many parties as it asks.",
        )
        before = document["identity"].get("previous_version_hash")
        _require(not self.versions or before in self.versions, f"{path} does not follow from the version before it.")
        self.versions[sha256(payload)] = document
        title, version = document["identity"]["title"], document["identity"]["version"]
        self._say(f"'{title}', version {version}, is signed by {', '.join(names)}: SHA-256 {sha256(payload)}.")

    @property
    def current(self) -> dict[str, Any]:
        return list(self.versions.values())[-1]

    # ── (3, 4) the ledger ────────────────────────────────────────────────────────────────────────────────────────────
    def _checkpoint(self) -> tuple[int, bytes]:
        body, lines = _note(self.files[CHECKPOINT].decode())
        origin, size, root = _checkpoint_of(body)
        _require(origin == self.origin, "The checkpoint is of another ledger.")
        identifier = hashlib.sha256(origin.encode() + b"\n\x01" + self.hub_key).digest()[:4]
        good = [data for name, data in lines if (name, data[:4]) == (origin, identifier)]
        _require(
            len(good) == 1 and self.check(self.hub_key, good[0][4:], body.encode()),
            "The checkpoint is not signed by the ledger's key.",
        )
        self._log(None, f"checkpoint of {size} leaves", self.origin, self.hub_key, body.encode())
        self._say(f"The ledger {origin} has {size} leaves under the root hash {root.hex()}, signed by its keeper.")
        return size, root

    def _read_entries(self, size: int, root: bytes) -> None:
        leaves: dict[int, bytes] = {}
        for line in self.files[ENTRIES].decode().splitlines():
            item = _json(line, ENTRIES)
            number, data = item["leaf"], str(item["entry"]).encode()
            _require(type(number) is int and number > max(leaves, default=-1), "The leaves are not in order.")
            proof = [bytes.fromhex(text) for text in item["proof"]]
            _require(
                is_included(_leaf(data), number, size, proof, root), f"Leaf {number} is not proved to be in the ledger."
            )
            leaves[number] = data
        _require(
            (self.index["leaf_count"], self.index["leaves_here"]) == (size, len(leaves)), "Leaves were miscounted."
        )
        self.entries = list(_whole(leaves))
        self._say(f"{len(leaves)} of these leaves are here, each proved to be in the ledger.")

    def _consistency(self, size: int, root: bytes) -> None:
        self.roots[size] = root
        for item in _json(self.files[CONSISTENCY], CONSISTENCY):
            old, old_root = item["size"], bytes.fromhex(item["root"])
            proof = [bytes.fromhex(text) for text in item["proof"]]
            _require(
                is_consistent(old, size, old_root, root, proof),
                f"The ledger of {old} leaves is not the beginning of this one.",
            )
            self.roots[old] = old_root

    def _of(self, *kinds: str, study: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        for leaf, entry in self.entries:
            if entry.get("type") in kinds and study in (None, entry.get("study")):
                yield leaf, entry

    def _executed(self) -> None:
        there = {str(entry.get("agreement_hash")) for _, entry in self._of("agreement.executed")}
        _require(set(self.versions) <= there, "A version of the agreement is not in the ledger.")

    # ── (5) keys ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _certificates(self) -> None:
        for leaf, entry in self._of("site.certified"):
            site, party, envelope = str(entry["site"]), str(entry["party"]), entry["envelope"]
            said, payload, signed = self._open(envelope, "site-certificate+json")
            if (said["site"], said["party"]) != (site, party):
                continue
            for document in self.versions.values():
                keys = {_key(one["key"]) for one in document["parties"] if one["id"] == party}
                good = next((key for key in keys if self._signs(envelope, key, signed)), None)
                if good is not None:
                    made = _Certificate(party, _key(said["key"]), _time(said["from"]), _time(said["to"]))
                    self.certificates.setdefault(site, []).append(made)
                    self._log(leaf, f"certificate of site {site}", party, good, payload)
                    break

    def _site_keys(self, site: str, party: str | None, at: datetime) -> list[bytes]:
        return [
            one.key for one in self.certificates.get(site, ())
            if party in (None, one.party) and one.begin <= at <= one.end
        ]  # fmt: skip

    def _keys_of(self, document: Mapping[str, Any], name: str, at: datetime) -> list[bytes]:
        """The keys under which a person, a party or a site of an agreement signs at a time."""
        day = at.date().isoformat()
        people = [_key(p["key"]) for p in document["people"] if p["name"] == name and p["from"] <= day <= p["to"]]
        parties = [_key(p["key"]) for p in document["parties"] if p["id"] == name]
        ids = {p["id"] for p in document["parties"]}
        sites = [one.key for one in self.certificates.get(name, ()) if one.party in ids and one.begin <= at <= one.end]
        return [*people, *parties, *sites]

    # ── (6) statements and events ────────────────────────────────────────────────────────────────────────────────────
    def _statements(self) -> None:
        passed, counted = 0, 0
        for leaf, entry in self.entries:
            if (
                not isinstance(entry.get("envelope"), dict)
                or entry["envelope"].get("payloadType") != _TYPE + "statement+json"
            ):
                continue
            said, payload, signed = self._open(entry["envelope"], "statement+json")
            document = self.versions[said["agreement_hash"]]
            at = max(_time(said["at"]), _time(entry["at"]))
            keys = self._keys_of(document, said["person"], at)
            good = next((key for key in keys if self._signs(entry["envelope"], key, signed)), None)
            if good is None or (said["kind"], said["agreement_hash"]) != (entry["type"], entry["agreement_hash"]):
                passed += 1
                continue
            counted += 1
            self._log(leaf, said["kind"], said["person"], good, payload)
        others = f"; {passed} others count for nothing" if passed else ""
        self._say(f"{counted} statements (votes, goals, money, tests) are signed by whom they name{others}.")

    def _events(self) -> None:
        for leaf, entry in self._of("agreement.event"):
            said, payload, signed = self._open(entry["envelope"], "agreement-event+json")
            keys = {p["id"]: _key(p["key"]) for p in self.versions[said["agreement"]]["parties"]}
            for name in said["by"]:
                _require(
                    self._signs(entry["envelope"], keys[name], signed),
                    f"The event '{said['event']}' (leaf {leaf}) is not signed by {name}.",
                )
                self._log(leaf, f"event {said['event']}", name, keys[name], payload)

    # ── (7) studies ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _one(self, kind: str, study: str) -> tuple[int, dict[str, Any]]:
        found = list(self._of(kind, study=study))
        _require(
            len(found) == 1, f"There are {len(found)} entries '{kind}' of study {study}; exactly one belongs there."
        )
        return found[0]

    def _study(self, told: Mapping[str, Any]) -> None:
        study, outcome = told["study"], told["outcome"]
        _require(study not in self.report.studies, f"Study {study} is there twice.")
        request, sites = self._request(study)
        permits = self._decisions(study, request, sites)
        released = any(self._of("study.released", study=study))
        ended = any(self._of("study.ended", study=study))
        if outcome in ("refused", "failed"):
            _, end = self._one("study.ended", study)
            _require(not released and end["status"] == outcome, f"Study {study} did not end as {outcome}.")
        elif outcome == "open":
            _require(not released and not ended, f"Study {study} is not open any more.")
        elif outcome == "answered":
            self._answered(study, told)
        else:
            _require(
                outcome in ("released", "awaiting witnesses") and not ended, f"The outcome of study {study} is unknown."
            )
            self._release(study, told, request, permits, len(sites))
        self._result(study, told)
        self.report.studies[study] = outcome
        self._say(f"Study {study} ({request['title']}): {outcome}.")

    def _request(self, study: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The signed request, and its sites with their parties."""
        leaf, entry = self._one("study.request", study)
        envelope = entry["signed"]["request"]
        said, payload, signed = self._open(envelope, "study-request+json")
        document = self.versions[said["agreement_hash"]]
        _require(
            (said["study_id"], said["federation"]) == (study, self.origin),
            f"The request of study {study} is another's.",
        )
        people = {p["name"]: _key(p["key"]) for p in document["people"]}
        key = next((_key(p["key"]) for p in document["people"] if p["name"] == said["requester"]
                    and self._signs(envelope, _key(p["key"]), signed)), None)  # fmt: skip
        _require(key is not None, f"The request of study {study} is not signed by {said['requester']}.")
        self._log(leaf, f"request of study {study}", said["requester"], key or b"", payload)
        for approval in entry["signed"]["approvals"]:
            word, inside, covered = self._open(approval, "study-approval+json")
            own = people.get(word["person"])
            if own is not None and word["request_hash"] == sha256(payload) and self._signs(approval, own, covered):
                self._log(leaf, f"approval of study {study}", word["person"], own, inside)
        holders = {one["id"]: one["holder"] for one in document["data"]["datasets"]}
        times = Counter(holders[name] for name in said["datasets"])
        sites = {(holders[n] if times[holders[n]] == 1 else n): holders[n] for n in said["datasets"]}
        return {**said, "request_hash": sha256(payload)}, sites

    def _decisions(self, study: str, request: Mapping[str, Any], sites: Mapping[str, str]) -> dict[str, bytes]:
        permits: dict[str, bytes] = {}
        seen: set[str] = set()
        for leaf, entry in self._of("study.decision", study=study):
            site = str(entry["site"])
            _require(
                site in sites and site not in seen, f"A second or a stranger's decision on study {study}: {site[:80]}."
            )
            seen.add(site)
            said, payload, signed = self._open(entry["envelope"], "decision+json")
            keys = self._site_keys(site, sites[site], _time(entry["at"]))
            good = next((key for key in keys if self._signs(entry["envelope"], key, signed)), None)
            _require(good is not None, f"The decision of {site} on study {study} is not signed by a certified key.")
            about = (said["study"], said["request_hash"], said["agreement_hash"])
            _require(
                about == (study, request["request_hash"], request["agreement_hash"]),
                f"The decision of {site} is about another request.",
            )
            self._log(leaf, f"{said['decision']} of study {study}", site, good or b"", payload)
            if said["decision"] == "permit":
                permits[site] = good or b""
        return permits

    def _release(
        self, study: str, told: Mapping[str, Any], request: Mapping[str, Any], permits: Mapping[str, bytes], count: int
    ) -> None:
        """Permits of all, one cohort, a result recorded, confirmed and released in this order, and its witnesses."""
        _require(len(permits) == count, f"Study {study} was released without every site's permit.")
        places = [
            self._one(kind, study) for kind in ("study.cohort", "study.result", "study.confirmed", "study.released")
        ]
        _require(
            [leaf for leaf, _ in places] == sorted(leaf for leaf, _ in places),
            f"Study {study}'s entries are out of order.",
        )
        (_, formed), (_, result), (at, confirmed), (released, out) = places
        cohort = {one["site"]: _key(one["key"]) for one in formed["cohort"]["sites"]}
        threshold, digest = formed["cohort"]["threshold"], str(result["result_sha256"])
        _require(
            cohort == permits and 2 * threshold > len(cohort),
            f"The cohort of study {study} is not that of its permits.",
        )
        self._cohort(study, places[0][0], formed, cohort, request)
        _require(
            {confirmed["result_sha256"], out["result_sha256"]} == {digest}, f"Study {study} released another result."
        )
        for site, given in confirmed["confirmations"].items():
            head = _base64(given["header"])
            header = _json(head, "a confirmation")
            wanted = ("site.confirm", site, study, digest)
            _require(
                tuple(header.get(n) for n in ("kind", "sender", "study", "result_sha256")) == wanted and site in cohort,
                f"The confirmation of {site} is about something else.",
            )
            body = hashlib.sha256(b'{"agrees":true}').digest()
            data = _framed(b"summand/message/v1", self.origin.encode(), head, body)
            _require(
                self.check(cohort[site], _base64(given["signature"]), data),
                f"The confirmation of {site} is not signed by it.",
            )
            self._log(at, f"result {digest} of study {study}", site, cohort[site], data)
        _require(len(confirmed["confirmations"]) >= threshold, f"Too few sites signed the result of study {study}.")
        quorum = self.versions[request["agreement_hash"]]["governance"].get("witnesses") or 2 * count // 3 + 1
        seen = self._witnesses(study, cohort, released)
        enough = len(seen) >= quorum
        _require(
            enough == (told["outcome"] == "released"),
            f"{len(seen)} sites cosigned the release of study {study}; {quorum} must.",
        )
        _require(
            told["result_sha256"] == (digest if enough else None), f"{INDEX} names another result of study {study}."
        )

    def _cohort(
        self, study: str, leaf: int, formed: Mapping[str, Any], cohort: Mapping[str, bytes], request: Mapping[str, Any]
    ) -> None:
        """Every site signed the list of sites, keys and threshold of this very request."""
        said = formed["cohort"]
        epoch = _framed(b"summand/epoch/v1", bytes.fromhex(request["request_hash"]))[:16]
        about = (_base64(said["agreement_hash"]).hex(), _base64(said["epoch"]))
        _require(about == (request["agreement_hash"], epoch), f"The cohort of study {study} is another request's.")
        form = json.dumps(
            said, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()  # RFC 8785: no fractions
        data = b"summand/cohort/v1" + _framed(b"summand/securesum/2 cohort", form)
        for site, key in cohort.items():
            given = _base64(formed["signatures"][site])
            _require(self.check(key, given, data), f"{site} did not sign the cohort of study {study}.")
            self._log(leaf, f"cohort of study {study}", site, key, data)

    def _witnesses(self, study: str, cohort: Mapping[str, bytes], released: int) -> set[str]:
        found: set[str] = set()
        for leaf, entry in self._of("study.witnessed", study=study):
            for text in entry["notes"]:
                body, lines = _note(str(text))
                origin, size, root = _checkpoint_of(body)
                if size <= released or size > leaf:
                    continue
                _require(
                    origin == self.origin and self.roots.get(size) == root,
                    f"Study {study} was witnessed in another history.",
                )
                for site, key in cohort.items():
                    name = f"{self.origin}/{site}"
                    identifier = hashlib.sha256(name.encode() + b"\n\x04" + key).digest()[:4]
                    for signer, data in lines:
                        if (signer, data[:4]) != (name, identifier):
                            continue
                        when = int.from_bytes(data[4:12], "big")
                        message = f"cosignature/v1\ntime {when}\n{body}".encode()
                        _require(self.check(key, data[12:], message), f"The cosignature of {site} does not hold.")
                        if site not in found:
                            self._log(leaf, f"checkpoint of {size} leaves", site, key, message)
                        found.add(site)
        return found

    def _answered(self, study: str, told: Mapping[str, Any]) -> None:
        _, said = self._one("study.answered", study)
        _, out = self._one("study.released", study)
        earlier = [e for e in self.index["studies"] if e["study"] == said["earlier"]]
        _require(
            len(earlier) == 1 and earlier[0]["result_sha256"] == said["result_sha256"] == out["result_sha256"]
            and told["answered_by"] == said["earlier"] and earlier[0]["outcome"] == "released",
            f"The earlier study that answers {study} is not here as released.",
        )  # fmt: skip

    def _result(self, study: str, told: Mapping[str, Any]) -> None:
        """The result's own bytes have the hash in the ledger; where the hub is blind, the sealed ones do."""
        folder, digest = f"studies/{study}/", told["result_sha256"]
        plain, sealed = self.files.get(f"{folder}result.json"), self.files.get(f"{folder}result.sealed")
        where = told["result"]
        _require(
            (plain is not None) == (where in ("included", "opened")),
            f"The result of study {study} is not where {INDEX} says.",
        )
        _require(
            (sealed is not None) == (where in ("opened", "sealed")),
            f"The sealed result of study {study} is not where {INDEX} says.",
        )
        if where == "included":
            _require(digest == sha256(plain or b""), f"The result of study {study} is not the one that was released.")
            self._say(f"The result of study {study} is the very one that the sites signed.")
        elif where in ("opened", "sealed"):
            _require(
                digest == sha256(sealed or b""), f"The sealed result of study {study} is not the one that was released."
            )
            opened = " That it opens to the result shown is the requester's word." if where == "opened" else ""
            self._say(f"The sealed result of study {study} is the very one that the sites signed.{opened}")
        else:
            _require(where is None, f"{INDEX} is malformed.")

    def _no_other_study(self) -> None:
        others = {str(e["study"]) for _, e in self.entries if str(e.get("type")).startswith(("study.", "round."))}
        _require(others <= set(self.report.studies), f"There are entries of a study that {INDEX} does not list.")


def _note(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The body of a signed note, and its signature lines as names and bytes (c2sp.org/signed-note)."""
    body, blank, rest = text.rpartition("\n\n")
    _require(blank and rest.endswith("\n"), "A checkpoint is malformed.")
    lines = []
    for line in rest[:-1].split("\n"):
        dash, name, data = line.split(" ")
        _require(dash == "—", "A checkpoint is malformed.")
        lines.append((name, _base64(data)))
    return body + "\n", lines


def _checkpoint_of(body: str) -> tuple[str, int, bytes]:
    origin, size, root, end = body.split("\n")
    _require(end == "" and str(int(size)) == size, "A checkpoint is malformed.")
    return origin, int(size), _base64(root)


def _framed(*parts: bytes) -> bytes:
    """SHA-256 of the parts, each behind its length as 8 bytes."""
    return hashlib.sha256(b"".join(struct.pack(">Q", len(part)) + part for part in parts)).digest()


def _whole(leaves: Mapping[int, bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Entries with the leaf that completes each; those that stand in consecutive parts are joined."""
    pending: list[dict[str, Any]] = []
    last = -1
    for leaf, data in leaves.items():
        value = _json(data, f"leaf {leaf}")
        if not isinstance(value, dict) or value.get("type") != "entry.part":
            _require(not pending, f"Leaf {last} is a part of an entry that is not whole.")
            if isinstance(value, dict):
                yield leaf, value
            continue
        follows = not pending or (leaf == last + 1 and value["whole_sha256"] == pending[0]["whole_sha256"])
        _require(follows and value["number"] == len(pending), f"Leaf {leaf} is no part of the entry before it.")
        pending.append(value)
        last = leaf
        if len(pending) == value["count"]:
            joined = b"".join(_base64(part["piece"]) for part in pending)
            _require(sha256(joined) == value["whole_sha256"], f"The parts up to leaf {leaf} do not make an entry.")
            pending = []
            yield leaf, _json(joined, f"leaf {leaf}")
    _require(not pending, "The last entry is not whole.")


def _told(report: Report) -> Iterable[str]:
    yield from report.facts
    yield f"{len(report.signatures)} signatures hold; {SIGNATURES} lists them."
    yield "Compare these fingerprints (SHA-256 of the raw key) with the organisations by telephone or letter:"
    listed = list(report.fingerprints.items())
    yield from (f"  {digest}  {name}" for name, digest in listed[:SUMMARY_MAX])
    if len(listed) > SUMMARY_MAX:
        yield f"  and {len(listed) - SUMMARY_MAX} more"


def main(arguments: Sequence[str]) -> None:
    """Verify the pack named on the command line, or the one around this file."""
    where = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        report = verify(read_folder(where) if where.is_dir() else read_zip(where.read_bytes()))
    except (NotVerified, OSError) as error:
        # SystemExit with a text is exit status 1: no digit here that a flipped bit could turn into a success.
        raise SystemExit(f"NOT VERIFIED: {error}") from None
    sys.stdout.write("\n".join([*_told(report), "VERIFIED", ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
