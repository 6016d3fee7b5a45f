"""Codecs against exact rational arithmetic, and the laws they promise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesum_kit import codecs, integers_of

from summand.errors import PeerProtocolError, TotalWouldOverflow, UsageError
from summand.securesum import Codec

Q = Codec.q63_64()
UNIT = Fraction(1, 2**64)
moderate = st.floats(-(2.0**54), 2.0**54, allow_nan=False)
EDGES = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.0**-64, -(2.0**-64), 2.0**-65, -(2.0**-65), 3 * 2.0**-65, 5e-324]
EDGES += [1 - 2.0**-53, -(1 - 2.0**-53), 2.0**53 + 2, 2.0**-12, -(2.0**61), 2.0**61, 0.1, -1e-19]


def nearest(x: float) -> int:
    """In units of 2^-64, ties to even."""
    return round(Fraction(x) / UNIT)


def from_integers(values: list[int]) -> np.ndarray:
    """A q63.64 vector of at most one block with these ring values and a zero check value."""
    words = [v % 2**128 for v in [*values, 0]]
    return np.array([w % 2**64 for w in words] + [w >> 64 for w in words], "<u8")


@pytest.mark.parametrize("sites", [2, 3, 10, 50, 100])
def test_total_is_the_exact_rational_sum_rounded_once(sites):
    """Negative, large and tiny values of 2 to 100 sites: within n·2^-65 of the exact sum, then one rounding."""
    rng = np.random.default_rng(sites)
    data = rng.choice([-1.0, 1.0], (sites, 60)) * 10.0 ** rng.uniform(-25, 15, (sites, 60))
    total = Q.zeros(60)
    for row in data:
        Q.add_into(total, Q.encode(row, 1e16))
    for column, found, units in zip(data.T, Q.decode(total), integers_of(Q, total), strict=False):
        exact = sum(map(Fraction, column.tolist()), Fraction(0))

        assert units == sum(map(nearest, column.tolist()))
        assert abs(units * UNIT - exact) <= sites * UNIT / 2
        assert found == float(units * UNIT)


def test_edges_are_encoded_to_nearest():
    """Zero, halves, the resolution, ties and the largest sizes, both signs."""
    vector = Q.encode(np.array(EDGES), 2.0**61)

    assert integers_of(Q, vector) == [*map(nearest, EDGES), 0]
    assert Q.decode(vector).tolist() == [float(nearest(x) * UNIT) for x in EDGES]


@given(st.lists(moderate, min_size=1, max_size=40))
def test_encoding_is_to_nearest(values):
    """Every float64 is off by at most 2^-65."""
    assert integers_of(Q, Q.encode(np.array(values), 2.0**54)) == [*map(nearest, values), 0]


@given(st.lists(st.integers(-(2**127), 2**127 - 1) | st.integers(-(2**70), 2**70), min_size=1, max_size=60))
def test_decoding_is_correctly_rounded(values):
    """Any 128-bit number becomes the float64 nearest to it, ties to even."""
    assert Q.decode(from_integers(values)).tolist() == [float(Fraction(v, 2**64)) for v in values]


@pytest.mark.parametrize("exponent", range(-64, 63, 3))
def test_decoding_breaks_ties_to_even(exponent):
    """Half-way cases around each power of two, and their neighbours by one unit."""
    unit = 2 ** (exponent + 64)
    ties = [(2**53 + k) * unit // 2**53 + d for k in range(4) for d in (-1, 0, 1)]
    ties += [(2**54 + k) * unit // 2**54 + d for k in (1, 3, 5) for d in (-1, 0, 1)]

    assert Q.decode(from_integers(ties)).tolist() == [float(Fraction(v, 2**64)) for v in ties]


@given(st.data(), st.integers(2, 6), st.integers(1, 30))
def test_no_order_of_additions_changes_a_bit(data, sites, length):
    """The sum of the sites' vectors is the same in every order."""
    rows = data.draw(st.lists(st.lists(moderate, min_size=length, max_size=length), min_size=sites, max_size=sites))
    for codec in (Q, Codec.fixed64(2.0**54, sites)):
        vectors = [codec.encode(np.array(row), 2.0**54) for row in rows]
        forward, shuffled = codec.zeros(length), codec.zeros(length)
        for vector in vectors:
            codec.add_into(forward, vector)
        for k in data.draw(st.permutations(range(sites))):
            codec.add_into(shuffled, vectors[k])

        assert forward.tobytes() == shuffled.tobytes()


@given(st.lists(st.integers(-(2**52), 2**52), min_size=1, max_size=20), st.integers(0, 40))
def test_addition_before_and_after_encoding_agree(numerators, shift):
    """encode(x) + encode(y) = encode(x + y) where x + y is exact."""
    x = np.array(numerators, np.float64) * 2.0**-shift
    y = x[::-1].copy()
    total = Q.encode(x, 2.0**54)
    Q.add_into(total, Q.encode(y, 2.0**54))

    assert total.tobytes() == Q.encode(x + y, 2.0**54).tobytes()


@pytest.mark.parametrize("length", [0, 1, 2, 16_383, 16_384, 16_385, 50_000])
def test_round_trip_over_block_borders(length):
    """Vectors of any number of blocks come back, through bytes too, for every codec."""
    values = np.random.default_rng(length).uniform(-100, 100, length)
    for codec in codecs(3):
        vector = codec.encode(values, 100.0)
        data = codec.to_bytes(vector)
        tolerance = 2.0**-53 * 128 if codec.bytes_per_value > 4 else 2.0**-codec.fraction_bits

        assert len(data) == codec.vector_bytes(length) == length * codec.bytes_per_value + 16
        np.testing.assert_allclose(codec.decode(codec.from_bytes(data, length)), values, rtol=0, atol=tolerance)
        assert not codec.ring.check_words(vector).any()


