"""What the ledger proves about a study: the whole way is verified, and no entry about it can be changed unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from summand.encoding import canonical, to_base64
from summand.errors import SummandError, VerificationError
from summand.federation import Federation
from summand.federation._evidence import agreement_of, released_hash, verify_study
from summand.federation._memory import MemoryNetwork
from summand.study import ENTRY_TYPES, entry_in_words
from summand.testing.federations import ANALYST, Partnership

Entries = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world() -> tuple[Partnership, MemoryNetwork, dict[str, str], dict[str, Any]]:
    """Three sites, one study that is released and one that is refused; the ledger of both."""
    tables = {
        "north": {"y": [1.0, 2.2, 2.9, 4.1], "x": [1, 2, 3, 4]},
        "south": {"y": [5.2, 5.9], "x": [5, 6]},
        "west": {"y": [7.3, 7.9, 9.1], "x": [7, 8, 9]},
    }
    partnership = Partnership.of(tables, {"y": (0, 10), "x": (0, 10)})
    network = partnership.network()
    federation = Federation(network, partnership.agreement, ANALYST, partnership.analyst_key)
    result = federation.run({"name": "linear", "formula": "y ~ x"})
    with pytest.raises(SummandError) as caught:
        federation.run(
            {"name": "linear", "formula": "y ~ x"}, purpose={"system": "x", "code": "marketing", "text": "x"}
        )
    refused = str(getattr(caught.value, "study_id", ""))
    return partnership, network, {"released": result.study_id, "refused": refused}, result.to_dict()


def _entries(network: MemoryNetwork) -> list[bytes]:
    return list(network.convener.log.entries(0, network.convener.log.size))


def test_a_released_study_is_proved(world: Any) -> None:
    """Request, decisions, cohort, rounds, result, confirmations and release are verified, and the result's hash fits."""
    partnership, network, studies, result = world
    entries = _entries(network)

    evidence = verify_study(studies["released"], entries, partnership.signed, network.origin)

    assert evidence.outcome == "released"
    assert agreement_of(studies["released"], entries) == partnership.agreement.hash
    assert released_hash(result, evidence) == result["result_sha256"] == evidence.result_sha256
    said = " ".join(text for _, text in evidence.steps)
    for text in (
        ANALYST,
        "north signed its permit",
        "All 3 sites signed the same list",
        "3 sites recomputed",
        "released",
    ):
        assert text in said


def test_a_refused_study_is_proved_refused(world: Any) -> None:
    """The sites' signed refusals and the end without a result are verified."""
    partnership, network, studies, _ = world

    evidence = verify_study(studies["refused"], _entries(network), partnership.signed, network.origin)

    assert (evidence.outcome, evidence.result_sha256) == ("refused", None)
    assert sum("signed its refusal" in text for _, text in evidence.steps) == 3


def test_another_result_is_found_out(world: Any) -> None:
    """A result with one changed digit is not the released one."""
    partnership, network, studies, result = world
    evidence = verify_study(studies["released"], _entries(network), partnership.signed, network.origin)
    changed = json.loads(json.dumps(result))
    changed["terms"][0]["estimate"] += 1e-12

    with pytest.raises(VerificationError):
        released_hash(changed, evidence)


def _of(entries: Entries, kind: str, study: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["type"] == kind and entry.get("study", study) == study)


def _flip(text: str) -> str:
    return ("B" if text[0] == "A" else "A") + text[1:]


def _forge(kind: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Entries, str], None]:
    def apply(entries: Entries, study: str) -> None:
        change(_of(entries, kind, study))

    return apply


def _drop(kind: str) -> Callable[[Entries, str], None]:
    return lambda entries, study: entries.remove(_of(entries, kind, study))


def _twice(kind: str) -> Callable[[Entries, str], None]:
    return lambda entries, study: entries.append(dict(_of(entries, kind, study)))


