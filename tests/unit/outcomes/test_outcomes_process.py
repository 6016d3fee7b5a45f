"""Process behaviour charts: the printed check series, each rule alone, their order, and laws."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.errors import SeriesInvalid
from summand.outcomes import (
    Observation,
    Rebase,
    assurance_icon,
    process_chart,
    variation_icon,
    variation_words,
)  # fmt: skip

CHECK = (1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)
"""The series of the NHSRplotthedots vignette on screening, whose mean and limits are printed there."""
QUIET = (5, 6, 5, 4, 5, 6, 5, 4, 5, 6, 5, 4, 5, 6, 5, 4, 5, 6, 5, 4)


def series(*values):
    """Observations of these values, by number."""
    return [Observation(f"{place:03}", float(value)) for place, value in enumerate(values)]


def found(*values, **options):
    """The signals of a series."""
    return [point.signal for point in process_chart(series(*values), **options).points]


@pytest.mark.parametrize(("screen", "upper", "lower"), [(True, 4.604, -0.716), (False, 6.952, -3.063)])
def test_limits_of_the_printed_series(screen, upper, lower):
    """Mean and limits to the printed digits, with and without screening of the moving ranges."""
    point = process_chart(series(*CHECK), screen=screen).points[0]
    assert [round(point.centre, 3), round(point.upper, 3), round(point.lower, 3)] == [1.944, upper, lower]


def test_lines_two_thirds_of_the_way():
    """The near lines lie at two thirds of 2.66 mean moving ranges."""
    point = process_chart(series(*CHECK), screen=False).points[0]
    reach = 2 / 3 * 2.66 * (32 / 17)
    assert point.near_upper - point.centre == pytest.approx(reach)
    assert point.centre - point.near_lower == pytest.approx(reach)


def test_a_point_outside_is_named_before_anything_else():
    """The first rule wins where a point also belongs to a trend."""
    signals = found(*QUIET, 5, 6, 7, 8, 9, 10, 30)
    assert signals[-1] == "outside"
    assert signals[-7:-2] == ["trend"] * 5


def test_seven_points_make_a_trend_and_six_do_not():
    """Seven points with six differences of one sign; a tie in between ends it."""
    assert "trend" in found(*QUIET, 2, 3, 4, 5, 6, 7, 8)
    assert "trend" not in found(*QUIET, 5, 3, 4, 5, 6, 7, 8)
    assert "trend" not in found(*QUIET, 2, 3, 4, 5, 5, 6, 7)


def test_two_of_three_flags_the_points_beyond_the_line_alone():
    """Points beyond two thirds with the third on the same side; not where the third is on the other side."""
    near = 7.5  # between the line and the limit of QUIET's process
    chart = process_chart(series(*QUIET, near, 5.3, near, 4, 5, 4))
    base = chart.points[0]
    assert base.near_upper < near < base.upper
    assert base.centre < 5.3
    assert [point.signal for point in chart.points[-6:]] == [
        "two_of_three",
        "none",
        "two_of_three",
        "none",
        "none",
        "none",
    ]
    assert "two_of_three" not in found(*QUIET, near, 4.9, near, 4, 5, 4)


def test_seven_points_on_one_side_make_a_shift_and_a_point_on_the_mean_ends_it():
    """All seven are flagged; six are not enough."""
    values = (0, 10) * 10
    assert found(*values, 6, 7, 6, 7, 6, 7, 6)[-7:].count("shift") >= 6
    assert "shift" not in found(*(0, 10) * 10, 5, 5, 5, 5, 5, 5, 5)


@pytest.mark.parametrize(
    ("better", "meaning"), [("increase", "concern"), ("decrease", "improvement"), ("neutral", "neutral")]
)
def test_what_a_falling_trend_means_depends_on_the_direction(better, meaning):
    """A trend is judged by the way it runs, even while its points lie on the other side of the mean."""
    chart = process_chart(series(*QUIET, 9, 8, 7, 6.5, 5.5, 5.2, 5.1), better)
    trend = [point for point in chart.points if point.signal == "trend"]
    assert {point.meaning for point in trend} == {meaning}
    assert any(point.value > point.centre for point in trend)


@pytest.mark.parametrize(
    ("better", "target", "assurance"),
    [("increase", 5, "fail"), ("increase", -1, "pass"), ("increase", 2, "hit_or_miss"), ("decrease", 5, "pass"),
     ("decrease", -1, "fail"), ("decrease", 2, "hit_or_miss"), ("neutral", 2, "none"), ("increase", None, "none")],
)  # fmt: skip
def test_assurance_compares_the_limits_with_the_target(better, target, assurance):
    """Increase is better: a target above the upper limit fails, below the lower one passes."""
    assert process_chart(series(*CHECK), better, target=target).assurance == assurance


def test_a_new_base_starts_limits_anew_and_keeps_its_reason():
    """Limits before and after are those of the parts alone; no run goes across; few points are trial limits."""
    before, after = QUIET, (15, 16, 15, 14, 15, 16)
    chart = process_chart(series(*before, *after), rebases=[Rebase("020", "New clinic opened")])
    parts = [process_chart(series(*before)), process_chart(series(*after))]
    assert [point.upper for point in chart.points] == [point.upper for part in parts for point in part.points]
    assert [(base.reason, base.trial) for base in chart.bases] == [("", False), ("New clinic opened", True)]
    assert "shift" not in {point.signal for point in chart.points}
    assert "Trial limits" in chart.warnings[0]


@pytest.mark.parametrize(
    "rebases",
    [[Rebase("020", " ")], [Rebase("000", "why")], [Rebase("nowhere", "why")], [Rebase("024", "a"), Rebase("025", "b")],
     [Rebase("020", "a"), Rebase("020", "b")]],
)  # fmt: skip
def test_a_base_needs_a_reason_a_place_and_two_points(rebases):
    """What would make limits that nobody can believe is refused."""
    with pytest.raises(SeriesInvalid):
        process_chart(series(*QUIET, 1, 2, 3, 4, 5, 6), rebases=rebases)


@pytest.mark.parametrize("values", [(), (1,), (1, float("nan")), (1, float("inf"))])
def test_a_series_needs_two_finite_values(values):
    """Nothing is drawn of less."""
    with pytest.raises(SeriesInvalid):
        process_chart(series(*values))


@given(st.floats(-1e6, 1e6), st.integers(2, 40))
def test_a_constant_series_has_no_signal(value, count):
    """Equal values lie on their mean and limits, however the mean rounds."""
    assert set(found(*[value] * count)) == {"none"}


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=60), st.booleans())
def test_turning_the_scale_round_turns_the_meaning_round(values, screen):
    """Improvement where up is better is improvement of the mirrored series where down is better."""
    up = process_chart(series(*values), "increase", screen=screen, target=3)
    down = process_chart(series(*[-value for value in values]), "decrease", screen=screen, target=-3)
    assert [point.meaning for point in up.points] == [point.meaning for point in down.points]
    assert (up.variation, up.assurance) == (down.variation, down.assurance)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=60))
def test_signals_agree_with_their_definition(values):
    """Every point against a slow reading of the rules, one window at a time."""
    chart = process_chart(series(*values), screen=False)
    points, n = chart.points, len(values)
    sides = [0 if abs(v - points[0].centre) < 1e-9 else 1 if v > points[0].centre else -1 for v in values]
    out = [v > p.upper + 1e-9 or v < p.lower - 1e-9 for v, p in zip(values, points, strict=True)]
    near = [
        not o and (v > p.near_upper + 1e-9 or v < p.near_lower - 1e-9)
        for v, p, o in zip(values, points, out, strict=True)
    ]
    for place in range(n):

        def windows(width, place=place):
            return [range(a, a + width) for a in range(max(0, place - width + 1), min(place, n - width) + 1)]

        steps = [[values[k + 1] - values[k] for k in list(w)[:-1]] for w in windows(7)]
        trend = any(all(s > 0 for s in w) or all(s < 0 for s in w) for w in steps)
        shift = any(abs(sum(sides[k] for k in w)) == 7 for w in windows(7))
        pair = near[place] and any(
            abs(sum(sides[k] for k in w)) == 3 and sum(near[k] for k in w) >= 2 for w in windows(3)
        )
        expected = (
            "outside" if out[place] else "trend" if trend else "two_of_three" if pair else "shift" if shift else "none"
        )
        assert points[place].signal == expected


def test_proportions_have_limits_by_their_size():
    """P chart by hand: pooled 30 of 300; three standard errors at sizes 100 and 200, never below zero."""
    given = [Observation("a", 0.05, 100), Observation("b", 0.125, 200)]
    small, large = process_chart(given, kind="p").points
    assert small.centre == pytest.approx(0.1)
    assert (small.lower, small.upper) == (pytest.approx(0.01), pytest.approx(0.19))
    assert large.upper - large.centre == pytest.approx(0.09 / 2**0.5)


def test_rates_have_limits_by_their_exposure():
    """U chart by hand: 20 events in 5 units of exposure, so 4 ± 3 √(4 / size)."""
    given = [Observation("a", 5.0, 1), Observation("b", 3.75, 4)]
    one, four = process_chart(given, kind="u").points
    assert (one.lower, one.upper) == (0.0, pytest.approx(10.0))
    assert (four.lower, four.upper) == (pytest.approx(1.0), pytest.approx(7.0))


def test_prime_limits_follow_the_spread_that_is_there():
    """p′: the binomial limits times the mean moving range of standardised points over 1.128."""
    given = [Observation(str(k), p, 10_000) for k, p in enumerate((0.1, 0.2, 0.1, 0.2))]
    plain, prime = (process_chart(given, kind=kind).points[0] for kind in ("p", "p_prime"))
    error = (plain.upper - plain.centre) / 3
    assert prime.upper - prime.centre == pytest.approx(3 * error * (0.1 / error) / 1.128)


@pytest.mark.parametrize("size", [None, 0, -1, float("nan")])
def test_charts_of_counts_need_sizes(size):
    """No size, no limits; a proportion above one is none."""
    with pytest.raises(SeriesInvalid):
        process_chart([Observation("a", 0.1, 10), Observation("b", 0.1, size)], kind="p")
    with pytest.raises(SeriesInvalid):
        process_chart([Observation("a", 0.1, 10), Observation("b", 1.1, 10)], kind="p")


@pytest.mark.parametrize("better", ["increase", "decrease", "neutral"])
@pytest.mark.parametrize("target", [None, -9.0, 2.0, 40.0])
@pytest.mark.parametrize("last", [1, 30, -30])
def test_icons_are_whole_pictures_that_say_what_they_mean(better, target, last):
    """Well-formed SVG with a title for screen readers, a letter for who sees no colour, and no other host."""
    chart = process_chart(series(*CHECK, last), better, target=target)
    for icon in filter(None, (variation_icon(chart), assurance_icon(chart))):
        root = ElementTree.fromstring(icon)
        assert root.attrib["aria-label"] == root[0].text
        assert re.findall(r"https?://\S+?(?=\")", icon) == ["http://www.w3.org/2000/svg"]
    assert (">H<" in variation_icon(chart)) == (last == 30)
    assert ("special cause" in variation_words(chart)) == (last != 1)
    assert (assurance_icon(chart) == "") == (target is None or better == "neutral")
