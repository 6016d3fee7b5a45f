"""A partnership in which one study is permitted, and every part of it can be changed: for tests of the guard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from summand.agreement import Agreement, SignedAgreement, complete_example, sign
from summand.guard import Decision, Release, decide
from summand.signing import PrivateKey
from summand.study import History, SignedStudy, Spent, StudyRequest, question_of

FEDERATION = "hub.example/log"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
START = date(2026, 3, 1)
PARTIES = ("north", "south", "west")
SITE = "south"
TABLE: dict[str, Any] = {
    "fields": [
        {"name": "patient", "type": "string"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["f", "m"]}},
        {"name": "event", "type": "integer", "constraints": {"minimum": 0, "maximum": 1, "enum": [0, 1]}},
        {"name": "hiv", "type": "integer", "constraints": {"minimum": 0, "maximum": 1, "enum": [0, 1]}},
        {"name": "note", "type": "string"},
    ],
    "x-person-id": "patient",
}
PEOPLE = {
    "Ada": ("north", "analyst"),
    "Pia": ("north", "principal_investigator"),
    "Finn": ("north", "finance_officer"),
    "Sven": ("south", "data_steward"),
    "Wim": ("west", "data_steward"),
}


@cache
def key(name: str) -> PrivateKey:
    """The key of a party, a person or a stranger, the same throughout a test run."""
    return PrivateKey.generate()


def person(name: str, **fields: Any) -> dict[str, Any]:
    """One person of clause B."""
    party, role = PEOPLE[name]
    return {"name": name, "party": party, "role": role, "key": key(name).public.text, **fields}


def agreement(
    *,
    parties: dict[str, dict[str, Any]] | None = None,
    people: dict[str, dict[str, Any]] | None = None,
    dataset: dict[str, Any] | None = None,
    **options: Any,
) -> Agreement:
    """The partnership's agreement; ``dataset`` changes the dataset of `SITE`, ``people`` and ``parties`` theirs."""
    names = options.pop("names", PARTIES)
    bystanders = options.pop("bystanders", ())
    own = {"id": "registry-south", "holder": SITE, "columns_withheld": ["hiv"], **(dataset or {})}
    held = [{"id": f"registry-{name}", "holder": name} for name in names if name not in (SITE, *bystanders)] + [own]
    return complete_example(
        [{"id": name, "key": key(name).public.text, **(parties or {}).get(name, {})} for name in names],
        dictionaries=options.pop("dictionaries", {"registry": TABLE}),
        datasets=held + options.pop("more_datasets", []),
        people=[person(name, **(people or {}).get(name, {})) for name in PEOPLE],
        start=START,
        identity={"id": "urn:uuid:6f2c1a52-7d2e-4a6e-9d57-0a4f2f0b7c11", **options.pop("identity", {})},
        **options,
    )


def signed(document: Agreement, by: tuple[str, ...] = PARTIES) -> SignedAgreement:
    """The agreement signed by these parties' own keys."""
    envelope = None
    for name in by:
        envelope = sign(document, name, key(name), envelope)
    assert envelope is not None
    return SignedAgreement(document, envelope)


def request(document: Agreement, **changes: Any) -> StudyRequest:
    """The permitted request, with changes."""
    fields: dict[str, Any] = {
        "study_id": "0123456789abcdef0123456789abcdef",
        "federation": FEDERATION,
        "agreement_hash": document.hash,
        "requester": "Ada",
        "purpose": {"system": "EHDS53", "code": "53(1)(e)", "text": "Which patients are at risk"},
        "datasets": ("registry-north", "registry-south", "registry-west"),
        "method": {"name": "logistic", "formula": "event ~ age + C(sex)", "site": "pooled"},
        "release_level": "total",
        "disclosure_profile": document.profile_name,
        "title": "Who is at risk",
        "created_at": (NOW - timedelta(minutes=1)).isoformat(timespec="seconds"),
    }
    return StudyRequest(**{**fields, **changes})


def study(asked: StudyRequest, signer: str = "Ada", approved_by: tuple[str, ...] = ()) -> SignedStudy:
    """The request signed by one person and approved by others."""
    out = SignedStudy.sign(asked, key(signer))
    for name in approved_by:
        out = out.approved_by(name, key(name), NOW)
    return out


def judge(
    *,
    terms: dict[str, Any] | None = None,
    ask: dict[str, Any] | None = None,
    signer: str = "Ada",
    approved_by: tuple[str, ...] = (),
    parties_signed: tuple[str, ...] | None = None,
    past: Any = None,
    remembered: Any = None,
    spent: Spent | None = None,
    site: str = SITE,
    federation: str = FEDERATION,
    at: datetime = NOW,
    allow_trial: bool = False,
) -> Decision:
    """The decision on the permitted study with these changes.

    Args:
        terms: Changes of the agreement, as `agreement` takes them.
        ask: Changes of the request.
        past: A function of the agreement and the signed study that gives the ledger's entries.
        spent: What the site's dataset has spent of its privacy budget.
        remembered: A function of the same that gives the releases that the site remembers.
    """
    document = agreement(**(terms or {}))
    sealed = signed(document, parties_signed or (terms or {}).get("names", PARTIES))
    asked = study(request(document, **(ask or {})), signer, approved_by)
    history = History(tuple(past(document, asked)) if past else (), 7, "ab" * 32)
    releases = tuple(remembered(document, asked)) if remembered else ()
    return decide(
        asked, sealed, history, site=site, federation=federation, at=at, allow_trial=allow_trial, releases=releases,
        spent=spent or Spent(),
    )  # fmt: skip


EARLIER = "e" * 32


def released_before(**changes: Any) -> Any:
    """A past in which a study was released: its request, with changes of the permitted one."""

    def past(document: Agreement, _: SignedStudy) -> list[dict[str, Any]]:
        earlier = study(request(document, study_id=EARLIER, **changes))
        return [
            {"type": "study.request", "study": EARLIER, "request_hash": earlier.hash, "signed": earlier.to_dict()},
            {"type": "study.released", "study": EARLIER, "result_sha256": "ab" * 32},
        ]

    return past


def remembering(*, unchanged: bool = True, result: dict[str, Any] | None = None, **changes: Any) -> Any:
    """A site that remembers the study of `released_before` with the same changes."""

    def remembered(document: Agreement, _: SignedStudy) -> list[Release]:
        earlier = request(document, study_id=EARLIER, **changes)
        return [Release(EARLIER, question_of(earlier), unchanged, earlier, result)]

    return remembered


def with_envelope(original: SignedStudy, asked: StudyRequest) -> SignedStudy:
    """Another request under the signature of the original: what a forger without a key can make."""
    from summand.encoding import canonical

    return SignedStudy(replace(original.envelope, payload=canonical(asked.to_dict())), original.approvals)
