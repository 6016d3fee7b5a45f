"""One study in the hub's memory: all of it can be rebuilt from the stored messages at any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from summand.agreement import Agreement
from summand.errors import OwnProtocolError
from summand.securesum import Codec, Cohort, HubSum
from summand.signing import PublicKey
from summand.study import Plan, Program, SignedStudy
from summand.transport import Message

OPEN_STATES = ("deciding", "sealing", "readying", "running", "confirming")


@dataclass
class Running:
    """A study that is not over.

    Attributes:
        signed: The request.
        agreement: Under which.
        plan, program: What follows from the two.
        site_keys: The certified service keys of its sites.
        status, round: Where it stands.
        received: The messages of the current phase outside rounds, by site.
        halted: A site's halt, if one came.
        cohort: The sum's cohort, once all sites permitted.
        members: Those of its sites that take part in the current round.
        state, ctx, codec, hub_sum: The current round.
        boxes: Uploaded boxed shares of the current round, by uploader and receiver.
        upload_hashes: SHA-256 (hex) of the masked vectors of the current round.
        survivors: The members that uploaded, once that is settled; none before.
        certificate: The signatures on the survivors that came, where they are needed.
        unmasked: Whether shares were asked for in the current round.
        reveals: The shares that came.
        total: Where the hub is blind, the round's total as it has it, while a site takes the step.
        asked: How many survivors were asked to take it.
        step: The site's answer.
        result: The result, once there is one; sealed where the hub is blind.
        seen: SHA-256 (hex) of every stored message, by kind, round and site.
    """

    signed: SignedStudy
    agreement: Agreement
    plan: Plan
    site_keys: dict[str, PublicKey]
    program: Program = field(init=False)
    status: str = "deciding"
    round: int = 0
    received: dict[str, Message] = field(default_factory=dict)
    halted: dict[str, Any] | None = None
    cohort: Cohort | None = None
    members: tuple[str, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    ctx: bytes = b""
    codec: Codec = field(default_factory=Codec.q63_64)
    hub_sum: HubSum | None = None
    boxes: dict[str, dict[str, bytes]] = field(default_factory=dict)
    upload_hashes: dict[str, str] = field(default_factory=dict)
    survivors: tuple[str, ...] = ()
    certificate: dict[str, bytes] = field(default_factory=dict)
    unmasked: bool = False
    reveals: dict[str, dict[str, bytes]] = field(default_factory=dict)
    total: bytes | None = None
    asked: int = 0
    step: Message | None = None
    result: dict[str, Any] | None = None
    seen: dict[tuple[str, int, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.program = Program(self.plan)

    def form_cohort(self) -> Cohort:
        """The cohort that every site forms by itself from the same facts."""
        self.cohort = Cohort.form(self.site_keys, self.plan.agreement_hash, self.plan.epoch)
        self.members = self.cohort.sites
        return self.cohort

    @property
    def left_out(self) -> tuple[str, ...]:
        """The sites that the study goes on without."""
        there = set(self.survivors or self.members)
        return () if self.cohort is None else tuple(site for site in self.cohort.sites if site not in there)

    def require_cohort(self) -> Cohort:
        """The cohort; a study in rounds has one."""
        if self.cohort is None:
            raise OwnProtocolError("A study has no cohort yet.", remedy="Report this defect.")
        return self.cohort

    def require_sum(self) -> HubSum:
        """The round's running total; an open round has one."""
        if self.hub_sum is None:
            raise OwnProtocolError("A study has no open round.", remedy="Report this defect.")
        return self.hub_sum
