"""A partnership with everything that an evidence pack holds: studies of every outcome, votes, minutes, money, goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from summand.agreement import complete_example
from summand.evidence import LedgerCopy, build_pack
from summand.federation import Desk, Federation
from summand.federation._memory import MemoryNetwork
from summand.outcomes import Measurement, measured_document
from summand.sharing import ACT_KIND, act_document
from summand.sharing.contributions import Delivered
from summand.sharing.inventions import Contributor, InventionDisclosed
from summand.study import Statement
from summand.testing.federations import ANALYST, Partnership, sign_by_all

SITES = ("east", "north", "south", "west", "york")
SCHEMA = {
    "fields": [
        {"name": "y", "type": "number", "constraints": {"minimum": 0, "maximum": 1}},
        {"name": "x", "type": "number", "constraints": {"minimum": 0, "maximum": 1}},
        {"name": "arm", "type": "string", "constraints": {"enum": ["a", "b"]}},
    ]
}
LINEAR = {"name": "linear", "formula": "y ~ x"}
META = {"name": "meta", "formula": "y ~ arm", "measure": "mean_difference", "random": "dl"}
OTHER_WORD, THREAD_WORD, INVENTION_WORD = "an-other-partnerships-word", "a-word-among-partners", "a-secret-valve"


@dataclass
class EvidenceWorld:
    """The partnership, its network, its studies by name and what the hub shows of each."""

    partnership: Partnership
    network: MemoryNetwork
    studies: dict[str, str] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, name: str, method: Mapping[str, Any], **options: Any) -> None:
        """Ask for a study; whatever becomes of it, keep what the hub shows."""
        federation = Federation(self.network, self.partnership.agreement, ANALYST, self.partnership.analyst_key)
        asked = federation.request(method, title=name, **options)
        study = asked.request.study_id
        self.network.submit(asked)
        self.studies[name], self.shown[name] = study, self.network.show(study)

    def desk(self, name: str) -> Desk:
        """A party's desk."""
        made = self.partnership
        return Desk(self.network, [made.agreement], name, made.party_keys[name])

    @property
    def ledger(self) -> LedgerCopy:
        """The ledger as the first site holds it."""
        agent = next(iter(self.network.agents.values()))
        self.network.ledger_entries()
        replica = agent.replica
        return LedgerCopy(self.network.origin, agent.hub_key, replica.checkpoint_text, list(replica.entries()))

    @property
    def results(self) -> list[dict[str, Any]]:
        """What the hub shows of every released study that was not answered from an earlier one."""
        return [one for one in self.shown.values() if one["status"] == "released" and not one["awaiting_witnesses"]]

    def pack(self, **options: Any) -> bytes:
        """The pack of all of it."""
        results = options.pop("results", self.results)
        return build_pack([self.partnership.signed], self.ledger, results, **{"pdfs": False, **options})


def tables(rows: int = 20, seed: int = 5) -> dict[str, dict[str, list[Any]]]:
    """Rows whose numbers have 17 digits, so that none of them is anywhere by chance."""
    rng = np.random.default_rng(seed)
    return {
        site: {"y": rng.uniform(0, 1, rows).tolist(), "x": rng.uniform(0, 1, rows).tolist(), "arm": (["a", "b"] * rows)[:rows]}
        for site in SITES
    }  # fmt: skip


def evidence_world(**terms: Any) -> EvidenceWorld:
    """Everything, under the profile institutional."""
    made = Partnership.of(tables(), SCHEMA, **{"profile": "institutional", **terms})
    world = EvidenceWorld(made, made.network())
    world.run("line", LINEAR)
    world.run("again", LINEAR)  # answered from the first
    world.run("across", META)
    world.run("arms", {"name": "compare_groups", "columns": ["y"], "by": "arm"})
    world.run("forbidden", LINEAR, purpose={"system": "EHDS53", "code": "54(b)", "text": "insurance"})
    world.run("no event", {"name": "logistic", "formula": "y > 0.99999 ~ x"})  # fails once sums were opened
    world.run("too few", {"name": "describe", "columns": ["x"]}, datasets=["data-north"])
    _talk(world)
    _other_partnership(world)
    return world


def _talk(world: EvidenceWorld) -> None:
    made, now = world.partnership, datetime.now(UTC)
    north, south = world.desk("north"), world.desk("south")
    body = made.agreement.governance.bodies[0]
    north.act("motion.opened", id="m-1", body=body.id, topic="amendment", title="Go on?", subject="other",
              closes_at=(now + timedelta(days=30)).isoformat(timespec="seconds"), text="Shall we go on?")  # fmt: skip
    south.act("vote.cast", motion="m-1", vote="yes", reason="It works.")
    world.desk(body.chair).act("minutes.recorded", id="min-1", body=body.id, held_at=now.isoformat(timespec="seconds"),
                               present=["north", "south"], text="We met and read the result.")  # fmt: skip
    north.act("comment.posted", id="c-1", on={"kind": "motion", "id": "m-1"}, text=THREAD_WORD)
    goal = made.agreement.purpose.goals[0]
    found = Measurement(0.5, 0.4, 0.6, "t", "", world.studies["line"])
    owner = world.desk(goal.owner)
    owner.state("goal.measured", measured_document(goal, "2026 Q1", found), study=world.studies["line"])
    delivered = Delivered("I.1", "east", date(2026, 4, 1), 5_000_00, study=world.studies["line"])
    world.desk("east").state(ACT_KIND, act_document(delivered))
    north.state(ACT_KIND, act_document(InventionDisclosed(
        "inv-1", "north", INVENTION_WORD, date(2026, 3, 1), (Contributor("north", 1000),), "0" * 64, "1" * 64, True,
        "sample field", "foreground",
    )))  # fmt: skip


def _other_partnership(world: EvidenceWorld) -> None:
    """Another agreement of the same parties, whose statements stand in the same ledger."""
    made = world.partnership
    parties = [{"id": name, "key": key.public.text} for name, key in made.party_keys.items()]
    other = complete_example(parties, identity={"title": "Another agreement"})
    world.network.convener.put_agreement(sign_by_all(other, made.party_keys).envelope.to_dict())
    act = {"act": "comment.posted", "id": "c-2", "on": {"kind": "agreement", "id": other.hash}, "text": OTHER_WORD}
    said = Statement.sign("governance.act", other.hash, "north", act, made.party_keys["north"], inside=True)
    world.network.state(said)
