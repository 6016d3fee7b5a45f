"""What a site contributes to a generalized linear model, with the bound of every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from summand.methods._protocol import Block, Layout
from summand.methods._sandwich import MODEL
from summand.methods._sandwich import blocks as sandwich_blocks
from summand.methods.models._glm_counts import NegativeBinomial
from summand.methods.models._glm_family import ROOM, Family
from summand.methods.models._glm_state import END, SURVEY, GlmState
from summand.methods.models._glm_tally import PEARSON_MAX

if TYPE_CHECKING:
    from summand.methods.models._glm import GeneralizedLinearModel

# A scaled entry may exceed 1 by rounding; bounds are proved with this much to spare.
SLACK = 1.0 + 2.0**-30


def layout(method: GeneralizedLinearModel, state: GlmState) -> Layout:
    """The blocks of the state's phase.

    Scaled covariates and prior weights are at most 1, so that a row adds to score and information at most what the
    family says (`Family.most`). A condensed score is ``s_β − I_βα s_α / I_αα`` with ``|I_βα| ≤ I_αα``, hence at most
    twice that; condensed information shrinks, by Cauchy and Schwarz.
    """
    if state.phase == SURVEY:
        return _survey(method)
    return _end(method, state) if state.phase == END else _point(method, state)


def _survey(method: GeneralizedLinearModel) -> Layout:
    groups = len(method.design.groups)
    offset = 1.0 if method.family_type.has_log_link else max(method.offset_column.most, 1.0)
    blocks = [
        Block("rows", "1", 1, 1.0, "how many people are in the model"),
        Block("events", "1", 1, 1.0, "how many of them have the outcome, or more than none of it"),
        Block("outcomes not above 0", "1", 1, 1.0, "how many of them have none of the outcome"),
    ]
    if groups:
        blocks.append(Block("groups", "1", groups, 1.0, "how many people each level has"))
    blocks.append(Block("weights", "1", 1, SLACK, "the sum of the weights"))
    if not method.fixed:
        blocks.append(Block("outcome sum", "1", 1, SLACK, "the mean of the outcome"))
        blocks.append(Block("offset sum", "1", 1, offset * SLACK, "the mean of the offset"))
        blocks.append(Block("outcome squares", "1", 1, SLACK, "the variance of the outcome"))
    if method.weight_column.column:
        blocks.append(Block("squared weights", "1", 1, SLACK, "how many people the weights leave in effect"))
        if groups:
            blocks.append(Block("weights of groups", "1", groups, SLACK, "how much weight each level has"))
            blocks.append(Block("squared weights of groups", "1", groups, SLACK, "and in how few people it lies"))
    if method.fixed:
        blocks.append(Block("sites with rows", "1", 1, 1.0, "how many sites have anyone in the model"))
        blocks.append(Block("sites left out", "1", 1, 1.0, "how many sites have an outcome that does not vary"))
    return tuple(blocks)


def _point(method: GeneralizedLinearModel, state: GlmState) -> Layout:
    family, eta = method.family_at(state), method.eta_most(state)
    most = family.most(eta)
    p = len(method.design_at(state.phase))
    score, information, half = most.score, most.weight, most.half_deviance
    if method.joint and isinstance(family, NegativeBinomial):
        part, own_score, cross, own = family.size_most()
        half += part
        score, information = max(score, own_score), max(information, cross, own)
        p += 1
    ratio = _ratio_most(family) if method.fixed else 0.0
    blocks = [
        Block("rows out of range", "1", 1, 1.0, "how many people's mean is beyond any plausible one"),
        Block("log-likelihood", "nat", 1, half * SLACK, "how well the model fits"),
    ]
    if p:
        blocks.append(Block("score", "1", p, score * (1.0 + ratio) * SLACK, "which way each coefficient should move"))
        bound = information * (1.0 + ratio if ratio > 1.0 else 1.0) * SLACK
        blocks.append(Block("information", "1", p * (p + 1) // 2, bound, "how precisely they are known"))
    if method.fixed:
        blocks.append(Block("intercept decrement", "1", 1, 1.0, "how far the sites' intercepts are from the end"))
    return tuple(blocks)


def _ratio_most(family: Family) -> float:
    """The most of ``|I_βα| / I_αα``: 1, but for a logarithm of overdispersion ``|y − mu| / (y + r)``."""
    return max(1.0, ROOM / family.size) if isinstance(family, NegativeBinomial) else 1.0


def _end(method: GeneralizedLinearModel, state: GlmState) -> Layout:
    family = method.family_at(state)
    most = family.most(method.eta_most(state))
    p = len(method.design)
    saturated = max(family.saturated_max, 400.0)
    blocks = [
        Block("half deviance", "nat", 1, most.half_deviance * SLACK, "how well the model fits"),
        Block("half null deviance", "nat", 1, _null_most(method, state, family), "how well it fits without covariates"),
        Block("Pearson statistic", "1", 1, PEARSON_MAX, "how much outcomes vary about their means"),
        Block("Pearson out of range", "1", 1, 1.0, "how many people are beyond any plausible variation"),
        Block("constants", "nat", 1, saturated, "the log-likelihood of a perfect fit"),
    ]
    if p:
        size = p * (p + 1) // 2
        blocks.append(Block("expected information", "1", size, most.expected * SLACK, "how precisely they are known"))
    if method.sums_observed and p + method.joint:
        q = p + method.joint
        information = next((b.bound for b in _point(method, state) if b.name == "information"), 1.0)
        blocks.append(Block("observed information", "1", q * (q + 1) // 2, information, "how precisely all are known"))
    if method.errors != MODEL and p:
        blocks += score_blocks(method, state)[0]
    return tuple(blocks)


def score_blocks(method: GeneralizedLinearModel, state: GlmState) -> tuple[tuple[Block, ...], float]:
    """The blocks of squared scores, and their scale; a score free of the site's own intercept is at most twice as large."""
    score = method.family_at(state).most(method.eta_most(state)).score * (2.0 if method.fixed else 1.0) * SLACK
    return sandwich_blocks(method.errors, len(method.design), score, method.placed.rows_max)


def _null_most(method: GeneralizedLinearModel, state: GlmState, family: Family) -> float:
    intercept = 745.0 if method.fixed else abs(state.start)
    return family.most(intercept + method.offset_column.most).half_deviance * SLACK
