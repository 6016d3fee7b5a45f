"""Rounds that lose sites: at any mixture of steps the total over those that uploaded is exact, or nothing opens."""

from __future__ import annotations

import hashlib
import itertools
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesum_kit import AGREEMENT_HASH, EPOCH, World, codecs, world

from summand.errors import CertificateInvalid, RoundReplayed, ShareInvalid, SumError, TooFewSites
from summand.securesum import Codec, Cohort, HubSum, PairKeys, context, may_suffice, reveal
from summand.securesum._shares import recover
from summand.signing import PrivateKey

Q = Codec.q63_64()
CTX = context(b"a round with losses")


def answers(here: World, rnd, uploads, stand_ins, survivors, answering, signers=None):
    """The shares of those that answer, told who survived under a certificate of ``signers``."""
    certificate = here.certificate(rnd, survivors, signers)
    found = {}
    for me in answering:
        boxes = {peer: (uploads if peer in survivors else stand_ins)[peer].share_boxes[me] for peer in rnd.peers(me)}
        found[me] = reveal(here.keys[me], rnd, me, survivors, boxes, uploads[me].own_share, certificate)
    return found


def opened(here: World, codec, data, uploaded, answering, number=0):
    """The decoded total where ``uploaded`` sites send vectors and ``answering`` of them give shares."""
    rnd, stand_ins = here.round(CTX, number), here.stand_ins(number)
    uploads = here.upload(CTX, codec, data, rnd)
    hub = HubSum(rnd, codec, data.shape[1])
    for site in uploaded:
        hub.add(site, uploads[site].masked)
    survivors = hub.close()
    reveals = answers(here, rnd, uploads, stand_ins, survivors, answering)
    return codec.decode(hub.unmask(reveals, {lost: stand_ins[lost].bundle for lost in hub.missing}))


@pytest.mark.parametrize(("count", "threshold"), [(4, 3), (5, 3), (6, 4), (7, 5)])
def test_every_mixture_of_losses_up_to_n_less_t_gives_the_exact_sum(count, threshold):
    """Each set of survivors, each set of answering sites among them, down to t of n: the sum over the survivors."""
    here, data = world(count, threshold), np.arange(2.0 * count).reshape(count, 2)
    tried = 0
    for uploaded in (set(s) for k in range(threshold, count + 1) for s in itertools.combinations(here.sites, k)):
        for gone in range(len(uploaded) - threshold + 1):
            answering = sorted(uploaded)[gone:]
            total = opened(here, Q, data, uploaded, answering, number=tried)
            places = [here.sites.index(site) for site in uploaded]
            assert total.tolist() == data[places].sum(axis=0).tolist()
            tried += 1
    assert tried > 5


