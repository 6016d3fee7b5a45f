"""A site in a round: check the broadcast, tally, condense, encode, mask, upload; sign who uploaded; give shares; confirm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from summand.encoding import dump, from_base64, parse, sha256_hex
from summand.errors import (
    CertificateInvalid,
    PinnedCohort,
    RoundReplayed,
    SetupInvalid,
    StateDisagrees,
    SumError,
    TooFewSites,
)
from summand.securesum import Codec, Cohort, Round, context, mask_upload, reveal, stand_in, unblind
from summand.site import _audit, _noise
from summand.site import _sealing as sealing
from summand.site._rows import summand_of
from summand.site._store import StudyMemory
from summand.study import Finished, Program, agree
from summand.study.messages import (
    BOX_BYTES,
    CONFIRMED,
    SHARE_BYTES,
    join_parts,
    join_stand_in,
    read_body,
    result_hash,
    split_parts,
)
from summand.transport import Message

if TYPE_CHECKING:
    from summand.site._agent import Agent


def opened(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Compute this site's masked summand at the broadcast state, once the state is checked."""
    memory = agent.memory(message)
    program, cohort = agent.program(memory), agent.cohort(memory)
    state, total = read_body(message)
    if program.plan.blind and "sealed" in state:
        state = sealing.open_state(agent.pair_keys(memory), memory, message, state)
    if message.round != memory.round + 1:
        raise RoundReplayed(
            f"Round {message.round} was opened; this site stands at round {memory.round}.",
            remedy="The study ends here. Start it again.",
        )
    if message.header.get("cohort") != cohort.digest().hex():
        raise SetupInvalid("The round names another cohort than the study's.", remedy="Start the study again.")
    members = check_members(program, cohort, memory, message, agent.site)
    begins = message.round == 0 or message.header.get("starts_over") is True
    if begins:
        _audit.check_start(agent, program, state)
    else:
        _check_state(agent, memory, message, state, total, members)
    codec, size = program.check_sum(state)  # refused here, before any row is read
    if Codec.from_dict(message.header.get("codec")) != codec or message.header.get("length") != size:
        raise SetupInvalid(
            "The round names another codec or length than its layout has.", remedy="Start the study again."
        )
    _noise.spend(agent, program, state, message.round)
    summand, local = summand_of(program, state, agent.site, agent.source(program), memory.local or {})
    if begins:
        summand = _audit.counted(agent, program, state, summand)
    summand, noise = _noise.with_noise(program, state, summand)
    ring = codec.encode(summand, program.site_bounds(state, agent.site))
    if noise is not None:
        codec.add_into(ring, codec.encode(noise, math.inf))
    rnd = Round(cohort, context(message.content_digest), message.round, members)
    keys = agent.pair_keys(memory)
    upload = mask_upload(keys, rnd, agent.site, ring, codec, blind=program.plan.blind)
    following = stand_in(keys, cohort, agent.site, message.round + 1)
    memory.round, memory.state, memory.local = message.round, state, local
    memory.context, memory.own_share = rnd.ctx.hex(), upload.own_share
    memory.members, memory.survivors = cohort.bitmap(members), None
    left = join_stand_in(following, cohort.neighbours(agent.site))
    boxes = join_parts([upload.share_boxes[peer] for peer in rnd.peers(agent.site)])
    body = b"".join((left, boxes, upload.masked))
    return memory, agent.sign("round.upload", message.study, message.round, body, context=rnd.ctx.hex())


def _check_state(
    agent: Agent,
    memory: StudyMemory,
    message: Message,
    state: dict[str, Any],
    total: bytes,
    members: tuple[str, ...],
) -> None:
    """Refuse a state that the last total does not give: else a hub could choose where to look.

    Source: the check of the broadcast against the total, against "model inconsistency" (Pasquini et al., CCS 2022).
    """
    following = follow(agent, memory, total, members)
    if isinstance(following, Finished) or not agree(following, state):
        raise _disagrees(message.round)


def follow(agent: Agent, memory: StudyMemory, total: bytes, members: tuple[str, ...]) -> Any:
    """What the last round's total gives, over ``members``; in a blind study this site opens the total first."""
    program, cohort, last = agent.program(memory), agent.cohort(memory), memory.state or {}
    codec, size = program.check_sum(last)
    ring = codec.from_bytes(total, size)
    if program.plan.blind:
        before = cohort.from_bitmap(memory.members)
        rnd, ring = Round(cohort, bytes.fromhex(memory.context or ""), memory.round, before), ring.copy()
        unblind(agent.pair_keys(memory), rnd, ring, codec, len(members))
    return program.update(codec.decode(ring), last, left_out_of(cohort, members))


def _disagrees(round_number: int) -> StateDisagrees:
    return StateDisagrees(
        f"The hub's state of round {round_number} is not what the last total gives (to 1e-9 relative).",
        remedy="The study ends here; ask the hub's operator why, and compare versions.",
    )


