"""Everything a lying hub can learn in one round of the fast path, by enumeration and linear algebra.

The hub, in league with c sites, tells each honest site what it likes about who uploaded. Each strategy is put to the
real `reveal`; what comes back decides which self-mask seeds the hub can reconstruct (t shares, its own sites' among
them) and which pair masks it knows. Then the vectors it holds are linear equations over unknowns

    y_i = x_i + b_i + Σ ± m_ij          (x_i honest inputs; b_i, m_ij unknown unless reconstructed, revealed or its own)

and what it *learns* is every combination of the x_i in their span that is free of unknown masks. The protocol is safe
if in every strategy that is at most multiples of one sum, over at least t − c honest sites (here: over all of them).

The same harness is run on two broken protocols, to show that it would find the hole.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import lru_cache

import _securesum_path  # noqa: F401 -- finds the kit
import numpy as np
import pytest
from securesum_kit import World, world

from summand.errors import SumError, TooFewSites
from summand.securesum import Codec, context

Q = Codec.q63_64()
CASES = [(3, 3, 0), (3, 3, 1), (4, 3, 0), (4, 3, 1), (5, 4, 1)]


def row_reduce(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """Reduced row echelon form without zero rows."""
    rows, lead = [row[:] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((k for k in range(lead, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[lead], rows[pivot] = rows[pivot], rows[lead]
        rows[lead] = [value / rows[lead][column] for value in rows[lead]]
        for k, row in enumerate(rows):
            if k != lead and row[column]:
                rows[k] = [a - row[column] * b for a, b in zip(row, rows[lead], strict=True)]
        lead += 1
    return rows[:lead]


@lru_cache(maxsize=4096)
def learnt(honest: int, seeds_known: frozenset[int], pairs_known: frozenset[tuple[int, int]]) -> tuple:
    """A basis of the combinations of x_0 … x_{h-1} that the hub learns, as tuples of coefficients.

    Columns: unknown self masks, unknown pair masks, then the inputs; after elimination the rows without a mask are
    exactly what the span says about inputs alone.
    """
    selves = [i for i in range(honest) if i not in seeds_known]
    pairs = [p for p in itertools.combinations(range(honest), 2) if p not in pairs_known]
    rows = []
    for i in range(honest):
        row = [Fraction(i == j) for j in selves]
        row += [Fraction((i == a) - (i == b)) for a, b in pairs]
        row += [Fraction(i == j) for j in range(honest)]
        rows.append(row)
    masks = len(selves) + len(pairs)
    return tuple(tuple(row[masks:]) for row in row_reduce(rows) if not any(row[:masks]))


class Stage:
    """A real round with all uploads in, whose sites answer whatever they are told."""

    def __init__(self, count: int, threshold: int) -> None:
        self.world: World = world(count, threshold)
        self.ctx = context(b"equivocation")
        self.uploads = self.world.upload(self.ctx, Q, np.ones((count, 1)))
        self.answers: dict[tuple[int, frozenset[int]], frozenset[int]] = {}

    def answer(self, site: int, told: frozenset[int]) -> frozenset[int]:
        """For whose seeds this site gives a share, when told that ``told`` uploaded: by the real `reveal`."""
        if (site, told) not in self.answers:
            names = self.world.sites
            try:
                given = self.world.reveal(names[site], self.ctx, self.uploads, [names[k] for k in told])
            except TooFewSites:
                given = {}
            self.answers[site, told] = frozenset(names.index(name) for name in given)
        return self.answers[site, told]


def subsets(count: int) -> list[frozenset[int]]:
    return [frozenset(s) for size in range(count + 1) for s in itertools.combinations(range(count), size)]


def reconstructed(answers, honest: int, threshold: int, corrupted: int) -> frozenset[int]:
    """The honest sites whose seeds the hub can combine: t shares, its own sites' included."""
    return frozenset(j for j in range(honest) if corrupted + sum(j in a for a in answers) >= threshold)


@pytest.mark.parametrize(("count", "threshold", "corrupted"), CASES)
def test_no_lie_about_survivors_teaches_more_than_the_whole_sum(count, threshold, corrupted):
    """Every assignment of survivor sets to honest sites: nothing, or one sum over all honest sites."""
    stage, honest = Stage(count, threshold), count - corrupted
    outcomes = set()
    options = [sorted({stage.answer(i, told) for told in subsets(count)}, key=sorted) for i in range(honest)]
    for answers in itertools.product(*options):  # sets that get the same answer are one strategy
        known = reconstructed(answers, honest, threshold, corrupted)
        outcomes.add(learnt(honest, known, frozenset()))

    assert outcomes == {(), ((Fraction(1),) * honest,)}


