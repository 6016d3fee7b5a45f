"""The guard's decisions as a table: what is different from the permitted study, and what the site answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from guard_world import EARLIER, NOW, PARTIES, TABLE, key, released_before, remembering

from summand.guard import signed_event
from summand.study import Spent, Statement


@dataclass(frozen=True)
class GuardCase:
    """One row: the situation in words, the changes to the permitted study, and the reasons expected (none: permit)."""

    what: str
    changes: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[tuple[str, str], ...] = ()


def _case(what: str, *reasons: tuple[str, str], **changes: Any) -> GuardCase:
    return GuardCase(what, changes, reasons)


def _purpose(code: str, system: str = "EHDS53", **fields: str) -> dict[str, Any]:
    return {"purpose": {"system": system, "code": code, "text": "sample", **fields}}


def _consent(*codes: str | tuple[str, str], **terms: Any) -> dict[str, Any]:
    listed = [{"code": c} if isinstance(c, str) else {"code": c[0], "parameter": c[1]} for c in codes]
    if not {"DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011"} & {i["code"] for i in listed}:
        listed.insert(0, {"code": "DUO:0000006"})
    return {"dataset": {"consent_codes": listed}, **terms}


def _veto(who: str, datasets: tuple[str, ...], *, of_this: bool = True, spoiled: bool = False) -> Any:
    """A veto of the request in the site's replica: by a party, over datasets; of another request; with no signature."""

    def past(document: Any, study: Any) -> list[dict[str, Any]]:
        digest = study.hash if of_this else "0" * 64
        act = {"act": "veto.cast", "datasets": list(datasets), "reason": "sample", "request_hash": digest}
        stated = Statement.sign("governance.act", document.hash, who, act, key(who), inside=True, at=NOW)
        envelope = stated.envelope.to_dict()
        envelope["signatures"] = [] if spoiled else envelope["signatures"]
        entry = {"type": "governance.act", "agreement_hash": document.hash, "at": NOW.isoformat(), "envelope": envelope}
        return [entry]

    return past


def _events(*steps: tuple[str, tuple[str, ...]]) -> Any:
    def past(document: Any, _: Any) -> list[dict[str, Any]]:
        return [
            {"type": "agreement.event"}
            | signed_event(
                document, event, {name: key(name) for name in by}, NOW - timedelta(hours=len(steps) - position)
            )
            for position, (event, by) in enumerate(steps)
        ]

    return past


def _entries(*rows: dict[str, Any]) -> Any:
    return lambda _, study: [
        {"study": study.request.study_id, **{k: study.hash if v == "same" else v for k, v in row.items()}}
        for row in rows
    ]


def _approvals(role: str, party: str, count: int) -> dict[str, Any]:
    return {"governance": {"study_approvals": [{"role": role, "party": party, "count": count}]}}


def _method(**spec: Any) -> dict[str, Any]:
    return {"method": {"name": "logistic", "formula": "event ~ age", "site": "pooled", **spec}}


def _budget(**fields: Any) -> dict[str, Any]:
    terms = {
        "unit_of_privacy": "patient", "neighbouring": "add_remove", "epsilon_total": 8, "delta": 1e-6,
        "period": "year", "composition": "zcdp",
    }  # fmt: skip
    return {"privacy": {"budget": {**terms, **fields}}}


def _evaluation(**model: Any) -> dict[str, Any]:
    return {"method": {"name": "evaluate", "outcome": "event", "models": [{"name": "m", **model}]}}


FITTED = {"method": {"name": "logistic", "formula": "event ~ age", "site": "pooled"}}
TERMS = {"Intercept": -3.0, "age": 0.04}
FIT = {"terms": [{"term": term, "estimate": value} for term, value in TERMS.items()]}
FOUR_SITES = ("registry-north", "registry-south", "registry-west", "registry-east")
NOT_IN_FORCE, SIGNATURE = "agreement.not_in_force", "agreement.signature_invalid"
PURPOSE, DATASET, METHOD = "guard.purpose_not_permitted", "guard.dataset_not_permitted", "guard.method_not_permitted"
COLUMN, RELEASE, COHORT = "guard.column_not_permitted", "guard.release_not_permitted", "guard.cohort_too_small"
NOT_RELEASED, BUDGET = "guard.model_not_released", "guard.budget_exceeded"
APPROVAL, REQUESTER, REPLAYED = "guard.approval_missing", "guard.requester_not_permitted", "guard.study_replayed"
VETO = "guard.holder_veto"
MONDO, OTHER_DISEASE = "MONDO:0008903", "MONDO:0005148"
ALL = PARTIES

