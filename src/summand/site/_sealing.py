"""A site in a study whose hub is blind: open the total, work out what follows, seal it for the other sites.

One site takes the step and every other site checks it against the same total before it goes on: the hub passes sealed
states and totals under the sites' common mask, and sees lengths, names and times.

Source: AES-256-GCM under keys of the sites' group (`summand.securesum.PairKeys.group_key`), one for each context and site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from summand.encoding import digest, dump, from_base64, parse, to_base64
from summand.errors import PeerProtocolError, RoundReplayed
from summand.securesum import Codec, Cohort, PairKeys
from summand.site._store import StudyMemory
from summand.study import Finished, open_at_site, seal_result, seal_share
from summand.transport import Message

if TYPE_CHECKING:
    from summand.site._agent import Agent

_NONCE = bytes(12)  # each context and site has a key of its own, and answers once


def step(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Open this round's total, run `update`, and seal what follows for the other sites.

    Reveals to the hub: whether the study is over, and the length of the next round's vectors.
    """
    from summand.site._summing import follow

    memory = agent.memory(message)
    program, cohort, keys = agent.program(memory), agent.cohort(memory), agent.pair_keys(memory)
    survivors = message.header.get("survivors")
    if (message.round, message.header.get("context")) != (memory.round, memory.context) or not program.plan.blind:
        raise RoundReplayed("A total came that is not of this site's round.", remedy="Start the study again.")
    if memory.survivors not in (None, survivors):
        raise RoundReplayed("A total is over other sites than gave shares for it.", remedy="Start the study again.")
    following = follow(agent, memory, message.body, cohort.from_bitmap(survivors))
    ctx = bytes.fromhex(memory.context or "")
    if isinstance(following, Finished):
        body, size, codec = seal_result(keys, ctx, following.result), 0, Codec.q63_64()
    else:
        body = AESGCM(_state_key(keys, ctx, agent.site)).encrypt(_NONCE, dump(following), ctx)
        codec, size = program.check_sum(following)
    out = agent.sign(
        "round.state", message.study, message.round, body, finished=isinstance(following, Finished), length=size,
        codec=codec.to_dict(), context=memory.context,
    )  # fmt: skip
    return memory, out


def open_state(keys: PairKeys, memory: StudyMemory, message: Message, sealed: dict[str, Any]) -> dict[str, Any]:
    """The state that another site sealed.

    Raises:
        PeerProtocolError: if it does not open: it is of another round, or the hub made it up.
    """
    ctx, by = bytes.fromhex(memory.context or ""), str(message.header.get("sealed_by"))
    try:
        data = from_base64(str(sealed["sealed"]), "sealed state")
        state = parse(AESGCM(_state_key(keys, ctx, by)).decrypt(_NONCE, data, ctx), "state")
    except (InvalidTag, ValueError):
        state = None
    if not isinstance(state, dict):
        raise PeerProtocolError("A sealed state does not open.", remedy="The study ends here; start it again.")
    return state


def open_result(keys: PairKeys, memory: StudyMemory, found: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The sealed result's bytes, which this site confirms, and what is in them.

    Raises:
        PeerProtocolError: if it does not open.
    """
    sealed = from_base64(str(found.get("sealed")), "sealed result")
    return sealed, open_at_site(keys, bytes.fromhex(memory.context or ""), sealed)


def share(agent: Agent, memory: StudyMemory, cohort: Cohort) -> dict[str, str]:
    """This site's share of the release key, sealed to the person who asked, for the header of its confirmation."""
    request = agent.program(memory).plan.request
    ctx = bytes.fromhex(memory.context or "")
    box = seal_share(agent.pair_keys(memory), cohort, agent.site, ctx, request.study_id, request.reply_key or "")
    return {"share": to_base64(box)}


def _state_key(keys: PairKeys, ctx: bytes, by: str) -> bytes:
    return keys.group_key(b"state", digest(ctx, by.encode()))
