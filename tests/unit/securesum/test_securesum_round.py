"""Whole rounds: the total, at every size, whoever of the sites answers; and what the hub refuses."""

from __future__ import annotations

import itertools
import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesum_kit import codecs, world

from summand.errors import PeerProtocolError, RoundReplayed, ShareInvalid, SumError, TooFewSites
from summand.securesum import Codec, HubSum, Round, context

Q = Codec.q63_64()
CTX = context(b"a round")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 18])
def test_the_total_is_the_sum_over_all_sites(count):
    """From one site (trial profile) to 18, in every codec; the 128-bit total is correctly rounded."""
    here, rng = world(count), np.random.default_rng(count)
    data = rng.uniform(-100, 100, (count, 37))
    for codec in codecs(count):
        uploads = here.upload(CTX, codec, data)
        total = codec.decode(here.hub(CTX, codec, uploads, 37).unmask(here.reveals(CTX, uploads)))
        exact = [sum(map(Fraction, column), Fraction(0)) for column in data.T.tolist()]
        if codec == Q:
            assert total.tolist() == [float(e) for e in exact]
        tolerance = count * 2.0**-codec.fraction_bits
        np.testing.assert_allclose(total, [float(e) for e in exact], rtol=2.0**-52, atol=tolerance)


@pytest.mark.parametrize("length", [0, 1, 16_383, 16_384, 40_000])
def test_vectors_of_every_length_are_unmasked(length):
    """No values, one, and several blocks."""
    here = world(3)
    data = np.random.default_rng(length).uniform(-1, 1, (3, length))
    for codec in codecs(3):
        uploads = here.upload(CTX, codec, data)
        total = codec.decode(here.hub(CTX, codec, uploads, length).unmask(here.reveals(CTX, uploads)))

        assert total.shape == (length,)
        np.testing.assert_allclose(total, data.sum(axis=0), rtol=0, atol=max(1e-14, 3 * 2.0**-codec.fraction_bits))


@given(st.data(), st.integers(2, 6))
def test_masking_changes_no_bit_of_the_sum(data, count):
    """The unmasked ring total is, bit for bit, the sum of the encoded vectors, in any order of arrival."""
    here, length = world(count), data.draw(st.integers(1, 20))
    number = st.floats(-(2.0**50), 2.0**50)
    rows = data.draw(st.lists(st.lists(number, min_size=length, max_size=length), min_size=count, max_size=count))
    ctx, plain = os.urandom(32), Q.zeros(length)
    for row in rows:
        Q.add_into(plain, Q.encode(np.array(row), 2.0**50))
    uploads = here.upload(ctx, Q, np.array(rows))
    order = data.draw(st.permutations(here.sites))
    hub = here.hub(ctx, Q, {site: uploads[site] for site in order}, length)

    assert hub.unmask(here.reveals(ctx, uploads)).tobytes() == plain.tobytes()


def test_any_threshold_of_answers_opens_the_total():
    """All 3-subsets and 4-subsets of four sites give the same total; two sites' answers do not."""
    here, data = world(4), np.arange(8.0).reshape(4, 2)
    uploads = here.upload(CTX, Q, data)
    reveals = here.reveals(CTX, uploads)
    for size in (3, 4):
        for some in itertools.combinations(here.sites, size):
            hub = here.hub(CTX, Q, uploads, 2)
            assert Q.decode(hub.unmask({site: reveals[site] for site in some})).tolist() == [12.0, 16.0]
    hub = here.hub(CTX, Q, uploads, 2)
    with pytest.raises(TooFewSites):
        hub.unmask({site: reveals[site] for site in here.sites[:2]})
    assert Q.decode(hub.unmask(reveals)).tolist() == [12.0, 16.0]