def survivors(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Sign who uploaded in this round: one set, ever, and only where the study may go on with it."""
    memory = agent.memory(message)
    rnd = _current(agent, memory, message)
    _settle(agent, memory, rnd, message.header.get("survivors"))
    statement = rnd.survivors_statement(rnd.cohort.from_bitmap(memory.survivors))
    return memory, agent.sign("round.certify", message.study, message.round, agent.key.sign(statement))


def unmask(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Give this site's shares for one set of survivors: everybody, or those that enough sites signed for."""
    memory = agent.memory(message)
    rnd = _current(agent, memory, message)
    _settle(agent, memory, rnd, message.header.get("survivors"))
    _noise.commit(agent, agent.program(memory), message.round)
    peers = rnd.peers(agent.site)
    cut = BOX_BYTES * len(peers)
    shares = reveal(
        agent.pair_keys(memory), rnd, agent.site, rnd.cohort.from_bitmap(memory.survivors),
        split_parts(message.body[:cut], peers, BOX_BYTES), memory.own_share or b"", _certificate(message.body[cut:]),
    )  # fmt: skip
    body = join_parts(list(shares.values()))
    if len(body) != SHARE_BYTES * len(shares):
        raise SetupInvalid("A share has the wrong length.", remedy="Start the study again.")
    return memory, agent.sign("round.reveal", message.study, message.round, body)


def _current(agent: Agent, memory: StudyMemory, message: Message) -> Round:
    if message.round != memory.round or message.header.get("context") != memory.context:
        raise RoundReplayed(
            f"A '{message.kind}' names round {message.round}, which is not the one this site uploaded in.",
            remedy="The study ends here. Start it again.",
        )
    cohort = agent.cohort(memory)
    return Round(cohort, bytes.fromhex(memory.context or ""), memory.round, cohort.from_bitmap(memory.members))


def _settle(agent: Agent, memory: StudyMemory, rnd: Round, claimed: Any) -> None:
    """Settle on one set of survivors for this round; it is stored before anything that rests on it leaves the site."""
    if memory.survivors not in (None, claimed):
        raise RoundReplayed(
            f"Two lists of who uploaded in round {memory.round} came; this site acted on the other one.",
            remedy="The study ends here: the hub told sites different things. Ask its operator why.",
        )
    program = agent.program(memory)
    there = rnd.check_survivors(rnd.cohort.from_bitmap(claimed))
    if agent.site not in there:
        raise SumError(
            "The hub says that this site did not upload, and asks it to act on that.", remedy="Start the study again."
        )
    if len(there) < len(rnd.members) and not program.is_start(memory.state or {}):
        raise _taken_apart(rnd.members, there)
    memory.survivors = str(claimed)


def _certificate(data: bytes) -> dict[str, bytes]:
    if not data:
        return {}
    fields = parse(data, "certificate")
    if not isinstance(fields, dict):
        raise CertificateInvalid("A certificate is no object of signatures.", remedy="Start the study again.")
    return {site: from_base64(str(signature), "signature") for site, signature in fields.items()}


def check_members(program: Program, cohort: Cohort, memory: StudyMemory, message: Message, me: str) -> tuple[str, ...]:
    """The members of a round about to begin, if the study may go on with exactly them.

    In a study's first round any t of the cohort may take part. Afterwards the members stay, but for those that the last
    round went on without; once a sum was opened, fewer take part only where the study starts over, if it may at all.

    Raises:
        PinnedCohort: where the sum over fewer sites would differ from an earlier one by the lost sites' figures.
        TooFewSites, SumError: if the members are too few or leave this site out.
    """
    members = cohort.from_bitmap(message.header.get("members"))
    if me not in members or len(members) < cohort.threshold:
        raise TooFewSites(
            f"A round was opened over {len(members)} of {len(cohort.sites)} sites, this one "
            f"{'among them' if me in members else 'left out'}; {cohort.threshold} are needed.",
            remedy="Start the study again when more sites can be reached.",
        )
    if message.round == 0:
        return members
    before = cohort.from_bitmap(memory.members)
    if message.header.get("starts_over") is True:
        if not program.plan.starts_over or not set(members) < set(before):
            raise _taken_apart(before, members)
        return members
    known = memory.survivors if memory.survivors is not None else memory.members
    first = program.is_start(memory.state or {})
    if members != cohort.from_bitmap(known) and not (first and memory.survivors is None and set(members) < set(before)):
        raise _taken_apart(before, members)
    return members


def left_out_of(cohort: Cohort, members: tuple[str, ...]) -> list[str]:
    """The sites of a cohort that the study goes on without."""
    return [site for site in cohort.sites if site not in members]


def _taken_apart(before: Sequence[str], now: Sequence[str]) -> PinnedCohort:
    lost = [site for site in before if site not in now]
    return PinnedCohort(
        f"The study was to go on without {', '.join(lost) or 'sites that were not there'}: with a sum over all opened "
        "before, the two would differ by their figures alone.",
        clause="D.on_lost_site",
        remedy="Start the study again when every site can be reached, or agree on 'start_over' in clause D.",
    )


def result(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Recompute the result from the last total, and sign its hash."""
    memory = agent.memory(message)
    found, total = read_body(message)
    if message.round != memory.round + 1:
        raise RoundReplayed("A result came out of turn.", remedy="The study ends here. Start it again.")
    program, cohort = agent.program(memory), agent.cohort(memory)
    members = check_members(program, cohort, memory, message, agent.site)
    sealed = b""
    if program.plan.blind:
        sealed, found = sealing.open_result(agent.pair_keys(memory), memory, found)
    following = follow(agent, memory, total, members)
    if not isinstance(following, Finished) or not agree(following.result, found):
        raise StateDisagrees(
            "The hub's result is not what the last total gives (to 1e-9 relative).",
            remedy="The study ends here; ask the hub's operator why, and compare versions.",
        )
    _audit.confirm(agent, program, found)
    body, digest = dump(CONFIRMED), sha256_hex(sealed) if sealed else result_hash(found)
    share = sealing.share(agent, memory, cohort) if sealed else {}
    return memory, agent.sign("site.confirm", message.study, message.round, body, result_sha256=digest, **share)
