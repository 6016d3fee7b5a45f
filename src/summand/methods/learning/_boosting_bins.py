"""The bins of a boosted model's columns: learned by counting, then one byte for each value.

A numeric column is cut where about equally many people lie between cuts; where one bin of the first histogram holds more
than its share, that bin alone is divided further, down to a single value if need be. A category has a bin for each
level. What is missing has a bin of its own, so no row is left out.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from summand.errors import FormulaInvalid
from summand.methods._protocol import Block
from summand.methods.description._describe_cells import codes_of
from summand.methods.description._grid import FIRST_BINS, Keys, Target, Window, bands
from summand.methods.formulas._terms import TEXT_REMEDY, levels_of
from summand.tables import Array, Batch, Column, Limits

BINS_MAX = 255
BAND_BINS = 128
PEOPLE_NEAR = 5

Bytes = NDArray[np.uint8]
Order = tuple[tuple[int, int, int, int, int], ...]


@dataclass(frozen=True)
class Feature:
    """A column that trees may split.

    Attributes:
        column: As the dictionary has it.
        keys: Where its values lie in order; None if it is taken as a category.
        levels: Its levels, sorted, if it is one.
    """

    column: Column
    keys: Keys | None
    levels: tuple[str, ...]

    @classmethod
    def of(cls, column: Column, *, as_category: bool) -> Self:
        """The feature of a column.

        Raises:
            FormulaInvalid: if it is text, or has too few or too many levels.
        """
        if column.kind == "text":
            raise FormulaInvalid(f"Column '{column.name}' is text and is never analysed.", remedy=TEXT_REMEDY)
        if column.is_numeric and not as_category:
            return cls(column, Keys.of(column), ())
        levels = levels_of(column)
        if not 2 <= len(levels) <= BINS_MAX:
            raise FormulaInvalid(
                f"Column '{column.name}' has {len(levels)} levels; a tree needs 2 to {BINS_MAX}.",
                remedy="Merge them in the dictionary, or use it as a number.",
            )
        return cls(column, None, levels)

    def window(self, limits: Limits) -> Window:
        """The bins of the first histogram: of a number's keys, or one for each level."""
        if self.keys is None:
            return Window(0, len(self.levels), 1)
        return Window.over(0, self.keys.count, FIRST_BINS if limits.exact_quantiles else BAND_BINS)

    def places(self, batch: Batch) -> NDArray[np.int64]:
        """The key or level of every row, shape (rows,); -1 where missing."""
        if self.keys is None:
            return codes_of(self.column, batch).astype(np.int64)
        values = batch.number(self.column.name)
        missing = np.isnan(values)
        return np.where(missing, -1, self.keys(np.where(missing, self.keys.low, values)))

    def first_blocks(self, limits: Limits) -> list[Block]:
        """What the first round counts."""
        name = self.column.name
        return [
            Block(f"{name}: missing", "1", 1, 1.0, f"how many people lack {name}"),
            Block(f"{name}: bins", "1", self.window(limits).bins, 1.0, f"how many people lie where in {name}"),
        ]

    def first_counts(self, batch: Batch, limits: Limits) -> Array:
        """Missing, and people by bin of the first histogram."""
        places = self.places(batch)
        present = places[places >= 0]
        return np.concatenate(([float(batch.rows - len(present))], self.window(limits).count(present)))


@dataclass(frozen=True)
class Cuts:
    """How one feature's values become bins.

    Attributes:
        last: For a number, the largest key of every bin but the last, ascending; for a category, the bin of each level.
        bins: How many bins there are, what is missing not counted.
        missing: The bin of what is missing: ``bins`` where it has its own, else the bin of most people.
    """

    last: tuple[int, ...]
    bins: int
    missing: int

    @property
    def width(self) -> int:
        """How many bins there are, with that of what is missing."""
        return self.bins + self.has_missing

    @property
    def has_missing(self) -> bool:
        """Whether what is missing has a bin of its own."""
        return self.missing == self.bins


@dataclass(frozen=True)
class Binning:
    """Every feature with its cuts.

    Attributes:
        features: The columns that trees may split.
        cuts: Of each.
    """

    features: tuple[Feature, ...]
    cuts: tuple[Cuts, ...]

    @cached_property
    def widths(self) -> NDArray[np.intp]:
        """How many bins each feature has, shape (features,)."""
        return np.array([cut.width for cut in self.cuts], dtype=np.intp)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Where each feature's bins start among all, shape (features,)."""
        return np.cumsum(self.widths) - self.widths

    @property
    def total(self) -> int:
        """How many bins all features have."""
        return int(self.widths.sum())

    def __call__(self, batch: Batch) -> Bytes:
        """The bin of every value, shape (rows, features)."""
        out = np.empty((batch.rows, len(self.features)), dtype=np.uint8)
        for place, (feature, cut) in enumerate(zip(self.features, self.cuts, strict=True)):
            found, known = feature.places(batch), np.asarray(cut.last, dtype=np.int64)
            bins = known[found] if feature.keys is None else np.searchsorted(known, found, side="left")
            out[:, place] = np.where(found < 0, cut.missing, bins)
        return out

    def pack(self) -> str:
        """As text, for a state."""
        numbers = [n for cut in self.cuts for n in (len(cut.last), cut.bins, cut.missing, *cut.last)]
        return base64.b64encode(np.array(numbers, dtype="<i8").tobytes()).decode("ascii")

    @classmethod
    def unpack(cls, features: tuple[Feature, ...], text: str) -> Self:
        """The binning behind `pack`."""
        numbers, at, cuts = np.frombuffer(base64.b64decode(text), dtype="<i8").tolist(), 0, []
        for _ in features:
            count, bins, missing = numbers[at : at + 3]
            cuts.append(Cuts(tuple(numbers[at + 3 : at + 3 + count]), bins, missing))
            at += 3 + count
        return cls(features, tuple(cuts))


