"""The front page for a reviewer: what was computed, by whom, under which permission, what came out, how to verify it."""

from __future__ import annotations

from summand.agreement import Agreement
from summand.documents import Document, Sheet
from summand.evidence._case import Case
from summand.evidence._studies import StudyFacts
from summand.outcomes import GoalProgress

STEPS = (
    ("1", "Unpack the zip, or leave it as it is.", "Nothing needs to be installed but Python 3.11 or newer; no network is used."),
    ("2", "python -I verify.py", "In the folder; or: python -I verify.py pack.zip. With Summand: summand evidence verify pack.zip"),
    ("3", "It must end with VERIFIED.", "A single changed byte in any file ends it with NOT VERIFIED and the file's name."),
    ("4", "Compare the key fingerprints that it prints.", "By telephone or letter with the organisations: that keys are theirs, no file can prove."),
    ("5", "Compare the root hash with another partner's.", "summand ledger verify prints it. Then nobody has shown you a history of your own."),
)  # fmt: skip
ROWS_MAX = 6
_DETAIL = frozenset(
    {"std. error", "statistic", "missing", "sd", "min", "max", "q25", "q75", "degrees of freedom", "SMD", "test"}
)
"""Columns that a front page leaves to the result's own document."""


def front_page(case: Case, studies: list[StudyFacts], goals: list[GoalProgress]) -> Document:
    """The front page; ``front-page.pdf`` and ``README.txt`` are made from it."""
    agreement = case.agreement
    counts = {
        outcome: sum(one.outcome == outcome for one in studies) for outcome in sorted({one.outcome for one in studies})
    }
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "no study yet"
    left_out = case.chosen.left_out
    approvals = tuple(
        (item.body, item.reference, item.scope, f"{item.granted} to {item.expires}")
        for item in agreement.ethics.approvals
    )
    return Document(
        f"Evidence: {agreement.title}",
        (
            f"This pack is about the agreement with the SHA-256 {agreement.hash}, version {agreement.version}, as everything "
            f"stood on {case.as_of:%Y-%m-%d %H:%M} UTC: {told}.",
            "No patient's row and no figure that was not released is in it: sites keep rows, and totals between sites are opened "
            "only as secure sums.",
            *([f"{left_out} entries about the agreement are left out: studies that were not asked for, or the partners' threads, "
               "tasks and inventions."] if left_out else []),
            "To verify it: python -I verify.py, which must end with VERIFIED (Python 3.11, nothing installed; see the end).",
            *(["The amounts of this agreement are invented (sample)."] if agreement.work.amounts_are_samples else []),
        ),
        (
            Sheet("What was computed", ("study", "method", "asked by", "purpose", "outcome"), tuple(_computed(one) for one in studies)),
            Sheet("What came out", ("study", "result"), tuple(_outcome(one) for one in studies)),
            Sheet("By whom", ("party", "legal name", "country", "role", "data"), tuple(
                (p.id, p.legal_name, p.country, ", ".join(role.replace("_", " ") for role in p.roles),
                 ", ".join(d.id for d in agreement.datasets if d.holder == p.id) or "none")
                for p in agreement.parties
            )),
            Sheet("Under which permission: grounds", ("ground", "consent", "datasets"), _grounds(agreement)),
            Sheet("Under which permission: purposes", ("code", "purpose"), tuple((p.code, p.text) for p in agreement.purpose.purposes)),
            Sheet("Under which permission: ethics", ("body", "reference", "scope", "holds"), approvals),
            Sheet("Goals", ("goal", "course", "why"), tuple((g.text, g.course.replace("_", " "), g.why) for g in goals)),
            Sheet("How to verify", ("step", "do", "why"), STEPS),
        ),
        (case.source, "What each file is stands in ro-crate-metadata.json; its SHA-256 in manifest-sha256.txt."),
    )  # fmt: skip


def _grounds(agreement: Agreement) -> tuple[tuple[str, ...], ...]:
    """Each ground once, with the datasets that rest on it."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in agreement.datasets:
        ground = "; ".join(f"{item.jurisdiction}: {item.basis}" for item in one.legal_basis)
        found.setdefault((ground, ", ".join(code.code for code in one.consent_codes)), []).append(one.id)
    return tuple((*key, ", ".join(ids)) for key, ids in found.items())


def to_text(document: Document) -> str:
    """A document for a plain screen."""
    lines = [document.title, "=" * len(document.title), "", *document.sentences]
    for sheet in document.sheets:
        if sheet.rows:
            lines += ["", sheet.heading, "-" * len(sheet.heading)]
            lines += ["- " + " | ".join(filter(None, row)) for row in sheet.rows]
    return "\n".join([*lines, "", *document.notes, ""])


def _computed(one: StudyFacts) -> tuple[str, ...]:
    name = str(one.method.get("name"))
    asked = one.method.get("formula") or ", ".join(map(str, one.method.get("columns") or ()))
    return one.title, f"{name} {asked}".strip(), one.requester, str(one.purpose.get("code", "")), one.outcome


def _outcome(one: StudyFacts) -> tuple[str, str]:
    """The main table in a few lines, or why there is none."""
    if one.result is not None:
        lines = list(one.result.facts[:1])
        for _, table in one.result.tables()[:1]:
            compact = table.compact()
            rows = compact.shown()
            kept = [at for at, name in enumerate(compact.columns) if name not in _DETAIL]
            lines += [
                "; ".join(f"{compact.columns[at]} {row[at]}".strip() for at in kept if row[at] not in ("", "—"))
                for row in rows[:ROWS_MAX]
            ]
            lines += [f"and {len(rows) - ROWS_MAX} rows more"] if len(rows) > ROWS_MAX else []
        return one.title, "\n".join([*lines, f"All of it: studies/{one.study[:8]}…/result"])
    if one.where == "sealed":
        return one.title, "Released, sealed to who asked: the agreement's hub reads no result. It is here as sealed."
    if one.answered_by:
        return (
            one.title,
            f"The same question over the same rows as study {one.answered_by[:12]}: its result stands for both.",
        )
    if one.result_sha256:
        return one.title, f"Released; its values are not in this pack. SHA-256 {one.result_sha256}."
    return one.title, one.ended or f"Nothing was released ({one.outcome})."
