"""The alarm of a site that was shown two histories: both checkpoints, kept where people and programs find them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from summand.encoding import canonical, parse
from summand.errors import PeerProtocolError, SplitView
from summand.signing import Envelope, PrivateKey, seal
from summand.study.messages import ALARM_TYPE

ALARM = "split-view.json"
"""In a site's folder. While it is there, the site takes part in nothing."""


@dataclass(frozen=True)
class Alarm:
    """Two checkpoints of one log, each signed by the hub, that contradict each other.

    Attributes:
        site: Who saw both.
        at: When (UTC, ISO 8601).
        held: The note of the checkpoint that the site had accepted; empty before the first.
        shown: The note that it was shown then.
        reason: Why they cannot both be true.
    """

    site: str
    at: str
    held: str
    shown: str
    reason: str

    @classmethod
    def load(cls, path: Path) -> Alarm | None:
        """The alarm in a file; None if there is none.

        Raises:
            PeerProtocolError: if the file is not one: it is not passed over for that.
        """
        try:
            fields = parse(path.read_bytes(), path.name)
        except FileNotFoundError:
            return None
        try:
            return cls(**{name: str(fields[name]) for name in cls.__dataclass_fields__})
        except (KeyError, TypeError):
            raise PeerProtocolError(f"{path.name} is there, but is not an alarm.", remedy="Find out why.") from None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    def to_bytes(self) -> bytes:
        """What is written to the file: canonical JSON."""
        return canonical(self.to_dict())

    def signed(self, key: PrivateKey) -> Envelope:
        """The alarm under the site's own signature, for the ledger and the partners."""
        return seal(ALARM_TYPE, self.to_dict(), key)

    def error(self) -> SplitView:
        """The error of a site that takes no part any more."""
        return SplitView(
            f"{self.site} was shown two histories of the ledger on {self.at}. {self.reason}",
            remedy=f"Compare the two checkpoints in {ALARM} with the partners. Move the file away only once all agree "
            "which of them is the history.",
        )
