"""Everything a lying hub can learn in one round, by enumeration and linear algebra; with losses and without.

The hub, in league with c sites, tells each honest site what it likes about who uploaded, with whatever certificates it
can gather. Each strategy is put to the real `reveal`; what comes back decides which self-mask seeds and which stand-ins
the hub can reconstruct (t shares, its own sites' among them) and which pair masks it knows. Then the vectors it holds are linear equations over unknowns

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

from summand.errors import CertificateInvalid, ShareInvalid, SumError
from summand.securesum import Codec, context, reveal

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
            except SumError:
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


# ── losses ───────────────────────────────────────────────────────────────────────────────────────────────────────────
LOSSY = [(4, 3, 0), (4, 3, 1), (5, 4, 1), (6, 4, 1), (6, 5, 1), (6, 5, 2), (7, 5, 2)]
SELF, STAND_IN = "share", "stand-in"


class LossyStage(Stage):
    """As `Stage`, with stand-ins and the certificates that the sites asked to sign would give."""

    def __init__(self, count: int, threshold: int) -> None:
        super().__init__(count, threshold)
        self.stand_ins = self.world.stand_ins()
        self.rnd = self.world.round(self.ctx)

    def answer_certified(self, site: int, told: frozenset[int], signers: frozenset[int]) -> frozenset[tuple[str, int]]:
        """Which shares the site gives when told ``told`` uploaded, with signatures of ``signers`` on it."""
        names = self.world.sites
        survivors, me = [names[k] for k in sorted(told)], names[site]
        boxes = {
            peer: (self.uploads if peer in survivors else self.stand_ins)[peer].share_boxes[me]
            for peer in self.rnd.peers(me)
        }
        try:
            certificate = self.world.certificate(self.rnd, survivors, [names[k] for k in sorted(signers)])
            given = reveal(self.world.keys[me], self.rnd, me, survivors, boxes, self.uploads[me].own_share, certificate)
        except SumError:
            return frozenset()
        return frozenset((SELF if name in survivors else STAND_IN, names.index(name)) for name in given)


def opened_by(answers, honest: int, threshold: int, corrupted: int) -> tuple:
    """The basis of what the hub learns from honest sites' shares and its own sites' of everything."""
    counts = {
        kind: [corrupted + sum((kind, j) in a for a in answers) for j in range(honest)] for kind in (SELF, STAND_IN)
    }
    seeds = frozenset(j for j in range(honest) if counts[SELF][j] >= threshold)
    open_bundles = {j for j in range(honest) if counts[STAND_IN][j] >= threshold}
    pairs = frozenset(p for p in itertools.combinations(range(honest), 2) if open_bundles & set(p))
    return learnt(honest, seeds, pairs)


def certifiable(
    count: int, threshold: int, told: frozenset[int], signed: frozenset[int], honest: int
) -> frozenset[int]:
    """Who can have signed a set: the honest sites that did, and the hub's own."""
    return signed | frozenset(k for k in range(honest, count) if k in told)


@pytest.mark.parametrize(("count", "threshold", "corrupted"), LOSSY)
def test_no_lie_about_losses_teaches_more_than_one_sum_over_t_less_c_honest_sites(count, threshold, corrupted):
    """Every set that can be certified, every mixture of sites that answer for it, for the whole cohort, sign only, or not.

    A site signs or answers for one set in a round; so at most one set besides the whole cohort finds t signatures (see
    below), and a site told another one gives nothing.
    """
    stage, honest, sums = LossyStage(count, threshold), count - corrupted, set()
    everyone = frozenset(range(count))
    fast = [stage.answer_certified(i, everyone, frozenset()) for i in range(honest)]
    for told in (s for s in subsets(count) if threshold <= len(s) < count):
        certified = everyone & told
        slow = [stage.answer_certified(i, told, certified) for i in range(honest)]
        for acts in itertools.product("-fsa", repeat=honest):  # silent, for all, signed only, signed and answered
            signed = frozenset(i for i, act in enumerate(acts) if act in "sa")
            if not signed <= told:
                continue
            enough = len(certifiable(count, threshold, told, signed, honest)) >= threshold
            given = [
                fast[i] if act == "f" else slow[i] if act == "a" and enough else frozenset()
                for i, act in enumerate(acts)
            ]
            basis = opened_by(given, honest, threshold, corrupted)
            assert len(basis) <= 1, (told, acts)
            for row in basis:
                assert len({value for value in row if value}) == 1, (told, acts)
                assert sum(map(bool, row)) >= threshold - corrupted, (told, acts)
                sums.add(sum(map(bool, row)))
    assert honest in sums, "the truth opens the whole sum"
    if threshold < count:
        assert min(sums) < honest, "and losses are really tried"


