"""What a hub, a site or a thief of messages might try against one round, and how it ends: by name, without a total."""

from __future__ import annotations

import dataclasses
import os

import _securesum_path  # noqa: F401 -- finds the kit
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesum_kit import codecs, world

from summand.errors import SetupInvalid, ShareInvalid, SumError, TooFewSites
from summand.securesum import Codec, Cohort, HubSum, Round, context, mask_upload, reveal
from summand.securesum._shares import recover

Q = Codec.q63_64()
CTX, OTHER = context(b"round 1"), context(b"round 2")
DATA = np.arange(12.0).reshape(4, 3)


def flipped(data: bytes, position: int) -> bytes:
    """``data`` with one bit changed."""
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@pytest.mark.parametrize("kind", range(3))
def test_a_vector_of_another_round_does_not_cancel(kind):
    """A replayed upload leaves masks behind: the check bits say so and no total comes out."""
    here, codec = world(4), codecs(4)[kind]
    fresh, old = here.upload(CTX, codec, DATA), here.upload(OTHER, codec, DATA)
    mixed = {**fresh, "site-001": dataclasses.replace(fresh["site-001"], masked=old["site-001"].masked)}
    with pytest.raises(SumError, match="do not cancel"):
        here.hub(CTX, codec, mixed, 3).unmask(here.reveals(CTX, fresh))


def test_sites_shown_different_things_get_masks_that_do_not_cancel():
    """Another context, codec, length, threshold or epoch at one site: never a total over different questions."""
    here, codec = world(4), Codec.fixed64(100.0, 4)
    cohort = here.cohort
    odd = [
        (OTHER, cohort, codec),
        (CTX, cohort, Codec.fixed64(99.0, 4)),
        (CTX, dataclasses.replace(cohort, threshold=4), codec),
        (CTX, Cohort(cohort.sites[::-1], cohort.identity_keys[::-1], cohort.agreement_hash, cohort.epoch), codec),
    ]
    for ctx, its_cohort, its_codec in odd:
        uploads = here.upload(CTX, codec, DATA)
        seeds = {}
        ring = its_codec.encode(DATA[0], 50.0)
        masked = mask_upload(here.keys["site-000"], Round(its_cohort, ctx), "site-000", ring, its_codec)
        boxes = {**uploads, "site-000": masked}
        hub = here.hub(CTX, codec, boxes, 3)
        with pytest.raises(SumError):  # either its boxes do not open at the others, or its masks do not cancel
            for me in here.sites:
                seeds[me] = reveal(
                    here.keys[me], Round(cohort, CTX), me, here.sites, here.boxes_to(me, boxes), boxes[me].own_share
                )
            hub.unmask(seeds)


def test_a_padded_vector_does_not_cancel():
    """A site that masked a longer vector and cut it: the length is part of every mask."""
    here, codec = world(3), Codec.fixed64(100.0, 3)
    uploads = here.upload(CTX, codec, DATA[:3])
    longer = mask_upload(here.keys["site-000"], here.round(CTX), "site-000", codec.encode(np.zeros(4), 1.0), codec)
    uploads["site-000"] = dataclasses.replace(longer, masked=longer.masked[: codec.vector_bytes(3)])
    with pytest.raises(SumError, match="do not cancel"):
        here.hub(CTX, codec, uploads, 3).unmask(here.reveals(CTX, uploads))


