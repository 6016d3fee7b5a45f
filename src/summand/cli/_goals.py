"""``summand outcomes``: goals measured, re-based, attached to studies of cause, and shown. Parses, calls, prints."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._files import as_object, read_object
from summand.cli._outcomes import Json, Plot, outcomes_app
from summand.cli._print import check_picture, print_json, progress, rich_table, save_chart
from summand.errors import IndicatorInvalid, UsageError

if TYPE_CHECKING:
    from summand.agreement._purpose import Goal
    from summand.federation import Desk
    from summand.outcomes import GoalProgress, Measurement, Scorecard

FederationFile = Annotated[
    Path, typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The hub's federation.json.")
]
Key = Annotated[Path, typer.Option("--key", envvar="SUMMAND_KEY", help="Your private key, or your party's (PEM).")]
AgreementName = Annotated[
    str | None, typer.Option("--agreement", help="Title or hash; the only one that names you if not given.")
]
GoalId = Annotated[str, typer.Argument(help="A goal of clause C.", metavar="GOAL")]


@outcomes_app.command()
def measure(
    goal: GoalId,
    federation: FederationFile, key: Key,
    period: Annotated[str | None, typer.Option(help="What it is measured for; this month if not given.")] = None,
    study: Annotated[str | None, typer.Option(help="A released study that holds the indicator.")] = None,
    method: Annotated[str | None, typer.Option(help="Ask for a study first: the method as JSON.")] = None,
    value: Annotated[float | None, typer.Option(help="Enter a value instead, with --evidence.")] = None,
    low: Annotated[float | None, typer.Option(help="Lower end of its 95 % interval.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper end of its 95 % interval.")] = None,
    evidence: Annotated[Path | None, typer.Option(help="The document that shows the value; its hash is stated.")] = None,
    reason: Annotated[str, typer.Option(help="Why the value has no interval.")] = "",
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """State a goal's value: from a released study, from one that is asked for now, or with evidence."""
    if sum(given is not None for given in (study, method, value)) != 1:
        raise UsageError("A value has one source.", remedy="Give --study, --method, or --value with --evidence.")
    if (value is None) != (evidence is None):
        raise UsageError("A value that is entered needs its evidence.", remedy="Give both --value and --evidence.")
    with _desk(federation, key, agreement) as desk:
        found = _goal(desk, goal)
        if value is not None and evidence is not None:
            told = _entered(desk, found, _period(period), value, low, high, reason, evidence)
        else:
            told = _from_study(desk, found, _period(period), study, None if method is None else as_object(method.encode(), "--method"), quiet=as_json)  # fmt: skip
        shown = _progress_of(desk, goal)
    print_json({**shown.to_dict(), "document_sha256": told}) if as_json else _print_goal(shown)


