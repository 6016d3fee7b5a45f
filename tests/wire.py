"""A federation in memory whose every message passes through the test: to be recorded, changed, forged or withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from summand.encoding import parse
from summand.errors import SummandError
from summand.federation import Federation
from summand.federation._memory import MemoryNetwork
from summand.study import SignedStudy
from summand.study.messages import HUB, read_body
from summand.testing.federations import ANALYST, Partnership
from summand.transport import Message, read_message, sign_message

COLUMNS = {"y": (-20, 20), "x": (-5, 5)}
LINEAR = {"name": "linear", "formula": "y ~ x"}
ToSite = Callable[[str, Message], "bytes | Iterable[bytes] | None"]
ToHub = Callable[[str, Message], "bytes | Iterable[bytes] | None"]


def small_tables(
    sites: Iterable[str] = ("north", "south", "west"), rows: int = 15
) -> dict[str, dict[str, list[float]]]:
    """Rows with an effect and some noise, the same every time."""
    tables = {}
    for number, site in enumerate(sites):
        x = [((7 * i + number) % 31) / 10 - 1.5 for i in range(rows)]
        y = [1 + 0.5 * value + ((13 * i + 5 * number) % 17) / 5 - 1.6 for i, value in enumerate(x)]
        tables[site] = {"y": y, "x": x}
    return tables


def small_partnership(**terms: Any) -> Partnership:
    """Three parties under one agreement, by default with profile public_data."""
    tables = terms.pop("tables", None) or small_tables()
    return Partnership.of(tables, terms.pop("schema", COLUMNS), **terms)


@dataclass(repr=False)
class Wire:
    """Carries messages between a hub and its sites, by hand.

    Attributes:
        partnership: Whose.
        network: The hub and the sites.
        to_site: Called with the site and each message of the hub; what it returns is delivered, None as it is.
        to_hub: The same for each message of a site.
        sent: Every message that left a site, in order, with its site.
        refused: What the hub answered to messages that it refused, with the message's kind.
    """

    partnership: Partnership
    network: MemoryNetwork
    to_site: ToSite = lambda site, message: None
    to_hub: ToHub = lambda site, message: None
    sent: list[tuple[str, Message]] = field(default_factory=list)
    refused: list[tuple[str, SummandError]] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Wire()"  # Hypothesis prints the arguments of what failed

    @classmethod
    def of(cls, partnership: Partnership | None = None, **hooks: Any) -> Wire:
        """A wire through a fresh federation in memory."""
        made = partnership or small_partnership()
        return cls(made, made.network(), **hooks)

    @property
    def convener(self):
        """The hub."""
        return self.network.convener

    @property
    def agents(self):
        """The sites."""
        return self.network.agents

    def request(self, method: dict[str, Any] = LINEAR, **options: Any) -> SignedStudy:
        """A study that the analyst signed."""
        federation = Federation(self.network, self.partnership.agreement, ANALYST, self.partnership.analyst_key)
        return federation.request(method, **options)

    def start(self, study: SignedStudy | None = None) -> str:
        """Submit a study and bring the replicas up to date; its identifier."""
        self.synchronise()
        identifier = self.convener.submit((study or self.request()).to_dict())
        self.synchronise()
        return identifier

    def run(self, study: SignedStudy | None = None) -> dict[str, Any]:
        """Submit a study and carry messages until none waits; the study as the hub shows it."""
        identifier = self.start(study)
        while self.turn():
            pass
        self.network.witness()
        return self.convener.show(identifier)

    def turn(self) -> bool:
        """Deliver what waits for every site, and hand over the answers; False if nothing waited."""
        waiting = {site: self.convener.inbox(site, self.cursors.get(site, 0)) for site in self.agents}
        answers = [
            (site, answer)
            for site, letters in waiting.items()
            for seq, data in letters
            for answer in self.deliver(site, data, seq)
        ]
        for site, answer in answers:
            self.hand_over(site, answer)
        return any(waiting.values())

    def deliver(self, site: str, data: bytes, seq: int | None = None) -> list[bytes]:
        """One message of the hub to a site, through the hook; the site's answers."""
        changed = self.to_site(site, read_message(data))
        out: list[bytes] = []
        for item in _many(data if changed is None else changed):
            out += self.agents[site].handle(item)
        if seq is not None:
            self.cursors[site] = seq
        return out

    def hand_over(self, site: str, answer: bytes) -> None:
        """One message of a site to the hub, through the hook."""
        self.sent.append((site, read_message(answer)))
        changed = self.to_hub(site, read_message(answer))
        for item in _many(answer if changed is None else changed):
            try:
                self.convener.receive(item)
            except SummandError as error:
                self.refused.append((read_message(answer).kind, error))

    def synchronise(self) -> None:
        """Bring every replica up to the hub's checkpoint."""
        for agent in self.agents.values():
            since = self.convener.ledger_since(agent.replica.size)
            agent.advance_replica(since["checkpoint"], since["entries"], since["proof"])

    # ── what a lying hub can do: it has the hub's key ────────────────────────────────────────────────────────────────
    def resign(self, message: Message, *, body: bytes | None = None, **header: Any) -> bytes:
        """The hub's message with another body or other header fields, under the hub's own signature."""
        fields = {**message.header, **header}
        kind, study, number = fields.pop("kind"), fields.pop("study"), fields.pop("round")
        fields.pop("sender")
        content = message.body if body is None else body
        return sign_message(kind, HUB, study, number, self.convener.key, self.network.origin, body=content, **fields)

    def resign_state(self, message: Message, change: Callable[[dict[str, Any]], Any]) -> bytes:
        """A ``round.open`` or ``study.result`` with a changed state, under the hub's own signature."""
        from summand.encoding import dump

        state, total = read_body(message)
        state = change(state) or state
        head = dump(state)
        return self.resign(message, body=head + total, json_bytes=len(head))

    # ── what the sites said ──────────────────────────────────────────────────────────────────────────────────────────
    def halts(self) -> dict[str, str]:
        """The code with which each site halted, by site."""
        return {
            site: parse(message.body)["error"]["code"] for site, message in self.sent if message.kind == "site.halt"
        }

    def kinds(self, site: str) -> list[str]:
        """The kinds of what a site sent, in order."""
        return [message.kind for sender, message in self.sent if sender == site]

    def close(self) -> None:
        """Let go of everything."""
        self.network.close()


def _many(given: bytes | Iterable[bytes]) -> Iterable[bytes]:
    return (given,) if isinstance(given, bytes) else given


def scale_first_number(value: Any, factor: float) -> bool:
    """Multiply the first float that is not zero, somewhere in JSON values, in place; whether there was one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        if isinstance(item, float) and item != 0.0:
            value[key] = item * factor
            return True
        if scale_first_number(item, factor):
            return True
    return False