def test_boxes_open_only_for_their_receiver_sender_and_round():
    """Swapped, replayed, tampered, cut or missing boxes: the site names the sender and gives no share at all."""
    here = world(4)
    uploads, old = here.upload(CTX, Q, DATA), here.upload(OTHER, Q, DATA)
    good, me = here.boxes_to("site-000", uploads), "site-000"
    box = good["site-001"]
    for wrong in (
        {**good, "site-001": good["site-002"], "site-002": good["site-001"]},
        {**good, "site-001": old["site-001"].share_boxes[me]},
        {**good, "site-001": uploads["site-001"].share_boxes["site-002"]},
        {**good, "site-001": uploads[me].share_boxes["site-001"]},
        {**good, "site-001": flipped(box, 0)},
        {**good, "site-001": flipped(box, 48)},
        {**good, "site-001": box[:-1]},
        {**good, "site-001": b""},
        {**good, "site-001": None},
        {**good, "site-001": "text"},
        {peer: box for peer, box in good.items() if peer != "site-001"},
    ):
        with pytest.raises(ShareInvalid, match="site-001"):
            reveal(here.keys[me], here.round(CTX), me, here.sites, wrong, uploads[me].own_share)


@given(st.integers(0, 48), st.integers(1, 255))
def test_every_bit_of_a_box_counts(position, change):
    """Any change of any byte of a box is found."""
    here = world(3)
    uploads = here.upload(CTX, Q, DATA[:3])
    boxes = here.boxes_to("site-000", uploads)
    box = bytearray(boxes["site-002"])
    box[position] ^= change
    with pytest.raises(ShareInvalid):
        reveal(
            here.keys["site-000"], here.round(CTX), "site-000", here.sites, {**boxes, "site-002": bytes(box)},
            uploads["site-000"].own_share,
        )  # fmt: skip


def test_a_wrong_share_never_leads_to_a_total():
    """Whichever site lies about whichever share, with answers to spare or none: an error, and the round is intact."""
    here = world(4)
    uploads = here.upload(CTX, Q, DATA)
    reveals = here.reveals(CTX, uploads)
    hub = here.hub(CTX, Q, uploads, 3)
    for liar in here.sites:
        for about in here.sites:
            lie = {**reveals, liar: {**reveals[liar], about: flipped(reveals[liar][about], 7)}}
            with pytest.raises(ShareInvalid):
                hub.unmask(lie)
            spare = next(site for site in here.sites if site != liar)
            with pytest.raises(SumError):
                hub.unmask({site: shares for site, shares in lie.items() if site != spare})
    assert Q.decode(hub.unmask(reveals)).tolist() == DATA.sum(axis=0).tolist()


def test_incomplete_and_malformed_answers_are_refused():
    """A share missing, one too many, of the wrong size, past the field, or of a stranger."""
    here = world(4)
    uploads = here.upload(CTX, Q, DATA)
    reveals = here.reveals(CTX, uploads)
    hub, first = here.hub(CTX, Q, uploads, 3), reveals["site-000"]
    for wrong in (
        {},
        {site: first[site] for site in here.sites[:3]},
        {**first, "stranger": first["site-000"]},
        {**first, "site-003": first["site-003"][:-1]},
        {**first, "site-003": b"\xff" * 33},
    ):
        with pytest.raises(ShareInvalid):
            hub.unmask({**reveals, "site-000": wrong})
    with pytest.raises(SumError):
        hub.unmask({**reveals, "stranger": first})
    assert Q.decode(hub.unmask(reveals)).tolist() == DATA.sum(axis=0).tolist()


def test_shares_of_another_round_open_nothing():
    """Answers to round 2 do not unmask round 1."""
    here = world(4)
    uploads, old = here.upload(CTX, Q, DATA), here.upload(OTHER, Q, DATA)
    with pytest.raises(SumError, match="do not cancel"):
        here.hub(CTX, Q, uploads, 3).unmask(here.reveals(OTHER, old))


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("length", [1, 16_384, 40_000])
def test_a_mask_that_does_not_cancel_shows_wherever_the_vector_ends(kind, length):
    """The check bits end the last block, full or not, in every ring."""
    here, codec = world(3), codecs(3)[kind]
    uploads = here.upload(CTX, codec, np.zeros((3, length)))
    odd = mask_upload(here.keys["site-002"], here.round(OTHER), "site-002", codec.zeros(length), codec)
    mixed = {**uploads, "site-002": dataclasses.replace(uploads["site-002"], masked=odd.masked)}
    with pytest.raises(SumError, match="do not cancel"):
        here.hub(CTX, codec, mixed, length).unmask(here.reveals(CTX, uploads))


