"""Who masks with whom: everybody with everybody up to 64 sites, beyond that a random graph that the cohort itself fixes.

A site of a large cohort shares masks and secrets with about k neighbours only, and k grows with log n. The graph is a
union of random cycles drawn from a hash of the cohort's facts, as many as it takes for every site to have k neighbours,
so that every site finds the same one and the hub has no say. k is the smallest even number for which, with a tenth of the sites in league with the hub, the chance that any site has
so many of them around it that its secrets could be opened twice over is below 2^−40, and, with 15 % of the sites lost,
the chance that any site has too few neighbours left is below 2^−20; both counted exactly, by the hypergeometric law.

Source: the union bounds of J. H. Bell et al., "Secure single-server aggregation with (poly)logarithmic overhead", CCS
2020 (ePrint 2020/704, §3), with this protocol's condition 2t > m + c in place of theirs.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from summand.securesum._kdf import LABEL, expand
from summand.securesum._prg import keystream

COMPLETE_SITES_MAX = 64
WITNESSES_MAX = 128
CORRUPT_PERCENT, LOST_PERCENT = 10, 15
_INSECURE_MOST, _STUCK_MOST = Fraction(1, 2**40), Fraction(1, 2**20)


def share_threshold(holders: int) -> int:
    """⌊2m/3⌋ + 1 of m holders."""
    return 2 * holders // 3 + 1


@lru_cache(maxsize=64)
def degree(sites: int) -> int:
    """How many neighbours a site has at least.

    >>> [degree(sites) for sites in (4, 64, 65, 200, 1000, 5000)]
    [3, 63, 34, 82, 150, 186]
    """
    if sites <= COMPLETE_SITES_MAX:
        return sites - 1
    for neighbours in range(32, sites - 1, 2):
        if _is_enough(sites, neighbours):
            return neighbours
    return sites - 1


def _is_enough(sites: int, neighbours: int) -> bool:
    threshold = share_threshold(neighbours + 1)
    corrupt, lost = -(-sites * CORRUPT_PERCENT // 100), -(-sites * LOST_PERCENT // 100)
    insecure = sites * _at_least(sites - 1, corrupt, neighbours, 2 * threshold - neighbours - 1)
    stuck = sites * _at_least(sites - 1, lost, neighbours, neighbours - threshold + 1)
    return insecure <= _INSECURE_MOST and stuck <= _STUCK_MOST


def _at_least(population: int, marked: int, drawn: int, least: int) -> Fraction:
    """P[at least ``least`` marked among ``drawn`` of a population]: the hypergeometric tail, exact."""
    plain = population - marked
    ways = sum(comb(marked, k) * comb(plain, drawn - k) for k in range(max(0, least), min(marked, drawn) + 1))
    return Fraction(ways, comb(population, drawn))


@lru_cache(maxsize=32)
def neighbour_places(seed: bytes, sites: int) -> tuple[tuple[int, ...], ...]:
    """Each place's neighbours in ascending order, from a 32-byte seed: the same on every machine."""
    around = degree(sites)
    if around >= sites - 1:
        everyone = range(sites)
        return tuple(tuple(there for there in everyone if there != here) for here in everyone)
    found: list[set[int]] = [set() for _ in range(sites)]
    for order in _permutations(expand(seed, LABEL + b"cycles"), 2 * around, sites):
        for here, there in zip(order.tolist(), np.roll(order, -1).tolist(), strict=True):
            found[here].add(there)
            found[there].add(here)
        if min(map(len, found)) >= around:
            break
    return tuple(tuple(sorted(known)) for known in found)


@lru_cache(maxsize=32)
def witness_places(seed: bytes, sites: int) -> tuple[int, ...]:
    """The places whose signatures certify who uploaded: all up to 128 sites, else 128 drawn from the seed."""
    if sites <= WITNESSES_MAX:
        return tuple(range(sites))
    (order,) = _permutations(expand(seed, LABEL + b"witnesses"), 1, sites)
    return tuple(sorted(order[:WITNESSES_MAX].tolist()))


def _permutations(seed: bytes, count: int, size: int) -> NDArray[np.int64]:
    """Random orders of 0 … size − 1, shape (count, size): places sorted by 64 random bits each, ties by place."""
    keys = np.frombuffer(keystream(seed, 8 * count * size), "<u8").reshape(count, size)
    return np.argsort(keys, axis=1, kind="stable")
