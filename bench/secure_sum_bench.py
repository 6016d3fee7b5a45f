"""The secure sum by itself: a site's and the hub's work beside the least that its masks cost, and beside Flower's.

The least: the bare AES-256 keystreams that the protocol needs, added to a vector block by block in the cache; for a site
one for each peer and its own, for the hub one for each site and the additions of their vectors. Flower's SecAgg+ helpers
run on the same vectors where its package is installed, here or for the interpreter that FLWR_PYTHON names.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from summand.securesum import Codec, Cohort, HubSum, PairKeys, Round, context, mask_upload, reveal
from summand.signing import PrivateKey

BLOCK = 1 << 18
BOUND = 8.0
REPEATS = 5


def run() -> dict[str, str]:
    """Milliseconds and ratios: 10 sites with a million values, and one site of a thousand."""
    found = {}
    for name, codec in (("64 bit", Codec.fixed64(BOUND, 10)), ("128 bit", Codec.q63_64())):
        found |= {f"N=10, d=1,000,000, {name}: {key}": value for key, value in _ten(codec).items()}
    found |= _thousand()
    found |= _flower()
    return found


def _sites(count: int, only: int | None = None) -> tuple[Cohort, dict[str, PairKeys]]:
    """A cohort whose pair keys come from a hash: the set-up is not what is measured."""
    keys = {f"site{k:04d}": PrivateKey.generate().public for k in range(count)}
    cohort = Cohort.form(keys, bytes(32), b"bench")
    wanted = cohort.sites if only is None else cohort.sites[:only]
    pairs = {}
    for me in wanted:
        found = {peer: hashlib.sha256("|".join(sorted((me, peer))).encode()).digest() for peer in cohort.neighbours(me)}
        pairs[me] = PairKeys(me, bytes(32), b"bench", found)
    return cohort, pairs


def _least(masks: int, vectors: int, size: int, word: str) -> float:
    """Seconds of ``masks`` keystreams and ``vectors`` vectors, each added to one vector of ``size`` bytes."""
    total = np.zeros(size // 8, "<u8")
    given = [np.full(size // 8, k, "<u8") for k in range(vectors)]
    scratch, zeros = np.empty(BLOCK // 8, "<u8"), memoryview(bytes(BLOCK))
    seeds = [os.urandom(32) for _ in range(masks)]
    carries = word == "128 bit"

    def work() -> None:
        streams = [Cipher(algorithms.AES256(seed), modes.GCM(bytes(12))).encryptor() for seed in seeds]
        for first in range(0, total.size, scratch.size):
            block = total[first : first + scratch.size]
            part = scratch[: block.size]
            target = part.view(np.uint8).data
            for vector in given:
                _add(block, vector[first : first + block.size], carries)
            for stream in streams:
                stream.update_into(zeros[: part.nbytes], target)
                _add(block, part, carries)

    return _best(work)


def _add(block: np.ndarray, part: np.ndarray, carries: bool) -> None:
    if not carries:
        np.add(block, part, out=block)
        return
    half = block.size // 2
    np.add(block[:half], part[:half], out=block[:half])
    overflow = block[:half] < part[:half]
    np.add(block[half:], part[half:], out=block[half:])
    np.add(block[half:], overflow, out=block[half:], casting="unsafe")


def _best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _ten(codec: Codec) -> dict[str, str]:
    count, length = 10, 1_000_000
    cohort, keys = _sites(count)
    vectors = np.random.default_rng(1).uniform(-BOUND, BOUND, (count, length))
    rnd, me = Round(cohort, context(b"bench")), cohort.sites[4]
    site = _best(lambda: mask_upload(keys[me], rnd, me, codec.encode(vectors[4], BOUND), codec))
    uploads = {
        s: mask_upload(keys[s], rnd, s, codec.encode(row, BOUND), codec)
        for s, row in zip(cohort.sites, vectors, strict=True)
    }
    reveals = {
        s: reveal(keys[s], rnd, s, cohort.sites, {p: uploads[p].share_boxes[s] for p in cohort.sites if p != s}, uploads[s].own_share)
        for s in cohort.sites
    }  # fmt: skip
    totals = []

    def hub() -> None:
        running = HubSum(rnd, codec, length)
        for s in cohort.sites:
            running.add(s, uploads[s].masked, sha256=s.encode())
        totals[:] = [running.unmask(reveals)]

    at_hub = _best(hub)
    size = codec.vector_bytes(length) // 16 * 16
    word = "64 bit" if codec.bytes_per_value == 8 else "128 bit"
    least_site, least_hub = _least(count, 0, size, word), _least(count, count, size, word)
    error = np.abs(codec.decode(totals[-1]) - vectors.sum(axis=0)).max()
    hashing = _best(lambda: hashlib.sha256(uploads[me].masked))
    return {
        "a site, encode, mask, share (ms)": f"{site * 1e3:.1f}",
        "the least of a site (ms)": f"{least_site * 1e3:.1f}",
        "ratio, site": f"{site / least_site:.2f}",
        "the hub, add and unmask (ms)": f"{at_hub * 1e3:.1f}",
        "the least of the hub (ms)": f"{least_hub * 1e3:.1f}",
        "ratio, hub": f"{at_hub / least_hub:.2f}",
        "SHA-256 of one upload, at site and hub beside (ms)": f"{hashing * 1e3:.1f}",
        "largest error against numpy's sum": f"{error:.1e}",
    }


def _thousand() -> dict[str, str]:
    cohort, keys = _sites(1000, only=1)
    codec, me = Codec.fixed64(BOUND, 1000), cohort.sites[0]
    values = np.random.default_rng(2).uniform(-BOUND, BOUND, 100_000)
    rnd = Round(cohort, context(b"bench"))
    site = _best(lambda: mask_upload(keys[me], rnd, me, codec.encode(values, BOUND), codec))
    boxes = (32 + 49 + 49) * len(cohort.neighbours(me))
    return {
        "N=1,000, d=100,000, 64 bit: neighbours of a site": str(len(cohort.neighbours(me))),
        "N=1,000, d=100,000, 64 bit: a site (ms)": f"{site * 1e3:.1f}",
        "N=1,000, d=100,000, 64 bit: bytes beside the vector": f"{boxes:,}",
    }


# ── Flower ───────────────────────────────────────────────────────────────────────────────────────────────────────────
_PEER = """
import json, sys, time
import numpy as np
from flwr.common.secure_aggregation.ndarrays_arithmetic import (
    factor_combine, parameters_addition, parameters_mod, parameters_subtraction)
