"""A result counts as released only under a quorum's cosignatures: what a lying hub may try instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from summand.encoding import canonical, parse
from summand.errors import AgreementError, AwaitingWitnesses, CohortTooSmall, SplitView, SummandError, VerificationError
from summand.federation import Federation
from summand.federation._evidence import verify_study
from summand.ledger import AddCheckpoint, Log, Note, Receipt, attach, cosign
from summand.signing import PrivateKey
from summand.site._alarm import ALARM, Alarm
from summand.study import witness_key
from summand.study.messages import result_hash
from summand.testing.federations import ANALYST
from wire import LINEAR, Wire, small_partnership, small_tables


@pytest.fixture
def wire():
    """A federation of three."""
    carried = Wire.of()
    yield carried
    carried.close()


def ended(wire: Wire) -> str:
    """A study that the hub released, before any site has cosigned that."""
    identifier = wire.start(wire.request(LINEAR))
    while wire.turn():
        pass
    return identifier


def witness(wire: Wire, *sites: str) -> None:
    """These sites cosign the hub's checkpoint, and the hub takes it in."""
    for site in sites:
        wire.convener.witnesses.put(site, wire.network._cosigned(wire.agents[site]).encode())


def analyst(wire: Wire) -> Federation:
    return Federation(wire.network, wire.partnership.agreement, ANALYST, wire.partnership.analyst_key)


def forked(wire: Wire, keep: int) -> Log:
    """The hub's log to a size, then another entry, under the hub's own signature."""
    log = wire.convener.log
    fork = Log.create(None, wire.network.origin, wire.convener.key)
    fork.append([*log.entries(0, keep), canonical({"type": "study.released", "at": "x", "study": "another"})])
    fork.commit()
    return fork


def asked(log: Log, size: int) -> tuple[str, list[bytes]]:
    known = min(size, log.size)
    return AddCheckpoint(size, tuple(log.consistency_proof(known)), log.checkpoint_text()).to_text(), log.entries(known)


# ── the quorum ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_release_awaits_its_witnesses(wire: Wire) -> None:
    """Three sites, three must cosign: with two the hub shows no result, the client hands none out; the third frees it."""
    study = ended(wire)
    witness(wire, "north", "south")
    shown = wire.convener.show(study)
    assert (shown["status"], shown["result"]) == ("released", None)
    assert shown["awaiting_witnesses"] == {"quorum": 3, "witnesses": ["north", "south"]}
    with pytest.raises(AwaitingWitnesses, match="not yet west"):
        analyst(wire).result(study)
    wire.synchronise()
    entries = list(wire.agents["north"].replica.entries())
    evidence = verify_study(study, entries, wire.partnership.signed, wire.network.origin)
    assert (evidence.outcome, evidence.result_sha256) == ("awaiting witnesses", None)
    witness(wire, "west")
    assert analyst(wire).result(study).to_dict()["sites"] == 3


def test_a_hub_that_hands_the_result_out_early_is_not_believed(wire: Wire) -> None:
    """The hub says there is nothing to wait for; the client counts for itself."""
    study = ended(wire)
    witness(wire, "north", "south")
    wire.convener.witnesses.standing = lambda _: None
    assert wire.convener.show(study)["result"] is not None
    with pytest.raises(AwaitingWitnesses):
        analyst(wire).result(study)


def test_cosignatures_from_before_the_release_do_not_count(wire: Wire) -> None:
    """West cosigned everything up to the release, not the release itself."""
    identifier = wire.start(wire.request(LINEAR))
    while wire.convener.show(identifier)["status"] != "confirming":
        wire.turn()
    witness(wire, "west")
    while wire.turn():
        pass
    witness(wire, "north", "south")
    assert wire.convener.show(identifier)["awaiting_witnesses"]["witnesses"] == ["north", "south"]


def test_sites_that_cosign_different_sizes_count_together(wire: Wire) -> None:
    """The ledger grew between: each lies over the release, in one history; the proof holds two checkpoints."""
    study = ended(wire)
    witness(wire, "north")
    wire.convener.put_entry("more", canonical({"type": "news", "at": "x"}))
    witness(wire, "south", "west")
    proof, key = wire.network.release_proof(study)
    assert len(proof.receipts) == 2
    assert proof.verify(study, wire.partnership.agreement, key).witnesses == ("north", "south", "west")
    wire.synchronise()
    entries = list(wire.agents["south"].replica.entries())
    assert verify_study(study, entries, wire.partnership.signed, wire.network.origin).outcome == "released"


