"""A pack put together, and verified as a reviewer will verify it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import summand
from summand.agreement import SignedAgreement
from summand.encoding import canonical, digest, sha256_hex
from summand.errors import PeerProtocolError, SignatureInvalid, UsageError, VerificationError
from summand.evidence import verify as offline
from summand.evidence._case import Case, last_moment
from summand.evidence._crate import CRATE, crate
from summand.evidence._descriptions import write_agreement, write_data, write_privacy
from summand.evidence._front import front_page, to_text
from summand.evidence._ledger_copy import LedgerCopy, choose, ledger_files
from summand.evidence._partnership import goals_of, write_governance, write_money, write_outcomes
from summand.evidence._studies import StudyFacts, read_studies, write_studies
from summand.signing import PrivateKey, PublicKey
from summand.study import entry_in_words


def build_pack(
    versions: Sequence[SignedAgreement],
    ledger: LedgerCopy,
    results: Iterable[Mapping[str, Any]] = (),
    *,
    studies: Sequence[str] | None = None,
    key: PrivateKey | None = None,
    as_of: datetime | None = None,
    internal: bool = False,
    pdfs: bool = True,
) -> bytes:
    """The evidence pack of an agreement as one zip; the same arguments give the same bytes.

    Args:
        versions: The signed agreement; where it was amended all its versions, the current one last.
        ledger: The ledger that it lives in; no hub need run.
        results: Released results, each as ``summand study show --json`` prints it (needed where the hub is blind) or as
            `summand.federation.StudyResult.to_dict` gives it. Each must have the hash that the ledger holds.
        studies: Which studies, by identifier; all under the agreement if None.
        key: Opens sealed results that its owner asked for; without it they stay sealed in the pack.
        as_of: The clock of registers and deadlines, with a zone; the time of the last entry in the pack if None.
        internal: Whether to add what partners keep to themselves: inventions, threads and tasks.
        pdfs: Whether to set documents as PDF, which needs the extra ``reports``.

    Raises:
        UsageError: if versions do not follow each other, a study is not under the agreement, or PDFs cannot be set here.
        AgreementError: if the agreement is not signed as it asks.
        VerificationError: if the ledger, a study or a result is not what it should be: then there is no pack.
    """
    documents = _in_order(versions)
    chosen = choose(ledger, documents, studies, internal=internal)
    clock = as_of or last_moment(chosen.entries, documents)
    if clock.tzinfo is None:
        raise UsageError("The time has no zone.", remedy="Give it with one: 2026-05-01T00:00:00+00:00.")
    case = Case(versions, ledger, chosen, clock, pdfs)
    found = read_studies(case, results, key)
    goals = goals_of(case)
    write_agreement(case)
    write_data(case)
    write_privacy(case, found)
    write_studies(case, found)
    write_governance(case, found)
    write_outcomes(case, goals)
    write_money(case, internal=internal)
    _write_ledger(case)
    case.put_json(
        "software.json", _software(), "The version of Summand that made this pack, and the hash of its source."
    )
    front = front_page(case, found, goals)
    case.put_pdf(
        "front-page.pdf", front, "For a reviewer: what, by whom, under which permission, what came out, how to verify."
    )
    case.put("README.txt", to_text(front), "The front page as plain text.")
    case.put(
        "verify.py",
        Path(offline.__file__).read_bytes(),
        "Verifies the pack offline: plain Python 3.11, nothing installed.",
    )
    case.put_json(offline.INDEX, _index(case, found), "What the pack holds, for programs.")
    return _sealed(case, found)


def read_pack(pack: bytes | Path) -> dict[str, bytes]:
    """The files of a pack by their paths; nothing is verified but the form of the zip.

    Args:
        pack: The zip's bytes or file, or the folder in which it was unpacked.

    Raises:
        UsageError: if it cannot be read.
        VerificationError: if it is a zip of another form.
    """
    try:
        if isinstance(pack, Path) and pack.is_dir():
            return offline.read_folder(pack)
        return offline.read_zip(pack if isinstance(pack, bytes) else pack.read_bytes())
    except OSError as error:
        raise UsageError(f"The pack cannot be read: {error.strerror}.", remedy="Check the path.") from None
    except offline.NotVerified as error:
        raise _not_verified(str(error)) from None


def verify_pack(pack: bytes | Path) -> offline.Report:
    """Check every byte, signature and proof of a pack; what was proved.

    Args:
        pack: As for `read_pack`.

    Raises:
        UsageError: if it cannot be read.
        VerificationError: naming the first thing that does not hold.
    """
    files = read_pack(pack)
    try:
        return offline.verify(files, _check)
    except offline.NotVerified as error:
        raise _not_verified(str(error)) from None


def _sealed(case: Case, found: list[StudyFacts]) -> bytes:
    """The zip, once the script of the pack itself has found nothing wrong with it."""
    try:
        report = offline.examine(case.files, _check)
        case.put_json(
            offline.SIGNATURES, report.signatures, "Who signed what: every signature in the pack, each verified."
        )
        case.put_json(CRATE, crate(case, found), "RO-Crate metadata.")
        case.files[offline.MANIFEST] = offline.manifest_of(case.files)
        offline.verify(case.files, _check)
        return offline.write_zip(case.files)
    except offline.NotVerified as error:
        raise _not_verified(str(error)) from None


def _check(key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        PublicKey(key).verify(signature, data)
    except (SignatureInvalid, PeerProtocolError):
        return False
    return True


def _in_order(versions: Sequence[SignedAgreement]) -> list[Any]:
    if not versions:
        raise UsageError("A pack is about an agreement.", remedy="Give the signed agreement.")
    for signed in versions:
        signed.require_effective()
    documents = [signed.agreement for signed in versions]
    for before, after in pairwise(documents):
        if after.previous_version_hash != before.hash:
            raise UsageError(
                f"Version {after.version} does not follow from version {before.version} given before it.",
                remedy="Give every version, the oldest first.",
            )
    return documents


def _write_ledger(case: Case) -> None:
    made = ledger_files(case.ledger, case.chosen)
    case.put(
        offline.CHECKPOINT,
        case.ledger.keepers_checkpoint,
        "The ledger's checkpoint, signed by its keeper (C2SP signed note).",
    )
    lines = [json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in made["lines"]]
    case.put(
        offline.ENTRIES,
        "".join(f"{line}\n" for line in lines),
        "Ledger entries, each with the proof that it is in the ledger.",
    )
    case.put_json(
        offline.CONSISTENCY, made["consistency"], "Proofs that the checkpoints that sites cosigned are of this history."
    )
    words = [f"{leaf:>7}  {entry.get('at', '')}  {entry_in_words(entry)}\n" for leaf, entry in case.chosen.entries]
    case.put("ledger/entries-in-words.txt", "".join(words), "The same entries, a sentence each.")


def _index(case: Case, found: list[StudyFacts]) -> dict[str, Any]:
    return {
        "format": offline.FORMAT, "origin": case.ledger.origin, "hub_key": case.ledger.hub_key.text,
        "as_of": case.as_of.isoformat(timespec="seconds"), "agreement_hash": case.agreement.hash,
        "agreements": [f"agreement/version-{one.agreement.version}.signed.json" for one in case.signed],
        "leaf_count": case.ledger.size, "leaves_here": len(case.chosen.leaves), "entries_left_out": case.chosen.left_out,
        "studies": [one.index() for one in found],
    }  # fmt: skip


def _software() -> dict[str, Any]:
    root = Path(summand.__file__).parent
    files = sorted((path.relative_to(root).as_posix(), sha256_hex(path.read_bytes())) for path in root.rglob("*.py"))
    return {
        "name": "Summand", "version": summand.__version__,
        "source_sha256": digest(canonical([list(item) for item in files])).hex(),
        "about": "The software that made this pack. Which version ran at each site is not recorded in the ledger; that all sites "
        "computed the same result, they signed.",
    }  # fmt: skip


def _not_verified(message: str) -> VerificationError:
    return VerificationError(
        message, remedy="Do not rely on this pack. Ask whoever made it, and compare with a partner's."
    )
