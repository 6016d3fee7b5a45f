"""A ledger entry in one plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from summand.encoding import from_base64, parse
from summand.errors import SummandError


def entry_in_words(entry: Mapping[str, Any]) -> str:
    """What an entry says, for a reader of the ledger; hashes by their first twelve digits.

    Nothing is verified here, and an entry of an unknown type or shape is only named.
    """
    kind = str(entry.get("type", "unknown"))[:40]
    try:
        return _WORDS[kind](entry)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, SummandError):
        return f"An entry of the type '{kind}'."


def _request(entry: Mapping[str, Any]) -> str:
    asked = parse(from_base64(entry["signed"]["request"]["payload"], "request"))
    method = asked["method"]
    what = method.get("formula") or ", ".join(method.get("columns") or ()) or ""
    named = f"{asked['requester']} asked for '{asked['title']}': {method['name']} {what}".rstrip()
    return f"{named}, for the purpose {asked['purpose'].get('code')}."


def _decision(entry: Mapping[str, Any]) -> str:
    said = parse(from_base64(entry["envelope"]["payload"], "decision"))
    if said["decision"] == "permit":
        return f"{entry['site']} permits the study."
    reasons = "; ".join(f"{reason['message']} [{reason['code']}]" for reason in said["reasons"])
    return f"{entry['site']} refuses the study: {reasons}"


def _ended(entry: Mapping[str, Any]) -> str:
    error = entry["error"]
    return f"The study ended as {entry['status']}: {error['message']} [{error['code']}]"


def _inside(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = parse(from_base64(entry["envelope"]["payload"], "statement"))["document"]
    return found


def _goal_measured(entry: Mapping[str, Any]) -> str:
    try:
        document = _inside(entry)
    except KeyError:
        return f"A goal was measured: {_short(entry['document_sha256'])}"
    return f"The goal '{document['goal']}' was measured for {document['period']}: {document['value']}."


def _short(value: Any) -> str:
    return f"{str(value)[:12]}…"


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "agreement.executed": lambda e: (
        f"The agreement {_short(e['agreement_hash'])}, version {e['version']}, signed by {', '.join(e['parties'])}."
    ),
    "agreement.event": lambda e: f"The agreement {_short(e['agreement_hash'])}: {e.get('event', 'a change of state')}.",
    "site.certified": lambda e: f"{e['party']} certified the key of its site {e['site']}.",
    "study.request": _request,
    "study.decision": _decision,
    "entry.part": lambda e: f"Part {e['number'] + 1} of {e['count']} of the entry {_short(e['whole_sha256'])}",
    "study.cohort": lambda e: (
        f"{len(e['cohort']['sites'])} sites signed their list; {e['cohort']['threshold']} must act to open a total."
    ),
    "round.opened": lambda e: (
        f"Round {e['round']} opened: {e['length']} numbers, broadcast {_short(e['message_sha256'])}"
    ),
    "round.certified": lambda e: (
        f"{len(e['signatures'])} sites signed who uploaded in round {e['round']}, which lost a site or has many"
    ),
    "round.summed": lambda e: (
        f"Round {e['round']} summed over {len(e['uploads'])} sites, total {_short(e['total_sha256'])}"
    ),
    "study.result": lambda e: f"A result was computed: {_short(e['result_sha256'])}",
    "study.confirmed": lambda e: f"{len(e['confirmations'])} sites confirmed the result {_short(e['result_sha256'])}",
    "study.answered": lambda e: (
        f"The study {_short(e['earlier'])} asked the same of the same rows; its result {_short(e['result_sha256'])} stands."
    ),
    "study.released": lambda e: f"The result {_short(e['result_sha256'])} was released.",
    "study.witnessed": lambda e: f"{len(e['witnesses'])} sites cosigned the ledger over the release.",
    "ledger.alarm": lambda e: f"{e['site']} was shown two histories of this ledger: {_short(e['alarm_sha256'])}",
    "study.ended": _ended,
    "goal.measured": _goal_measured,
    "goal.rebased": lambda e: (
        f"The limits of the goal '{_inside(e)['goal']}' start anew at {_inside(e)['period']}: {_inside(e)['reason']}"
    ),
    "goal.attached": lambda e: f"The study {_short(e['study'])} was attached to the goal '{_inside(e)['goal']}'.",
    "relationship.answered": lambda e: f"{e['person']} answered the survey on the partners.",
    "relationship.measured": lambda e: f"The survey on the partners was evaluated: {_short(e['document_sha256'])}",
    "backup.tested": lambda e: f"The backup plan for '{_inside(e)['trigger']}' was tested: {_inside(e)['outcome']}.",
    "governance.act": lambda e: f"{e['person']}: {str(_inside(e)['act']).replace('.', ' ')}.",
    "site.stopped": lambda e: f"{e['person']} stopped its site: {_inside(e)['reason']}",
    "site.resumed": lambda e: f"{e['person']} lifted the stop of its site.",
    "settlement.statement": lambda e: f"A settlement statement {_short(e['document_sha256'])}",
    "settlement.act": lambda e: f"{e['person']}: {str(_inside(e)['act']).replace('.', ' ')}.",
}
