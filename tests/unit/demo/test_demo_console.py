"""What a person sees while the demonstration runs."""

import io
import time

import pytest
from demo_kit import recorded
from rich.console import Console

from summand.demo._console import ConsoleAudience


def printed(which, width=110):
    """Everything that the console shows of a recorded run."""
    document, watcher, _ = recorded(which)
    text = io.StringIO()
    audience = ConsoleAudience(Console(file=text, width=width, color_system=None))
    with audience:
        for step in watcher.steps:
            audience.step(step)
        for part, value in watcher.parts.items():
            audience.show(part, value)
    return document, text.getvalue()


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_console_shows_the_whole_chain(which):
    """Agreement, signatures, data, each study, comparison, refusal, goals, settlement and ledger, with their figures."""
    document, text = printed(which)
    flat = " ".join(text.split())
    parties = len(document["agreement"]["parties"])
    assert document["agreement"]["title"] in flat
    assert f"{parties} of {parties}, each by the party's own key" in flat
    assert f"{parties} of {parties} sites pass" in flat
    assert all(study["title"] in flat for study in document["studies"])
    assert "the same" in flat
    pairs = [pair for study in document["comparison"]["studies"] for pair in study["pairs"]]
    estimates = [pair for pair in pairs if pair["kind"] in ("estimate", "std_error")]
    assert estimates
    assert all(f"{pair['pooled']:.8f}".lstrip("-") in flat for pair in estimates)
    assert f"by {parties} of {parties} sites under clause C.prohibited_purposes" in flat
    assert document["refusal"]["remedy"] in flat
    assert all(goal["text"] in flat for goal in document["goals"])
    assert f"{document['ledger']['leaves']} leaves" in flat
    assert document["ledger"]["root_hash"] in flat


@pytest.mark.parametrize("which", ["lung", "heart"])
def test_demo_console_marks_every_line_with_an_invented_amount(which):
    """No line with an amount of money without the word sample."""
    document, text = printed(which)
    lines = [line for line in text.splitlines() if f"{document['settlement']['currency']} " in line]
    assert len(lines) > len(document["settlement"]["parties"])
    assert [line for line in lines if "sample" not in line] == []


@pytest.mark.parametrize("width", [80, 60])
def test_demo_console_fits_a_narrow_terminal(width):
    """Nothing but the root hash is wider than the terminal."""
    document, text = printed("lung", width)
    wide = [line for line in text.splitlines() if len(line) > width and document["ledger"]["root_hash"] not in line]
    assert wide == []


def test_demo_console_takes_markup_as_text():
    """A name in square brackets is printed, not obeyed."""
    document = recorded("lung")[0]
    text = io.StringIO()
    audience = ConsoleAudience(Console(file=text, width=100, color_system=None))
    audience.step("[bold]not bold[/bold]")
    audience.show("agreement", {**document["agreement"], "title": "[red]Title[/red]"})
    assert "[bold]not bold[/bold]" in text.getvalue()
    assert "[red]Title[/red]" in text.getvalue()


def test_demo_console_shows_the_running_step_on_a_terminal():
    """On a terminal one line turns, with the step and its seconds, and what is printed stands above it."""
    text = io.StringIO()
    with ConsoleAudience(Console(file=text, width=100, force_terminal=True)) as audience:
        audience.step("Counting the sites")
        audience.say("A line of its own.")
        time.sleep(0.4)
    assert "Counting the sites" in text.getvalue()
    assert "0 s in all" in text.getvalue()
    assert "A line of its own." in text.getvalue()
