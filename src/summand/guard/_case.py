"""What a check may look at: the study, the site's own copy of the agreement, the past, the place and the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from summand.agreement import Agreement, Dataset, Party, Person, SignedAgreement
from summand.errors import SummandError
from summand.signing import PublicKey
from summand.study import History, Plan, SignedStudy, Spent, StudyRequest

Objections = Iterator[SummandError]


@dataclass(frozen=True)
class Release:
    """A study that this site took part in and whose result it confirmed, as the site itself remembers it.

    Attributes:
        study: Its identifier.
        question: What was asked, as `question_of` gives it.
        unchanged: Whether the site's rows for that question are still the very same.
        request: What was asked.
        result: What was released; None where the site has not seen it.
    """

    study: str
    question: str
    unchanged: bool
    request: StudyRequest
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Case:
    """One study before one site's guard; nothing here was sent by the hub but ``study``."""

    study: SignedStudy
    signed: SignedAgreement
    history: History
    party: str
    dataset: str | None
    federation: str
    at: datetime
    allow_trial: bool
    releases: tuple[Release, ...] = ()
    spent: Spent = field(default_factory=Spent)

    @property
    def site(self) -> str:
        """The site's name in the ledger: its party's, or its dataset's where one party takes part with several."""
        return self.party if self.dataset is None else self.dataset

    @property
    def request(self) -> StudyRequest:
        """What is asked, not yet verified."""
        return self.study.request

    @property
    def agreement(self) -> Agreement:
        """The site's own copy."""
        return self.signed.agreement

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self.at.astimezone(UTC).date()

    @cached_property
    def asked(self) -> list[Dataset]:
        """The datasets asked for that the agreement has."""
        return [dataset for dataset in self.agreement.datasets if dataset.id in self.request.datasets]

    @cached_property
    def own(self) -> list[Dataset]:
        """Those of them that this site would bring."""
        held = [dataset for dataset in self.asked if dataset.holder == self.party]
        return held if self.dataset is None else [dataset for dataset in held if dataset.id == self.dataset]

    @property
    def is_trial(self) -> bool:
        """Whether one owner plays all sites in one process, where that may be."""
        return self.allow_trial and self.agreement.profile_name == "trial"

    @cached_property
    def named(self) -> list[Person]:
        """The people of the agreement who have the requester's name: one may have several keys, two may share it."""
        return [person for person in self.agreement.people if person.name == self.request.requester]

    @cached_property
    def requester(self) -> Person | None:
        """The one among them whose key, valid today, signed the request; None if nobody's did."""
        return next((person for person in self.named if person.holds_on(self.today) and self._signed_by(person)), None)

    @property
    def requester_party(self) -> Party | None:
        """The party that answers for the requester."""
        return None if self.requester is None else self.agreement.party(self.requester.party)

    def _signed_by(self, person: Person) -> bool:
        try:
            self.study.verify_requester(PublicKey.from_text(person.key))
        except SummandError:
            return False
        return True

    @cached_property
    def plan(self) -> Plan:
        """What hub and sites would all do; derived from the request and the agreement alone.

        Raises:
            SummandError: if the study cannot be done as asked.
        """
        return Plan.of(self.study, self.agreement)

    def approvers(self, role: str, party: str) -> set[str]:
        """The keys of the people of this role and party (or ``any``) who approved this very request.

        The requester does not count: nobody approves a study of one's own.
        """
        own_keys = {person.key for person in self.named}
        return {
            person.key
            for person in self.agreement.people
            if person.role == role
            and party in ("any", person.party)
            and person.holds_on(self.today)
            and person.key not in own_keys
            and self.study.approval_of(person.name, PublicKey.from_text(person.key))
        }
