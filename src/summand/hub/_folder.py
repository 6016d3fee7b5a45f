"""A hub's folder.

::

    hub.json        origin and hosts
    federation.json the description to hand out; its fingerprint is compared by a second channel
    keys/hub.pem    the hub's key, readable by its owner alone
    tls/            the transport authority's certificate, the server's certificate and key
    hub.sqlite      the store (or a database URL in hub.json)
    ledger/         tiles and checkpoint, as c2sp.org/tlog-tiles lays them out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from summand.encoding import canonical, parse
from summand.errors import UsageError
from summand.hub._convener import Convener
from summand.hub._store import Store
from summand.ledger import Log
from summand.signing import PrivateKey
from summand.transport import FederationDescription, create_tls

SETTINGS, DESCRIPTION, KEY, TLS, DATABASE, LEDGER = (
    "hub.json", "federation.json", "keys/hub.pem", "tls", "hub.sqlite", "ledger",
)  # fmt: skip


class HubFolder:
    """One hub's folder, made by `create` and read by everything else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            fields = parse((path / SETTINGS).read_bytes(), SETTINGS)
            self.origin, self.database = str(fields["origin"]), str(fields["database"])
        except (OSError, KeyError, TypeError):
            raise UsageError(
                f"{path} is not a hub's folder: its {SETTINGS} is missing or malformed.",
                remedy="Make it with 'summand hub init'.",
            ) from None

    @classmethod
    def create(cls, path: Path, *, origin: str, hosts: Sequence[str], port: int, database: str = "") -> HubFolder:
        """Make a hub's folder: key, certificates, empty ledger.

        Raises:
            UsageError: if the folder holds a hub already.
        """
        if (path / SETTINGS).exists():
            raise UsageError(f"{path} holds a hub already.", remedy="Choose another folder, or serve that hub.")
        (path / "keys").mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        key = PrivateKey.generate()
        key.save(path / KEY)
        create_tls(path / TLS, hosts, origin)
        Log.create(path / LEDGER, origin, key).close()
        described = FederationDescription(
            origin, f"https://{hosts[0]}:{port}", key.public, (path / TLS / "ca.pem").read_text()
        )
        (path / DESCRIPTION).write_bytes(canonical(described.to_dict()))
        # Last: a folder without its settings is no hub's folder, and `create` may be called again on a fresh one.
        (path / SETTINGS).write_bytes(canonical({"origin": origin, "database": database}))
        return cls(path)

    def federation(self) -> FederationDescription:
        """The description to hand out."""
        return FederationDescription.load(self.path / DESCRIPTION)

    def move_to(self, port: int) -> None:
        """Describe the hub at another port; the fingerprint, which does not cover the address, stays."""
        described = self.federation()
        address = urlsplit(described.url)
        moved = replace(described, url=f"{address.scheme}://{address.hostname}:{port}")
        draft = self.path / f"{DESCRIPTION}.draft"
        draft.write_bytes(canonical(moved.to_dict()))
        draft.replace(self.path / DESCRIPTION)

    def convener(self) -> Convener:
        """The hub's core, standing where the store says."""
        key = PrivateKey.load(self.path / KEY)
        log = Log.open(self.path / LEDGER, self.origin, key)
        return Convener(Store(self.database or f"sqlite:///{self.path / DATABASE}"), log, key)
