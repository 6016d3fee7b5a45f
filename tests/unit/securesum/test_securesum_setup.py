"""Pair set-up, cohorts, and what is stored: both ends agree, nothing else fits, nothing shows."""

from __future__ import annotations

import itertools
import json

import pytest
from securesum_kit import AGREEMENT_HASH, EPOCH, world

from summand.encoding import canonical
from summand.errors import PeerProtocolError, SetupInvalid, SumError
from summand.securesum import Cohort, PairKeys, PairSetup, Round, default_threshold
from summand.signing import PrivateKey

SITES = ("a", "b", "c")
IDENTITY_KEYS = {site: PrivateKey.generate().public for site in SITES}


def three(epoch=EPOCH, agreement_hash=AGREEMENT_HASH):
    return {site: PairSetup(site, agreement_hash, epoch, IDENTITY_KEYS) for site in SITES}


def exchange(setups):
    records = {site: setup.key_record() for site, setup in setups.items()}
    sealed = {site: setup.seal_to(records) for site, setup in setups.items()}
    return {me: {peer: sealed[peer][me] for peer in SITES if peer != me} for me in SITES}


def test_both_ends_of_every_pair_agree_and_no_two_pairs_do():
    """K_ij = K_ji for each pair, and all pairs' keys differ, from each other and from another epoch's."""
    found = []
    for setups in (three(), three()):
        inbox = exchange(setups)
        keys = {me: setups[me].finish(inbox[me]) for me in SITES}
        for a, b in itertools.combinations(SITES, 2):
            assert keys[a].round_seed(b, 0) == keys[b].round_seed(a, 0)
            found.append(keys[a].round_seed(b, 0))

    assert len(set(found)) == 6


def test_a_third_site_cannot_work_out_the_key_of_two_others():
    """Each contribution is for one peer alone: what a and b sent to c says nothing about what they sent to each other."""
    setups = three()
    contributions = {setups[a]._contribution(b) for a, b in itertools.permutations(SITES, 2)}

    assert len(contributions) == 6


def test_a_sealed_contribution_has_the_size_of_the_hybrid_kem():
    """1200 bytes: 1120 of the encapsulation, two contributions of 32 and the tag of 16."""
    assert {len(box) for inbox in exchange(three()).values() for box in inbox.values()} == {1200}


def test_a_restarted_setup_comes_to_the_same_keys():
    """Stored and read back between any two steps, the set-up continues as if nothing had happened."""
    setups = three()
    inbox = exchange(setups)
    restored = PairSetup.from_bytes(setups["a"].to_bytes())

    assert restored.key_record() == setups["a"].key_record()
    assert restored.finish(inbox["a"]) == setups["a"].finish(inbox["a"])
    again = restored.seal_to({site: setup.key_record() for site, setup in setups.items()})
    assert setups["b"].finish({**inbox["b"], "a": again["b"]}) == setups["b"].finish(inbox["b"])


def test_pair_keys_survive_storage_and_show_nothing():
    """to_bytes and from_bytes are inverse; no repr or str of set-up or keys holds a secret."""
    keys = world(3).keys["site-000"]
    secrets = list(json.loads(keys.to_bytes())["keys"].values())

    assert PairKeys.from_bytes(keys.to_bytes()) == keys
    assert len(secrets) == 2
    for secret in secrets:
        assert secret not in repr(keys)
    assert repr(keys).count("keys") == 0
    setup = three()["a"]
    assert json.loads(setup.to_bytes())["root"] not in repr(setup)
    assert "root" not in repr(setup)


@pytest.mark.parametrize("other", [{"epoch": b"epoch 2"}, {"agreement_hash": bytes(32)}])
def test_records_and_contributions_of_another_setup_are_refused(other):
    """Another epoch or agreement: the record is refused, and a contribution sealed there does not open here."""
    here, there = three(), three(**other)
    with pytest.raises(SetupInvalid):
        here["a"].seal_to({site: setup.key_record() for site, setup in there.items()})
    elsewhere = there["a"]
    inbox = exchange(here)
    sealed = elsewhere.seal_to({site: setup.key_record() for site, setup in there.items()})
    with pytest.raises(SetupInvalid):
        here["b"].finish({**inbox["b"], "a": sealed["b"]})


def test_missing_swapped_and_tampered_contributions_are_refused():
    """A contribution opens only for its receiver, from its sender, untouched."""
    setups = three()
    inbox = exchange(setups)
    box = inbox["a"]["b"]
    for wrong in (
        {"b": inbox["a"]["b"]},
        {"b": inbox["a"]["c"], "c": inbox["a"]["b"]},
        {**inbox["a"], "b": inbox["c"]["b"]},
        {**inbox["a"], "b": box[:-1] + bytes([box[-1] ^ 1])},
        {**inbox["a"], "b": bytes([box[0] ^ 1]) + box[1:]},
        {**inbox["a"], "b": b""},
        {**inbox["a"], "b": None},
    ):
        with pytest.raises(SetupInvalid):
            setups["a"].finish(wrong)


def test_a_hub_that_swaps_key_records_is_found():
    """A record under another site's name, one missing, and a key of the wrong size are refused."""
    setups = three()
    records = {site: setup.key_record() for site, setup in setups.items()}
    short = canonical({**json.loads(records["b"]), "hpke_public_key": "AAAA"})
    wrong_base64 = canonical({**json.loads(records["b"]), "hpke_public_key": "A"})
    for wrong in (
        {**records, "b": records["c"]},
        {"b": records["b"]},
        {**records, "b": short},
        {**records, "b": wrong_base64},
        {**records, "b": b"{}"},
        {**records, "b": b"\xff"},
        {**records, "b": records["b"].replace(b'"site":"b"', b'"site":2')},
    ):
        with pytest.raises(SetupInvalid):
            setups["a"].seal_to(wrong)