@given(st.integers(1, 200), st.floats(1e-12, 1e12), st.integers(0, 2**32))
def test_fixed64_keeps_its_error_bound(sites, bound, seed):
    """The total of n sites is within n²·2^-62·B of the exact sum, at the bound's both ends too."""
    codec, rng = Codec.fixed64(bound, sites), np.random.default_rng(seed)
    data = np.concatenate([rng.uniform(-bound, bound, (sites, 3)), np.full((sites, 1), bound)], axis=1)
    data = np.concatenate([data, -data[:, 3:]], axis=1)
    total = codec.zeros(5)
    for row in data:
        codec.add_into(total, codec.encode(row, bound))
    units = integers_of(codec, total)[:5]
    step = Fraction(2) ** -codec.fraction_bits
    exact = [sum(map(Fraction, column), Fraction(0)) for column in data.T.tolist()]

    assert all(
        abs(u * step - e) <= Fraction(sites**2, 2**62) * Fraction(bound) for u, e in zip(units, exact, strict=True)
    )
    assert codec.decode(total).tolist() == [float(u * step) for u in units]


def test_fixed32_rounds_without_bias():
    """Stochastic rounding: each error below one unit, and the mean error below five standard errors."""
    codec, count = Codec.fixed32(8.0, 10), 200_000
    unit = 2.0**-codec.fraction_bits
    values = np.full(count, 0.3 * unit + 1.0)
    errors = (codec.decode(codec.encode(values, 8.0)) - values) / unit

    assert codec.fraction_bits == 30 - 7
    assert np.abs(errors).max() < 1.0
    assert abs(errors.mean()) < 5 * np.sqrt(0.3 * 0.7 / count)
    assert set(np.unique(np.round(errors, 6))) == {-0.3, 0.7}


@pytest.mark.parametrize(
    ("codec", "bound", "sites"),
    [
        (Q, 2.0**62, 1),
        (Q, 2.0**61, 2),
        (Q, np.array([1.0, 2.0**60]), 4),
        (Q, float("nan"), 2),
        (Q, float("inf"), 2),
        (Q, -1.0, 2),
        (Codec.fixed64(10.0, 5), 10.1, 5),
        (Codec.fixed64(10.0, 5), 10.0, 6),
        (Codec.fixed32(10.0, 5), np.array([1.0, 11.0]), 5),
    ],
)
def test_overflow_is_refused_before_data_are_read(codec, bound, sites):
    """A total that may not fit is refused from the bound and the number of sites alone."""
    with pytest.raises(TotalWouldOverflow):
        codec.check(bound, sites)


def test_totals_that_fit_pass_the_check():
    """Just below the limit, and at the bound that the codec was declared for."""
    Q.check(float(np.nextafter(2.0**62, 0)), 1)
    Q.check(np.array([0.0, 2.0**59]), 7)
    Codec.fixed64(10.0, 5).check(10.0, 5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 100.1, -100.1, 2.0**62, -1e300])
@pytest.mark.parametrize("position", [0, 20_000])
def test_values_past_their_bound_are_refused(bad, position):
    """NaN, infinities and values past the bound never reach a ring, wherever they stand; no value is in the text."""
    values = np.zeros(20_001)
    values[position] = bad
    for codec in codecs(3):
        for bound in (100.0, np.full(values.size, 100.0)):
            with pytest.raises(TotalWouldOverflow) as caught:
                codec.encode(values, bound)

            assert str(bad) not in str(caught.value)


def test_values_at_the_largest_bound_are_refused():
    """A careless bound does not let a value of 2^62 through."""
    with pytest.raises(TotalWouldOverflow):
        Q.encode(np.array([2.0**62]), float("inf"))


def test_wrong_shapes_and_lengths_are_refused():
    """Matrices, bounds of another length, and bytes of another number of values."""
    with pytest.raises(UsageError):
        Q.encode(np.zeros((2, 2)), 1.0)
    with pytest.raises(UsageError):
        Q.encode(np.zeros(3), np.ones(2))
    with pytest.raises(UsageError):
        Q.add_into(Q.zeros(3), Q.zeros(4))
    for codec in codecs(3):
        for wrong in (b"", bytes(codec.vector_bytes(3) - 1), bytes(codec.vector_bytes(3) + 1)):
            with pytest.raises(PeerProtocolError):
                codec.from_bytes(wrong, 3)


def test_codecs_survive_json():
    """to_dict and from_dict are inverse."""
    for codec in codecs(7, 0.1):
        assert Codec.from_dict(codec.to_dict()) == codec


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        "q63.64",
        {},
        {"name": "float64"},
        {"name": "q63.64", "bound": 1.0, "sites": 2},
        {"name": "fixed64"},
        {"name": "fixed64", "bound": 1.0},
        {"name": "fixed64", "sites": 2},
        {"name": "fixed64", "bound": float("nan"), "sites": 2},
        {"name": "fixed64", "bound": True, "sites": 2},
        {"name": "fixed64", "bound": 10**400, "sites": 2},
        {"name": "fixed64", "bound": "1", "sites": 2},
        {"name": "fixed64", "bound": 1.0, "sites": 2.0},
        {"name": "fixed64", "bound": 1.0, "sites": 0},
        {"name": "fixed32", "bound": 0.0, "sites": 1},
        {"name": ["q63.64"]},
        {"name": "q63.64", "more": 1},
    ],
)
def test_malformed_codecs_are_refused(fields):
    """Anything that is not exactly a codec is refused by name, not by traceback."""
    with pytest.raises(PeerProtocolError):
        Codec.from_dict(fields)
