"""A whole federation in one process: the same guard, masks and ledger, with messages handed over instead of sent."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from summand.agreement import SignedAgreement
from summand.hub import Convener, Store
from summand.ledger import AddCheckpoint, Log, Replica, VerifierKey
from summand.signing import Envelope, PrivateKey
from summand.site import Agent, SiteStore
from summand.site.sources import Source
from summand.study import Certificate, ReleaseProof, SignedStudy, Statement

ORIGIN = "summand.local/in-memory"


class MemoryNetwork:
    """A hub and its sites in this process.

    Args:
        agreement: Signed by all its parties.
        party_keys: The parties' keys, to certify the sites' service keys.
        sources: The rows: by site name, with the party and the dataset they are.
        allow_trial: Whether a trial agreement is accepted.
    """

    def __init__(
        self,
        agreement: SignedAgreement,
        party_keys: Mapping[str, PrivateKey],
        sources: Mapping[str, tuple[str, str, Source]],
        *,
        allow_trial: bool,
    ) -> None:
        hub_key = PrivateKey.generate()
        log = Log.create(None, ORIGIN, hub_key)
        self.convener = Convener(Store(), log, hub_key)
        digest = self.convener.put_agreement(agreement.envelope.to_dict())
        self.agents: dict[str, Agent] = {}
        self._cursors = dict.fromkeys(sources, 0)
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="site")
        for name, (party, dataset, source) in sources.items():
            key = PrivateKey.generate()
            certificate = Certificate.issue(party, key.public, party_keys[party], site=name)
            self.convener.put_certificate({"site": name, "party": party, "envelope": certificate.envelope.to_dict()})
            self.agents[name] = Agent(
                name, party, key, hub_key=hub_key.public, origin=ORIGIN, agreements={digest: agreement},
                sources={dataset: source}, store=SiteStore(None), replica=Replica.open(None, log.verifier_key),
                allow_trial=allow_trial,
            )  # fmt: skip

    @property
    def origin(self) -> str:
        """The federation's origin."""
        return ORIGIN

    def submit(self, study: SignedStudy) -> str:
        """Put a study before the sites and run it to its end; its identifier."""
        for agent in self.agents.values():
            self._synchronise(agent)
        identifier = self.convener.submit(study.to_dict())
        for agent in self.agents.values():
            self._synchronise(agent)
        while self._deliver():
            pass
        for name, cursor in self._cursors.items():
            self.convener.acknowledge(name, cursor)
        self.witness()
        return identifier

    def witness(self) -> None:
        """Have every site follow the ledger and cosign it, then fetch what the others cosigned."""
        size = self.convener.log.size
        cosigned = {name: self._cosigned(agent) for name, agent in self.agents.items()}
        for name, note in cosigned.items():
            self.convener.witnesses.put(name, note.encode())
        if self.convener.log.size > size:
            for agent in self.agents.values():
                self._synchronise(agent)

    def _cosigned(self, agent: Agent) -> str:
        since, size = self.convener.ledger_since(agent.replica.size), agent.replica.size
        asked = AddCheckpoint(size, tuple(since["proof"]), since["checkpoint"])
        return agent.cosign(asked.to_text(), since["entries"])

    def release_proof(self, study: str) -> tuple[ReleaseProof, VerifierKey]:
        """The hub's proof that a result counts as released, not yet verified, and the ledger's key."""
        return ReleaseProof.from_dict(self.convener.witnesses.proof(study)), self.convener.log.verifier_key

    def state(self, statement: Statement) -> None:
        """Put a signed statement into the ledger."""
        self.convener.put_statement(statement.envelope.to_dict())
        for agent in self.agents.values():
            self._synchronise(agent)

    def cause(self, agreement_hash: str, envelope: Envelope) -> None:
        """Put an event of an agreement's life, signed by the parties that cause it, into the ledger."""
        self.convener.put_event(agreement_hash, envelope.to_dict())
        for agent in self.agents.values():
            self._synchronise(agent)

    def ledger_entries(self) -> list[bytes]:
        """All leaves of the ledger, from the first site's replica."""
        first = next(iter(self.agents.values()))
        self._synchronise(first)
        return list(first.replica.entries())

    def show(self, study: str) -> dict[str, Any]:
        """The study as the hub shows it."""
        return self.convener.show(study)

    def _synchronise(self, agent: Agent) -> None:
        since = self.convener.ledger_since(agent.replica.size)
        agent.advance_replica(since["checkpoint"], since["entries"], since["proof"])

    def _deliver(self) -> bool:
        """Hand every waiting message over and take the answers; False when nothing waited."""
        waiting = {name: self.convener.inbox(name, self._cursors[name]) for name in self.agents}
        waiting = {name: letters for name, letters in waiting.items() if letters}
        for name, answers in zip(waiting, self._pool.map(self._handle, waiting.items()), strict=True):
            last = waiting[name][-1][0]
            self._cursors[name] = last
            for answer in answers:
                self.convener.receive(answer)
        return bool(waiting)

    def _handle(self, letters: tuple[str, list[tuple[int, bytes]]]) -> list[bytes]:
        name, messages = letters
        return [answer for _, message in messages for answer in self.agents[name].handle(message)]

    def close(self) -> None:
        """Let go of threads and stores."""
        self._pool.shutdown()
        self.convener.store.close()
        for agent in self.agents.values():
            agent.store.close()