from flwr.common.secure_aggregation.quantization import dequantize, quantize
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen
CLIP, LEVELS, MODULUS, N = 8.0, 1 << 22, 1 << 32, 10
vectors = np.load(sys.argv[1])
seeds = [bytes([k]) * 32 for k in range(N)]
def site(row):
    found = quantize([row], CLIP, LEVELS)
    for k, seed in enumerate(seeds):
        mask = pseudo_rand_gen(seed, MODULUS, [row.shape])
        found = parameters_addition(found, mask) if k % 2 else parameters_subtraction(found, mask)
    return parameters_mod(found, MODULUS)
def hub(uploads):
    total = [np.zeros(vectors.shape[1], dtype=np.int64)]
    for upload in uploads:
        total = parameters_addition(total, upload)
    for seed in seeds:
        total = parameters_subtraction(total, pseudo_rand_gen(seed, MODULUS, [vectors.shape[1:]]))
    return parameters_mod(total, MODULUS)
def best(work, repeats=3):
    seconds = []
    for _ in range(repeats):
        start = time.process_time(); result = work(); seconds.append(time.process_time() - start)
    return min(seconds), result
at_site, upload = best(lambda: site(vectors[4]))
at_hub, _ = best(lambda: hub([upload] * N))
plain = [quantize([row], CLIP, LEVELS) for row in vectors]
total = plain[0]
for other in plain[1:]:
    total = parameters_addition(total, other)
error = np.abs(dequantize(total, CLIP, LEVELS)[0] - (N - 1) * CLIP - vectors.sum(axis=0)).max()
import flwr
print(json.dumps({"site": at_site, "hub": at_hub, "error": float(error), "version": flwr.__version__}))
"""


def _flower() -> dict[str, str]:
    """Flower's SecAgg+ arithmetic on ten vectors of a million values: quantise and mask, add and unmask."""
    vectors = np.random.default_rng(1).uniform(-BOUND, BOUND, (10, 1_000_000))
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "vectors.npy"
        np.save(file, vectors)
        python = os.environ.get("FLWR_PYTHON", sys.executable)
        done = subprocess.run([python, "-c", _PEER, str(file)], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"Flower": "not installed; set FLWR_PYTHON to an interpreter that has flwr"}
    found = json.loads(done.stdout.splitlines()[-1])
    return {
        f"Flower {found['version']}, a site (ms)": f"{found['site'] * 1e3:.0f}",
        f"Flower {found['version']}, the hub (ms)": f"{found['hub'] * 1e3:.0f}",
        f"Flower {found['version']}, largest error": f"{found['error']:.1e}",
    }