CASES: dict[str, tuple[GuardCase, ...]] = {
    "The agreement": (
        _case("An analyst asks for what the agreement permits"),
        _case("The request names another version", (NOT_IN_FORCE, "A.version"), ask={"agreement_hash": "0" * 64}),
        _case(
            "One party has not signed",
            (SIGNATURE, "O.effective_when"), (NOT_IN_FORCE, "A.status"),
            parties_signed=("north", "south"),
        ),
        _case(
            "Two of three parties have signed, and clause O asks for two",
            terms={"execution": {"effective_when": {"rule": "k_of_n", "k": 2}}}, parties_signed=("north", "south"),
        ),
        _case(
            "The same, and the party that has not signed is this site's",
            (SIGNATURE, "O.effective_when"),
            terms={"execution": {"effective_when": {"rule": "k_of_n", "k": 2}}}, parties_signed=("north", "west"),
        ),
        _case(
            "The same, and it is the requester's",
            (SIGNATURE, "O.effective_when"),
            terms={"execution": {"effective_when": {"rule": "k_of_n", "k": 2}}}, parties_signed=("south", "west"),
        ),
        _case(
            "The term has ended",
            (NOT_IN_FORCE, "N.term"), (REQUESTER, "B.people"), (APPROVAL, "F.approvals"),
            at=NOW + timedelta(days=400), ask={"created_at": (NOW + timedelta(days=400)).isoformat()},
        ),
        _case(
            "The term has not begun",
            (NOT_IN_FORCE, "N.term"), (REQUESTER, "B.people"), (APPROVAL, "F.approvals"),
            at=NOW - timedelta(days=30), ask={"created_at": (NOW - timedelta(days=30)).isoformat()},
        ),
        _case(
            "A data holder has suspended the agreement",
            (NOT_IN_FORCE, "A.status"), past=_events(("suspend", ("west",))),
        ),
        _case("It was suspended, and all parties resumed it", past=_events(("suspend", ("west",)), ("resume", ALL))),
        _case("The parties are in dispute", (NOT_IN_FORCE, "A.status"), past=_events(("dispute", ("north",)))),
        _case("A party has terminated it", (NOT_IN_FORCE, "A.status"), past=_events(("terminate", ("north",)))),
    ),
    "The requester": (
        _case("A principal investigator asks", ask={"requester": "Pia"}, signer="Pia"),
        _case("A finance officer asks", (REQUESTER, "B.roles"), ask={"requester": "Finn"}, signer="Finn"),
        _case(
            "Somebody asks whom the agreement does not name",
            (REQUESTER, "B.people"), ask={"requester": "Mallory"}, signer="Mallory",
        ),
        _case("A stranger signs in an analyst's name", (SIGNATURE, "B.people"), signer="Mallory"),
        _case(
            "The analyst's key has run out",
            (REQUESTER, "B.people"), terms={"people": {"Ada": {"to": "2026-03-09"}}},
        ),
        _case(
            "The analyst's party only observes",
            (REQUESTER, "B.roles"),
            terms={
                "names": (*PARTIES, "east"), "bystanders": ("east",),
                "parties": {"east": {"roles": ["observer"]}}, "people": {"Ada": {"party": "east"}},
            },
        ),
    ),
    "The request": (
        _case("It was made for another federation", (REPLAYED, ""), federation="other.example/log"),
        _case("It is older than a day", (REPLAYED, ""), at=NOW + timedelta(hours=25)),
        _case("It is dated an hour ahead", (REPLAYED, ""), ask={"created_at": (NOW + timedelta(hours=1)).isoformat()}),
        _case("It stands in the ledger, undecided", past=_entries({"type": "study.request", "request_hash": "same"})),
        _case(
            "Another request used its identifier",
            (REPLAYED, ""), past=_entries({"type": "study.request", "request_hash": "f" * 64}),
        ),
        _case(
            "This site has decided on it before",
            (REPLAYED, ""), past=_entries({"type": "study.decision", "site": "south"}),
        ),
        _case("Another site has decided on it", past=_entries({"type": "study.decision", "site": "west"})),
        _case("It has run before", (REPLAYED, ""), past=_entries({"type": "study.released"})),
    ),
    "The purpose": (
        _case("A narrower purpose than the one permitted", ask=_purpose("53(1)(e)(ii)")),
        _case(
            "A broader purpose than the one permitted",
            (PURPOSE, "C.purposes"), ask=_purpose("53(1)(e)"),
            terms={"purposes": [{"system": "EHDS53", "code": "53(1)(e)(i)", "text": "sample"}]},
        ),
        _case("A letter that the regulation does not have", (PURPOSE, "C.purposes"), ask=_purpose("53(1)(e)(iii)")),
        _case("Another permitted use, not in this agreement", (PURPOSE, "C.purposes"), ask=_purpose("53(1)(f)")),
        _case(
            "A prohibited purpose: marketing",
            (PURPOSE, "C.prohibited_purposes"), (PURPOSE, "C.purposes"), ask=_purpose("54(c)", "EHDS54"),
        ),
        _case(
            "A prohibited purpose in the name of a permitted system",
            (PURPOSE, "C.prohibited_purposes"), (PURPOSE, "C.purposes"), ask=_purpose("54(b)"),
        ),
        _case(
            "The agreement's list of prohibitions was emptied, and marketing is asked for",
            (PURPOSE, "C.prohibited_purposes"), (PURPOSE, "C.purposes"), ask=_purpose("54(c)", "EHDS54"),
            terms={"purpose": {"prohibited_purposes": []}},
        ),
        _case(
            "A purpose with a part that is not known",
            (PURPOSE, "C.purposes"), ask=_purpose("53(1)(e)", also="marketing"),
        ),
        _case(
            "A public health purpose, asked for by a hospital",
            (PURPOSE, "C.purposes"), ask=_purpose("53(1)(a)"),
            terms=_consent("DUO:0000004", purposes=[{"system": "EHDS53", "code": "53(1)(a)", "text": "sample"}],
                           parties={"west": {"type": "government"}}),
        ),
        _case(
            "A public health purpose, asked for by an authority",
            ask=_purpose("53(1)(a)"),
            terms=_consent("DUO:0000004", purposes=[{"system": "EHDS53", "code": "53(1)(a)", "text": "sample"}],
                           parties={"north": {"type": "government"}}),
        ),
        _case(
            "Research on another disease than the one permitted",
            (PURPOSE, "C.purposes"), ask=_purpose("53(1)(e)", disease=OTHER_DISEASE),
            terms={"purposes": [{"system": "EHDS53", "code": "53(1)(e)", "text": "sample", "disease": MONDO}]},
        ),
        _case(
            "Biomedical research where DUO permits general research",
            ask=_purpose("DUO:0000006", "DUO"),
            terms={"purposes": [{"system": "DUO", "code": "DUO:0000042", "text": "sample"}]},
        ),
        _case(
            "General research where DUO permits biomedical research",
            (PURPOSE, "C.purposes"), ask=_purpose("DUO:0000042", "DUO"),
            terms={"purposes": [{"system": "DUO", "code": "DUO:0000006", "text": "sample"}]},
        ),
    ),
    "The data": (
        _case(
            "A dataset that the agreement does not have",
            (DATASET, "D.datasets"),
            ask={"datasets": ("registry-north", "registry-south", "registry-west", "biobank")},
        ),
        _case(
            "No dataset of this site",
            (DATASET, "D.datasets"), site="centre",
        ),
        _case(
            "Fewer sites than the agreement's minimum",
            (COHORT, "D.min_sites"), ask={"datasets": ("registry-north", "registry-south")},
        ),
        _case(
            "Two datasets of one party",
            (DATASET, "D.datasets"),
            ask={"datasets": ("registry-north", "registry-south", "registry-west", "clinic-south")},
            terms={"more_datasets": [{"id": "clinic-south", "holder": "south"}]},
        ),
        _case(
            "Datasets under different dictionaries",
            (DATASET, "D.datasets"),
            terms={
                "dictionaries": {"registry": TABLE, "other": {"fields": TABLE["fields"][:4]}},
                "dataset": {"dictionary": "other", "columns_withheld": []},
            },
            ask=_method(),
        ),
        _case("A column that is withheld", (COLUMN, "D.columns_withheld"), ask=_method(formula="event ~ hiv")),
        _case("The person identifier as a covariate", (COLUMN, "D.columns_withheld"), ask=_method(formula="event ~ patient")),
        _case("A text column", (COLUMN, "D.columns_withheld"), ask=_method(formula="event ~ note")),
        _case("A column that the dictionary does not have", (COLUMN, "D.columns_withheld"), ask=_method(formula="event ~ x")),
        _case("All columns described, and one is withheld", (COLUMN, "D.columns_withheld"), ask={"method": {"name": "describe"}}),
        _case("All columns described, and none is withheld", ask={"method": {"name": "describe"}},
              terms={"dataset": {"columns_withheld": []}}),
        _case("A withheld column in a crosstab", (COLUMN, "D.columns_withheld"),
              ask={"method": {"name": "describe", "columns": ["age"], "crosstabs": [["sex", "hiv"]]}}),
        _case("A withheld column that a model under test reads", (COLUMN, "D.columns_withheld"), approved_by=("Sven",),
              ask=_evaluation(formula="~ hiv", terms={"hiv": 1.0})),
    ),
    "Consent": (
        _case("Consent to research on one disease, which the purpose names",
              terms=_consent(("DUO:0000007", MONDO)), ask=_purpose("53(1)(e)", disease=MONDO)),
        _case("The same, and the purpose names no disease", (DATASET, "D.consent_codes"), terms=_consent(("DUO:0000007", MONDO))),
        _case("The same, and the purpose names another, perhaps a kind of it", (APPROVAL, "D.consent_codes"),
              terms=_consent(("DUO:0000007", MONDO)), ask=_purpose("53(1)(e)", disease=OTHER_DISEASE)),
        _case("The same, and this site's data steward has approved",
              terms=_consent(("DUO:0000007", MONDO)), ask=_purpose("53(1)(e)", disease=OTHER_DISEASE), approved_by=("Sven",)),
        _case("The same, and another site's data steward has approved", (APPROVAL, "D.consent_codes"),
              terms=_consent(("DUO:0000007", MONDO)), ask=_purpose("53(1)(e)", disease=OTHER_DISEASE), approved_by=("Wim",)),
        _case("Not for profit (NPU), asked for by a firm", (DATASET, "D.consent_codes"), terms=_consent("DUO:0000045")),
        _case("Not for profit (NPU), asked for by an association",
              terms=_consent("DUO:0000045", parties={"north": {"nonprofit": True}})),
        _case("No commercial use (NCU), product development", (DATASET, "D.consent_codes"),
              terms=_consent("DUO:0000046"), ask=_purpose("53(1)(e)(i)")),
        _case("No general methods (NMDS), training of algorithms: a person must judge", (APPROVAL, "D.consent_codes"),
              terms=_consent("DUO:0000015"), ask=_purpose("53(1)(e)(ii)")),
        _case("Region (GS) without the requester's country", (DATASET, "D.consent_codes"), terms=_consent(("DUO:0000022", "DE, FR"))),
        _case("Region (GS) with it", terms=_consent(("DUO:0000022", "DE, NL"))),
        _case("Time limit (TS) that has passed", (DATASET, "D.consent_codes"), terms=_consent(("DUO:0000025", "2026-03-09"))),
        _case("Time limit (TS) in months that still runs", terms=_consent(("DUO:0000025", "1"))),
        _case("Named users (US) without the requester", (DATASET, "D.consent_codes"), terms=_consent(("DUO:0000026", "Bea, Cai"))),
        _case("Named institutions (IS) with the requester's", terms=_consent(("DUO:0000028", "north, east"))),
        _case("Ethics approval needed (IRB), and there is one", terms=_consent(("DUO:0000021", "sample approval"))),
        _case("Publication duties (PUB) and a moratorium (MOR) bind afterwards",
              terms=_consent("DUO:0000019", ("DUO:0000024", "2026-12-31"))),
        _case("Ancestry only (POA), and the purpose is another", (DATASET, "D.consent_codes"), terms=_consent("DUO:0000011")),
    ),
    "The method": (
        _case(
            "A method that the agreement does not list",
            (METHOD, "D.computations_allowed"), terms={"data": {"computations_allowed": [{"method": "describe"}]}},
        ),
        _case("A method that nobody knows", (METHOD, "D.computations_allowed"), ("usage", ""), ask={"method": {"name": "sql"}}),
        _case(
            "A parameter outside the values agreed",
            (METHOD, "D.computations_allowed"),
            terms={"data": {"computations_allowed": [{"method": "logistic", "parameters": {"site": ["pooled"]}}]}},
            ask=_method(site="fixed"),
        ),
        _case(
            "The same parameter within them",
            terms={"data": {"computations_allowed": [{"method": "logistic", "parameters": {"site": ["pooled"]}}]}},
        ),
        _case(
            "All columns, where the agreement lists the columns",
            (METHOD, "D.computations_allowed"),
            terms={"data": {"computations_allowed": [{"method": "describe", "parameters": {"columns": ["age", "sex"]}}]},
                   "dataset": {"columns_withheld": []}},
            ask={"method": {"name": "describe"}},
        ),
        _case(
            "Some of the columns that it lists",
            terms={"data": {"computations_allowed": [{"method": "describe", "parameters": {"columns": ["age", "sex"]}}]}},
            ask={"method": {"name": "describe", "columns": ["age"]}},
        ),
        _case("A setting that the method does not have", ("usage", ""), ask=_method(rows="all")),
        _case("A formula outside the grammar", ("method.formula_invalid", ""), ask=_method(formula="event ~ __import__('os')")),
    ),
    "The release": (
        _case("Each site's own result, which the agreement does not name", (RELEASE, "D.release_levels"), ask={"release_level": "site_level"}),
        _case("Each site's own result, which it names", ask={"release_level": "site_level"},
              terms={"data": {"release_levels": ["total", "site_level"]}}),
        _case("A looser profile than the agreement's", (RELEASE, "D.disclosure_profile"), ask={"disclosure_profile": "public_data"}),
        _case("A stricter profile than the agreement's", ask={"disclosure_profile": "institutional"}, terms={"profile": "public_data"}),
        _case("A profile that nobody knows", ("agreement.invalid", "D.disclosure_profile"), (RELEASE, "D.disclosure_profile"),
              ask={"disclosure_profile": "open"}),
        _case("The profile trial at a site service", (RELEASE, "D.disclosure_profile"), ask={"disclosure_profile": "trial"},
              terms={"profile": "public_data"}),
        _case("The profile trial in one process", ask={"disclosure_profile": "trial"}, terms={"profile": "public_data"}, allow_trial=True),
        _case("The agreement asks for people to review results", (RELEASE, "D.output_review"),
              terms={"data": {"output_review": "two_person"}}),
    ),
    "The privacy budget": (
        _case("A study within the budget", terms=_budget(epsilon_per_study=1.0)),
        _case("Nobody says how much the study spends", (BUDGET, "E.budget"), terms=_budget()),
        _case("The request says so", terms=_budget(), ask={"epsilon": 2.0}),
        _case("More than one study may spend", (BUDGET, "E.budget"), terms=_budget(epsilon_per_study=1.0), ask={"epsilon": 2.0}),
        _case("The rest of the budget, to the last bit", terms=_budget(epsilon_total=8, epsilon_per_study=8.0)),
        _case("As much, after a study that spent a little", (BUDGET, "E.budget"),
              terms=_budget(epsilon_total=8, epsilon_per_study=8.0), spent=Spent(0.001, 0.0)),
        _case("As much, after samplers took some of delta", (BUDGET, "E.budget"),
              terms=_budget(epsilon_total=8, epsilon_per_study=8.0), spent=Spent(0.0, 1e-7)),
        _case("More than this party's own budget", (BUDGET, "E.budget"),
              terms=_budget(epsilon_per_study=1.0, party_budgets=[{"party": "south", "epsilon": 0.5}])),
        _case("More than another party's own budget, which its site judges",
              terms=_budget(epsilon_per_study=1.0, party_budgets=[{"party": "west", "epsilon": 0.5}])),
        _case("A delta of 0", (BUDGET, "E.budget"), terms=_budget(epsilon_per_study=1.0, delta=0)),
        _case("Basic composition", (RELEASE, "E.budget"), terms=_budget(epsilon_per_study=1.0, composition="basic")),
        _case("A method without a private form", (METHOD, "E.budget"), terms=_budget(epsilon_per_study=1.0),
              ask={"method": {"name": "correlation", "columns": ["age", "event"]}}),
        _case("An intercept for each site, which is condensed", (METHOD, "E.budget"), terms=_budget(epsilon_per_study=1.0),
              ask=_method(site="fixed")),
        _case("Each site's own result", (RELEASE, "E.budget"), ask={"release_level": "site_level"},
              terms={**_budget(epsilon_per_study=1.0), "data": {"release_levels": ["total", "site_level"]}}),
    ),
    "What was released before": (
        _case("The same question over one site more, before", (COHORT, "D.min_sites"),
              terms={"names": (*PARTIES, "east")}, past=released_before(datasets=FOUR_SITES)),
        _case("The same, where the agreement permits each site's own result",
              terms={"names": (*PARTIES, "east"), "data": {"release_levels": ["total", "site_level"]}},
              past=released_before(datasets=FOUR_SITES)),
        _case("Another question over one site more, before", terms={"names": (*PARTIES, "east")},
              past=released_before(datasets=FOUR_SITES, **FITTED)),
        _case("A model with coefficients of the requester's choice", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="event ~ age", terms=TERMS)),
        _case("The same, and this site's data steward has approved",
              ask=_evaluation(formula="event ~ age", terms=TERMS), approved_by=("Sven",)),
        _case("The same, and another site's has", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="event ~ age", terms=TERMS), approved_by=("Wim",)),
        _case("The same on published data", ask=_evaluation(formula="event ~ age", terms=TERMS),
              terms={"profile": "public_data"}),
        _case("The model that an earlier study released", ask=_evaluation(formula="~ age", terms=TERMS, study=EARLIER),
              past=released_before(**FITTED), remembered=remembering(result=FIT, **FITTED)),
        _case("One of its coefficients changed in the sixth digit", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="~ age", terms={**TERMS, "age": 0.0400001}, study=EARLIER),
              past=released_before(**FITTED), remembered=remembering(result=FIT, **FITTED)),
        _case("One of its terms left out", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="~ 1", terms={"Intercept": -3.0}, study=EARLIER),
              past=released_before(**FITTED), remembered=remembering(result=FIT, **FITTED)),
        _case("Its numbers under another formula", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="~ age", terms=TERMS, study=EARLIER),
              past=released_before(), remembered=remembering(result=FIT)),
        _case("A model whose release is not in the ledger", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="~ age", terms=TERMS, study=EARLIER), remembered=remembering(result=FIT, **FITTED)),
        _case("A model of a study that this site took no part in", (NOT_RELEASED, "D.computations_allowed"),
              ask=_evaluation(formula="~ age", terms=TERMS, study=EARLIER), past=released_before(**FITTED)),
    ),
    "Approvals": (
        _case("The ethics approval has expired", (NOT_IN_FORCE, "A.status"), (APPROVAL, "F.approvals"), terms={"ethics": {"approvals": [{
            "body": "sample", "reference": "sample-002", "jurisdiction": "NL", "scope": "sample",
            "granted": "2025-01-01", "expires": "2026-03-09"}]}}),
        _case("Two data stewards must approve, and one has", (APPROVAL, "H.study_approvals"),
              terms=_approvals("data_steward", "any", 2), approved_by=("Sven",)),
        _case("Two data stewards must approve, and two have", terms=_approvals("data_steward", "any", 2), approved_by=("Sven", "Wim")),
        _case("Two must approve, and one has approved twice", (APPROVAL, "H.study_approvals"),
              terms=_approvals("data_steward", "any", 2), approved_by=("Sven", "Sven")),
        _case("The steward of one party must approve, and another's has", (APPROVAL, "H.study_approvals"),
              terms=_approvals("data_steward", "south", 1), approved_by=("Wim",)),
        _case("A principal investigator must approve, and approves a study of her own", (APPROVAL, "H.study_approvals"),
              terms=_approvals("principal_investigator", "any", 1), ask={"requester": "Pia"}, signer="Pia", approved_by=("Pia",)),
        _case("The approver's key has run out", (APPROVAL, "H.study_approvals"),
              terms=_approvals("data_steward", "south", 1) | {"people": {"Sven": {"to": "2026-03-09"}}}, approved_by=("Sven",)),
    ),
    "Vetoes": (
        _case("The data holder vetoed this use of its data", (VETO, "H.holder_veto"), past=_veto("south", ("registry-south",))),
        _case("Its data steward did", (VETO, "H.holder_veto"), past=_veto("Sven", ("registry-south",))),
        _case("Its veto was spoiled by who keeps the ledger", (VETO, "H.holder_veto"),
              past=_veto("south", ("registry-south",), spoiled=True)),
        _case("It vetoed another request", past=_veto("south", ("registry-south",), of_this=False)),
        _case("Another party claims to veto for it", past=_veto("west", ("registry-south",))),
        _case("Another holder vetoed the use of its own data", past=_veto("west", ("registry-west",))),
    ),
    "Several objections": (
        _case(
            "Everything at once is said at once",
            (PURPOSE, "C.purposes"), (COLUMN, "D.columns_withheld"), (RELEASE, "D.release_levels"),
            ask={**_purpose("53(1)(f)"), **_method(formula="event ~ hiv"), "release_level": "site_level"},
        ),
    ),
}  # fmt: skip
