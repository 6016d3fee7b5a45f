"""Secret sharing: any threshold of shares, none fewer, and nothing malformed."""

from __future__ import annotations

import itertools
import os
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import ShareInvalid
from summand.securesum import combine, split
from summand.securesum._shamir import PRIME, SHARE_BYTES, lagrange


def test_the_prime_is_prime_and_the_smallest_above():
    """2^256 + 297 passes Miller–Rabin to 40 bases, and no odd number between it and 2^256 does."""

    def probably_prime(number: int) -> bool:
        odd, twos = number - 1, 0
        while odd % 2 == 0:
            odd, twos = odd // 2, twos + 1
        for base in range(2, 42):
            x = pow(base, odd, number)
            if x in (1, number - 1):
                continue
            if all((x := x * x % number) != number - 1 for _ in range(twos - 1)):
                return False
        return True

    assert probably_prime(PRIME)
    assert not any(probably_prime(2**256 + k) for k in range(1, 297, 2))


def test_every_threshold_of_holders_gets_the_secret():
    """All 3-, 4- and 5-subsets of 6 holders, edges of the secret's range included."""
    for secret in (bytes(32), b"\xff" * 32, os.urandom(32)):
        for threshold in (3, 4, 5):
            points = [1, 2, 3, 4, 5, 6]
            shares = dict(zip(points, split(secret, threshold, points), strict=True))
            for some in itertools.combinations(points, threshold):
                assert combine(some, [shares[p] for p in some]) == secret


@given(st.binary(min_size=32, max_size=32), st.integers(2, 12), st.data())
def test_fewer_shares_fit_every_secret(secret, threshold, data):
    """With one share short of the threshold, for any other secret there is a matching last share: nothing is learnt."""
    points = list(range(1, threshold + 1))
    shares = split(secret, threshold, points)
    other = data.draw(st.binary(min_size=32, max_size=32))
    weights = lagrange(tuple(points), 0)
    known = sum(w * int.from_bytes(s, "little") for w, s in zip(weights[:-1], shares[:-1], strict=True))
    last = (int.from_bytes(other, "little") - known) * pow(weights[-1], -1, PRIME) % PRIME

    assert combine(points, [*shares[:-1], last.to_bytes(SHARE_BYTES, "little")]) == other


def test_one_share_short_of_the_threshold_misses_the_secret():
    """The polynomial has its full degree: t − 1 holders who interpolate get something else, and the secret's shares differ
    from one split to the next.
    """
    secret = os.urandom(32)
    for threshold in range(2, 8):
        points = list(range(1, threshold + 1))
        first, second = split(secret, threshold, points), split(secret, threshold, points)
        weights = lagrange(tuple(points[:-1]), 0)
        guess = sum(w * int.from_bytes(s, "little") for w, s in zip(weights, first[:-1], strict=True)) % PRIME

        assert guess != int.from_bytes(secret, "little")
        assert not set(first) & set(second)


def test_a_threshold_of_one_repeats_the_secret():
    """The trial profile with one site: the only share is the secret."""
    secret = os.urandom(32)
    assert split(secret, 1, [1]) == [secret + b"\x00"]


def test_lagrange_weights_match_rational_interpolation():
    """The weights modulo p are those of exact rational interpolation."""
    points = (1, 3, 4, 9)
    for at in (0, 7):
        exact = []
        for p in points:
            weight = Fraction(1)
            for q in points:
                weight *= Fraction(at - q, p - q) if q != p else 1
            exact.append(weight.numerator * pow(weight.denominator, -1, PRIME) % PRIME)

        assert list(lagrange(points, at)) == exact


@pytest.mark.parametrize(
    ("secret", "threshold", "points"),
    [
        (bytes(31), 2, [1, 2]),
        (bytes(33), 2, [1, 2]),
        (bytes(32), 3, [1, 2]),
        (bytes(32), 0, [1, 2]),
        (bytes(32), 2, [0, 1]),
        (bytes(32), 2, [1, 1]),
        (bytes(32), 2, [1, PRIME]),
    ],
)
def test_senseless_splits_are_refused(secret, threshold, points):
    """Secrets of another length, impossible thresholds, the point zero, points twice."""
    with pytest.raises(ShareInvalid):
        split(secret, threshold, points)


@pytest.mark.parametrize("bad", [b"", bytes(32), bytes(34), PRIME.to_bytes(33, "little"), b"\xff" * 33])
def test_malformed_shares_are_refused(bad):
    """Wrong length, or not below p: one number has one encoding."""
    with pytest.raises(ShareInvalid):
        combine([1, 2], [bad, bytes(33)])


def test_shares_that_lead_past_the_secrets_are_refused():
    """A combination between 2^256 and p is no secret."""
    with pytest.raises(ShareInvalid):
        combine([1], [(2**256 + 5).to_bytes(33, "little")])
