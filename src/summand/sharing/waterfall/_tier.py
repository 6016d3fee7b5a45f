"""The terms: tiers in order, and the periods whose income runs down them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal

from summand.errors import SettlementInvalid
from summand.sharing._records import STRICT, Cents, Name, PerMille, Text, Weight, read_record, write_record
from summand.sharing.waterfall._guards import LegalGuard

TierKind = Literal["royalty", "fee", "reimburse", "preferred", "share"]


@dataclass(frozen=True)
class PreferredReturn:
    """Interest on cost that has not yet been returned.

    Attributes:
        on: The name of the earlier tier of kind ``reimburse`` whose unreturned claims bear it.
        per_mille: Rate a year, in thousandths.
        since: From when.
        compound: Whether unpaid interest bears interest.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    on: Name
    per_mille: PerMille
    since: date
    compound: bool = False


@dataclass(frozen=True)
class Tier:
    """One step down which income runs. Amounts in cents, rates in thousandths.

    Attributes:
        name: Its name, which keeps what it has paid when terms are amended.
        kind: ``royalty`` of gross income; ``fee`` of what reaches the tier; ``reimburse`` claims; ``preferred`` return;
            ``share`` what reaches the tier.
        weights: Payee -> weight. Payees may be others than the parties, such as a patients' fund.
        per_mille: Rate of a royalty or fee.
        claims: Payee -> cost to be returned, for ``reimburse``.
        preferred: Terms of a ``preferred`` tier.
        cap_cents: Most that the tier pays, over all periods.
        period_cap_cents: Most that it pays in one period.
        payee_caps: Payee -> most that it gets from this tier, over all periods.
        holdback_per_mille: Part of each payment that is kept in reserve.
        guards: Laws that must be cleared before the tier pays.
        applies_if, applies_unless: A trigger, such as a goal's name, that must be on, or off, for the tier to take part.
        last_day: The tier takes no part afterwards.
        text: In words.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    name: Name
    kind: TierKind
    weights: Mapping[Name, Weight] = field(default_factory=dict)
    per_mille: PerMille = 0
    claims: Mapping[Name, Cents] = field(default_factory=dict)
    preferred: PreferredReturn | None = None
    cap_cents: Cents | None = None
    period_cap_cents: Cents | None = None
    payee_caps: Mapping[Name, Cents] = field(default_factory=dict)
    holdback_per_mille: PerMille = 0
    guards: tuple[LegalGuard, ...] = ()
    applies_if: Name | None = None
    applies_unless: Name | None = None
    last_day: date | None = None
    text: Text = ""


@dataclass(frozen=True)
class Waterfall:
    """Tiers in order.

    Raises:
        SettlementInvalid: if two tiers share a name, or a tier lacks what its kind needs.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    currency: Name
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        names: list[str] = []
        for tier in self.tiers:
            lacking = _lacking(tier, {item.name: item.kind for item in self.tiers if item.name in names})
            if tier.name in names:
                lacking = "has the name of an earlier one"
            if lacking:
                raise SettlementInvalid(
                    f"The tier '{tier.name[:60]}' {lacking}.", remedy="Complete the waterfall.", clause="K.waterfall"
                )
            names.append(tier.name)

    @classmethod
    def from_dict(cls, fields: Any) -> Waterfall:
        """A waterfall from JSON values.

        Raises:
            SettlementInvalid: if they are of another form.
        """
        return read_record(cls, fields, "The waterfall")

    def to_dict(self) -> dict[str, Any]:
        """As `from_dict` takes it."""
        return write_record(self)


@dataclass(frozen=True)
class Period:
    """Income of one period, and what is known when it is settled.

    Attributes:
        gross_cents: Income, as clause K defines it.
        at: Day of settlement.
        cleared: Guards that are cleared.
        triggers: Triggers that are on.
        corrected_gross_cents: What the income should have been, found later; None where it stands.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    gross_cents: Cents
    at: date
    cleared: tuple[LegalGuard, ...] = ()
    triggers: tuple[Name, ...] = ()
    corrected_gross_cents: Cents | None = None

    @classmethod
    def from_dict(cls, fields: Any) -> Period:
        """A period from JSON values.

        Raises:
            SettlementInvalid: if they are of another form.
        """
        return read_record(cls, fields, "A period")


def _lacking(tier: Tier, earlier: Mapping[str, TierKind]) -> str:
    if tier.kind in ("royalty", "fee") and not tier.per_mille:
        return "has no rate"
    if tier.kind in ("royalty", "fee", "share") and not any(tier.weights.values()):
        return "pays nobody"
    if tier.kind == "reimburse" and not tier.claims:
        return "has no claims"
    if tier.kind == "preferred" and (tier.preferred is None or earlier.get(tier.preferred.on) != "reimburse"):
        return "names no earlier tier that returns cost"
    return ""