def changed_proofs(wire: Wire, study: str) -> dict[str, Any]:
    """What a hub may put in the place of a proof that lacks west's cosignature."""
    proof, _ = wire.network.release_proof(study)
    (receipt,) = proof.receipts
    stranger = PrivateKey.generate()
    west = witness_key(wire.network.origin, "west", stranger.public).name
    own = cosign(receipt.checkpoint_text, west, wire.convener.key)
    foreign = cosign(receipt.checkpoint_text, f"{wire.network.origin}/east", stranger)
    north = next(
        line.text for line in Note.from_text(receipt.checkpoint_text).signatures if line.name.endswith("/north")
    )
    other = parse(proof.released) | {"result_sha256": "0" * 64}

    def with_lines(*lines: str) -> Any:
        return replace(proof, receipts=(replace(receipt, checkpoint_text=attach(receipt.checkpoint_text, lines)),))

    return {
        "nothing more": proof,
        "the hub signs for west": with_lines(own),
        "a witness of no site": with_lines(foreign),
        "north under west's name": with_lines(north.replace("/north ", "/west ")),
        "the same receipt twice": replace(proof, receipts=(receipt, receipt)),
        "another release": replace(proof, released=canonical(other)),
        "another place": replace(proof, receipts=(replace(receipt, index=receipt.index - 1),)),
        "no certificates": replace(proof, certificates=()),
        "no receipts": replace(proof, receipts=()),
    }


@pytest.mark.parametrize(
    "name",
    [
        "nothing more", "the hub signs for west", "a witness of no site", "north under west's name",
        "the same receipt twice", "another release", "another place", "no certificates", "no receipts",
    ],
)  # fmt: skip
def test_no_made_up_proof_is_enough(wire: Wire, name: str) -> None:
    """Whatever the hub puts in place of the third cosignature, the client hands no result out."""
    study = ended(wire)
    witness(wire, "north", "south")
    proof = changed_proofs(wire, study)[name]
    with pytest.raises(VerificationError):
        proof.verify(study, wire.partnership.agreement, wire.convener.log.verifier_key)


def test_a_result_that_is_not_the_released_one_is_not_handed_out(wire: Wire) -> None:
    """The proof is right; the numbers beside it are others."""
    study = ended(wire)
    wire.network.witness()
    shown = wire.convener.show(study)
    shown["result"]["terms"][0]["estimate"] += 1e-9
    wire.network.show = lambda _: shown
    with pytest.raises(VerificationError, match="another result"):
        analyst(wire).result(study)


def test_one_history_for_the_analyst_and_another_for_a_site(wire: Wire) -> None:
    """The analyst is shown a forked release, which no site cosigns: a hub alone cannot find the quorum for it."""
    study = ended(wire)
    wire.network.witness()
    proof, key = wire.network.release_proof(study)
    other = canonical(parse(proof.released) | {"result_sha256": result_hash({"n": 7})})
    fork = Log.create(None, wire.network.origin, wire.convener.key)
    leaf = proof.receipts[0].index
    fork.append([*wire.convener.log.entries(0, leaf), other])
    fork.commit()
    receipt = Receipt(leaf, tuple(fork.inclusion_proof(leaf)), fork.checkpoint_text())
    lines = [line.text for line in Note.from_text(proof.receipts[0].checkpoint_text).signatures[1:]]
    for text in (receipt.checkpoint_text, attach(receipt.checkpoint_text, lines)):
        made = replace(proof, released=other, receipts=(replace(receipt, checkpoint_text=text),))
        with pytest.raises(VerificationError):
            made.verify(study, wire.partnership.agreement, key)


