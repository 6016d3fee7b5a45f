"""Amendment: a new version that names the hash of the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.agreement._document import Agreement
from summand.agreement._merging import merged
from summand.errors import AgreementError, UsageError

_KEPT = ("id", "version", "previous_version_hash")


def amend(old: Agreement, changes: Mapping[str, Any]) -> Agreement:
    """The next version: ``old`` with ``changes`` merged in (mappings merge, lists and values replace, None removes).

    The new version carries no signature: every party signs anew.

    Raises:
        UsageError: if the changes touch the identifier, the version or the previous hash, or change nothing.
        AgreementError: if the result fails a check, or takes a prohibition back.
    """
    identity = changes.get("identity", {})
    if isinstance(identity, Mapping) and any(name in identity for name in _KEPT):
        raise UsageError(
            "An amendment sets the identifier, the version and the previous hash itself.",
            remedy=f"Leave {', '.join(_KEPT)} out of the changes.",
        )
    same = merged(old.content(), changes)
    if Agreement.from_dict(same).hash == old.hash:
        raise UsageError("The amendment changes nothing.", remedy="Give the fields that change.")
    step = {"identity": {"version": old.version + 1, "previous_version_hash": old.hash}}
    new = Agreement.from_dict(merged(same, step))
    verify_succession(old, new)
    return new


def verify_succession(old: Agreement, new: Agreement) -> None:
    """Check that ``new`` is the version after ``old``.

    Raises:
        AgreementError: if the identifier, the version or the hash do not fit, or a prohibition is gone.
    """
    if new.id != old.id or new.version != old.version + 1 or new.previous_version_hash != old.hash:
        raise AgreementError(
            f"Version {new.version} does not continue version {old.version}: identifier, number or hash differ.",
            remedy="Make the new version from the signed one with the hash that it has.",
            clause="A.previous_version_hash",
        )
    gone = sorted(old.prohibited_codes - new.prohibited_codes)
    if gone:
        raise AgreementError(
            f"The new version no longer prohibits {', '.join(gone)}; prohibitions are only ever added.",
            remedy="Put them back.",
            clause="C.prohibited_purposes",
        )
