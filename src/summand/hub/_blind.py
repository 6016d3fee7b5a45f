"""The hub of a study whose totals it does not see: it asks a site to take the step, and passes on what it cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from summand.errors import PeerProtocolError, RoundReplayed
from summand.hub._study import Running
from summand.securesum import Codec
from summand.transport import Message

if TYPE_CHECKING:
    from summand.hub._rounds import Rounds

LENGTH_MAX = 1 << 26
"""The longest vector that a site may announce: the hub holds one of them."""


def keep_total(rounds: Rounds, tx: Connection, running: Running, total: bytes) -> None:
    """Store the round's masked total: after a restart a site can be asked again."""
    survivors = running.require_cohort().bitmap(running.survivors)
    data = rounds.sign(running, "round.total", total, context=running.ctx.hex(), survivors=survivors)
    rounds.keep(tx, running, "round.total", data)
    running.total = total


def ask_step(rounds: Rounds, tx: Connection, running: Running) -> bool:
    """Ask the next survivor to work out what follows; False if all were asked."""
    if running.asked >= len(running.survivors) or running.total is None:
        return False
    site, survivors = running.survivors[running.asked], running.require_cohort().bitmap(running.survivors)
    data = rounds.sign(running, "round.total", running.total, context=running.ctx.hex(), survivors=survivors)
    rounds.send(tx, running, {site: data})
    running.asked += 1
    rounds.touch(tx, running)
    return True


def accept_step(running: Running, message: Message) -> None:
    """Take in what a site sealed, if it was asked and nobody was quicker.

    Raises:
        RoundReplayed: if it was not asked.
        PeerProtocolError: if its codec or length is none.
    """
    Codec.from_dict(message.header.get("codec"))
    length, finished = message.header.get("length"), message.header.get("finished")
    if message.sender not in running.survivors or running.total is None:
        raise RoundReplayed("A sealed state came unasked.", remedy="Read the inbox again.")
    sound = type(length) is int and 0 <= length <= LENGTH_MAX and isinstance(finished, bool)
    if not sound or message.header.get("context") != running.ctx.hex():
        raise PeerProtocolError("A sealed state does not say what follows.", remedy="Update this program.")
    running.step = running.step or message
