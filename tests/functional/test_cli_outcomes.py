"""``summand outcomes`` as it is typed."""

from __future__ import annotations

import pytest
from cli_kit import say

CHECK = (1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)


@pytest.fixture
def series(tmp_path):
    """The printed check series in a file."""
    path = tmp_path / "waiting.csv"
    path.write_text("period,value\n" + "".join(f"2024-{k:02},{value}\n" for k, value in enumerate(CHECK, 1)))
    return path


def test_chart_prints_what_its_schema_says_and_draws(series, tmp_path, capsys):
    """JSON by the schema, a picture with the reason of the new base and both icons."""
    picture = tmp_path / "waiting.svg"
    said = say(
        capsys, "outcomes", "chart", series, "--better", "decrease", "--target", 5, "--rebase", "2024-16=Second clinic",
        "--unit", "days", "--plot", picture, "--json",
    )  # fmt: skip
    found = said.matches("process-chart")
    assert (found["title"], found["variation"], found["assurance"]) == ("waiting", "common_cause", "pass")
    assert found["points"][4]["signal"] == "outside"
    drawn = picture.read_text()
    assert "Second clinic" in drawn
    assert drawn.count("<image") == 2


def test_chart_tells_a_person_the_same(series, capsys):
    """Signals, the meaning of the last point, and the warning about few points, in words."""
    said = say(capsys, "outcomes", "chart", series, "--better", "increase", "--rebase", "2024-16=Second clinic")
    assert said.code == 0
    assert "New base from 2024-16: Second clinic" in said.out
    assert "Trial limits" in said.out
    assert "outside" in said.out


@pytest.mark.parametrize(
    ("text", "words"),
    [("period;value\n1;2\n", "columns"), ("period,value\na,1\nb,two\n", "Line 3"), ("period,value\na,1\n", "1 point"),
     ("period,count,size\na,1,0\nb,1,2\n", "Line 2"), ("", "columns"), ("period,value\na,1\nb\n", "Line 3")],
)  # fmt: skip
def test_a_file_that_is_no_series_is_told_so(text, words, tmp_path, capsys):
    """Bad input gives one error with the line, never a traceback and never a value."""
    path = tmp_path / "bad.csv"
    path.write_text(text)
    said = say(capsys, "outcomes", "chart", path, "--json")
    assert said.code == 12
    assert said.error["code"] == "data.series_invalid"
    assert words in said.error["message"]


def test_counts_make_a_p_chart(tmp_path, capsys):
    """A file of counts and sizes."""
    path = tmp_path / "missed.csv"
    path.write_text("period,count,size\nJan,5,100\nFeb,25,200\n")
    found = say(capsys, "outcomes", "chart", path, "--kind", "p", "--json").matches("process-chart")
    assert found["points"][0]["upper"] == pytest.approx(0.19)