@pytest.mark.parametrize(("count", "threshold", "corrupted"), LOSSY)
def test_two_sets_of_survivors_never_find_signatures_enough(count, threshold, corrupted):
    """However the honest sites are split, each signing one set, two sets cannot both reach t with the hub's c twice."""
    honest = count - corrupted
    for first in range(honest + 1):
        assert not (first + corrupted >= threshold and honest - first + corrupted >= threshold)


@pytest.mark.parametrize("signers", [0, 1, 2])
def test_too_few_signatures_get_no_share(signers):
    """Below the threshold of signatures no site answers for a set that is not the whole cohort."""
    stage = LossyStage(4, 3)
    for told in (s for s in subsets(4) if len(s) == 3):
        for some in itertools.combinations(sorted(told), signers):
            assert all(stage.answer_certified(i, told, frozenset(some)) == frozenset() for i in told)


def test_a_forged_or_borrowed_signature_certifies_nothing():
    """Signatures of another set, of another round, or by another site under this one's name."""
    stage = LossyStage(4, 3)
    here, rnd, names = stage.world, stage.rnd, stage.world.sites
    told = names[:3]
    right = here.certificate(rnd, told)
    other_set = here.certificate(rnd, (*names[:2], names[3]))
    other_round = here.certificate(here.round(context(b"another")), told)
    rnd.check_certificate(told, right)
    for wrong in (
        {**right, names[2]: other_set[names[0]]},
        other_round,
        {**right, names[2]: right[names[1]]},
        {names[0]: right[names[0]], names[1]: right[names[1]], names[3]: other_set[names[3]]},
        {**right, names[2]: b"short"},
        {},
    ):
        with pytest.raises(CertificateInvalid):
            rnd.check_certificate(told, wrong)


def test_a_box_of_the_other_kind_does_not_open():
    """The share of a lost site's self-mask seed, handed over as that of its stand-in, or the other way round."""
    stage = LossyStage(4, 3)
    here, names = stage.world, stage.world.sites
    me, survivors, lost = names[0], names[:3], names[3]
    certificate = here.certificate(stage.rnd, survivors)
    boxes = {peer: stage.uploads[peer].share_boxes[me] for peer in names[1:]}
    own = stage.uploads[me].own_share
    with pytest.raises(ShareInvalid, match=lost):
        reveal(here.keys[me], stage.rnd, me, survivors, boxes, own, certificate)
    swapped = {
        **boxes,
        lost: stage.stand_ins[lost].share_boxes[me],
        names[1]: stage.stand_ins[names[1]].share_boxes[me],
    }
    with pytest.raises(ShareInvalid, match=names[1]):
        reveal(here.keys[me], stage.rnd, me, survivors, swapped, own, certificate)


def test_a_site_said_to_be_lost_gives_no_share():
    """A hub that claims that this very site dropped gets nothing from it, certificate or not."""
    stage = LossyStage(4, 3)
    told = frozenset({0, 1, 2})
    assert stage.answer_certified(3, told, told) == frozenset()


def test_the_harness_finds_the_hole_when_the_bound_on_corruption_is_passed():
    """2t = n + c is one too few: then both answers for everybody and for a smaller set open, and the rest falls out."""
    count, threshold, corrupted = 6, 4, 2
    stage, honest = LossyStage(count, threshold), 4
    everyone, told = frozenset(range(6)), frozenset({0, 1, 2, 4, 5})
    fast = [stage.answer_certified(i, everyone, frozenset()) for i in range(honest)]
    slow = [stage.answer_certified(i, told, told) for i in range(honest)]
    bases = {
        opened_by([slow[i] if i in some else fast[i] for i in range(honest)], honest, threshold, corrupted)
        for some in itertools.combinations(range(3), 2)
    }
    assert any(len(basis) > 1 or smallest([basis]) < threshold - corrupted for basis in bases)


def test_the_harness_finds_the_hole_when_both_secrets_of_a_site_are_given():
    """Broken on purpose: shares of a site's stand-in and of its self-mask seed. Its own vector falls out."""
    honest = 4
    everything = frozenset((kind, j) for kind in (SELF, STAND_IN) for j in (3,)) | {(SELF, j) for j in range(3)}
    assert smallest([opened_by([everything] * honest, honest, 3, 0)]) == 1


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
