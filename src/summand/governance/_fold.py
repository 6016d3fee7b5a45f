"""The fold from the ledger's entries to the state of governance: pure, with the clock passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from summand.agreement import Agreement
from summand.errors import ActInvalid, SummandError
from summand.governance._acts import Act, read_act
from summand.governance._books import comments, disputes, minutes, permits, stopped, tasks
from summand.governance._motions import MotionActs, Said, evaluate
from summand.governance._setting import (
    SPEAKER_ROLES,
    VETO_ROLES,
    Delegation,
    Interest,
    body_of,
    declared,
    holds,
    rule_of,
)  # fmt: skip
from summand.governance._state import GovernanceState, VetoedUse
from summand.study import Ignored, Stated, read_statements

KINDS = ("governance.act", "site.stopped", "site.resumed")


def governance_state(
    agreements: Sequence[Agreement], entries: Iterable[tuple[int, Mapping[str, Any]]], now: datetime
) -> GovernanceState:
    """Where governance stands at ``now``.

    Args:
        agreements: The versions of one agreement, the current one last; an act is judged by the version that it names.
        entries: Ledger entries with their leaves, as `summand.study.whole_entries` gives them.
        now: The clock, with a time zone; acts that came later are not there yet.
    """
    listed = list(entries)
    statements, ignored = read_statements(listed, agreements, KINDS)
    fold = _Fold(agreements, ignored)
    for stated in statements:
        if stated.at <= now:
            fold.take(stated)
    return fold.state(listed, now)


class _Fold:
    def __init__(self, agreements: Sequence[Agreement], ignored: list[Ignored]) -> None:
        self.versions = {document.hash: document for document in agreements}
        self.current = agreements[-1]
        self.ignored = ignored
        self.motions: dict[str, MotionActs] = {}
        self.interests: list[Interest] = declared(self.current)
        self.delegations: list[Delegation] = []
        self.vetoed: list[VetoedUse] = []
        self.others: dict[str, list[Said]] = {}
        self.stops: list[Stated] = []
        self.handlers: Mapping[str, Callable[[Stated, Act], None]] = {
            "motion.opened": self._opened, "motion.withdrawn": self._withdrawn, "motion.closed": self._closing,
            "notice.waived": lambda s, a: self._motion(a).waived.append(s),
            "presence.declared": lambda s, a: self._motion(a).present.append(s),
            "vote.cast": lambda s, a: self._motion(a).votes.append((s, a)),
            "recusal.declared": self._recused, "veto.cast": self._veto,
            "interest.declared": self._interest, "delegation.given": self._delegated,
        }  # fmt: skip

    def take(self, stated: Stated) -> None:
        """Take in one statement; what is no valid act is kept aside with its reason."""
        if stated.statement.kind != "governance.act":
            self.stops.append(stated)
            return
        try:
            act = read_act(stated.document)
            if stated.role == "site":
                raise ActInvalid("A site's key makes no acts of governance.", remedy="Sign as a person or a party.")
            handler = self.handlers.get(act.name)
            if handler is None:
                self.others.setdefault(act.name, []).append((stated, act))
            else:
                handler(stated, act)
        except SummandError as error:
            self.ignored.append(Ignored(stated.leaf, "governance.act", error.message))

    def state(self, entries: list[tuple[int, Mapping[str, Any]]], now: datetime) -> GovernanceState:
        """The state at ``now``."""
        motions = []
        for acts in self.motions.values():
            motion, passed = evaluate(acts, self.interests, self.delegations, now)
            motions.append(motion)
            self.ignored += [Ignored(item.stated.leaf, "governance.act", item.reason) for item in passed]
        books: Any = (self.others, self.current, now, self.ignored)
        return GovernanceState(
            as_of=now, motions=tuple(motions), vetoed=tuple(self.vetoed), interests=tuple(self.interests),
            delegations=tuple(self.delegations), disputes=disputes(*books),
            permits=permits(self.others, self.current, now, self.ignored, entries),
            minutes=minutes(*books), comments=comments(*books), tasks=tasks(*books), stopped=stopped(self.stops),
            ignored=tuple(sorted(self.ignored, key=lambda item: item.leaf)),
        )  # fmt: skip

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _motion(self, act: Act) -> MotionActs:
        found = self.motions.get(act["motion"])
        if found is None:
            raise ActInvalid(f"There is no motion '{act['motion']}'.", remedy="Open it first.")
        return found

    def _opened(self, stated: Stated, act: Act) -> None:
        agreement = self.versions[stated.statement.agreement_hash]
        if act["id"] in self.motions:
            raise ActInvalid(f"There is a motion '{act['id']}' already.", remedy="Choose another identifier.")
        if act["subject"] != "other" and act.get("subject_hash") is None:
            raise ActInvalid("A motion on a study or an amendment names its hash.", remedy="Give 'subject_hash'.")
        unknown = set(act.get("datasets", ())) - {dataset.id for dataset in agreement.datasets}
        if unknown:
            raise ActInvalid(f"The agreement has no dataset '{min(unknown)}'.", remedy="Name its datasets.")
        body = body_of(agreement, act["body"])
        rule = rule_of(agreement, act["topic"], body.id)
        if act["closes_at"] <= max(stated.at, act.get("meeting_at") or stated.at):
            raise ActInvalid("The motion closes before it opens.", remedy="Give a later time.")
        self.motions[act["id"]] = MotionActs((stated, act), agreement, body, rule)

    def _withdrawn(self, stated: Stated, act: Act) -> None:
        motion = self._motion(act)
        if stated.party != motion.opened[0].party:
            raise ActInvalid("Only the party that opened a motion withdraws it.", remedy="Vote against it.")
        motion.withdrawn = motion.withdrawn or stated

    def _closing(self, stated: Stated, act: Act) -> None:
        motion = self._motion(act)
        if stated.party != motion.body.chair:
            raise ActInvalid("Only the chair closes a motion before its time.", remedy="Wait until it closes.")
        motion.closings.append(stated)

    def _recused(self, stated: Stated, act: Act) -> None:
        _require_role(stated, SPEAKER_ROLES, "recuse a party")
        self._motion(act).recused.append((stated, act))

    def _veto(self, stated: Stated, act: Act) -> None:
        _require_role(stated, VETO_ROLES, "veto the use of data")
        others = set(act["datasets"]) - holds(self.versions[stated.statement.agreement_hash], stated.party)
        if others or not act["datasets"]:
            raise ActInvalid("A holder vetoes the use of its own data alone.", remedy="Name datasets that it holds.")
        hash_of = act.get("request_hash", "")
        if act.get("motion") is not None:
            motion = self._motion(act)
            about = motion.opened[1]
            if about["subject"] == "study" and hash_of != about["subject_hash"]:  # the site's guard reads it alone
                raise ActInvalid("A veto on a study names the hash of its request.", remedy="Give 'request_hash'.")
            motion.vetoes.append((stated, act))
        self.vetoed.append(VetoedUse(stated.party, tuple(act["datasets"]), hash_of, act["reason"], stated.leaf))

    def _interest(self, stated: Stated, act: Act) -> None:
        self.interests.append(
            Interest(
                stated.statement.person, stated.party, act["interest"], act["counterparty"], tuple(act["topics"]),
                stated.leaf,
            )
        )  # fmt: skip

    def _delegated(self, stated: Stated, act: Act) -> None:
        _require_role(stated, SPEAKER_ROLES, "let somebody vote for a party")
        agreement = self.versions[stated.statement.agreement_hash]
        body_of(agreement, act["body"])
        if not any(person.name == act["to"] and person.party == stated.party for person in agreement.people):
            raise ActInvalid("A party is represented by its own people.", remedy="Name one of clause B.")
        self.delegations.append(Delegation(stated.party, act["to"], act["body"], act["until"], stated.leaf))


def _require_role(stated: Stated, roles: frozenset[str], what: str) -> None:
    if stated.role not in roles:
        raise ActInvalid(
            f"{stated.statement.person}, {stated.role.replace('_', ' ')}, may not {what}.",
            remedy="Let the party's own key or a person with that role sign.",
        )
