"""Clause H.holder_veto: a data holder's no to one study's use of its own data, as its own replica of the ledger has it.

A veto that is damaged counts: who wrote the ledger must not be able to undo one by spoiling it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.encoding import from_base64, parse
from summand.errors import HolderVeto, SummandError
from summand.guard._case import Case, Objections
from summand.study import read_statements

VETO_ROLES = frozenset({"party", "governance_lead", "data_steward"})
"""Who may veto for a data holder: its own key, its governance leads, its data stewards."""


def not_vetoed(case: Case) -> Objections:
    """No veto of this site's party on this very request names the dataset that it would bring."""
    own = {dataset.id for dataset in case.own}
    for leaf, entry in enumerate(case.history.of_type("governance.act")):
        document = _document(entry, case.study.hash)
        if document.get("act") != "veto.cast" or document.get("request_hash") != case.study.hash:
            continue
        if own.isdisjoint(document["datasets"]) or not _may_count(case, leaf, entry):
            continue
        yield HolderVeto(
            f"{case.party} vetoed this use of its data.",
            remedy="Ask without its dataset, or settle with it what it objects to.",
            clause="H.holder_veto",
        )
        return


def _may_count(case: Case, leaf: int, entry: Mapping[str, Any]) -> bool:
    """Whether it is this party's veto, or one that does not verify."""
    counted, _ = read_statements([(leaf, entry)], [case.agreement], ("governance.act",))
    return not counted or (counted[0].party == case.party and counted[0].role in VETO_ROLES)


def _document(entry: Mapping[str, Any], digest: str) -> Mapping[str, Any]:
    """The document inside a statement that holds this hash somewhere, unverified; one without datasets is no veto."""
    try:
        payload = from_base64(entry["envelope"]["payload"], "statement")
        if digest.encode() not in payload:
            return {}
        found: Any = parse(payload)["document"]
        return found if isinstance(found["datasets"], list) else {}
    except (SummandError, KeyError, TypeError):
        return {}
