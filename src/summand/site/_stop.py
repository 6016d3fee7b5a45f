"""The emergency stop (clause H): a file in the site's folder that is looked at before every answer.

It takes effect at this site at once, for studies that run as for those to come, and needs neither the hub nor the
network: whoever may write the folder may stop the site. What has left the site before cannot be called back.

    stop.json     the orders in force; while the file is there and cannot be read, everything is stopped
    outbox/       signed statements for the ledger, until the hub has taken them
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from summand.encoding import canonical, dump
from summand.errors import SiteStopped, UsageError
from summand.signing import PrivateKey
from summand.study import Statement

STOP, OUTBOX = "stop.json", "outbox"
EVERYTHING = ""
"""The agreement of an order that stops the whole site."""
REASON_MAX = 500


@dataclass(frozen=True)
class StopOrder:
    """One order: the agreement whose studies are stopped (hash; empty for all), why, and since when (UTC)."""

    agreement: str
    reason: str
    at: str


class StopSwitch:
    """The stop of one site's folder; ``None`` for a site in memory, which is stopped by `order` alone.

    Args:
        folder: The site's folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / STOP
        self._held: tuple[StopOrder, ...] = ()

    def orders(self) -> tuple[StopOrder, ...]:
        """The orders in force now, read anew at each call."""
        if self._file is None:
            return self._held
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError:
            return (_unreadable(),)
        try:
            return tuple(StopOrder(**{name: str(item[name]) for name in ("agreement", "reason", "at")})
                         for item in json.loads(data)["orders"])  # fmt: skip
        except (ValueError, KeyError, TypeError):
            return (_unreadable(),)  # a stop that was damaged stops everything: never the other way round

    def require_running(self, agreement_hash: str) -> None:
        """Return if studies under an agreement may be answered.

        Raises:
            SiteStopped: if they are stopped; others learn that they are, and not why.
        """
        for order in self.orders():
            if order.agreement in (EVERYTHING, agreement_hash):
                raise SiteStopped(
                    f"The data holder stopped this site at {order.at}: {order.reason}",
                    remedy="Ask the data holder; it lifts the stop with 'summand site resume'.",
                    clause="H.emergency_stop",
                    public="The data holder stopped its site.",
                )

    def order(self, reason: str, agreement_hash: str = EVERYTHING) -> StopOrder:
        """Stop now; durable before this returns.

        Raises:
            UsageError: if there is no reason, or it is longer than 500 characters.
        """
        if not 0 < len(reason.strip()) <= REASON_MAX:
            raise UsageError(f"A stop has a reason of 1 to {REASON_MAX} characters.", remedy="Say why, in words.")
        given = StopOrder(agreement_hash, reason.strip(), datetime.now(UTC).isoformat(timespec="seconds"))
        self._write((*(old for old in self.orders() if old.agreement != agreement_hash), given))
        return given

    def lift(self, agreement_hash: str = EVERYTHING) -> bool:
        """Lift a stop of everything, or of one agreement; whether there was one."""
        kept = tuple(order for order in self.orders() if order.agreement != agreement_hash)
        there = len(kept) != len(self.orders())
        self._write(kept)
        return there

    def _write(self, orders: tuple[StopOrder, ...]) -> None:
        if self._file is None:
            self._held = orders
            return
        if not orders:
            self._file.unlink(missing_ok=True)
            return
        write_whole(self._file, dump({"orders": [asdict(order) for order in orders]}))


def post(folder: Path, statement: Statement) -> Path:
    """Put a statement where the site's service finds it and hands it to the hub; the file."""
    outbox = folder / OUTBOX
    outbox.mkdir(exist_ok=True)
    target = outbox / f"{statement.document_sha256}.json"
    write_whole(target, canonical(statement.envelope.to_dict()))
    return target


def posted(folder: Path) -> Iterator[tuple[str, Path]]:
    """The statements that the hub has not taken yet: their addresses at the hub and their files."""
    outbox = folder / OUTBOX
    try:
        names = os.listdir(outbox)  # noqa: PTH208 (looked at before every answer: a glob costs ten times as much)
    except FileNotFoundError:
        return
    for file in sorted(outbox / name for name in names if name.endswith(".json")):
        yield f"/v1/statements/{file.stem}", file


def stop_statement(
    site: str, party: str, agreement_hash: str, key: PrivateKey, order: StopOrder | None
) -> Statement:  # fmt: skip
    """What the site says of its stop (or, without an order, of its end) for the ledger, signed by its service key."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    if order is None:
        return Statement.sign(
            "site.resumed", agreement_hash, site, {"site": site, "party": party, "since": now}, key, inside=True
        )
    document = {"site": site, "party": party, "since": order.at, "reason": order.reason}
    return Statement.sign("site.stopped", agreement_hash, site, document, key, inside=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _unreadable() -> StopOrder:
    return StopOrder(EVERYTHING, "the file 'stop.json' is there and cannot be read", "an unknown time")
