"""One motion from its acts: notice, recusals, quorum, votes, vetoes, outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from summand.agreement import Agreement
from summand.agreement._governance import Body, DecisionRule
from summand.errors import SummandError
from summand.governance._acts import Act
from summand.governance._records import Ballot, Motion, Outcome, Recusal, Veto
from summand.governance._setting import (
    SPEAKER_ROLES,
    Delegation,
    Interest,
    conflicted,
    signatory,
    speakers,
)  # fmt: skip
from summand.governance._tally import Count, Vote, count, decide, required_quorum, weights
from summand.signing import Envelope, PublicKey, open_sealed
from summand.study import APPROVAL_TYPE, Stated

Said = tuple[Stated, Act]


@dataclass
class MotionActs:
    """The acts about one motion, in the ledger's order."""

    opened: Said
    agreement: Agreement
    body: Body
    rule: DecisionRule
    votes: list[Said] = field(default_factory=list)
    present: list[Stated] = field(default_factory=list)
    waived: list[Stated] = field(default_factory=list)
    recused: list[Said] = field(default_factory=list)
    vetoes: list[Said] = field(default_factory=list)
    closings: list[Stated] = field(default_factory=list)
    withdrawn: Stated | None = None


@dataclass(frozen=True)
class Passed:
    """An act that does not count for its motion, and why."""

    stated: Stated
    reason: str


def evaluate(
    acts: MotionActs, interests: list[Interest], delegations: list[Delegation], now: datetime
) -> tuple[Motion, list[Passed]]:
    """Where a motion stands at ``now``, and the votes that do not count."""
    return _Evaluation(acts, interests, delegations, now).result()


