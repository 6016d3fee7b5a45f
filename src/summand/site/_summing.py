"""A site in a round: check the broadcast, tally, condense, encode, mask, upload; then give shares; then confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from summand.encoding import dump
from summand.errors import RoundReplayed, SetupInvalid, StateDisagrees
from summand.securesum import Codec, context, mask_upload, reveal
from summand.site import _audit
from summand.site._rows import summand_of
from summand.site._store import StudyMemory
from summand.study import Finished, Program, agree
from summand.study.messages import (
    BOX_BYTES,
    CONFIRMED,
    SHARE_BYTES,
    join_parts,
    others,
    read_body,
    result_hash,
    split_parts,
)
from summand.transport import Message

if TYPE_CHECKING:
    from summand.site._agent import Agent

CODEC = Codec.q63_64()


def opened(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Compute this site's masked summand at the broadcast state, once the state is checked."""
    memory = agent.memory(message)
    program, cohort = agent.program(memory), agent.cohort(memory)
    state, total = read_body(message)
    if message.round != memory.round + 1:
        raise RoundReplayed(
            f"Round {message.round} was opened; this site stands at round {memory.round}.",
            remedy="The study ends here. Start it again.",
        )
    if message.round == 0:
        _audit.check_start(agent, program, state)
    else:
        _check_state(program, memory, message, state, total)
    if Codec.from_dict(message.header.get("codec")) != CODEC or message.header.get("cohort") != cohort.digest().hex():
        raise SetupInvalid("The round names another codec or cohort than the study's.", remedy="Start the study again.")
    size = program.check_sum(CODEC, state)  # refused here, before any row is read
    if message.header.get("length") != size:
        raise SetupInvalid("The round names another length than its layout has.", remedy="Start the study again.")
    summand, local = summand_of(program, state, agent.site, agent.source(program), memory.local or {})
    if message.round == 0:
        summand = _audit.counted(agent, program, state, summand)
    ring = CODEC.encode(summand, program.site_bounds(state, agent.site))
    ctx = context(message.content_digest)
    upload = mask_upload(agent.pair_keys(memory), cohort, agent.site, ctx, ring, CODEC)
    memory.round, memory.state, memory.local = message.round, state, local
    memory.context, memory.own_share = ctx.hex(), upload.own_share
    boxes = join_parts([upload.share_boxes[peer] for peer in others(cohort.sites, agent.site)])
    out = agent.sign("round.upload", message.study, message.round, boxes + upload.masked, context=ctx.hex())
    return memory, out


def _check_state(program: Program, memory: StudyMemory, message: Message, state: dict[str, Any], total: bytes) -> None:
    """Refuse a state that the last total does not give: else a hub could choose where to look.

    Source: the check of the broadcast against the total, against "model inconsistency" (Pasquini et al., CCS 2022).
    """
    following = _update(program, memory, total)
    if isinstance(following, Finished) or not agree(following, state):
        raise _disagrees(message.round)


def _update(program: Program, memory: StudyMemory, total: bytes) -> Any:
    last = memory.state or {}
    values = CODEC.decode(CODEC.from_bytes(total, program.check_sum(CODEC, last)))
    return program.update(values, last)


def _disagrees(round_number: int) -> StateDisagrees:
    return StateDisagrees(
        f"The hub's state of round {round_number} is not what the last total gives (to 1e-9 relative).",
        remedy="The study ends here; ask the hub's operator why, and compare versions.",
    )


def unmask(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Give this site's shares of every self-mask seed of the round, for the whole cohort or not at all."""
    memory = agent.memory(message)
    cohort = agent.cohort(memory)
    if message.round != memory.round or message.header.get("context") != memory.context:
        raise RoundReplayed(
            f"Shares are asked for round {message.round}, which is not the one this site uploaded in.",
            remedy="The study ends here. Start it again.",
        )
    survivors = message.header.get("survivors")
    shares = reveal(
        agent.pair_keys(memory), cohort, agent.site, bytes.fromhex(memory.context or ""),
        [str(site) for site in survivors] if isinstance(survivors, list) else [],
        split_parts(message.body, others(cohort.sites, agent.site), BOX_BYTES),
        memory.own_share or b"",
    )  # fmt: skip
    body = join_parts([shares[site] for site in cohort.sites])
    if len(body) != SHARE_BYTES * len(cohort.sites):
        raise SetupInvalid("A share has the wrong length.", remedy="Start the study again.")
    return memory, agent.sign("round.reveal", message.study, message.round, body)


def result(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Recompute the result from the last total, and sign its hash."""
    memory = agent.memory(message)
    found, total = read_body(message)
    if message.round != memory.round + 1:
        raise RoundReplayed("A result came out of turn.", remedy="The study ends here. Start it again.")
    program = agent.program(memory)
    following = _update(program, memory, total)
    if not isinstance(following, Finished) or not agree(following.result, found):
        raise StateDisagrees(
            "The hub's result is not what the last total gives (to 1e-9 relative).",
            remedy="The study ends here; ask the hub's operator why, and compare versions.",
        )
    _audit.confirm(agent, program, found)
    body = dump(CONFIRMED)
    return memory, agent.sign("site.confirm", message.study, message.round, body, result_sha256=result_hash(found))