def test_a_hub_that_claims_fewer_survivors_without_a_certificate_gets_no_share():
    """The hub's word alone is believed for everybody, which it may not lie about; any other set needs t signatures."""
    here = world(4)
    uploads = here.upload(CTX, Q, DATA)
    for me in here.sites:
        for told in (set(here.sites) - {me}, set(here.sites) - {"site-003"}, {me}, set()):
            if told != set(here.sites):
                with pytest.raises(SumError):
                    here.reveal(me, CTX, uploads, told)


def test_keys_of_another_epoch_mask_nothing():
    """A cohort of a new epoch needs a new pair set-up."""
    here = world(3)
    later = dataclasses.replace(here.cohort, epoch=b"epoch 2")
    with pytest.raises(SetupInvalid):
        mask_upload(here.keys["site-000"], Round(later, CTX), "site-000", Q.zeros(1), Q)
    with pytest.raises(SetupInvalid):
        mask_upload(here.keys["site-000"], here.round(CTX), "site-001", Q.zeros(1), Q)


@pytest.mark.parametrize("kind", range(3))
def test_what_a_site_sends_looks_random(kind):
    """A masked vector of zeros: every byte value about equally often (χ² on 255 degrees below 400), nothing repeated."""
    here, codec = world(3), codecs(3)[kind]
    one, two = (here.upload(ctx, codec, np.zeros((3, 30_000)))["site-001"].masked for ctx in (CTX, OTHER))
    counts = np.bincount(np.frombuffer(one, np.uint8), minlength=256)
    expected = len(one) / 256

    assert ((counts - expected) ** 2 / expected).sum() < 400
    assert np.mean(np.frombuffer(one, np.uint8) == np.frombuffer(two, np.uint8)) < 0.01


def test_the_plain_vector_is_nowhere_in_an_upload():
    """Neither the vector nor any aligned value of it stands in what leaves the site, and the ring was overwritten."""
    here = world(3)
    values = np.random.default_rng(5).uniform(1, 100, 500)
    ring = Q.encode(values, 100.0)
    plain = ring.copy()
    upload = mask_upload(here.keys["site-000"], here.round(CTX), "site-000", ring, Q)
    words = set(np.frombuffer(upload.masked, "<u8").tolist())

    assert ring.tobytes() == upload.masked
    assert not words & (set(plain.tolist()) - {0})
    assert not any(word in repr(upload) for word in ("masked", "boxes", "share"))


def test_two_answers_short_of_the_threshold_are_refused_before_any_arithmetic():
    """The hub's own check of the threshold, apart from HubSum."""
    here = world(5)
    uploads = here.upload(CTX, Q, np.zeros((5, 1)))
    reveals = here.reveals(CTX, uploads)
    with pytest.raises(TooFewSites):
        recover(here.round(CTX), {site: reveals[site] for site in here.sites[:3]})
    assert len(recover(here.round(CTX), {site: reveals[site] for site in here.sites[:4]})) == 5


def test_no_error_shows_a_secret():
    """Every error text of a failed round is free of shares, boxes and seeds."""
    here = world(4)
    uploads = here.upload(CTX, Q, DATA)
    reveals = here.reveals(CTX, uploads)
    lie = {**reveals, "site-000": {**reveals["site-000"], "site-001": os.urandom(32) + b"\x00"}}
    with pytest.raises(ShareInvalid) as caught:
        HubSum.unmask(here.hub(CTX, Q, uploads, 3), lie)
    for shares in lie.values():
        for share in shares.values():
            assert share.hex() not in str(caught.value)
            assert str(int.from_bytes(share, "little")) not in str(caught.value)
