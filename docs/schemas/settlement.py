"""What the commands about money print."""

from __future__ import annotations

from docs.schemas._common import HASH, NUMBER, Schema, array_of, object_of

CENTS: Schema = {"type": "integer", "description": "Whole cents; negative is owed."}
SHARE: Schema = {"type": ["number", "null"], "description": "A fraction of 1."}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
SOURCE = object_of({"file": TEXT, "sha256": HASH})

_YEAR = object_of(
    {
        "kind": TEXT, "savings_cents": CENTS, "minimum_rate": SHARE, "minimum_cents": CENTS, "final_rate": SHARE,
        "before_limits_cents": CENTS, "limit_cents": {"type": ["integer", "null"]},
        "limit_is_known": {"type": "boolean"}, "limited": {"type": "boolean"}, "disaster_cents": CENTS,
        "payment_cents": CENTS,
    }
)  # fmt: skip

AMOUNTS: Schema = {"type": "object", "additionalProperties": CENTS, "description": "Cents by payee."}
_TIER = object_of(
    {
        "tier": TEXT, "kind": {"enum": ["royalty", "fee", "reimburse", "preferred", "share"]}, "reached_cents": COUNT,
        "taken_cents": COUNT, "parts": AMOUNTS, "held_back": AMOUNTS, "blocked_by": array_of(TEXT),
        "passed_over": TEXT,
    }
)  # fmt: skip
_PERIOD = object_of(
    {
        "currency": TEXT, "gross_cents": COUNT, "lines": array_of(_TIER), "paid": AMOUNTS, "held_back": AMOUNTS,
        "blocked": AMOUNTS, "left_cents": COUNT,
    }
)  # fmt: skip
_TRUE_UP = object_of(
    {
        "payee": TEXT,
        **dict.fromkeys(
            ("entitled_cents", "received_cents", "from_reserve_cents", "gives_back_cents", "is_owed_cents"), COUNT
        ),
    }
)

DAY: Schema = {"type": ["string", "null"], "description": "YYYY-MM-DD."}
ALERTS = array_of(object_of({"party": TEXT, "what": TEXT, "due": DAY, "days": {"type": "integer"}}))
UNHEEDED = array_of(object_of({"leaf": COUNT, "act": TEXT, "reason": TEXT}))
_DELIVERY = object_of(
    {
        "source": {**TEXT, "description": "The clause or the ledger leaf."}, "at": DAY, "cents": COUNT,
        "quantity": COUNT, "evidence_sha256": TEXT, "study": TEXT, "disputed": TEXT,
    }
)  # fmt: skip
_CONTRIBUTION = object_of(
    {
        "id": TEXT, "source": TEXT, "party": TEXT,
        "kind": {"enum": ["cash", "grant", "staff", "data", "compute", "beds", "licences", "patients"]}, "text": TEXT,
        "valuation_method": TEXT, "committed_cents": COUNT, "delivered_cents": COUNT, "quantity": COUNT,
        "delivered_quantity": COUNT, "unit": TEXT, "due": DAY, "deliveries": array_of(_DELIVERY),
    }
)  # fmt: skip
_GRANT = object_of(
    {
        "leaf": COUNT, "awarded": {"type": "object"}, "received_cents": COUNT, "spent_cents": COUNT,
        "own_share_spent_cents": COUNT, "left_cents": CENTS, "outside_term_cents": COUNT,
        "reports": array_of(
            object_of({"name": TEXT, "due": DAY, "given": DAY, "standing": TEXT, "leaf": {"type": ["integer", "null"]}})
        ),
    }
)  # fmt: skip
_PAYMENT = object_of(
    {
        "id": TEXT, "payer": TEXT, "payee": TEXT, "cents": COUNT, "due": DAY, "made": DAY, "received": DAY,
        "standing": {"enum": ["scheduled", "overdue", "made", "received", "differs"]}, "sources": array_of(TEXT),
    }
)  # fmt: skip

_INCOME = object_of({"id": TEXT, "leaf": COUNT, "party": TEXT, "accounts_sha256": TEXT, "at": DAY}, {})
_COMMITMENT = object_of(
    {
        "leaf": COUNT, "made": {"type": "object"}, "value": {"type": ["integer", "null"]}, "reported_to": DAY,
        "report_leaf": {"type": ["integer", "null"]}, "next_report": DAY,
        "standing": {"enum": ["kept", "broken", "not yet reported", "report overdue"]},
    }
)  # fmt: skip
_CLOCK = object_of(
    {
        "what": TEXT, "since": DAY, "due": DAY, "rule": TEXT, "done": DAY, "days": {"type": "integer"},
        "standing": {"enum": ["done", "done late", "running", "soon", "overdue", "over"]},
    }
)  # fmt: skip
_CLASS = {"enum": ["background", "foreground", "sideground", "tail", "outside", None]}
_INVENTION = object_of(
    {
        "leaf": COUNT, "received": DAY, "disclosed": {"type": "object"}, "class_by_agreement": _CLASS, "decided": _CLASS,
        "decided_by": TEXT, "rule": TEXT, "filings": array_of(TEXT), "clocks": array_of(_CLOCK),
        "joint": {"type": ["object", "null"]}, "joint_is_missing": {"type": "boolean"},
    }
)  # fmt: skip
_CLAIM = object_of(
    {
        "id": TEXT, "leaf": COUNT, "party": TEXT, "against": TEXT, "subject": TEXT, "invention": TEXT, "arose": DAY,
        "rule": TEXT, "tolled_until": DAY, "ends": DAY, "days": {"type": "integer"},
        "standing": {"enum": ["running", "alert", "barred"]},
    }
)  # fmt: skip
_BACKGROUND = object_of(
    dict.fromkeys(("source", "owner", "description", "reference", "licence_to_project", "restrictions"), TEXT)
)

