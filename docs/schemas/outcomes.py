"""What the commands about outcomes print."""

from __future__ import annotations

from docs.schemas._common import NUMBER, Schema, array_of, object_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NUM: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
MEANING: Schema = {"enum": ["improvement", "concern", "neutral", "common_cause"]}

POINT = object_of(
    {
        "period": TEXT, **dict.fromkeys(("value", "centre", "lower", "upper", "near_lower", "near_upper"), NUM),
        "base": {"type": "integer", "minimum": 0},
        "signal": {"enum": ["none", "outside", "trend", "two_of_three", "shift"]},
        "points_to": {"enum": [-1, 0, 1], "description": "Down, nowhere, up."},
        "meaning": MEANING,
    }
)  # fmt: skip
BASE = object_of(
    {
        "first": TEXT, "points": {"type": "integer", "minimum": 2}, "reason": TEXT, "mean": NUM,
        "mean_moving_range": NUMBER, "screened": {"type": "integer", "minimum": 0}, "trial": {"type": "boolean"},
    }
)  # fmt: skip
CHART: Schema = {
    "kind": {"enum": ["xmr", "p", "u", "p_prime", "u_prime"]},
    "better": {"enum": ["increase", "decrease", "neutral"]},
    "target": NUMBER,
    "points": array_of(POINT, minItems=2),
    "bases": array_of(BASE, minItems=1),
    "variation": MEANING,
    "assurance": {"enum": ["pass", "fail", "hit_or_miss", "none"]},
    "warnings": array_of(TEXT),
}

LEAF: Schema = {"type": ["integer", "null"], "description": "The leaf of the ledger that it rests on."}
COURSE: Schema = {"enum": ["met", "on_course", "off_course", "not_distinguishable", "not_measured"]}
MEASURED = object_of(
    {
        "period": TEXT, "value": NUM, "conf_low": NUMBER, "conf_high": NUMBER, "interval_method": TEXT, "reason": TEXT,
        "source": {"enum": ["study", "evidence"]}, "study": TEXT, "evidence_sha256": TEXT, "evidence_title": TEXT,
        "person": TEXT, "party": TEXT, "at": TEXT, "leaf": LEAF, "corrects": array_of({"type": "integer"}),
    }
)  # fmt: skip
CHANGE = object_of({"value": NUM, "conf_low": NUM, "conf_high": NUM, "signal": {"enum": ["better", "worse", "none"]}})
GOAL: Schema = {
    "goal": TEXT, "aim": TEXT, "text": TEXT, "owner": TEXT, "unit": TEXT,
    "direction": {"enum": ["increase", "decrease", "maintain"]}, "target": NUM, "due": TEXT, "baseline": NUMBER,
    "points": array_of(MEASURED), "chart": {"anyOf": [object_of(CHART), {"type": "null"}]},
    "verdict": {"enum": ["met", "not_met", "not_distinguishable", "not_measured"]},
    "change": {"anyOf": [CHANGE, {"type": "null"}], "description": "Never without its interval."},
    "course": COURSE, "why": TEXT,
    "effects": array_of(
        object_of(
            {"study": TEXT, "method": TEXT, "effect": TEXT, "estimate": NUM, "conf_low": NUM, "conf_high": NUM, "leaf": LEAF}
        ),
        description="Of released studies of cause, each with its 95 % interval.",
    ),
    "next_on": {"type": ["string", "null"]}, "is_overdue": {"type": "boolean"}, "is_due": {"type": "boolean"},
}  # fmt: skip
AIM = object_of(
    {
        "aim": TEXT, "goals": array_of(TEXT), "good": {"type": "integer"}, "off_course": {"type": "integer"},
        "unknown": {"type": "integer"}, "state": {"enum": ["good", "mixed", "bad", "unknown", "no_goal"]},
    }
)  # fmt: skip
WARNING = object_of(
    {"kind": TEXT, "severity": {"enum": ["critical", "warning", "note"]}, "text": TEXT, "about": TEXT, "leaf": LEAF}
)
BACKUP = object_of(
    {
        "trigger": TEXT, "action": TEXT, "replacement_partners": array_of(TEXT), "minimum_parties": {"type": "integer"},
        "triggered": {"type": "boolean"}, "why": TEXT, "last_test": {"type": ["string", "null"]},
        "last_outcome": {"enum": ["worked", "worked_partly", "failed", None]}, "last_evidence_sha256": TEXT,
        "last_test_leaf": LEAF, "test_overdue": {"type": "boolean"}, "test_words": TEXT,
    }
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "goal": {
        "$schema": DRAFT,
        "title": "A goal over time: summand outcomes goal, measure, rebase, attach --json",
        **object_of(GOAL, {"verified": {"type": "boolean"}, "document_sha256": TEXT}),
    },
    "survey": {
        "$schema": DRAFT,
        "title": "How the partners get on: summand outcomes survey evaluate --json",
        **object_of(
            {
                "survey": TEXT,
                "parties": array_of(
                    object_of(
                        {
                            "party": TEXT,
                            "answered": {"type": "boolean"},
                            "named_by": {"type": "integer"},
                            "names": {"type": "integer"},
                            "trust": NUMBER,
                            "value": NUMBER,
                            "questions": {"type": "object"},
                            "fragmentation_without": NUM,
                        }
                    ),
                    description="Scores from 1 to 4; null where fewer than three people would be told of.",
                ),
                "ties": array_of(
                    object_of(
                        {
                            "source": TEXT,
                            "target": TEXT,
                            "people": {"type": ["integer", "null"]},
                            "trust": NUMBER,
                            "value": NUMBER,
                            "reciprocated": {"type": ["boolean", "null"]},
                        }
                    )
                ),
                "respondents": {"type": "integer"},
                "density": NUMBER,
                "degree_centralisation": NUMBER,
                "isolates": array_of(TEXT),
                "unreciprocated": array_of(array_of(TEXT)),
                "fragmentation": NUM,
                "key_players": array_of(TEXT),
                "trust": NUMBER,
                "value": NUMBER,
                "silent": array_of(TEXT),
            }
        ),
    },
    "goals-due": {
        "$schema": DRAFT,
        "title": "Goals that are to be measured by now: summand outcomes due --json",
        **object_of({"due": array_of(object_of({"goal": TEXT, "text": TEXT, "next_on": TEXT}))}),
    },
    "goals-run": {
        "$schema": DRAFT,
        "title": "Goals that were measured by their plan: summand outcomes run --json",
        **object_of({"measured": array_of(TEXT), "plan_sha256": TEXT}),
    },
    "scorecard": {
        "$schema": DRAFT,
        "title": "The scorecard: summand outcomes scorecard --json",
        **object_of(
            {
                "as_of": TEXT,
                "aims": array_of(AIM, minItems=6, maxItems=6),
                "goals": array_of(object_of(GOAL)),
                "warnings": array_of(WARNING),
                "backups": array_of(BACKUP),
                "relationship": {"type": ["object", "null"]},
                "answer": {"enum": ["continue", "continue_with_changes", "reconsider", "not_enough_evidence"]},
                "reasons": array_of(
                    object_of({"weight": {"enum": ["for", "against", "open"]}, "text": TEXT, "leaf": LEAF})
                ),
            }
        ),
    },
    "process-chart": {
        "$schema": DRAFT,
        "title": "A process behaviour chart: summand outcomes chart --json",
        **object_of({"title": TEXT, "unit": TEXT, **CHART}),
    },
}
