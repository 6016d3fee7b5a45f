"""``summand governance``: motions, votes, vetoes, disputes, tasks, and what waits for whom. Parses, calls, prints."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from summand.cli._files import as_object, read_object
from summand.cli._print import print_json, rich_table
from summand.errors import ActInvalid, UsageError

if TYPE_CHECKING:
    from summand.federation import Desk
    from summand.governance import GovernanceState, Motion
    from summand.study import SignedStudy

governance_app = typer.Typer(no_args_is_help=True, add_completion=False)

FederationFile = Annotated[
    Path, typer.Option("--federation", envvar="SUMMAND_FEDERATION", help="The hub's federation.json.")
]
Key = Annotated[Path, typer.Option("--key", envvar="SUMMAND_KEY", help="Your private key, or your party's (PEM).")]
AgreementName = Annotated[
    str | None, typer.Option("--agreement", help="Title or hash; the only one that names you if not given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
MotionId = Annotated[str, typer.Argument(help="The motion's identifier.", metavar="MOTION")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words.")]


@governance_app.command()
def show(
    federation: FederationFile, key: Key, motion: Annotated[str | None, typer.Option(help="This motion alone.")] = None,
    at: Annotated[str | None, typer.Option(help="As of this time (ISO 8601 with zone); now if not given.")] = None,
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Where governance stands: motions, disputes, permits, tasks, stops, and acts that do not count, with the reason."""
    with _desk(federation, key, agreement) as desk:
        state = desk.governance(_time(at) if at else None)
    if motion is not None:
        found = state.motion(motion)
        told = next(item for item in state.to_dict()["motions"] if item["id"] == found.id)
        print_json(told) if as_json else _print_motion(found)
        return
    print_json(state.to_dict()) if as_json else _print_state(state)


