"""Studies in a pack: what was asked, who decided what, and the very bytes that were released."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from summand.documents import Document, Sheet
from summand.encoding import dump, from_base64, parse, sha256_hex
from summand.errors import ResultSealed, SummandError, UsageError, VerificationError
from summand.evidence._case import Case, said
from summand.evidence._ledger_copy import Numbered
from summand.federation import StudyResult
from summand.federation._evidence import Evidence, verify_leaves
from summand.federation._results import ADDED_FIELDS
from summand.methods import METHODS
from summand.signing import PrivateKey
from summand.study import Plan, SignedStudy, open_release
from summand.study.messages import result_hash

HETEROGENEITY = (
    "tau2", "tau2_low", "tau2_high", "i_squared", "h_squared", "q", "q_degrees_of_freedom", "q_p_value",
    "prediction_low", "prediction_high",
)  # fmt: skip
_SUBGROUPS = ("groups", "by_group", "by_site", "strata", "levels")


@dataclass
class StudyFacts:
    """A study as the pack tells it.

    Attributes:
        study, title, requester, at: From its request.
        outcome: As `Evidence.outcome`, or ``answered``.
        result_sha256: Of what was released, as the ledger has it.
        where: ``included``, ``opened`` (with the requester's key, of a blind hub), ``sealed``, or None if it is not here.
        answered_by: The earlier study whose result stands for it, else empty.
        agreement_hash, method, purpose, datasets: From its request.
        decisions: Each site's, with reasons and leaf.
        ended: Why it ended without a result, in words.
        approvals: Who approved it.
        evidence: What its entries prove; None where an earlier study answers it.
        plan: What followed from request and agreement; None if it does not fit the agreement.
        result: The released values, if they are here.
    """

    study: str
    title: str
    requester: str
    at: str
    outcome: str
    agreement_hash: str
    method: Mapping[str, Any]
    purpose: Mapping[str, Any]
    datasets: tuple[str, ...]
    decisions: list[dict[str, Any]]
    approvals: list[str]
    ended: str = ""
    result_sha256: str | None = None
    where: str | None = None
    answered_by: str = ""
    evidence: Evidence | None = None
    plan: Plan | None = None
    result: StudyResult | None = field(default=None, repr=False)

    def index(self) -> dict[str, Any]:
        """Its line in ``pack.json``."""
        return {
            "study": self.study, "title": self.title, "outcome": self.outcome, "result_sha256": self.result_sha256,
            "result": self.where, **({"answered_by": self.answered_by} if self.answered_by else {}),
        }  # fmt: skip


def read_studies(case: Case, results: Iterable[Mapping[str, Any]], key: PrivateKey | None) -> list[StudyFacts]:
    """Every chosen study, verified, with its result where it is given and is the released one.

    Raises:
        VerificationError: if a study's entries do not prove what they should, or a result is not the released one.
        UsageError: if a result is of none of the studies.
    """
    given = {str(result.get("study")): result for result in results}
    strangers = set(given) - set(case.chosen.studies)
    if strangers:
        raise UsageError(
            f"A result was given of study {min(strangers)[:40]}, which is not in this pack.",
            remedy="Give results of its studies, as 'summand study show --json' prints them.",
        )
    by_id = {study: _read(case, study) for study in case.chosen.studies}
    for study, facts in by_id.items():
        first = by_id.get(facts.answered_by, facts)  # its result is that of the study that answers it
        if study in given and (first is facts or first.study not in given):
            _take(case, first, given[study], key)
    for facts in by_id.values():
        if facts.answered_by:
            facts.result_sha256 = by_id[facts.answered_by].result_sha256
    return list(by_id.values())


def _read(case: Case, study: str) -> StudyFacts:
    mine = [(leaf, entry) for leaf, entry in case.chosen.entries if entry.get("study") == study]
    asked = SignedStudy.from_dict(_first(mine, "study.request")[1]["signed"])
    request = asked.request
    signed = next(one for one in case.signed if one.agreement.hash == request.agreement_hash)
    answered = [entry for _, entry in mine if entry.get("type") == "study.answered"]
    tree, size = case.ledger.tree, case.ledger.size
    evidence = None
    if not answered:
        evidence = verify_leaves(
            study, case.chosen.entries, signed, case.ledger.origin, lambda at: tree.root(at) if at <= size else None
        )
    ends = [entry for _, entry in mine if entry.get("type") == "study.ended"]
    facts = StudyFacts(
        study, request.title, request.requester, request.created_at,
        evidence.outcome if evidence else "answered", request.agreement_hash, dict(request.method),
        dict(request.purpose), request.datasets, [_decision(leaf, entry) for leaf, entry in mine if entry["type"] == "study.decision"],
        [str(parse(one.payload).get("person")) for one in asked.approvals],
        _why(ends[0]) if ends else "", evidence.result_sha256 if evidence else None,
        answered_by=str(answered[0]["earlier"]) if answered else "", evidence=evidence,
    )  # fmt: skip
    try:
        facts.plan = Plan.of(asked, signed.agreement)
    except SummandError as error:
        facts.ended = facts.ended or said(error)
    return facts


def _take(case: Case, facts: StudyFacts, shown: Mapping[str, Any], key: PrivateKey | None) -> None:
    """The result's own bytes, if they have the hash that the ledger holds."""
    if facts.result_sha256 is None:
        raise VerificationError(
            f"Study {facts.study} has no released result ({facts.outcome}), and one was given.",
            remedy="Leave it out: a pack holds what was released, and nothing else.",
        )
    folder = f"studies/{facts.study}"
    sealed = shown.get("sealed")
    if isinstance(sealed, Mapping):
        data = from_base64(str(sealed.get("sealed")), "sealed result")
        _require_released(facts, sha256_hex(data))
        case.put(
            f"{folder}/result.sealed",
            data,
            "The result as the sites sealed it to who asked; its hash is in the ledger.",
        )
        facts.where, values = "sealed", None
        if key is not None:
            try:
                values = open_release(key, facts.study, sealed)
            except ResultSealed:
                values = None
    else:
        held = shown["result"] if isinstance(shown.get("result"), Mapping) else shown
        values = {name: value for name, value in held.items() if name not in ADDED_FIELDS}
        _require_released(facts, result_hash(values))
        facts.where = "included"
    if values is None:
        return
    facts.where = "opened" if facts.where == "sealed" else facts.where
    case.put(f"{folder}/result.json", dump(values), "The released result, byte for byte as it was signed.")
    title = next(one.title for one in case.versions if one.hash == facts.agreement_hash)
    facts.result = StudyResult(facts.study, values, facts.result_sha256, title, (), facts.method)


def _require_released(facts: StudyFacts, digest: str) -> None:
    if digest != facts.result_sha256:
        raise VerificationError(
            f"The result given for study {facts.study} has the hash {digest}, not the one that was released.",
            remedy="Give what 'summand study show STUDY --json' prints, unchanged.",
        )


def write_studies(case: Case, studies: list[StudyFacts]) -> None:
    """Each study's folder, and all of them side by side."""
    for facts in studies:
        folder = f"studies/{facts.study}"
        case.put_json(
            f"{folder}/protocol.json", _protocol(facts), "Request, method with its formula, sites and limits."
        )
        if facts.evidence is not None:
            case.put_json(
                f"{folder}/evidence.json", facts.evidence.to_dict(), "What the study's entries prove, step by step."
            )
        if facts.result is not None:
            case.put_pdf(f"{folder}/result.pdf", result_document(case, facts), "The released result, to be read.")
    case.put_json(
        "studies/overview.json", [_overview(one) for one in studies], "All studies, with heterogeneity and subgroups."
    )
    decisions = [
        {"study": one.study, "title": one.title, "outcome": one.outcome, "ended": one.ended, "approvals": one.approvals,
         "sites": one.decisions}
        for one in studies
    ]  # fmt: skip
    case.put_json(
        "decisions.json", decisions, "Each site's decision on each study, refusals with their clauses and reasons."
    )


def result_document(case: Case, facts: StudyFacts) -> Document:
    """A released result for paper."""
    found = facts.result
    assert found is not None
    sheets = []
    for place, (title, table) in enumerate(found.tables()):
        compact = table.compact()
        columns = tuple(name.replace("_", " ") for name in compact.columns)
        rows = tuple(tuple(map(str, row)) for row in compact.shown())
        numeric = tuple(
            name for at, name in enumerate(columns) if at and not any(row[at][:1].isalpha() for row in rows)
        )
        heading = title or ("Result" if not place else "Result, continued")
        sheets.append(Sheet(heading, columns, rows, numeric))
    opened = ["Sealed to its requester, and opened with their key for this pack."] if facts.where == "opened" else []
    return Document(
        f"{facts.title}: {found.heading}",
        (
            f"Study {facts.study}, asked by {facts.requester} for {facts.purpose.get('text') or facts.purpose.get('code')}.",
            *opened, *found.facts, *(f"Warning: {text}" for text in found.warnings),
        ),
        tuple(sheets),
        (f"SHA-256 of the result: {facts.result_sha256}.", case.source),
    )  # fmt: skip


def _protocol(facts: StudyFacts) -> dict[str, Any]:
    method = METHODS.get(str(facts.method.get("name")))
    made: dict[str, Any] = {
        "study": facts.study, "title": facts.title, "requester": facts.requester, "created_at": facts.at,
        "agreement_hash": facts.agreement_hash, "purpose": dict(facts.purpose), "datasets": list(facts.datasets),
        "approvals": facts.approvals, "method": dict(facts.method),
    }  # fmt: skip
    if method is not None:
        made["code"] = {
            "title": method.title, "about": inspect.getdoc(method) or "", "module": method.__module__,
            "module_sha256": sha256_hex(Path(inspect.getfile(method)).read_bytes()),
        }  # fmt: skip
    if facts.plan is not None:
        plan = facts.plan
        made["plan"] = {
            "method_in_full": plan.method.to_spec(), "release_level": plan.request.release_level,
            "disclosure_profile": plan.request.disclosure_profile, "limits": asdict(plan.limits),
            "sites": [{"site": s, "party": plan.party_of[s], "dataset": plan.dataset_of[s]} for s in plan.sites],
            "witnesses_needed": plan.witness_quorum, "blind_hub": plan.blind,
            "privacy": None if plan.privacy is None else plan.privacy.to_dict(),
        }  # fmt: skip
    return made


def _overview(facts: StudyFacts) -> dict[str, Any]:
    values: Mapping[str, Any] = facts.result.result if facts.result else {}
    return {
        **facts.index(), "method": facts.method.get("name"), "formula": facts.method.get("formula"),
        "n": values.get("n"), "sites": values.get("sites"),
        "heterogeneity": {name: values[name] for name in HETEROGENEITY if name in values} or None,
        "subgroups": {name: value for name, value in values.items() if _is_by_subgroup(name, value)} or None,
    }  # fmt: skip


def _is_by_subgroup(name: str, value: Any) -> bool:
    """Whether a part of a result is told by group, stratum or site."""
    if name in _SUBGROUPS:
        return bool(value)
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "group" in value[0]


def _decision(leaf: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    inside: Any = parse(from_base64(str(entry["envelope"]["payload"]), "decision"))
    return {
        "site": entry["site"], "leaf": leaf, "at": entry.get("at"), "decision": inside["decision"],
        "reasons": inside.get("reasons", []),
    }  # fmt: skip


def _why(entry: Mapping[str, Any]) -> str:
    error = entry.get("error") or {}
    clause = f" (clause {error['clause']})" if error.get("clause") else ""
    return f"{error.get('message', '')}{clause} [{error.get('code', '')}]".strip()


def _first(entries: Iterable[Numbered], kind: str) -> Numbered:
    return next((leaf, entry) for leaf, entry in entries if entry.get("type") == kind)