SCHEMAS: dict[str, Schema] = {
    "settlement-mssp": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Medicare Shared Savings of a year: summand settlement mssp --json",
        **object_of(
            {
                "source": SOURCE,
                "summary": object_of(
                    {
                        **dict.fromkeys(("acos", "paid", "owing", "paid_cents", "owed_cents", "minimum_rates_agree",
                                         "largest_difference_cents"), COUNT),
                        "verdicts": {"type": "object", "additionalProperties": COUNT},
                    }
                ),
                "acos": array_of(
                    object_of(
                        {
                            "aco_id": TEXT, "name": TEXT, "track": {"enum": ["A", "B", "C", "D", "E", "EN"]},
                            "outcome": _YEAR, "published_minimum_rate": SHARE,
                            "minimum_rate_agrees": {"type": "boolean"}, "published_payment_cents": CENTS,
                            "difference_cents": CENTS,
                            "verdict": {"enum": ["agrees", "limited by revenue that is not published", "differs"]},
                        }
                    )
                ),
                "members": array_of(object_of({"member": TEXT, "cents": CENTS, "standing": TEXT})),
            }
        ),
    },
    "settlement-waterfall": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Income down the tiers: summand settlement waterfall --json",
        **object_of(
            {
                "periods": array_of(_PERIOD), "true_up": array_of(_TRUE_UP), "paid_so_far": AMOUNTS,
                "held_back_so_far": AMOUNTS, "blocked_so_far": AMOUNTS,
            }
        ),
    },
    "settlement-contributions": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The register of contributions: summand settlement contributions --json",
        **object_of(
            {
                "currency": TEXT, "today": DAY, "contributions": array_of(_CONTRIBUTION), "grants": array_of(_GRANT),
                "payments": array_of(_PAYMENT), "alerts": ALERTS, "unheeded": UNHEEDED, "totals": {"type": "object"},
                "mark": {"enum": ["sample", None]},
            }
        ),
    },
    "settlement-income": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The register of income: summand settlement income --json",
        **object_of(
            {
                "currency": TEXT, "today": DAY, "terms_sha256": HASH, "terms_from": TEXT, "periods": array_of(_INCOME),
                "true_up": array_of(_TRUE_UP), "paid": AMOUNTS, "held_back": AMOUNTS, "blocked": AMOUNTS,
                "cleared": {"type": "object", "additionalProperties": COUNT}, "triggers": array_of(TEXT),
                "commitments": array_of(_COMMITMENT), "unheeded": UNHEEDED,
            }
        ),
    },
    "settlement-inventions": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The register of inventions: summand settlement inventions --json",
        **object_of(
            {
                "today": DAY, "background": array_of(_BACKGROUND), "inventions": array_of(_INVENTION),
                "claims": array_of(_CLAIM), "alerts": ALERTS, "unheeded": UNHEEDED,
            }
        ),
    },
    "settlement-data-value": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What each partner's data add: summand settlement data-value --json",
        **object_of(
            {
                "metric": TEXT, "baseline": NUMBER, "whole": NUMBER,
                "lines": array_of(
                    object_of(
                        {
                            "party": TEXT, "alone": NUMBER, "leave_one_out": NUMBER, "shapley": NUMBER, "banzhaf": NUMBER,
                            "weight": COUNT,
                        }
                    )
                ),
                "scores": {"type": "object", "additionalProperties": NUMBER}, "studies": {"type": "object"},
                "judged_by": TEXT, "warnings": array_of(TEXT),
            }
        ),
    },
    "settlement-statement": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The contribution statement of an agreement: summand settlement statement --json",
        **object_of(
            {
                "clause": TEXT, "rule": TEXT, "basis": {"type": "object"}, "currency": TEXT, "total_cents": COUNT,
                "mark": {"enum": ["sample", None]},
                "parties": array_of(
                    object_of(
                        {
                            "party": TEXT, "delivered_cents": COUNT, "committed_cents": COUNT, "weight": COUNT,
                            "share_cents": COUNT, "balance_cents": CENTS,
                        }
                    )
                ),
                "payments": array_of(object_of({"payer": TEXT, "payee": TEXT, "cents": COUNT})), "agreement": HASH,
                "sources": {
                    "type": "object", "additionalProperties": array_of(TEXT),
                    "description": "Party -> clauses and ledger leaves of what it delivered.",
                },
            }
        ),
    },
    "settlement-publish": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A settlement published by its hash: summand settlement publish --json",
        **object_of({"kind": {"const": "settlement.statement"}, "person": TEXT, "document_sha256": HASH}),
    },
    "settlement-acts": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The acts that may be stated: summand settlement acts --json",
        **object_of(
            {
                "acts": {
                    "type": "object", "additionalProperties": {"type": "object"},
                    "description": "Act -> JSON Schema of its document; x-stated-by and x-roles say who states it.",
                }
            }
        ),
    },
    "settlement-act": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An act stated: summand settlement act --json",
        **object_of({"act": TEXT, "party": TEXT, "person": TEXT, "document_sha256": HASH}),
    },
    "settlement-split": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A split by what coalitions could do alone: summand settlement split --json",
        **object_of(
            {
                "rule": {"enum": ["shapley", "nucleolus"]}, "kind": {"enum": ["gain", "cost"]}, "whole_cents": CENTS,
                "parts": array_of(object_of({"player": TEXT, "cents": CENTS, "exact": TEXT})),
                "in_core": {"type": "boolean"},
                "objections": array_of(
                    object_of({"coalition": array_of(TEXT), "alone_cents": CENTS, "given": TEXT, "advantage": TEXT})
                ),
            }
        ),
    },
}  # fmt: skip
