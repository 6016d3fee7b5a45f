"""Where a site stands as a witness, from its folder alone; the site may be running."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from summand.errors import SummandError
from summand.ledger import read_entries, verify_directory
from summand.signing import Envelope, PublicKey, open_sealed
from summand.site._agent import COSIGNED_SIZE
from summand.site._alarm import ALARM, Alarm
from summand.site._folder import REPLICA, STATE, SiteFolder, ledger_key
from summand.study import certified_witnesses, whole_entries, witness_key
from summand.study.messages import ALARM_TYPE


def status_of(folder: SiteFolder) -> dict[str, Any]:
    """The replica's size and root, what was cosigned last, and the alarms: the site's own and those in the ledger.

    Raises:
        VerificationError: if the replica's files are not what its checkpoint commits to.
    """
    origin, path = folder.federation.origin, folder.path / REPLICA
    own = Alarm.load(folder.path / ALARM)
    entries: list[dict[str, Any]] = []
    size, root = 0, ""
    if (path / "checkpoint").exists():
        report = verify_directory(
            path, ledger_key(folder.federation),
            lambda leaves: certified_witnesses((value for _, value in whole_entries(leaves)), origin),
        )  # fmt: skip
        entries = [value for _, value in whole_entries(read_entries(path, report))]
        size, root = report.leaf_count, report.root_hash.hex()
    alarms = [] if own is None else [own.to_dict()]
    alarms += [said for said in _alarms_in(entries) if said not in alarms]
    return {
        "site": folder.site, "origin": origin, "leaves": size, "root_hash": root,
        "cosigned_size": _cosigned_size(folder),
        "verifier_key": witness_key(origin, folder.site, folder.key().public).text,
        "own_alarm": own is not None, "alarms": alarms,
    }  # fmt: skip


def _cosigned_size(folder: SiteFolder) -> int:
    file = folder.path / STATE
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute("SELECT value FROM setting WHERE name = ?", (COSIGNED_SIZE,)).fetchone()
        except sqlite3.Error:
            return 0
    return 0 if row is None else int(row[0])


def _alarms_in(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alarms in the ledger that are signed by a key certified there for the site they name."""
    keys: dict[str, list[PublicKey]] = {}
    found = []
    for entry in entries:
        try:
            if entry.get("type") == "site.certified":
                keys.setdefault(str(entry["site"]), []).append(PublicKey.from_text(entry["key"]))
            if entry.get("type") == "ledger.alarm":
                said = open_sealed(
                    Envelope.from_dict(entry["envelope"]), ALARM_TYPE, keys.get(str(entry["site"]), [])
                )  # fmt: skip
                found.append({name: str(said[name]) for name in Alarm.__dataclass_fields__})
        except (SummandError, KeyError, TypeError):
            continue
    return found
