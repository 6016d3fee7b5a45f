"""Clauses F to O in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.agreement._words_page import listing, money, raw, rows, said, value


def rules_sentences(page: Mapping[str, Any]) -> list[str]:
    """Approvals, conflicts, votes and the emergency stop."""
    out = [
        f"Ethics: {value(approval, 'body')}, {value(approval, 'reference')}, for {value(approval, 'scope')}; "
        f"valid from {value(approval, 'granted')} to {value(approval, 'expires')}."
        for approval in rows(page, "ethics", "approvals")
    ]
    asked = rows(page, "governance", "study_approvals")
    for approval in asked:
        whose = "any party" if approval.get("party") == "any" else value(approval, "party")
        out.append(f"Each study is signed by {value(approval, 'count')} {value(approval, 'role')} of {whose}.")
    if not asked:
        out.append("A study needs no signature besides its requester's.")
    asked_for = raw(page, "governance", "witnesses")
    share = "more than two thirds of the study's" if asked_for is None else said(asked_for)
    out.append(f"A result counts as released once {share} sites have cosigned the ledger that holds it.")
    bodies = {str(row.get("id")): value(row, "name") for row in rows(page, "governance", "bodies")}
    for rule in rows(page, "governance", "decision_rules"):
        body = bodies.get(str(rule.get("body")), value(rule, "body"))
        out.append(
            f"On {value(rule, 'topic')}: {body} decides, {value(rule, 'threshold')}, at least "
            f"{value(rule, 'quorum')} present."
        )
    out.append("Each holder may refuse any use of its own data, and may stop it at once.")
    declared = rows(page, "conflicts", "declarations")
    out.append(f"Declared conflicts of interest: {len(declared) or 'none'}.")
    out.append(f"Changes: {value(page, 'governance', 'amendment_rule')}")
    return out


def money_sentences(page: Mapping[str, Any]) -> list[str]:
    """Contributions, cost split and income."""
    currency = value(page, "work", "currency")
    out = []
    if raw(page, "work", "amounts_are_samples") is True:
        out.append("All amounts in this agreement are samples.")
    for row in rows(page, "work", "contributions"):
        amount = money(raw(row, "committed_cents"), currency)
        out.append(f"{value(row, 'party')} brings {value(row, 'text')}, valued at {amount}.")
    weights = rows(page, "work", "cost_shares", "weights")
    parts = ", ".join(f"{value(row, 'party')} {value(row, 'weight')}" for row in weights)
    rule = f"{value(page, 'work', 'cost_shares', 'rule')} ({value(page, 'work', 'cost_shares', 'basis')})"
    out.append(f"Costs are split by this rule: {rule}{f', in the proportion {parts}' if parts else ''}.")
    steps = rows(page, "revenue", "waterfall")
    out += [f"Income, step {value(step, 'order')}: {value(step, 'text')}." for step in steps]
    if not steps:
        out.append("No income is expected.")
    return out


def ip_sentences(page: Mapping[str, Any]) -> list[str]:
    """Ownership and publication."""
    brought = [f"{value(row, 'owner')} brings {value(row, 'description')}" for row in rows(page, "ip", "background")]
    out = [f"Brought in: {'; '.join(brought) or 'nothing is listed, so nothing is licensed'}."]
    out.append(
        f"New results belong by this rule: {value(page, 'ip', 'foreground_rule')}; models: "
        f"{value(page, 'ip', 'models_and_weights_ownership')}; derived data: "
        f"{value(page, 'ip', 'derived_data_ownership')}."
    )
    out.append(
        f"Manuscripts are shown to the parties for {value(page, 'ip', 'publication', 'review_days')} days; publication "
        f"waits at most {value(page, 'ip', 'publication', 'delay_max_days')} days. Authors: "
        f"{value(page, 'ip', 'publication', 'authorship')}."
    )
    return out


def term_sentences(page: Mapping[str, Any]) -> list[str]:
    """Term, ways out, liability, and what puts the agreement into effect."""
    out = [
        f"From {value(page, 'term', 'start')} to {value(page, 'term', 'end')}; renewal: {value(page, 'term', 'renewal')}."
    ]
    out.append(
        f"A party may leave with {value(page, 'term', 'termination', 'convenience_days')} days' notice. At the end, "
        f"working copies are destroyed within {value(page, 'term', 'exit_plan', 'data_destruction_days')} days, and for "
        f"models the rule is: {value(page, 'term', 'exit_plan', 'model_rule')}. Care: "
        f"{value(page, 'term', 'exit_plan', 'continuity_of_care').rstrip('.')}."
    )
    out += [
        f"If {value(plan, 'trigger')} occurs: {value(plan, 'action').rstrip('.')}."
        for plan in rows(page, "term", "backup_plan")
    ]
    out.append(f"Secrets are kept for {value(page, 'confidentiality', 'confidentiality_years')} years.")
    out.append(
        f"Liability: {value(page, 'confidentiality', 'liability_cap').rstrip('.')}; without limit for "
        f"{listing(page, 'confidentiality', 'unlimited_claims')}."
    )
    every = raw(page, "execution", "effective_when", "rule") != "k_of_n"
    count = "every party has" if every else f"{value(page, 'execution', 'effective_when', 'k')} parties have"
    out.append(f"It takes effect once {count} signed one and the same text.")
    return out
