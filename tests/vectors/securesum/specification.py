"""The secure sum's specification, version 2, read in plain Python: no numpy, no library of ours.

Run as a program it writes the derived figures of `securesum_vectors.json` anew from the inputs in it; the file changes
with the protocol's version only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from fractions import Fraction
from pathlib import Path

from pure_aes import mask_bytes

FILE = Path(__file__).parent / "securesum_vectors.json"
LABEL = b"summand/securesum/2 "


def hashed(*parts: bytes) -> bytes:
    """SHA-256 of parts, each behind its length in eight big-endian bytes."""
    return hashlib.sha256(b"".join(struct.pack(">Q", len(p)) + p for p in parts)).digest()


def expanded(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand (RFC 5869 §2.3) to 32 bytes."""
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()


def context(specification: bytes) -> bytes:
    """A round's context."""
    return hashed(LABEL + b"context", specification)


def round_seed(pair_key: bytes, number: int) -> bytes:
    """A pair's seed for one round."""
    return expanded(pair_key, LABEL + b"round seed" + struct.pack(">I", number))


def mask_seed(pair_key: bytes, number: int, bound: bytes) -> bytes:
    """A pair's mask under one context."""
    return expanded(round_seed(pair_key, number), LABEL + b"mask" + bound)


def share_key(pair_key: bytes, label: bytes, bound: bytes, sender: int, receiver: int) -> bytes:
    """The key of one box."""
    return expanded(pair_key, hashed(LABEL + b"box", label, bound, struct.pack(">II", sender, receiver)))


def cohort_digest(cohort: dict) -> bytes:
    """What the sites sign: the canonical JSON of the cohort (its texts need no escapes here)."""
    return hashed(LABEL + b"cohort", json.dumps(cohort, sort_keys=True, separators=(",", ":")).encode())


def round_digest(entry: dict) -> bytes:
    """What a round's boxes are bound to; everybody takes part."""
    members = f"{2 ** len(entry['cohort']['sites']) - 1:0{-(-len(entry['cohort']['sites']) // 4)}x}"
    number = struct.pack(">I", entry["number"])
    return hashed(
        LABEL + b"round", cohort_digest(entry["cohort"]), bytes.fromhex(entry["ctx"]), number, members.encode()
    )


def survivors_statement(entry: dict, bits: int) -> bytes:
    """What a witness signs: bit k stands for the site in place k."""
    digits = -(-len(entry["cohort"]["sites"]) // 4)
    return hashed(LABEL + b"survivors", round_digest(entry), f"{bits:0{digits}x}".encode())


def stand_in_digest(entry: dict) -> bytes:
    """What a round's stand-ins are bound to."""
    return hashed(LABEL + b"stand-in", cohort_digest(entry["cohort"]), struct.pack(">I", entry["number"]))


def masked_vector(entry: dict, codec: dict, fraction_bits: int, width: int, here: int) -> bytes:
    """One site's masked vector in Python integers, from the formula y = x + PRG(b) ± PRG(s)."""
    names = [site["site"] for site in entry["cohort"]["sites"]]
    text = json.dumps(codec, sort_keys=True, separators=(",", ":")).replace("100.0", "100")
    bound = hashed(LABEL + b"mask", round_digest(entry), text.encode(), struct.pack(">Q", len(entry["values"][0])))
    units = [round(Fraction(float.fromhex(v)) * Fraction(2) ** fraction_bits) for v in entry["values"][here]]
    units += [0] * (16 // width)
    terms = [(1, bytes.fromhex(entry["self_seeds"][here]))]
    for there in range(len(names)):
        if there != here:
            pair = bytes.fromhex(entry["pair_keys"]["|".join(sorted((names[here], names[there])))])
            terms.append((1 if there > here else -1, mask_seed(pair, entry["number"], bound)))
    for sign, seed in terms:
        stream = mask_bytes(seed, len(units) * width)
        for k in range(len(units)):
            if width == 16:
                half = len(units) * 8
                piece = stream[8 * k : 8 * k + 8] + stream[half + 8 * k : half + 8 * k + 8]
            else:
                piece = stream[width * k : width * (k + 1)]
            units[k] += sign * int.from_bytes(piece, "little")
    units = [u % 2 ** (8 * width) for u in units]
    if width < 16:
        return b"".join(u.to_bytes(width, "little") for u in units)
    lows = b"".join((u % 2**64).to_bytes(8, "little") for u in units)
    return lows + b"".join((u >> 64).to_bytes(8, "little") for u in units)


def regenerate() -> None:
    """Write the derived figures."""
    vectors = json.loads(FILE.read_text())
    vectors["version"] = 2
    for entry in vectors["context"]:
        entry["context"] = context(bytes.fromhex(entry["specification"])).hex()
    for entry in vectors["keys"]:
        pair, bound = bytes.fromhex(entry["pair_key"]), bytes.fromhex(entry["digest"])
        entry["number"] = entry["receiver"]
        entry["round_seed"] = round_seed(pair, entry["number"]).hex()
        entry["mask_seed"] = mask_seed(pair, entry["number"], bound).hex()
        for label in (b"share", b"stand-in"):
            name = label.decode().replace("-", "_") + "_key"
            entry[name] = share_key(pair, label, bound, entry["sender"], entry["receiver"]).hex()
    for number, entry in enumerate(vectors["round"]):
        entry["number"] = 3 * number
        entry["cohort_digest"] = cohort_digest(entry["cohort"]).hex()
        entry["round_digest"] = round_digest(entry).hex()
        entry["stand_in_digest"] = stand_in_digest(entry).hex()
        entry["survivors_statement"] = survivors_statement(entry, 0b111).hex()
        assert all(base64.b64decode(site["key"].split(":")[1]) for site in entry["cohort"]["sites"])
        wide = entry["codec"] == "q63.64"
        codec = {"name": "q63.64"} if wide else {"name": entry["codec"], "bound": 100.0, "sites": 3}
        width = 16 if wide else int(entry["codec"][-2:]) // 8
        bits = 64 if wide else {8: 62, 4: 30}[width] - 9  # 3 · 100 is below 2^9
        entry["masked"] = [masked_vector(entry, codec, bits, width, k).hex() for k in range(3)]
    FILE.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    regenerate()