def test_every_single_lie_of_the_smallest_case_is_tried():
    """Four sites, t = 3, c = 1, ungrouped: 16³ strategies one by one; only the truth, told to t − c sites, opens a sum."""
    stage, opened = Stage(4, 3), 0
    full = frozenset(range(4))
    for told in itertools.product(subsets(4), repeat=3):
        known = reconstructed([stage.answer(i, told[i]) for i in range(3)], 3, 3, 1)
        basis = learnt(3, known, frozenset())
        if basis:
            opened += 1
            assert basis == ((1, 1, 1),)
            assert sum(t == full for t in told) >= 2  # t − c honest sites must have heard of the whole cohort
    assert opened == 1 + 3 * 15  # all three honest sites told the truth, or any two of them


def test_splitting_the_sites_between_two_contexts_teaches_nothing():
    """Honest sites shown different specifications: their pair masks differ, and no sum over a part ever opens."""
    honest, threshold, corrupted = 3, 3, 1
    for side in itertools.product((0, 1), repeat=honest):
        if len(set(side)) == 1:
            continue
        for answering in itertools.product((False, True), repeat=honest):
            # a site answers only for the context under which it uploaded, and holds boxes of that context's sites only
            known = frozenset(
                j
                for j in range(honest)
                if corrupted + sum(answering[i] and side[i] == side[j] for i in range(honest)) >= threshold
            )
            rows = learnt_in_two_contexts(honest, side, known)
            assert rows == []


def learnt_in_two_contexts(honest: int, side: tuple[int, ...], seeds_known: frozenset[int]) -> list:
    """As `learnt`, where each pair has one mask per context and a site uses those of its own side."""
    selves = [i for i in range(honest) if i not in seeds_known]
    pairs = [(p, s) for p in itertools.combinations(range(honest), 2) for s in (0, 1)]
    rows = []
    for i in range(honest):
        row = [Fraction(i == j) for j in selves]
        row += [Fraction(((i == a) - (i == b)) * (side[i] == s)) for (a, b), s in pairs]
        rows.append(row + [Fraction(i == j) for j in range(honest)])
    masks = len(selves) + len(pairs)
    return [row[masks:] for row in row_reduce(rows) if not any(row[:masks])]


def test_a_site_refuses_boxes_of_another_context():
    """What the enumeration of two contexts rests on: shares made under one context do not open under another."""
    here = world(4)
    one, two = context(b"one"), context(b"two")
    uploads = {**here.upload(one, Q, np.ones((4, 1)))}
    uploads["site-003"] = here.upload(two, Q, np.ones((4, 1)))["site-003"]
    for me in here.sites[:3]:
        with pytest.raises(SumError):
            here.reveal(me, one, uploads)


def smallest(outcomes) -> int:
    """The fewest honest sites in any learnt combination of a basis."""
    return min((sum(map(bool, row)) for basis in outcomes for row in basis), default=99)


def test_the_harness_finds_the_hole_when_pair_seeds_are_given_without_agreement():
    """Broken on purpose: sites believe any survivor set, and give the pair seeds of those left out. Sums of one fall out."""
    honest, threshold, corrupted = 3, 3, 1
    told_sets = [[s for s in subsets(honest) if i in s and len(s) >= threshold - corrupted] for i in range(honest)]
    outcomes = set()
    for told in itertools.product(*told_sets):
        known = reconstructed(told, honest, threshold, corrupted)
        pairs = frozenset(
            (a, b) for a, b in itertools.combinations(range(honest), 2) if b not in told[a] or a not in told[b]
        )
        outcomes.add(learnt(honest, known, pairs))

    assert smallest(outcomes) == 1


def test_the_harness_finds_the_hole_when_two_survivor_sets_are_answered():
    """Broken on purpose: all shares for the whole cohort, and pair seeds of one site as well. Its own vector falls out."""
    honest = 3
    everything = frozenset(range(honest))
    pairs = frozenset((i, 2) for i in range(2))
    assert smallest({learnt(honest, everything, pairs)}) == 1
    assert smallest({learnt(honest, everything, frozenset())}) == honest