@dataclass(frozen=True)
class Learned:
    """What counting has told of the bins so far.

    Attributes:
        counts: People by bin of the first histogram, for each feature.
        missing: People without a value, for each feature.
        order: Wanted ranks as (feature, rank, first key, span, below), sought or found.
    """

    counts: tuple[Array, ...]
    missing: tuple[int, ...]
    order: Order


def learn_first(features: tuple[Feature, ...], total: Array, bins: int, limits: Limits) -> Learned:
    """The first histograms, and the ranks whose bin holds too many people to cut beside it."""
    counts, missing, order, at = [], [], [], 0
    for place, feature in enumerate(features):
        window = feature.window(limits)
        missing.append(round(total[at]))
        counts.append(np.rint(total[at + 1 : at + 1 + window.bins]))
        at += 1 + window.bins
        if feature.keys is not None and limits.exact_quantiles:
            order += _ranks(place, window, counts[-1], bins)
    return Learned(tuple(counts), tuple(missing), tuple(order))


def _ranks(place: int, window: Window, counts: Array, bins: int) -> list[tuple[int, int, int, int, int]]:
    """The last rank of every bin of equally many people, and where it lies; none if there are no more values than bins."""
    n = round(counts.sum())
    if n == 0 or (window.width == 1 and np.count_nonzero(counts) <= bins):
        return []
    whole = Target(0, window.first, window.span, 0)
    found = []
    for k in range(1, bins):
        rank = max(k * n // bins - 1, 0)
        target = Target(rank, whole.first, whole.span, 0).within(window, counts)
        found.append((place, *_settled(target, counts, window, n // bins)))
    return found


def _settled(target: Target, counts: Array, window: Window, share: int) -> tuple[int, int, int, int]:
    """A target whose bin holds a quarter of a share, or five people, counts as found: its upper edge is near enough."""
    people = round(counts[(target.first - window.first) // window.width])
    if people <= max(share // 4, PEOPLE_NEAR):
        return target.rank, target.first + target.span - 1, 1, target.below
    return target.rank, target.first, target.span, target.below


def windows(order: Order, feature: int) -> list[Window]:
    """What is still to be counted of one feature, none twice."""
    sought = {(first, span) for place, _, first, span, _ in order if place == feature and span > 1}
    return [Target(0, first, span, 0).window for first, span in sorted(sought)]


def learn_later(features: tuple[Feature, ...], order: Order, total: Array, shares: tuple[int, ...]) -> Order:
    """The ranks after finer bins were counted."""
    at, counted = 0, {}
    for place in range(len(features)):
        for window in windows(order, place):
            counted[place, window.first, window.span] = (window, np.rint(total[at : at + window.bins]))
            at += window.bins
    narrowed = []
    for place, rank, first, span, below in order:
        if span > 1:
            window, counts = counted[place, first, span]
            target = Target(rank, first, span, below).within(window, counts)
            rank, first, span, below = _settled(target, counts, window, shares[place])
        narrowed.append((place, rank, first, span, below))
    return tuple(narrowed)


def finished(features: tuple[Feature, ...], learned: Learned, bins: int, limits: Limits) -> Binning:
    """The cuts, once every rank is found."""
    cuts = []
    for place, feature in enumerate(features):
        counts, window = learned.counts[place], feature.window(limits)
        if feature.keys is None:
            last, people = _level_bins(counts, limits.minimum_cell)
        else:
            last = _number_cuts(place, feature, learned, window, bins, limits)
            edges = np.searchsorted(last, np.minimum((np.arange(len(counts)) + 1) * window.width, window.span) - 1)
            people = np.bincount(edges, weights=counts, minlength=len(last) + 1).astype(np.float64)
        alone = learned.missing[place] >= max(limits.minimum_cell, 1)
        cuts.append(Cuts(last, len(people), len(people) if alone else int(np.argmax(people))))
    return Binning(features, tuple(cuts))


def _level_bins(counts: Array, least: int) -> tuple[tuple[int, ...], Array]:
    """The bin of each level, those of too few people together, and people by bin."""
    rare = counts < least
    if rare.any() and counts[rare].sum() < least and not rare.all():
        rare[np.argmin(np.where(rare, np.inf, counts))] = True
    places = np.cumsum(~rare) - 1
    places[rare] = np.count_nonzero(~rare)
    return tuple(places.tolist()), np.bincount(places, weights=counts).astype(np.float64)


def _number_cuts(
    place: int, feature: Feature, learned: Learned, window: Window, bins: int, limits: Limits
) -> tuple[int, ...]:
    """The largest key of every bin but the last."""
    counts = learned.counts[place]
    assert feature.keys is not None
    most = feature.keys.count - 1
    if not limits.exact_quantiles:
        n = round(counts.sum())
        ranges = bands(counts, max(limits.minimum_cell, -(-n // bins), 1))
        return tuple(min(stop * window.width - 1, most) for _, stop in ranges[:-1])
    if window.width == 1 and np.count_nonzero(counts) <= bins:
        return tuple(np.flatnonzero(counts)[:-1].tolist())
    found = {first for feature_place, _, first, _, _ in learned.order if feature_place == place}
    return tuple(sorted(key for key in found if key < most))
