"""The acts about inventions. Descriptions and names stay outside the ledger, by their hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from summand.errors import SettlementInvalid
from summand.sharing._acts import MONEY_ROLES, WORK_ROLES
from summand.sharing._records import STRICT, Count, Name, PerMille, Sha256, Text
from summand.sharing.inventions._classes import InventionClass
from summand.sharing.inventions._joint import FourAnswers


@dataclass(frozen=True)
class Contributor:
    """An inventor's employer and part, in thousandths; the name is in the disclosure."""

    __pydantic_config__: ClassVar[Any] = STRICT
    employer: Name
    per_mille: PerMille


@dataclass(frozen=True)
class PriorDisclosure:
    """Something that was made public before: an abstract, a poster, a preprint."""

    __pydantic_config__: ClassVar[Any] = STRICT
    at: date
    what: Text


@dataclass(frozen=True)
class InventionDisclosed:
    """A party discloses an invention to the others.

    Attributes:
        id, party, title: Its name; a title that enables nobody to repeat it.
        conceived: When.
        contributors: Employers of the inventors and their parts, together 1000 thousandths.
        disclosure_sha256: SHA-256 of the disclosure with description and names.
        evidence_sha256: SHA-256 of the evidence of conception.
        in_project: Whether it was made in the project.
        field: One of clause J's fields of technology, or another.
        workpackage, grant: Where it was made and who paid, or empty.
        us_federal: Whether United States federal money was used, which starts the clocks of 37 CFR 401.14.
        employee_law_germany: Whether an inventor is employed in Germany, which starts the clock of ArbnErfG section 6.
        prior_disclosures: What was public before.
        publication_planned: When something is to be published, or None.
        background_used: References of clause J's background.
        made_with: Studies, datasets and models.
        proposed: The class proposed.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.disclosed"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    id: Name
    party: Name
    title: Text
    conceived: date
    contributors: tuple[Contributor, ...]
    disclosure_sha256: Sha256
    evidence_sha256: Sha256
    in_project: bool
    field: Text
    proposed: InventionClass
    workpackage: Text = ""
    grant: Text = ""
    us_federal: bool = False
    employee_law_germany: bool = False
    prior_disclosures: tuple[PriorDisclosure, ...] = ()
    publication_planned: date | None = None
    background_used: tuple[Text, ...] = ()
    made_with: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        if sum(item.per_mille for item in self.contributors) != 1000:
            raise SettlementInvalid(
                "The inventors' parts do not add up to 1000 thousandths.", remedy="Give each employer's part."
            )


@dataclass(frozen=True)
class InventionClassified:
    """The class that a body decided, with the motion that decided it."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.classified"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    invention: Name
    decided: InventionClass
    body: Name
    motion: Text = ""


@dataclass(frozen=True)
class InventionReported:
    """The invention was reported to the funder's agency."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.reported"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    invention: Name
    party: Name
    at: date


@dataclass(frozen=True)
class InventionElected:
    """The party elects to keep title, or not."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.elected"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    invention: Name
    party: Name
    at: date
    keeps_title: bool


@dataclass(frozen=True)
class InventionFiled:
    """A patent application was filed."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.filed"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    invention: Name
    party: Name
    at: date
    territory: Name
    kind: Literal["provisional", "priority", "national", "pct"]
    reference: Text


@dataclass(frozen=True)
class InventionPublished:
    """Something about the invention became public."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.published"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = WORK_ROLES
    invention: Name
    party: Name
    at: date
    what: Text


@dataclass(frozen=True)
class JointOwnership:
    """Owners answer the four questions for every territory in which they own an invention together.

    It is in force once every owner has stated the same answers.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "invention.joint"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    invention: Name
    owners: tuple[Name, ...]
    answers: tuple[FourAnswers, ...]

    def __post_init__(self) -> None:
        territories = [item.territory for item in self.answers]
        if len(set(self.owners)) < 2 or not territories or len(set(territories)) < len(territories):
            raise SettlementInvalid(
                "Joint ownership has fewer than two owners, no territory, or one twice.",
                remedy="Name the owners, and answer the four questions once for every territory.",
                clause="J.foreground_rule",
            )


@dataclass(frozen=True)
class ClaimNoticed:
    """A party notices that it may have a claim; the clock of limitation runs.

    Attributes:
        id, party: Its name, and whose claim it is.
        against: Party or stranger.
        subject: In words that admit nothing.
        arose: When it arose.
        rule: A key of `LIMITATION_RULES`, or ``other`` with ``years``.
        years: Limitation in years, for ``other``.
        invention: What it is about, or empty.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "claim.noticed"
    by: ClassVar[str] = "party"
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    id: Name
    party: Name
    against: Name
    subject: Text
    arose: date
    rule: Name
    years: Count = 0
    invention: Text = ""


@dataclass(frozen=True)
class ClaimTolled:
    """Both sides agree that a claim's clock stands until a day; it counts once the other party has stated it too."""

    __pydantic_config__: ClassVar[Any] = STRICT
    act: ClassVar[str] = "claim.tolled"
    by: ClassVar[str] = ""
    roles: ClassVar[tuple[str, ...]] = MONEY_ROLES
    claim: Name
    until: date


_RECORDS: tuple[Any, ...] = (
    InventionDisclosed, InventionClassified, InventionReported, InventionElected, InventionFiled, InventionPublished,
    JointOwnership, ClaimNoticed, ClaimTolled,
)  # fmt: skip
INVENTION_ACTS: dict[str, type[Any]] = {record.act: record for record in _RECORDS}
"""Name -> record."""
