"""What a check may look at: the study, the site's own copy of the agreement, the past, the place and the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from summand.agreement import Agreement, Dataset, Party, Person, SignedAgreement
from summand.errors import SummandError
from summand.signing import PublicKey
from summand.study import History, SignedStudy, StudyRequest

Objections = Iterator[SummandError]


@dataclass(frozen=True)
class Case:
    """One study before one site's guard; nothing here was sent by the hub but ``study``."""

    study: SignedStudy
    signed: SignedAgreement
    history: History
    site: str
    federation: str
    at: datetime
    allow_trial: bool

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

    @property
    def asked(self) -> list[Dataset]:
        """The datasets asked for that the agreement has."""
        return [dataset for dataset in self.agreement.datasets if dataset.id in self.request.datasets]

    @property
    def own(self) -> list[Dataset]:
        """Those of them that this site holds."""
        return [dataset for dataset in self.asked if dataset.holder == self.site]

    @property
    def requesters(self) -> list[Person]:
        """The people of the agreement who have the requester's name (one person may have had several keys)."""
        return [person for person in self.agreement.people if person.name == self.request.requester]

    @property
    def requester_party(self) -> Party | None:
        """The party that answers for the requester."""
        return self.agreement.party(self.requesters[0].party) if self.requesters else None

    def approvers(self, role: str, party: str) -> set[str]:
        """The keys of the people of this role and party (or ``any``) who approved this very request.

        The requester does not count: nobody approves a study of one's own.
        """
        own_keys = {person.key for person in self.requesters}
        return {
            person.key
            for person in self.agreement.people
            if person.role == role
            and party in ("any", person.party)
            and person.holds_on(self.today)
            and person.key not in own_keys
            and self.study.approval_of(person.name, PublicKey.from_text(person.key))
        }