class _Evaluation:
    def __init__(
        self, acts: MotionActs, interests: list[Interest], delegations: list[Delegation], now: datetime
    ) -> None:
        self.acts, self.interests, self.delegations, self.now = acts, interests, delegations, now
        self.stated, self.act = acts.opened
        self.opens: datetime = self.act.get("meeting_at") or self.stated.at
        self.closes: datetime = self.act["closes_at"]
        self.passed: list[Passed] = []

    def result(self) -> tuple[Motion, list[Passed]]:
        recusals = list(self._recusals())
        away = {item.party for item in recusals}
        eligible = tuple(party for party in self.acts.body.members if party not in away)
        closes, ballots = self._closed(eligible)
        heard = {ballot.party for ballot in ballots}
        heard |= {item.party for item in self.acts.present if self._counts(item, closes)}
        present = tuple(party for party in eligible if party in heard)
        weight = weights(self.acts.rule.weights, eligible, self._contributions(), self._kinds())
        votes: dict[str, Vote] = {ballot.party: ballot.vote for ballot in ballots}  # type: ignore[misc]
        found = count(votes, weight)
        vetoes = tuple(self._vetoes())
        asked = tuple(self.act.get("datasets", ()))
        vetoed = {name for veto in vetoes for name in veto.datasets}
        left = tuple(name for name in asked if name not in vetoed)
        outcome, why = self._outcome(eligible, present, votes, found, closes, all_vetoed=bool(asked) and not left)
        approvals = tuple(self._approvals(ballots)) if outcome == "carried" else ()
        motion = Motion(
            self.act["id"], self.acts.body.id, self.act["topic"], self.act["title"], self.act.get("text", ""),
            self.act.get("text_sha256", ""), self.act["subject"], self.act.get("subject_hash", ""), left, vetoes,
            self.stated.statement.person, self.stated.at, self.act.get("meeting_at"), closes, self.stated.leaf,
            tuple(self.acts.body.members), eligible, present,
            required_quorum(self.acts.rule.quorum, len(self.acts.body.members), len(eligible)), tuple(recusals),
            tuple(ballots), found, outcome, why, approvals,
        )  # fmt: skip
        return motion, self.passed

    # ── who may vote ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _recusals(self) -> Iterator[Recusal]:
        """Parties that recused themselves before the close, and those of which nobody without an interest may speak."""
        said = {
            stated.party: Recusal(stated.party, str(act["reason"]), stated.leaf)
            for stated, act in reversed(self.acts.recused)
            if stated.at <= self.closes
        }
        for party in self.acts.body.members:
            interest = self._interest_of(party)
            if party in said:
                yield said[party]
            elif interest is not None:
                words = f"{interest.person}: {interest.interest} in {interest.counterparty}"
                yield Recusal(party, words, interest.leaf)

    def _interest_of(self, party: str) -> Interest | None:
        with_interest = conflicted(self.interests, party, self.act["topic"])
        if party in with_interest:
            return with_interest[party]
        able = self._speakers(party)
        return next(iter(with_interest.values())) if with_interest and able <= set(with_interest) else None

    def _speakers(self, party: str) -> set[str]:
        day = min(self.closes, self.now).date()
        return speakers(self.acts.agreement, party, self.acts.body.id, day, self.delegations)

    def _person(self, stated: Stated) -> str:
        """Who acts: behind a party's own key stands its signatory."""
        return signatory(self.acts.agreement, stated.party) if stated.role == "party" else stated.statement.person

    # ── votes ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _closed(self, eligible: tuple[str, ...]) -> tuple[datetime, list[Ballot]]:
        """When the motion closes, and the votes until then: earlier where the chair says so and everybody voted."""
        for item in self.acts.closings:
            early = self._ballots(eligible, item.at, quiet=True)
            if item.at < self.closes and item.party == self.acts.body.chair and len(early) == len(eligible) > 0:
                return item.at, self._ballots(eligible, item.at)
        return self.closes, self._ballots(eligible, self.closes)

    def _ballots(self, eligible: tuple[str, ...], closes: datetime, *, quiet: bool = False) -> list[Ballot]:
        last: dict[str, Ballot] = {}
        for stated, act in self.acts.votes:
            why = self._objection(stated, eligible, closes)
            if why and not quiet:
                self.passed.append(Passed(stated, why))
            if not why:
                last[stated.party] = Ballot(
                    stated.party, self._person(stated), act["vote"], act.get("reason", ""), stated.at, stated.leaf
                )
        return [last[party] for party in eligible if party in last]

    def _objection(self, stated: Stated, eligible: tuple[str, ...], closes: datetime) -> str:
        if stated.party not in self.acts.body.members:
            return f"{stated.party} is no member of '{self.acts.body.id}'."
        if stated.party not in eligible:
            return f"{stated.party} is recused from this motion."
        if self._person(stated) in conflicted(self.interests, stated.party, self.act["topic"]):
            return f"{self._person(stated)} declared an interest and does not vote on '{self.act['topic']}'."
        if not self._speaks(stated):
            return f"{stated.statement.person} may not vote for {stated.party}."
        if stated.at < self.opens:
            return "The vote came before the meeting."
        return "The vote came after the close." if stated.at > closes else ""

    def _speaks(self, stated: Stated) -> bool:
        return stated.role in SPEAKER_ROLES or stated.statement.person in self._speakers(stated.party)

    def _counts(self, stated: Stated, closes: datetime) -> bool:
        return self._speaks(stated) and self.opens <= stated.at <= closes

    # ── outcome ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _outcome(
        self, eligible: tuple[str, ...], present: tuple[str, ...], votes: dict[str, Vote], found: Count,
        closes: datetime, *, all_vetoed: bool,
    ) -> tuple[Outcome, str]:  # fmt: skip
        rule, members = self.acts.rule, len(self.acts.body.members)
        if self.acts.withdrawn is not None and self.acts.withdrawn.at <= closes:
            return "withdrawn", f"{self.acts.withdrawn.statement.person} withdrew it."
        if self.act.get("meeting_at") is None and not rule.written_procedure:
            return "void", "Clause H does not let this topic be decided in writing."
        if self.now <= closes:
            return "open", f"Open until {closes:%Y-%m-%d %H:%M} UTC."
        if not self._noticed(eligible, closes):
            return "void", f"It had less than {rule.notice_days} days of notice, and not everybody waived them."
        if all_vetoed:
            return "rejected", "Every holder vetoed the use of its data."
        tie = votes.get(self.acts.body.chair) if "chair" in (rule.tie_break or "").lower() else None
        refused = [party for party in rule.veto_holders if votes.get(party) == "no"]
        verdict = decide(
            members=members, present=len(present), quorum=rule.quorum, eligible=len(eligible),
            found=found, threshold=rule.threshold, refused_by=refused, chair=tie,
        )  # fmt: skip
        needed = required_quorum(rule.quorum, members, len(eligible))
        return verdict, {
            "carried": f"Carried by {rule.threshold.replace('_', ' ')}.",
            "rejected": f"Vetoed by {', '.join(refused)}." if refused else "Not carried.",
            "inquorate": f"{len(present)} of {needed} parties were present.",
            "undecidable": "Fewer than half of the body may vote, or no vote weighs anything: another body must decide.",
        }[verdict]

    def _noticed(self, eligible: tuple[str, ...], closes: datetime) -> bool:
        until = self.opens if self.act.get("meeting_at") is not None else self.closes
        waived = {item.party for item in self.acts.waived if item.at <= closes and self._speaks(item)}
        return until - self.stated.at >= timedelta(days=self.acts.rule.notice_days) or set(eligible) <= waived

    def _vetoes(self) -> Iterator[Veto]:
        for stated, act in self.acts.vetoes:
            yield Veto(stated.party, tuple(act["datasets"]), act["reason"], stated.leaf)

    def _approvals(self, ballots: list[Ballot]) -> Iterator[Envelope]:
        """The approvals of the very request that came with the votes in favour."""
        counted = {ballot.leaf for ballot in ballots if ballot.vote == "yes"}
        for stated, act in self.acts.votes:
            given = act.get("approval")
            if stated.leaf not in counted or given is None:
                continue
            keys = [
                PublicKey.from_text(person.key)
                for person in self.acts.agreement.people
                if person.name == stated.statement.person
            ]
            try:
                envelope = Envelope.from_dict(given)
                inside = open_sealed(envelope, APPROVAL_TYPE, keys)
                fits = (inside["request_hash"], inside["person"]) == (
                    self.act.get("subject_hash"), stated.statement.person
                )  # fmt: skip
            except (SummandError, KeyError, TypeError):
                fits = False
            if fits:
                yield envelope
            else:
                self.passed.append(Passed(stated, "Its approval is not one of the request that the motion names."))

    def _contributions(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for item in self.acts.agreement.work.contributions:
            found[item.party] = found.get(item.party, 0) + item.committed_cents
        return found

    def _kinds(self) -> dict[str, str]:
        return {party.id: party.type for party in self.acts.agreement.parties}