def test_a_hub_with_its_own_encapsulation_key_does_not_get_the_pair_key():
    """A contribution the hub sealed itself leads the two sites to different keys: their masks would not cancel."""
    setups = three()
    inbox = exchange(setups)
    records = {site: setup.key_record() for site, setup in setups.items()}
    impostor = PairSetup("b", AGREEMENT_HASH, EPOCH, IDENTITY_KEYS)
    a = setups["a"].finish({**inbox["a"], "b": impostor.seal_to(records)["a"]})
    b = setups["b"].finish(inbox["b"])

    assert a.round_seed("b", 0) != b.round_seed("a", 0)
    with pytest.raises(SetupInvalid):
        impostor.finish(inbox["b"])  # what a sealed to b opens only with b's own key


@pytest.mark.parametrize("reader", [PairKeys.from_bytes, PairSetup.from_bytes])
@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b"\x80\x04.", b'{"type":"other"}'])
def test_noise_is_no_record(reader, data):
    """Stored state that is anything else is refused by name."""
    with pytest.raises(SetupInvalid):
        reader(data)


def test_damaged_records_are_refused():
    """Each field in turn of the wrong kind."""
    keys, setup = world(3).keys["site-000"].to_bytes(), three()["a"].to_bytes()
    for reader, data in ((PairKeys.from_bytes, keys), (PairSetup.from_bytes, setup)):
        fields = json.loads(data)
        for name in fields:
            for wrong in (7, "not base64!", {"a": "AAAA"}, {"a": "ed25519:AAAA"}, {"a": 1}, None):
                if name == "site" and isinstance(wrong, str):
                    continue
                with pytest.raises(SetupInvalid):
                    reader(canonical({**fields, name: wrong}))


@pytest.mark.parametrize(("sites", "threshold"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (10, 7), (18, 13), (50, 34)])
def test_the_default_threshold_is_two_thirds_and_one(sites, threshold):
    """⌊2n/3⌋ + 1, as the table of limits gives it."""
    assert default_threshold(sites) == threshold


def test_cohorts_survive_json_and_have_one_digest():
    """to_dict and from_dict are inverse; sites, keys, order, agreement, epoch and threshold all change the digest."""
    base = world(4).cohort
    others = [
        Cohort(base.sites[::-1], base.identity_keys[::-1], base.agreement_hash, base.epoch),
        Cohort(base.sites, base.identity_keys[::-1], base.agreement_hash, base.epoch),
        Cohort(base.sites[:3], base.identity_keys[:3], base.agreement_hash, base.epoch),
        Cohort(base.sites, base.identity_keys, bytes(32), base.epoch),
        Cohort(base.sites, base.identity_keys, base.agreement_hash, b"other"),
        Cohort(base.sites, base.identity_keys, base.agreement_hash, base.epoch, 4),
    ]

    assert Cohort.from_dict(base.to_dict()) == base
    assert Cohort.from_dict(base.to_dict()).digest() == base.digest()
    assert len({base.digest(), *(other.digest() for other in others)}) == 7


@pytest.mark.parametrize(("count", "threshold"), [(0, 0), (4, 2), (4, 5), (2, 1), (5, 2), (3, -1)])
def test_unsafe_thresholds_are_refused(count, threshold):
    """At most half of the sites, more than all of them, or no site at all."""
    base = world(5).cohort
    with pytest.raises(SetupInvalid):
        Cohort(base.sites[:count], base.identity_keys[:count], AGREEMENT_HASH, EPOCH, threshold)


def test_doubled_sites_keys_and_short_hashes_are_refused():
    """Two sites with one name or one key would be one party with two votes."""
    base = world(3).cohort
    doubled = base.identity_keys[:2] + base.identity_keys[:1]
    for sites, keys, agreement_hash in (
        (("x", "x", "y"), base.identity_keys, AGREEMENT_HASH),
        (("x", "", "y"), base.identity_keys, AGREEMENT_HASH),
        (base.sites, doubled, AGREEMENT_HASH),
        (base.sites, base.identity_keys[:2], AGREEMENT_HASH),
        (base.sites, base.identity_keys, b"short"),
    ):
        with pytest.raises(SetupInvalid):
            Cohort(sites, keys, agreement_hash, EPOCH)


def test_malformed_cohorts_are_refused():
    """Fields missing, unknown or of another kind."""
    good = world(3).cohort.to_dict()
    for wrong in (
        None,
        [],
        {},
        {**good, "more": 1},
        {**good, "threshold": "3"},
        {**good, "threshold": True},
        {**good, "threshold": 0},
        {**good, "epoch": 3},
        {**good, "sites": [{"site": "a"}]},
        {**good, "sites": [{"site": "a", "key": 5}]},
        {**good, "sites": 3},
    ):
        with pytest.raises(PeerProtocolError):
            Cohort.from_dict(wrong)


def test_keys_are_checked_against_the_cohort():
    """Keys of another site, agreement, epoch or set of sites mask nothing."""
    here, cohort = world(3), world(3).cohort
    stranger = Cohort(
        (*cohort.sites, "new"), (*cohort.identity_keys, PrivateKey.generate().public), AGREEMENT_HASH, EPOCH
    )
    other = Cohort(cohort.sites, cohort.identity_keys, AGREEMENT_HASH, b"other")
    for wrong, site in ((cohort, "site-001"), (stranger, "site-000"), (other, "site-000")):
        with pytest.raises(SetupInvalid):
            here.keys["site-000"].check(wrong, site)
    with pytest.raises(SumError):
        cohort.index("nobody")
    with pytest.raises(SumError):
        Round(cohort, b"short")