@given(st.data())
def test_losses_at_random_change_no_bit_of_the_survivors_sum(data):
    """Any cohort, threshold, codec, vectors and losses: bit for bit the sum of the survivors' encoded vectors."""
    count = data.draw(st.integers(4, 9))
    here = world(count, data.draw(st.integers(count // 2 + 1, count)))
    codec = codecs(count)[data.draw(st.integers(0, 1))]
    length = data.draw(st.integers(0, 9))
    numbers = st.floats(-100, 100)
    rows = np.array(
        data.draw(st.lists(st.lists(numbers, min_size=length, max_size=length), min_size=count, max_size=count))
    )
    rows = rows.reshape(count, length)
    kept = data.draw(st.integers(here.cohort.threshold, count))
    uploaded = data.draw(st.permutations(here.sites))[:kept]
    answering = data.draw(st.permutations(uploaded))[: data.draw(st.integers(here.cohort.threshold, kept))]
    plain = codec.zeros(length)
    for site in uploaded:
        codec.add_into(plain, codec.encode(rows[here.sites.index(site)], 100.0))

    total = opened(here, codec, rows, uploaded, answering, number=data.draw(st.integers(0, 2**32 - 1)))
    assert total.tobytes() == codec.decode(plain).tobytes()


def test_the_next_round_goes_on_with_the_members_that_are_left():
    """A site lost in one round takes no part in the next; its masks are not in it and t stays what it was."""
    here, data = world(6, 4), np.ones((6, 1))
    left = here.sites[1:]
    rnd, stand_ins = here.round(CTX, 1, left), here.stand_ins(1)
    uploads = here.upload(CTX, Q, data, rnd)
    hub = HubSum(rnd, Q, 1)
    for site in left[1:]:
        hub.add(site, uploads[site].masked)
    reveals = answers(here, rnd, uploads, stand_ins, hub.close(), left[1:])

    assert hub.missing == (left[0],)
    assert Q.decode(hub.unmask(reveals, {left[0]: stand_ins[left[0]].bundle})).tolist() == [4.0]
    with pytest.raises(SumError):
        HubSum(rnd, Q, 1).add(here.sites[0], uploads[left[0]].masked)
    with pytest.raises(TooFewSites):
        here.round(CTX, 2, here.sites[:3])


def test_fewer_than_the_threshold_end_the_round_and_open_nothing():
    """Too few uploads: the survivors cannot be settled. Too few answers: no secret comes out, whatever is tried."""
    here, data = world(6, 4), np.ones((6, 1))
    rnd, stand_ins = here.round(CTX), here.stand_ins()
    uploads = here.upload(CTX, Q, data, rnd)
    hub = HubSum(rnd, Q, 1)
    for site in here.sites[:3]:
        hub.add(site, uploads[site].masked)
    with pytest.raises(TooFewSites):
        hub.close()
    for site in here.sites[3:5]:
        hub.add(site, uploads[site].masked)
    survivors = hub.close()
    reveals = answers(here, rnd, uploads, stand_ins, survivors, here.sites[:3], signers=survivors)
    with pytest.raises(TooFewSites):
        hub.unmask(reveals, {here.sites[5]: stand_ins[here.sites[5]].bundle})


def test_a_late_upload_stays_masked():
    """After a recovery the late vector is not added, and its own mask is still on it: no site gives a share of it."""
    here, data = world(4, 3), np.ones((4, 1))
    rnd, stand_ins = here.round(CTX), here.stand_ins()
    uploads = here.upload(CTX, Q, data, rnd)
    hub, late = HubSum(rnd, Q, 1), here.sites[3]
    for site in here.sites[:3]:
        hub.add(site, uploads[site].masked)
    survivors = hub.close()
    with pytest.raises(RoundReplayed):
        hub.add(late, uploads[late].masked)
    reveals = answers(here, rnd, uploads, stand_ins, survivors, survivors)

    assert Q.decode(hub.unmask(reveals, {late: stand_ins[late].bundle})).tolist() == [3.0]
    own = uploads[late].own_share
    assert all(own != shares.get(late) for shares in reveals.values())


def test_a_stand_in_opens_in_its_own_round_only():
    """The bundle of one round under the key of another, or for another site: no seeds, the round ends."""
    here, data = world(4, 3), np.ones((4, 1))
    rnd, right, wrong = here.round(CTX), here.stand_ins(0), here.stand_ins(1)
    uploads = here.upload(CTX, Q, data, rnd)
    hub, lost = HubSum(rnd, Q, 1), here.sites[0]
    for site in here.sites[1:]:
        hub.add(site, uploads[site].masked)
    reveals = answers(here, rnd, uploads, right, hub.close(), here.sites[1:])
    for bundle in (wrong[lost].bundle, right[here.sites[1]].bundle, b"", right[lost].bundle[:-1]):
        with pytest.raises(ShareInvalid):
            hub.unmask(reveals, {lost: bundle})
    with pytest.raises(ShareInvalid):
        answers(here, rnd, uploads, wrong, hub.survivors, here.sites[1:])
    assert Q.decode(hub.unmask(reveals, {lost: right[lost].bundle})).tolist() == [3.0]


# ── many sites ───────────────────────────────────────────────────────────────────────────────────────────────────────
@lru_cache(maxsize=4)
def large_world(count: int) -> World:
    """Many sites whose pair keys come from a hash of the pair: the set-up itself is tested with few."""
    private = {f"site-{i:04d}": PrivateKey.generate() for i in range(count)}
    cohort = Cohort.form({site: key.public for site, key in private.items()}, AGREEMENT_HASH, EPOCH)
    keys = {}
    for me in cohort.sites:
        pairs = {peer: hashlib.sha256("|".join(sorted((me, peer))).encode()).digest() for peer in cohort.neighbours(me)}
        keys[me] = PairKeys(me, AGREEMENT_HASH, EPOCH, pairs)
    return World(cohort, keys, private)


@pytest.mark.parametrize("count", [65, 100, 300, 1000])
def test_the_graph_is_the_same_for_all_and_has_neighbours_enough(count):
    """Symmetric, without loops, at least k neighbours each and not many more, connected; another epoch, another graph."""
    cohort = large_world(count).cohort
    around = {site: set(cohort.neighbours(site)) for site in cohort.sites}
    degrees = [len(found) for found in around.values()]
    later = Cohort(cohort.sites, cohort.identity_keys, AGREEMENT_HASH, b"another epoch")

    assert all(site in around[peer] for site in cohort.sites for peer in around[site])
    assert not any(site in around[site] for site in cohort.sites)
    assert cohort.is_sparse
    assert min(degrees) >= {65: 34, 100: 48, 300: 100, 1000: 150}[count]
    assert max(degrees) < 1.6 * min(degrees)
    seen, waiting = {cohort.sites[0]}, [cohort.sites[0]]
    while waiting:
        for peer in around[waiting.pop()] - seen:
            seen.add(peer)
            waiting.append(peer)
    assert len(seen) == count
    assert any(later.neighbours(site) != cohort.neighbours(site) for site in cohort.sites)


@pytest.mark.slow
def test_a_thousand_sites_of_which_a_tenth_is_lost_before_and_a_twentieth_after_the_upload():
    """The total over the 900 that uploaded, exact in every bit, from the answers of 850."""
    here, rng = large_world(1000), np.random.default_rng(7)
    data = rng.integers(-(2**40), 2**40, (1000, 50)) / 1024.0
    order = rng.permutation(1000)
    uploaded = {here.sites[k] for k in order[:900]}
    answering = sorted(here.sites[k] for k in order[:850])

    total = opened(here, Q, data, uploaded, answering)
    assert total.tolist() == data[sorted(order[:900])].sum(axis=0).tolist()


def test_answers_that_are_too_few_around_one_site_open_nothing():
    """In a graph it is each secret's own holders that count: without enough of them around one site, no total."""
    here = large_world(65)
    rnd = here.round(CTX)
    victim = here.sites[0]
    holders = rnd.holders(victim)
    silent = set(holders[: len(holders) - here.cohort.shares_needed(victim) + 1])
    answering = [site for site in here.sites if site not in silent]

    assert len(answering) >= here.cohort.threshold
    assert not may_suffice(rnd, answering)
    assert may_suffice(rnd, here.sites)
    shares = {me: {holder: bytes(33) for holder in rnd.holders(me)} for me in answering}
    with pytest.raises(TooFewSites):
        recover(rnd, shares)


def test_in_a_graph_even_the_whole_cohort_needs_a_certificate():
    """Told that everybody uploaded, a site of a large cohort believes it only signed; with few sites it need not be."""
    here = large_world(65)
    rnd, data = here.round(CTX), np.ones((65, 1))
    uploads = here.upload(CTX, Q, data, rnd)
    me = here.sites[0]
    boxes = {peer: uploads[peer].share_boxes[me] for peer in rnd.peers(me)}
    with pytest.raises(CertificateInvalid):
        reveal(here.keys[me], rnd, me, here.sites, boxes, uploads[me].own_share)
    certificate = here.certificate(rnd, here.sites)
    assert len(reveal(here.keys[me], rnd, me, here.sites, boxes, uploads[me].own_share, certificate)) == len(boxes) + 1