# ── two histories ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("keep", [0, 3, -1])
def test_a_forked_ledger_raises_the_alarm(wire: Wire, keep: int) -> None:
    """A site that holds one history is shown another: both notes are kept, every study halts, nothing is answered."""
    ended(wire)
    wire.network.witness()
    running = wire.start(wire.request(LINEAR))
    wire.turn()
    agent = wire.agents["west"]
    held, size = agent.replica.checkpoint_text, agent.replica.size
    fork = forked(wire, keep % size)
    text, entries = asked(fork, size)
    with pytest.raises(SplitView):
        agent.cosign(text, entries)
    assert agent.alarm is not None
    assert (agent.alarm.held, agent.alarm.shown) == (held, fork.checkpoint_text())
    assert (agent.replica.size, agent.replica.checkpoint_text) == (size, held)
    halts = agent.halt_all(agent.alarm.error())
    assert len(halts) == 1
    wire.convener.receive(halts[0])
    assert wire.convener.show(running)["error"]["code"] == "verify.split_view"
    with pytest.raises(SplitView):
        wire.network._cosigned(agent)
    with pytest.raises(SplitView):
        agent.handle(wire.convener.inbox("west", 0)[-1][1])


def test_the_alarm_becomes_a_leaf_that_names_both_checkpoints(wire: Wire) -> None:
    """Signed by the site, it reaches every replica; nobody else can raise it in the site's name."""
    ended(wire)
    wire.network.witness()
    agent = wire.agents["west"]
    text, entries = asked(forked(wire, 3), agent.replica.size)
    with pytest.raises(SplitView):
        agent.cosign(text, entries)
    signed = agent.alarm.signed(agent.key).to_dict()
    with pytest.raises(SummandError):
        wire.convener.witnesses.put_alarm("north", signed)
    with pytest.raises(SummandError):
        wire.convener.witnesses.put_alarm("west", agent.alarm.signed(wire.convener.key).to_dict())
    digest = wire.convener.witnesses.put_alarm("west", signed)
    wire.network._synchronise(wire.agents["north"])
    last = parse(wire.agents["north"].replica.entries()[-1])
    assert (last["type"], last["site"], last["alarm_sha256"]) == ("ledger.alarm", "west", digest)


def test_two_histories_never_both_find_a_quorum(wire: Wire) -> None:
    """North and south see one release, west is led away before it: neither history has three witnesses."""
    study = ended(wire)
    west = wire.agents["west"]
    fork = forked(wire, west.replica.size)
    text, entries = asked(fork, west.replica.size)
    note = west.cosign(text, entries)
    witness(wire, "north", "south")
    with pytest.raises(VerificationError, match="another history"):
        wire.convener.witnesses.put("west", note.encode())
    with pytest.raises(SplitView):
        wire.network._cosigned(west)
    with pytest.raises(AwaitingWitnesses):
        analyst(wire).result(study)


def test_an_alarm_survives_a_restart(tmp_path) -> None:
    """The file reads back as the alarm; a damaged one is not passed over."""
    alarm = Alarm("west", "2026-01-01T00:00:00+00:00", "held", "shown", "they differ")
    (tmp_path / ALARM).write_bytes(alarm.to_bytes())
    assert Alarm.load(tmp_path / ALARM) == alarm
    assert Alarm.load(tmp_path / "none.json") is None
    (tmp_path / ALARM).write_bytes(b"{}")
    with pytest.raises(SummandError):
        Alarm.load(tmp_path / ALARM)


# ── what the agreement says ──────────────────────────────────────────────────────────────────────────────────────────
def test_the_agreement_sets_the_number() -> None:
    """Clause H asks for two of three: two are enough."""
    wire = Wire.of(small_partnership(governance={"witnesses": 2}))
    study = ended(wire)
    witness(wire, "north")
    assert wire.convener.show(study)["awaiting_witnesses"]["quorum"] == 2
    witness(wire, "west")
    assert analyst(wire).result(study).to_dict()["sites"] == 3
    wire.close()


def test_more_witnesses_than_sites_are_refused() -> None:
    """An agreement cannot ask for four of three; a study of two sites cannot have three."""
    with pytest.raises(AgreementError, match="witnesses"):
        small_partnership(governance={"witnesses": 4})
    made = small_partnership(
        tables=small_tables(("north", "south", "west", "east")), governance={"witnesses": 4}, data={"min_sites": 2}
    )
    with made.federation() as federation, pytest.raises(CohortTooSmall) as refused:
        federation.run(LINEAR, datasets=["data-north", "data-south", "data-west"])
    assert refused.value.clause == "H.witnesses"