def test_an_upload_sent_twice_counts_once():
    """The same vector again is no news; another vector of the same site ends the round by name."""
    here = world(3)
    first, second = (here.upload(CTX, Q, np.ones((3, 2))) for _ in range(2))
    hub = HubSum(here.round(CTX), Q, 2)

    assert hub.missing == here.sites
    assert hub.add("site-000", first["site-000"].masked) is True
    assert hub.add("site-000", first["site-000"].masked) is False
    with pytest.raises(RoundReplayed, match="site-000"):
        hub.add("site-000", second["site-000"].masked)
    assert hub.missing == ("site-001", "site-002")
    for site in hub.missing:
        hub.add(site, first[site].masked)
    assert Q.decode(hub.unmask(here.reveals(CTX, first))).tolist() == [3.0, 3.0]


def test_nothing_is_unmasked_while_a_site_is_missing():
    """Without a stand-in for it nothing opens, and the round may still be completed."""
    here = world(4)
    uploads = here.upload(CTX, Q, np.ones((4, 2)))
    reveals = here.reveals(CTX, uploads)
    hub = here.hub(CTX, Q, {site: uploads[site] for site in here.sites[:3]}, 2)
    with pytest.raises(ShareInvalid, match="site-003"):
        hub.unmask(reveals)
    hub.add("site-003", uploads["site-003"].masked)

    assert Q.decode(hub.unmask(reveals)).tolist() == [4.0, 4.0]


def test_a_round_is_over_once_its_total_is_open():
    """Neither a late upload nor a second unmasking touches the total."""
    here = world(3)
    uploads = here.upload(CTX, Q, np.ones((3, 2)))
    hub, reveals = here.hub(CTX, Q, uploads, 2), here.reveals(CTX, uploads)
    total = hub.unmask(reveals)
    for late in (lambda: hub.unmask(reveals), lambda: hub.add("site-000", bytes(Q.vector_bytes(2)))):
        with pytest.raises(RoundReplayed):
            late()
    assert Q.decode(total).tolist() == [3.0, 3.0]


def test_vectors_of_strangers_and_of_another_length_are_refused():
    """Only the cohort's sites add, and only vectors of the round's layout; the total is untouched."""
    here = world(3)
    uploads = here.upload(CTX, Q, np.ones((3, 2)))
    hub = here.hub(CTX, Q, uploads, 2)
    with pytest.raises(SumError):
        hub.add("stranger", uploads["site-000"].masked)
    fresh = HubSum(here.round(CTX), Q, 3)
    with pytest.raises(PeerProtocolError):
        fresh.add("site-000", uploads["site-000"].masked)
    with pytest.raises(SumError):
        Round(here.cohort, b"short")
    assert fresh.missing == here.sites
    assert Q.decode(hub.unmask(here.reveals(CTX, uploads))).tolist() == [3.0, 3.0]


def test_shares_are_given_for_the_whole_cohort_or_under_a_certificate():
    """Any other survivor set, uncertified, is refused before a single box is opened."""
    here = world(4)
    uploads = here.upload(CTX, Q, np.ones((4, 1)))
    for told in ([], here.sites[:2], here.sites[:3], (*here.sites, "stranger"), here.sites[1:]):
        with pytest.raises(SumError):
            here.reveal("site-000", CTX, uploads, told)


def test_the_hub_spots_which_answer_is_wrong():
    """With two answers to spare, the odd one out is named; without it the total opens."""
    here = world(6, 4)
    uploads = here.upload(CTX, Q, np.ones((6, 2)))
    reveals = here.reveals(CTX, uploads)
    wrong = dict(reveals["site-002"])
    wrong["site-005"] = (int.from_bytes(wrong["site-005"], "little") ^ 1).to_bytes(33, "little")
    hub = here.hub(CTX, Q, uploads, 2)
    with pytest.raises(ShareInvalid, match="site-002"):
        hub.unmask({**reveals, "site-002": wrong})
    rest = {site: shares for site, shares in reveals.items() if site != "site-002"}

    assert Q.decode(hub.unmask(rest)).tolist() == [6.0, 6.0]