@governance_app.command("open")
def open_motion(
    title: Annotated[str, typer.Argument(help="What is to be decided, in one line.")],
    federation: FederationFile, key: Key,
    topic: Annotated[str, typer.Option(help="Topic of clause H, such as study or amendment.")],
    body: Annotated[str, typer.Option(help="The body that decides.")],
    days: Annotated[int, typer.Option(min=1, help="Days until it closes.")] = 21,
    meeting_at: Annotated[str | None, typer.Option(help="Begin of the meeting (ISO 8601); in writing if not given.")] = None,
    request: Annotated[Path | None, typer.Option(help="The signed request that it is about; sets its data too.")] = None,
    version: Annotated[str | None, typer.Option(help="The hash of the new version that it is about.")] = None,
    text: Annotated[str | None, typer.Option(help="The motion in full.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Its identifier; made up if not given.")] = None,
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Open a motion; who may vote sees it with 'summand governance needs'."""
    identifier = name or uuid.uuid4().hex[:12]
    study = None if request is None else _study(request)
    subject, digest = ("study", study.hash) if study else ("amendment", version) if version else ("other", None)
    with _desk(federation, key, agreement) as desk:
        stated = desk.act(
            "motion.opened", id=identifier, body=body, topic=topic, title=title, subject=subject, subject_hash=digest,
            datasets=None if study is None else list(study.request.datasets), text=text,
            meeting_at=None if meeting_at is None else _time(meeting_at).isoformat(),
            closes_at=(datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds"),
        )  # fmt: skip
        _tell(desk, identifier, stated, as_json)


@governance_app.command()
def vote(
    motion: MotionId,
    answer: Annotated[str, typer.Argument(help="yes, no or abstain.")],
    federation: FederationFile, key: Key,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in words.")] = None,
    request: Annotated[
        Path | None, typer.Option(help="With a yes: approve this signed request, which the motion is about.")
    ] = None,
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Vote for your party; your last vote before the close counts."""
    from summand.signing import PrivateKey

    with _desk(federation, key, agreement) as desk:
        approval = None
        if request is not None:
            given = _study(request)
            approval = given.approved_by(desk.name, PrivateKey.load(key)).approvals[-1].to_dict()
        stated = desk.act("vote.cast", motion=motion, vote=answer, reason=reason, approval=approval)
        _tell(desk, motion, stated, as_json)


@governance_app.command()
def veto(
    datasets: Annotated[list[str], typer.Argument(help="Your datasets.")],
    federation: FederationFile, key: Key, reason: Reason,
    motion: Annotated[str | None, typer.Option(help="The motion that it is about.")] = None,
    request: Annotated[Path | None, typer.Option(help="The signed request that it is about.")] = None,
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Refuse the use of your own data: for a study, your own site's guard obeys it as soon as its replica has it."""
    digest = None if request is None else _study(request).hash
    with _desk(federation, key, agreement) as desk:
        if motion is not None and digest is None:
            digest = desk.governance().motion(motion).subject_hash or None
        found = desk.act("veto.cast", datasets=datasets, reason=reason, motion=motion, request_hash=digest)
        told = {"act": "veto.cast", "document_sha256": found}
        print_json(told) if as_json else typer.echo(f"{desk.name} vetoes the use of {', '.join(datasets)}.")


@governance_app.command("state")
def state_act(
    act: Annotated[str, typer.Argument(help="Such as recusal.declared, dispute.raised, task.opened: docs/governance.md.")],
    federation: FederationFile, key: Key,
    fields: Annotated[str, typer.Option("--fields", help='Its fields as JSON: {"motion": "m1", "reason": "…"}')] = "{}",
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """State any act of governance, with your own key."""
    given = as_object(fields.encode(), "--fields")
    if "act" in given:
        raise UsageError("The act is named once, before its fields.", remedy="Leave 'act' out of --fields.")
    with _desk(federation, key, agreement) as desk:
        found = desk.act(act, **given)
        print_json({"act": act, "document_sha256": found}) if as_json else typer.echo(f"The ledger holds it: {found}")


@governance_app.command()
def approved(
    motion: MotionId,
    request: Annotated[Path, typer.Argument(help="The signed request that the motion is about.")],
    federation: FederationFile, key: Key,
    out: Annotated[Path, typer.Option(help="File for the request with its approvals.")],
    agreement: AgreementName = None,
) -> None:  # fmt: skip
    """Write the request with the approvals that a carried motion gave it, to be submitted with 'summand study submit'."""
    from summand.encoding import dump
    from summand.governance import approved_study

    with _desk(federation, key, agreement) as desk:
        found = approved_study(desk.governance(), motion, _study(request))
    if out.exists():
        raise UsageError(f"{out} is there already.", remedy="Choose another name with --out.")
    out.write_bytes(dump(found.to_dict()))
    typer.echo(f"{out} carries {len(found.approvals)} approval(s). Next: summand study submit --request {out}")


@governance_app.command()
def needs(federation: FederationFile, key: Key, agreement: AgreementName = None, as_json: Json = False) -> None:
    """What waits for you: votes, tasks, disputes, permits that lapse."""
    from summand.governance import needs_of

    with _desk(federation, key, agreement) as desk:
        found = needs_of(desk.governance(), desk.agreement, desk.name)
        name = desk.name
    if as_json:
        print_json({"name": name, "needs": [item.to_dict() for item in found]})
        return
    for item in found:
        due = "" if item.due is None else f", by {item.due:%Y-%m-%d}"
        typer.echo(f"{'! ' if item.urgent else '  '}{item.text}{due}")
    if not found:
        typer.echo("Nothing waits for you.")


@governance_app.command()
def event(
    name: Annotated[str, typer.Argument(help="suspend, resume, dispute, settle, terminate, begin_closing or close.")],
    federation: FederationFile, key: Key, reason: Reason,
    out: Annotated[Path | None, typer.Option(help="For what all parties cause together: the file that goes round.")] = None,
    agreement: AgreementName = None,
) -> None:  # fmt: skip
    """Cause an event of the agreement's life with your party's key: suspended or in dispute, no study runs."""
    from summand.encoding import dump

    with _desk(federation, key, agreement) as desk:
        envelope = desk.event(name, reason, by_all=out is not None)
        if out is None:
            desk.cause(envelope)
            typer.echo(f"The ledger holds it: {name}.")
            return
    if out.exists():
        raise UsageError(f"{out} is there already.", remedy="Choose another name with --out.")
    out.write_bytes(dump(envelope.to_dict()))
    typer.echo(f"Wrote {out}. Next, at each other party: summand governance join {out}")


@governance_app.command()
def join(
    file: Annotated[Path, typer.Argument(help="An event that all parties cause, from 'summand governance event --out'.")],
    federation: FederationFile, key: Key, agreement: AgreementName = None,
) -> None:  # fmt: skip
    """Add your party's signature to an event of all; the last one to sign puts it into the ledger."""
    from summand.encoding import dump, parse_canonical
    from summand.signing import Envelope

    with _desk(federation, key, agreement) as desk:
        envelope = desk.join_event(Envelope.from_dict(read_object(file)))
        told = parse_canonical(envelope.payload, "event")
        file.write_bytes(dump(envelope.to_dict()))
        missing = len(told["by"]) - len(envelope.signatures)
        if missing > 0:
            typer.echo(f"{told['event']}, for '{told['reason']}': {missing} signature(s) still missing.")
            return
        desk.cause(envelope)
        typer.echo(f"The ledger holds it: {told['event']}.")


@governance_app.command("digest")
def send_digest(
    settings: Annotated[Path, typer.Argument(help="JSON: mail server, addresses, webhooks; see docs/governance.md.")],
    federation: FederationFile, key: Key,
    memory: Annotated[Path | None, typer.Option(help="File that remembers when news were sent last; for cron.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the letters, and send nothing.")] = False,
    agreement: AgreementName = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Send everybody in the settings what waits for them and what is new: by mail, and by webhooks signed with your key."""
    from summand.governance import digest, needs_of
    from summand.notices import Letter, NoticeSettings, send_letters, send_webhook
    from summand.signing import PrivateKey

    given = NoticeSettings.load(settings)
    with _desk(federation, key, agreement) as desk:
        state, document = desk.governance(), desk.agreement
    since = _last(memory)
    told = {name: digest(state, document, name, since) for name in given.addresses}
    letters = [Letter(given.addresses[name], *found) for name, found in told.items() if found is not None]
    if dry_run:
        for letter in letters:
            typer.echo(f"To: {letter.to}\nSubject: {letter.subject}\n\n{letter.text}")
        return
    if given.server is not None:
        send_letters(given.server, letters)
    hooks = 0
    for hook in given.webhooks:
        needs = [need.to_dict() for need in needs_of(state, document, hook.name)]
        if needs:
            data = {"agreement": document.hash, "name": hook.name, "needs": needs}
            send_webhook(hook, given.allowed_hosts, data, PrivateKey.load(key), ca_file=given.ca_file)
            hooks += 1
    if memory is not None:  # only now: what failed is sent again
        memory.write_text(state.as_of.isoformat(), encoding="utf-8")
    counts = {"letters": len(letters), "webhooks": hooks}
    print_json(counts) if as_json else typer.echo(f"Sent {len(letters)} letters and {hooks} webhooks.")


# ── what the commands share ──────────────────────────────────────────────────────────────────────────────────────────
def _desk(federation: Path, key: Path, agreement: str | None) -> Desk:
    from summand.federation import open_desk

    return open_desk(federation, key=key, agreement=agreement)


def _study(path: Path) -> SignedStudy:
    from summand.study import SignedStudy

    return SignedStudy.from_dict(read_object(path))


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(f"'{text[:40]}' is no time with a zone.", remedy="Write 2026-03-01T09:00:00+00:00.")
    return found


def _last(memory: Path | None) -> datetime:
    """When news were sent last; a day ago where nothing says so."""
    if memory is None or not memory.exists():
        return datetime.now(UTC) - timedelta(days=1)
    return _time(memory.read_text("utf-8").strip())


def _tell(desk: Desk, motion: str, stated: str, as_json: bool) -> None:
    """Where a motion stands after an act, and whether the act counts."""
    state = desk.governance()
    leaves = {leaf for leaf, entry in desk.entries() if entry.get("document_sha256") == stated}
    for item in state.ignored:
        if item.leaf in leaves:
            raise ActInvalid(
                f"The act stands in the ledger and does not count: {item.reason}",
                remedy="See clause H for who may do what, and when.",
            )
    found = state.motion(motion)
    if as_json:
        print_json(next(item for item in state.to_dict()["motions"] if item["id"] == found.id))
    else:
        _print_motion(found)


def _print_motion(found: Motion) -> None:
    typer.echo(f"{found.id}  {found.title}: {found.outcome}. {found.why}")
    typer.echo(
        f"  {found.body}, {found.topic}; {len(found.present)} present, {found.quorum} needed [leaf {found.leaf}]"
    )
    for ballot in found.ballots:
        typer.echo(f"  {ballot.party}: {ballot.vote} ({ballot.person}) [leaf {ballot.leaf}]")
    for recusal in found.recusals:
        typer.echo(f"  {recusal.party}: recused, {recusal.reason}")
    for item in found.vetoes:
        typer.echo(f"  {item.party}: vetoes the use of {', '.join(item.datasets)}, {item.reason} [leaf {item.leaf}]")
    if found.waits_for:
        typer.echo(f"  waits for {', '.join(found.waits_for)}")


def _print_state(state: GovernanceState) -> None:
    from rich.console import Console

    console = Console(highlight=False, width=120)

    def table(title: str, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
        if rows:
            console.print(rich_table(title, columns, [[str(cell) for cell in row] for row in rows]))

    table(
        "Motions",
        ("motion", "title", "outcome", "closes", "waits for"),
        [[m.id, m.title, m.outcome, f"{m.closes_at:%Y-%m-%d}", ", ".join(m.waits_for)] for m in state.motions],
    )
    table(
        "Disputes", ("dispute", "by", "status", "step"), [[d.id, d.raised_by, d.status, d.step] for d in state.disputes]
    )
    table(
        "Permits",
        ("permit", "holder", "status", "days left"),
        [[p.reference, p.holder, p.status, p.days_left] for p in state.permits if p.status != "valid"],
    )
    table(
        "Tasks",
        ("task", "for", "due", "state"),
        [[t.title, t.assignee, t.due, "done" if t.done else t.reminder or "open"] for t in state.tasks],
    )
    table("Stopped sites", ("site", "since", "reason"), [[s.site, s.since, s.reason] for s in state.stopped])
    table("Do not count", ("leaf", "why"), [[item.leaf, item.reason] for item in state.ignored])
