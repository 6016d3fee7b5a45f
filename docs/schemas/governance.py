"""What the commands about governance print."""

from __future__ import annotations

from docs.schemas._common import Schema, array_of, object_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
TEXTS: Schema = array_of(TEXT)
LEAF: Schema = {"type": ["integer", "null"], "description": "The leaf of the ledger; null for what the agreement says."}
TIME: Schema = {"type": "string", "description": "UTC, ISO 8601."}
TIME_OR_NONE: Schema = {"type": ["string", "null"]}
ON: Schema = array_of(TEXT, minItems=2, maxItems=2, description="Kind and identifier of what it is about.")

BALLOT = object_of(
    {
        "party": TEXT,
        "person": TEXT,
        "vote": {"enum": ["yes", "no", "abstain"]},
        "reason": TEXT,
        "at": TIME,
        "leaf": LEAF,
    }
)
MOTION: Schema = {
    "id": TEXT, "body": TEXT, "topic": TEXT, "title": TEXT, "text": TEXT, "text_sha256": TEXT,
    "subject": {"enum": ["study", "amendment", "other"]}, "subject_hash": TEXT, "datasets": TEXTS,
    "vetoes": array_of(object_of({"party": TEXT, "datasets": TEXTS, "reason": TEXT, "leaf": LEAF})),
    "opened_by": TEXT, "opened_at": TIME, "meeting_at": TIME_OR_NONE, "closes_at": TIME, "leaf": LEAF,
    "members": TEXTS, "eligible": TEXTS, "present": TEXTS,
    "quorum": {"type": "integer", "minimum": 1, "description": "Parties needed, recomputed for those recused."},
    "recusals": array_of(object_of({"party": TEXT, "reason": TEXT, "leaf": LEAF})),
    "ballots": array_of(BALLOT),
    "count": object_of({name: {"type": "number", "minimum": 0} for name in ("yes", "no", "abstain", "silent")}),
    "outcome": {"enum": ["open", "carried", "rejected", "inquorate", "undecidable", "void", "withdrawn"]},
    "why": TEXT, "approvals": array_of({"type": "object"}), "waits_for": TEXTS,
}  # fmt: skip
DISPUTE = object_of(
    {
        "id": TEXT, "about": ON, "text": TEXT, "raised_by": TEXT, "against": TEXTS, "raised_at": TIME, "leaf": LEAF,
        "step": TEXT, "step_number": {"type": "integer", "minimum": 0}, "next_step_on": TIME_OR_NONE,
        "status": {"enum": ["open", "settled", "withdrawn"]}, "settled_by": TEXTS, "waits_for": TEXTS,
    }
)  # fmt: skip
PERMIT = object_of(
    {
        "id": TEXT, "kind": TEXT, "holder": TEXT, "reference": TEXT, "granted": TEXT, "expires": TEXT,
        "document_sha256": TEXT, "source": {"enum": ["agreement", "ledger", "recorded"]}, "leaf": LEAF,
        "status": {"enum": ["valid", "lapses_soon", "lapsed", "revoked", "not_yet"]}, "days_left": {"type": "integer"},
    }
)  # fmt: skip
TASK = object_of(
    {
        "id": TEXT, "on": ON, "title": TEXT, "assignee": TEXT, "due": TEXT, "given_by": TEXT, "done": {"type": "boolean"},
        "done_at": TIME_OR_NONE, "leaf": LEAF, "reminder": {"enum": ["", "due_soon", "overdue"]},
    }
)  # fmt: skip
COMMENT = object_of(
    {"id": TEXT, "on": ON, "text": TEXT, "person": TEXT, "party": TEXT, "at": TIME, "reply_to": TEXT, "leaf": LEAF}
)

SCHEMAS: dict[str, Schema] = {
    "motion": {"$schema": DRAFT, "title": "A motion: summand governance open, vote, show --motion --json",
               **object_of(MOTION)},
    "governance": {
        "$schema": DRAFT,
        "title": "Where governance stands: summand governance show --json",
        **object_of(
            {
                "as_of": TIME, "motions": array_of(object_of(MOTION)), "vetoed": array_of({"type": "object"}),
                "interests": array_of({"type": "object"}), "delegations": array_of({"type": "object"}),
                "disputes": array_of(DISPUTE), "permits": array_of(PERMIT), "minutes": array_of({"type": "object"}),
                "comments": array_of(COMMENT), "tasks": array_of(TASK), "stopped": array_of({"type": "object"}),
                "ignored": array_of(
                    object_of({"leaf": LEAF, "kind": TEXT, "reason": TEXT}), description="Acts that do not count, and why."
                ),
            }
        ),
    },
    "digest": {
        "$schema": DRAFT,
        "title": "What was sent: summand governance digest --json",
        **object_of({"letters": {"type": "integer", "minimum": 0}, "webhooks": {"type": "integer", "minimum": 0}}),
    },
    "needs": {
        "$schema": DRAFT,
        "title": "What waits for somebody: summand governance needs --json",
        **object_of(
            {
                "name": TEXT,
                "needs": array_of(
                    object_of({"kind": TEXT, "text": TEXT, "due": TIME_OR_NONE, "leaf": LEAF, "urgent": {"type": "boolean"}})
                ),
            }
        ),
    },
}  # fmt: skip