def _first_to_end(kind: str) -> Callable[[Entries, str], None]:
    def apply(entries: Entries, study: str) -> None:
        moved = _of(entries, kind, study)
        entries.remove(moved)
        entries.append(moved)

    return apply


def _confirmation(entry: dict[str, Any]) -> None:
    given = entry["confirmations"]["south"]
    given["signature"] = _flip(given["signature"])


def _header(entry: dict[str, Any]) -> None:
    given = entry["confirmations"]["south"]
    given["header"] = to_base64(b'{"kind":"site.confirm","sender":"south","study":"x","round":3}')


FORGERIES: dict[str, Callable[[Entries, str], None]] = {
    "the request's signature": _forge(
        "study.request", lambda e: e["signed"]["request"]["signatures"][0].update(sig=to_base64(bytes(64)))
    ),
    "the request's hash": _forge("study.request", lambda e: e.update(request_hash="0" * 64)),
    "no request": _drop("study.request"),
    "a second request": _twice("study.request"),
    "no agreement": _drop("agreement.executed"),
    "no certificate of a site": _drop("site.certified"),
    "a decision's signature": _forge(
        "study.decision", lambda e: e["envelope"]["signatures"][0].update(sig=to_base64(bytes(64)))
    ),
    "a decision twice": _twice("study.decision"),
    "no decision of one site": _drop("study.decision"),
    "a decision for another site": _forge("study.decision", lambda e: e.update(site="south")),
    "a cohort's signature": _forge("study.cohort", lambda e: e["signatures"].update(west=to_base64(bytes(64)))),
    "a lower threshold": _forge("study.cohort", lambda e: e["cohort"].update(threshold=2)),
    "no cohort but rounds": _drop("study.cohort"),
    "a round without its sum": _drop("round.summed"),
    "a sum given twice": _twice("round.summed"),
    "a round opened late": _first_to_end("round.opened"),
    "a sum over fewer sites": _forge("round.summed", lambda e: e["uploads"].pop("west")),
    "two rounds of one context": lambda entries, study: [
        entry.update(context="00" * 32) for entry in entries if entry["type"] == "round.opened"
    ],
    "another result": _forge("study.result", lambda e: e.update(result_sha256="0" * 64)),
    "a result after its release": _first_to_end("study.result"),
    "no confirmations": _drop("study.confirmed"),
    "too few confirmations": _forge("study.confirmed", lambda e: e["confirmations"].pop("west")),
    "a confirmation's signature": _forge("study.confirmed", _confirmation),
    "a confirmation of something else": _forge("study.confirmed", _header),
    "another release": _forge("study.released", lambda e: e.update(result_sha256="0" * 64)),
    "an end beside a release": lambda entries, study: entries.append(
        {"type": "study.ended", "at": entries[0]["at"], "study": study, "status": "failed", "error": {"code": "x"}}
    ),
    "malformed": _forge("study.confirmed", lambda e: e.update(confirmations=7)),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_entry_can_be_changed(world: Any, forgery: str) -> None:
    """Even where the tree itself were forged to fit, a changed, missing, repeated or moved entry of the study is found."""
    partnership, network, studies, _ = world
    entries: Entries = [json.loads(entry) for entry in _entries(network)]
    FORGERIES[forgery](entries, studies["released"])
    forged = [canonical(entry) for entry in entries]

    try:
        outcome = verify_study(studies["released"], forged, partnership.signed, network.origin).outcome
    except VerificationError:
        outcome = "found out"

    assert outcome == "found out"


def test_entries_read_as_sentences(world: Any) -> None:
    """Every entry of a ledger is a sentence; an unknown or malformed one is only named."""
    _, network, _, _ = world

    for entry in _entries(network):
        text = entry_in_words(json.loads(entry))
        assert text
        assert "An entry of the type" not in text
    for kind in (*ENTRY_TYPES, "news.of.tomorrow"):
        assert entry_in_words({"type": kind}) in {f"An entry of the type '{kind}'.", "A settlement statement …"}