@outcomes_app.command()
def rebase(
    goal: GoalId, federation: FederationFile, key: Key,
    period: Annotated[str, typer.Option(help="The first period of the new base.")],
    reason: Annotated[str, typer.Option(help="The known change from which limits start anew.")],
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """State a known change from which a goal's limits start anew; only the party that owns the goal may."""
    with _desk(federation, key, agreement) as desk:
        found = _goal(desk, goal)
        told = desk.state("goal.rebased", {"goal": found.id, "period": period, "reason": reason})
        shown = _progress_of(desk, goal)
    print_json({**shown.to_dict(), "document_sha256": told}) if as_json else _print_goal(shown)


@outcomes_app.command()
def attach(
    goal: GoalId, federation: FederationFile, key: Key,
    study: Annotated[str, typer.Option(help="A released interrupted series, difference in differences or stepped wedge.")],
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Attach the effects of a released study of cause to a goal, each with its interval."""
    from summand.outcomes import attached_document

    with _desk(federation, key, agreement) as desk:
        found = _goal(desk, goal)
        result = desk.federation().result(study).to_dict()
        told = desk.state("goal.attached", attached_document(found, result), study=study)
        shown = _progress_of(desk, goal)
    print_json({**shown.to_dict(), "document_sha256": told}) if as_json else _print_goal(shown)


@outcomes_app.command("goal")
def show_goal(
    goal: GoalId, federation: FederationFile, key: Key,
    verify: Annotated[bool, typer.Option("--verify", help="Derive every value again from its released study.")] = False,
    plot: Plot = None, agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """A goal's series with its signals, its change with the interval, and the leaf of every value."""
    from summand.federation import differing_points

    if plot is not None:
        check_picture(plot)
    with _desk(federation, key, agreement) as desk:
        shown = _progress_of(desk, goal)
        differing = differing_points(desk, [shown]) if verify else []
    if differing:
        _, point, real = differing[0]
        raise IndicatorInvalid(
            f"Leaf {point.leaf} states {point.value:g} for {point.period}; its study gives {real}.",
            remedy="Ask who stated it for a correction; do not use the value.", clause="C.goals",
        )  # fmt: skip
    print_json({**shown.to_dict(), "verified": verify}) if as_json else _print_goal(shown)
    if plot is not None:
        _plot(shown, plot)


@outcomes_app.command()
def due(federation: FederationFile, key: Key, agreement: AgreementName = None, as_json: Json = False) -> None:
    """Which goals are to be measured by now, by their schedule."""
    from summand.federation import partnership_goals
    from summand.outcomes import due_goals

    with _desk(federation, key, agreement) as desk:
        found = due_goals(partnership_goals(desk)[0])
    if as_json:
        print_json({"due": [{"goal": item.goal, "text": item.text, "next_on": item.next_on} for item in found]})
        return
    for item in found:
        typer.echo(f"{item.goal}: {item.text}, since {item.next_on}")
    if not found:
        typer.echo("Nothing is due.")


@outcomes_app.command("run")
def run_due(
    plan: Annotated[Path, typer.Argument(help='JSON: {"goals": [{"goal": "wait", "method": {"name": "describe", …}}]}')],
    federation: FederationFile, key: Key, agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Measure what is due by its schedule: asks for each study of the plan, and states the values. Meant for cron."""
    from summand.encoding import canonical, sha256_hex
    from summand.federation import partnership_goals
    from summand.outcomes import due_goals

    wanted = read_object(plan)
    planned = {str(item["goal"]): item["method"] for item in _planned(wanted)}
    digest = sha256_hex(canonical(wanted))
    with _desk(federation, key, agreement) as desk:
        told = []
        for item in due_goals(partnership_goals(desk)[0]):
            goal = _goal(desk, item.goal)
            if goal.id not in planned:
                continue
            if goal.analysis_plan_hash not in (None, digest):
                raise UsageError(
                    f"The agreement names another analysis plan for '{goal.id}'.",
                    remedy=f"This file's hash is {digest}.",
                )
            _from_study(desk, goal, _period(None), None, dict(planned[goal.id]), quiet=as_json)
            told.append(goal.id)
    print_json({"measured": told, "plan_sha256": digest}) if as_json else typer.echo(
        f"Measured: {', '.join(told)}" if told else "Nothing in the plan was due."
    )


@outcomes_app.command("scorecard")
def show_scorecard(
    federation: FederationFile, key: Key, agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """The scorecard, the early warnings, the backup plan, and whether the partnership is worth continuing, with reasons."""
    from summand.federation import partnership_scorecard

    with _desk(federation, key, agreement) as desk:
        card = partnership_scorecard(desk)
    print_json(card.to_dict()) if as_json else _print_card(card)


@outcomes_app.command("backup-test")
def backup_test(
    trigger: Annotated[str, typer.Argument(help="The trigger of the plan in clause N, such as site_loss.")],
    outcome: Annotated[str, typer.Argument(help="worked, worked_partly or failed.")],
    federation: FederationFile, key: Key,
    evidence: Annotated[Path, typer.Option(help="The report of the test; its hash is stated.")],
    on: Annotated[str | None, typer.Option(help="The day of the test; today if not given.")] = None,
    agreement: AgreementName = None,
) -> None:  # fmt: skip
    """State that a backup plan was tested, with what came of it."""
    with _desk(federation, key, agreement) as desk:
        known = [plan.trigger for plan in desk.agreement.term.backup_plan]
        if trigger not in known or outcome not in ("worked", "worked_partly", "failed"):
            raise UsageError("There is no such plan or outcome.", remedy=f"Plans: {', '.join(known)}.")
        day = on or datetime.now(UTC).date().isoformat()
        document = {"trigger": trigger, "tested_on": day, "outcome": outcome, "evidence_sha256": _hash(evidence)}
        typer.echo(f"The ledger holds it: {desk.state('backup.tested', document)}")


# ── what the commands share ──────────────────────────────────────────────────────────────────────────────────────────
def _desk(federation: Path, key: Path, agreement: str | None) -> Desk:
    from summand.federation import open_desk

    return open_desk(federation, key=key, agreement=agreement)


def _goal(desk: Desk, wanted: str) -> Goal:
    for goal in desk.agreement.purpose.goals:
        if goal.id == wanted:
            return goal
    known = ", ".join(goal.id for goal in desk.agreement.purpose.goals)
    raise IndicatorInvalid(
        f"The agreement has no goal '{wanted[:80]}'.", remedy=f"Name one of: {known}.", clause="C.goals"
    )


def _progress_of(desk: Desk, wanted: str) -> GoalProgress:
    from summand.federation import partnership_goals

    _goal(desk, wanted)
    return next(item for item in partnership_goals(desk)[0] if item.goal == wanted)


def _period(given: str | None) -> str:
    return given or f"{datetime.now(UTC):%Y-%m}"


def _planned(plan: dict[str, Any]) -> list[dict[str, Any]]:
    goals = plan.get("goals")
    if not isinstance(goals, list) or not all(
        isinstance(item, dict) and {"goal", "method"} <= set(item) and isinstance(item["method"], dict)
        for item in goals
    ):
        raise UsageError("The plan lists no goals with their methods.", remedy='Write {"goals": [{"goal", "method"}]}.')
    return goals


def _from_study(
    desk: Desk, goal: Goal, period: str, study: str | None, method: dict[str, Any] | None, *, quiet: bool
) -> str:  # fmt: skip
    from summand.outcomes import measure as read
    from summand.outcomes import measured_document, parse_indicator

    indicator = parse_indicator(goal.indicator_id)
    federation = desk.federation()
    if method is not None:
        with progress(lambda: "Waiting for the sites", quiet=quiet):
            study = federation.run(method, title=f"Goal {goal.id}, {period}").study_id
    found: Measurement = read(indicator, federation.result(str(study)).to_dict(), str(study))
    return desk.state("goal.measured", measured_document(goal, period, found), study=str(study))


def _entered(
    desk: Desk, goal: Goal, period: str, value: float, low: float | None, high: float | None, reason: str, evidence: Path
) -> str:  # fmt: skip
    from summand.outcomes import Measurement, measured_document

    if (low is None) != (high is None):
        raise UsageError("An interval has two ends.", remedy="Give --low and --high, or neither with a --reason.")
    if low is None and not reason:
        raise UsageError("A value has an interval, or a reason why there is none.", remedy="Give --reason.")
    found = Measurement(value, low, high, "as the evidence gives it" if low is not None else "", reason)
    document = measured_document(goal, period, found, evidence_sha256=_hash(evidence), evidence_title=evidence.name)
    return desk.state("goal.measured", document)


def _hash(path: Path) -> str:
    from summand.encoding import sha256_hex

    try:
        return sha256_hex(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None


def _plot(shown: GoalProgress, plot: Path) -> None:
    from summand.federation.plots import process_plot

    if shown.chart is None:
        raise UsageError("One value makes no chart.", remedy="Measure the goal again later.")
    save_chart(process_plot(shown.chart, shown.text, shown.unit), plot)


def _print_goal(shown: GoalProgress) -> None:
    from rich.console import Console

    signals = {point.period: point for point in shown.chart.points} if shown.chart is not None else {}
    rows = [
        [
            point.period, f"{point.value:.4g}",
            point.reason if point.conf_low is None else f"{point.conf_low:.4g} to {point.conf_high:.4g}",
            signals[point.period].signal.replace("_", " ").replace("none", "") if point.period in signals else "",
            point.source, str(point.leaf),
        ]
        for point in shown.points
    ]  # fmt: skip
    columns = ("period", shown.unit, "95 % interval", "signal", "source", "leaf")
    Console(highlight=False, width=120).print(rich_table(shown.text, columns, rows))
    typer.echo(f"Target {shown.target:g} by {shown.due}: {shown.course.replace('_', ' ')}. {shown.why}")
    if shown.change is not None:
        change = shown.change
        typer.echo(f"Change from the baseline: {change.value:.4g} ({change.conf_low:.4g} to {change.conf_high:.4g})")
    for effect in shown.effects:
        typer.echo(
            f"{effect.method.replace('_', ' ')}, {effect.effect}: {effect.estimate:.4g} "
            f"({effect.conf_low:.4g} to {effect.conf_high:.4g}) [leaf {effect.leaf}]"
        )
    for text in shown.chart.warnings if shown.chart is not None else ():
        typer.echo(f"Warning: {text}")


def _print_card(card: Scorecard) -> None:
    typer.echo(f"Worth continuing? {card.answer.replace('_', ' ')}.")
    for reason in card.reasons:
        leaf = "" if reason.leaf is None else f" [leaf {reason.leaf}]"
        typer.echo(f"  {reason.weight}: {reason.text}{leaf}")
    for row in card.aims:
        typer.echo(f"{row.aim.replace('_', ' ')}: {row.state.replace('_', ' ')}")
    for warning in card.warnings:
        typer.echo(f"{warning.severity}: {warning.text}")
    for plan in card.backups:
        typer.echo(f"Backup plan for {plan.trigger}: {plan.test_words or f'tested on {plan.last_test}'}.")
