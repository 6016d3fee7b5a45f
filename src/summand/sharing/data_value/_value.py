"""Scores of coalitions turned into parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

from summand.errors import ContributionUnknown, SettlementInvalid
from summand.sharing._allocate import allocate
from summand.sharing._plain import plain
from summand.sharing.games import Game, banzhaf, shapley

if TYPE_CHECKING:
    from summand.agreement import Agreement

DATA_PARTIES_MAX = 12
"""4,095 coalitions; each is a model that was fitted."""

_STEP = 10**12
"""Scores count to twelve decimals, in which the Shapley value is exact."""


@dataclass(frozen=True)
class DataValueLine:
    """One party.

    Attributes:
        party: Who.
        alone: Score of the model of its data alone, less the baseline.
        leave_one_out: Score of all less the score without it; 0 for data that another has too.
        shapley: What it adds, averaged over all orders; these add up to the score of all less the baseline.
        banzhaf: What it adds, averaged over all coalitions.
        weight: Its Shapley part of all parts above 0, in millionths; parts below 0 count as 0. For a split by weights.
    """

    party: str
    alone: float
    leave_one_out: float
    shapley: float
    banzhaf: float
    weight: int


@dataclass(frozen=True)
class DataValue:
    """What each party's data add to a model.

    Attributes:
        metric: What is scored; more is better.
        baseline: The score without any data.
        whole: The score of all together.
        lines: One for each party.
        scores: Score of each coalition, written ``"a+b"``.
        studies: The study that released each coalition's model, where it is known.
        judged_by: The study that scored them, or empty.
        warnings: What to keep in mind.
    """

    metric: str
    baseline: float
    whole: float
    lines: tuple[DataValueLine, ...]
    scores: Mapping[str, float]
    studies: Mapping[str, str] = field(default_factory=dict)
    judged_by: str = ""
    warnings: tuple[str, ...] = ()

    def weights(self) -> dict[str, int]:
        """Party -> weight, for `summand.sharing.allocate`, a tier of a waterfall or clause I."""
        return {line.party: line.weight for line in self.lines}

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        found: dict[str, Any] = plain(self)
        return found


def require_site_level(agreement: Agreement) -> None:
    """Check that partners' data may be compared.

    Raises:
        ContributionUnknown: if the agreement does not permit the release level ``site_level``.
    """
    if "site_level" not in agreement.data.release_levels:
        raise ContributionUnknown(
            "What each partner's data add compares partners, and the agreement does not permit results per site.",
            remedy="Amend the agreement to permit the release level 'site_level', or split by declared weights.",
            clause="D.release_levels",
        )


def data_value(
    scores: Mapping[str, float],
    *,
    baseline: float,
    metric: str = "score",
    studies: Mapping[str, str] | None = None,
    judged_by: str = "",
) -> DataValue:
    """Leave-one-out, Shapley and Banzhaf values of the parties' data.

    Args:
        scores: Score of the model that each coalition's data give, on one and the same test data; more is better. Keys
            are written ``"a+b"``; every coalition is needed.
        baseline: The score without any data, such as 0.5 for an area under the ROC curve.
        metric: What is scored.
        studies: The study that released each coalition's model.
        judged_by: The study that scored them.

    Raises:
        SettlementInvalid: if a coalition is missing, a score is no number, or there are too many parties.
    """
    if not all(isfinite(score) for score in (baseline, *scores.values())):
        raise SettlementInvalid("A score is no number.", remedy="Give a finite score for every coalition.")
    game = Game.of({name: round((score - baseline) * _STEP) for name, score in scores.items()})
    if len(game.players) > DATA_PARTIES_MAX:
        raise SettlementInvalid(
            f"There are {len(game.players)} parties.", remedy=f"Value at most {DATA_PARTIES_MAX} parties' data."
        )
    parts, swings, weights = shapley(game).parts, banzhaf(game), _weights(shapley(game).parts)
    everybody = 2 ** len(game.players) - 1
    lines = tuple(
        DataValueLine(
            name, game.values[1 << place] / _STEP,
            (game.whole - game.values[everybody ^ 1 << place]) / _STEP if everybody != 1 << place else game.whole / _STEP,
            float(parts[name] / _STEP), float(swings[name] / _STEP), weights[name],
        )
        for place, name in enumerate(game.players)
    )  # fmt: skip
    whole = scores["+".join(game.players)] if "+".join(game.players) in scores else baseline + game.whole / _STEP
    warnings = tuple(
        f"The data of {line.party} take something off; its weight is 0." for line in lines if line.shapley < 0
    )
    return DataValue(metric, baseline, whole, lines, dict(scores), dict(studies or {}), judged_by, warnings)


def _weights(parts: Mapping[str, Fraction]) -> dict[str, int]:
    above = {name: max(0, round(part)) for name, part in parts.items()}
    return allocate(10**6, above) if any(above.values()) else dict.fromkeys(above, 0)
