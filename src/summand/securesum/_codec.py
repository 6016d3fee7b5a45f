"""Codecs: how real numbers become ring values and a total becomes real numbers again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.errors import PeerProtocolError, TotalWouldOverflow, UsageError
from summand.securesum import _ring
from summand.securesum._fixed import decode_words, encode32, encode64
from summand.securesum._q63_64 import decode_wide, encode_wide
from summand.securesum._ring import CHECK_BYTES, Ring, WideRing, WordRing, Words

Floats = NDArray[np.float64]

Q63_64, FIXED64, FIXED32 = "q63.64", "fixed64", "fixed32"
TOTAL_LIMIT = 2.0**62
_LARGEST = float(np.nextafter(TOTAL_LIMIT, 0.0))
_CACHED = 1 << 14
_RINGS: dict[str, Ring] = {Q63_64: WideRing(), FIXED64: WordRing(64), FIXED32: WordRing(32)}
_INTEGER_BITS = {FIXED64: 62, FIXED32: 30}  # one bit for the sign, one of headroom for rounding
_SITES_MAX = 1 << 20


@dataclass(frozen=True)
class Codec:
    """A fixed-point format. Build one with `q63_64`, `fixed64` or `fixed32`; all sites of a round use the same.

    Attributes:
        name: ``"q63.64"``, ``"fixed64"`` or ``"fixed32"``.
        bound: Largest size of one site's value (fixed64, fixed32), None for q63.64.
        sites: Number of sites whose values are added (fixed64, fixed32), None for q63.64.

    Source: SecAgg's quantisation (Bonawitz et al. 2017, §8) with bounds proved before, not clipping after.
    """

    name: str
    bound: float | None = None
    sites: int | None = None

    def __post_init__(self) -> None:
        if self.name not in _RINGS:
            raise UsageError(
                "A codec is q63.64, fixed64 or fixed32; this name is none of them.", remedy="Choose one of the three."
            )
        declared = (self.bound is not None, self.sites is not None)
        if declared != ((False, False) if self.name == Q63_64 else (True, True)):
            raise UsageError(
                "fixed64 and fixed32 need a bound and a number of sites; q63.64 takes neither.",
                remedy="Use Codec.q63_64(), Codec.fixed64(bound, sites) or Codec.fixed32(bound, sites).",
            )
        if self.bound is not None and self.sites is not None:
            _check_declared(self.bound, self.sites)

    @classmethod
    def q63_64(cls) -> Codec:
        """128 bits a value, 64 of them after the binary point: for statistics. Totals below 2^62."""
        return cls(Q63_64)

    @classmethod
    def fixed64(cls, bound: float, sites: int) -> Codec:
        """64 bits a value of size at most ``bound``, from ``sites`` sites, rounded to nearest.

        Error of the total at most ``sites``² · ``bound`` · 2^−62: declare the bound per block of like values.
        """
        return cls(FIXED64, float(bound), sites)

    @classmethod
    def fixed32(cls, bound: float, sites: int) -> Codec:
        """32 bits a value of size at most ``bound``, from ``sites`` sites, rounded up or down at random, unbiased."""
        return cls(FIXED32, float(bound), sites)

    @classmethod
    def from_dict(cls, fields: Any) -> Codec:
        """The codec behind its JSON form.

        Raises:
            PeerProtocolError: if the fields are not those of a codec.
        """
        try:
            bound, sites = fields.get("bound"), fields.get("sites")
            number = bound is None or (isinstance(bound, (int, float)) and not isinstance(bound, bool))
            if not (set(fields) <= {"name", "bound", "sites"} and number and isinstance(fields["name"], str)):
                raise TypeError
            return cls(fields["name"], None if bound is None else float(bound), sites)
        except (AttributeError, KeyError, TypeError, OverflowError, UsageError, TotalWouldOverflow):
            raise PeerProtocolError(
                "This is not a codec: a name and, for fixed64 and fixed32, a bound and a number of sites.",
                remedy="Send the round's specification again.",
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        if self.bound is None:
            return {"name": self.name}
        return {"name": self.name, "bound": self.bound, "sites": self.sites}

    @property
    def ring(self) -> Ring:
        """The modular arithmetic below."""
        return _RINGS[self.name]

    @property
    def bytes_per_value(self) -> int:
        """16, 8 or 4."""
        return self.ring.bytes_per_value

    @property
    def fraction_bits(self) -> int:
        """How many bits lie after the binary point; negative for very large bounds."""
        if self.bound is None or self.sites is None:
            return 64
        return _INTEGER_BITS[self.name] - _ceil_log2(self.sites * self.bound)

    def vector_bytes(self, length: int) -> int:
        """Bytes of a vector of ``length`` values, its 16 check bytes included."""
        return _ring.vector_bytes(self.ring, length)

    def check(self, bound: float | Floats, sites: int) -> None:
        """Prove, from the bound of one site's values and before data are read, that the total fits.

        Raises:
            TotalWouldOverflow: if ``sites`` · ``bound`` may not fit, or the codec was declared for less.
        """
        largest, least = float(np.max(bound, initial=0.0)), float(np.min(bound, initial=0.0))
        fits = sites * largest < TOTAL_LIMIT if self.bound is None else largest <= self.bound
        if not (fits and least >= 0.0):  # also false for NaN
            raise _overflow(f"The total of {sites} sites may be as large as {sites * largest:g}", self)
        if self.sites is not None and sites > self.sites:
            raise _overflow(f"{sites} sites take part", self)

    def encode(self, values: Floats, bound: float | Floats) -> Words:
        """One site's values as a ring vector, its check bits zero.

        Args:
            values: Shape (d,), float64.
            bound: Proved bound on the size of each value, a number or shape (d,).

        Raises:
            TotalWouldOverflow: if a value is NaN, infinite or larger than its bound.
            UsageError: if the values are not one-dimensional.
        """
        values = np.ascontiguousarray(values, np.float64)
        if values.ndim != 1:
            raise UsageError("A vector to add has one dimension.", remedy="Flatten the statistics by their layout.")
        self._check_values(values, bound)
        vector = self.zeros(values.size)
        if self.name == Q63_64:
            encode_wide(values, vector)
        elif self.name == FIXED64:
            encode64(values, self.fraction_bits, vector[: values.size])
        else:
            encode32(values, self.fraction_bits, vector[: values.size])
        return vector

    def decode(self, vector: Words) -> Floats:
        """The values of a ring vector, each the float64 nearest to it; shape (d,)."""
        if self.name == Q63_64:
            return decode_wide(vector)
        return decode_words(vector[: vector.size - CHECK_BYTES // self.bytes_per_value], self.fraction_bits)

    def zeros(self, length: int) -> Words:
        """The ring vector of ``length`` zeros."""
        return np.zeros(self.vector_bytes(length) // self.ring.dtype.itemsize, self.ring.dtype)

    def add_into(self, total: Words, vector: Words) -> None:
        """``total += vector`` in the ring, in place; no order of additions changes a bit.

        Raises:
            UsageError: if the lengths differ.
        """
        if total.size != vector.size:
            raise UsageError("Two ring vectors of different length cannot be added.", remedy="Check the layout.")
        _ring.add_into(self.ring, total, vector)

    def to_bytes(self, vector: Words) -> bytes:
        """The vector as it travels: raw, little-endian."""
        return vector.tobytes()

    def view_bytes(self, vector: Words) -> memoryview:
        """The same bytes where they lie, not copied."""
        return vector.view(np.uint8).data

    def from_bytes(self, data: bytes | memoryview, length: int) -> Words:
        """The vector of ``length`` values behind its bytes, as a read-only view.

        Raises:
            PeerProtocolError: if the number of bytes is not that of ``length`` values.
        """
        if len(data) != self.vector_bytes(length):
            raise PeerProtocolError(
                f"A vector of {length} values has {self.vector_bytes(length)} bytes in {self.name}; "
                f"this one has {len(data)}.",
                remedy="Send the vector of this round's layout.",
            )
        return np.frombuffer(data, self.ring.dtype)

    def _check_values(self, values: Floats, bound: float | Floats) -> None:
        limit = np.minimum(bound, _LARGEST if self.bound is None else self.bound)
        if limit.ndim and limit.shape != values.shape:
            raise UsageError("A bound is one number, or one for each value.", remedy="Check the layout.")
        if not (_within(values, float(limit)) if limit.ndim == 0 else _each_within(values, limit)):
            raise _overflow("A value is not a number, or larger than the bound proved for it", self)


def _within(values: Floats, limit: float) -> bool:
    """Whether no value is larger than one limit; a NaN is."""
    if not values.size:
        return True
    return bool(values.max() <= limit) and bool(values.min() >= -limit)


def _each_within(values: Floats, limit: Floats) -> bool:
    """As `_within`, for a limit each, a part at a time: it stays in the processor's cache."""
    parts = (slice(start, start + _CACHED) for start in range(0, values.size, _CACHED))
    return all(np.all(np.abs(values[part]) <= limit[part]) for part in parts)


def _check_declared(bound: float, sites: int) -> None:
    if isinstance(sites, bool) or not isinstance(sites, int) or not 1 <= sites <= _SITES_MAX:
        raise UsageError("A codec is for 1 to 1,048,576 sites.", remedy="Give the number of sites of the cohort.")
    if not 1e-200 <= bound <= 1e200:  # also false for NaN
        raise TotalWouldOverflow(
            "A codec's bound is a positive number between 1e-200 and 1e200.", remedy="Take it from the dictionary."
        )


def _ceil_log2(value: float) -> int:
    mantissa, exponent = math.frexp(value)
    return exponent - 1 if mantissa == 0.5 else exponent


def _overflow(found: str, codec: Codec) -> TotalWouldOverflow:
    if codec.bound is None:
        limit = "totals below 2^62"
    else:
        limit = f"{codec.sites} sites with values up to {codec.bound:g}"
    return TotalWouldOverflow(
        f"{found}; the codec {codec.name} holds {limit}.",
        remedy="Correct the range or rows_max in the data dictionary, or choose a codec for larger totals.",
    )
