"""The disclosure profiles that an agreement may name, as numbers, and the order of strictness between them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from summand.errors import AgreementError
from summand.tables import NO_LIMITS, Limits

CMS_MINIMUM_CELL = 11
"""US Centers for Medicare & Medicaid Services: no cell of 1 to 10 people may be shown or derivable."""
_AGREED = ("minimum_cell", "minimum_sites", "minimum_exits", "parameters_per_person")

PROFILES: Mapping[str, Limits] = MappingProxyType(
    {
        # Patient data. 0.33 parameters a person is DataSHIELD's nfilter.glm.
        "institutional": Limits(
            minimum_cell=10,
            minimum_sites=3,
            parameters_per_person_max=0.33,
            exact_times=False,
            exact_quantiles=False,
        ),
        # Already published, with its licence in the agreement: exact.
        "public_data": NO_LIMITS,
        # One owner trying things out in one process; a site service refuses it.
        "trial": NO_LIMITS,
    }
)


def limits_for(profile: str, agreed: Mapping[str, float] | None = None) -> Limits:
    """The limits under which a profile's rules and the agreement's own hold at once.

    An agreement can make a limit tighter and never looser: the stricter of both values counts. A value looser than the
    agreement's own profile does not get this far, since `agreement.check` fails on it; one looser than the stricter
    profile of a single request is no mistake, and has no effect.

    Args:
        profile: ``institutional``, ``public_data`` or ``trial``.
        agreed: The agreement's limits: ``minimum_cell``, ``minimum_sites``, ``minimum_exits`` and
            ``parameters_per_person``, as `Agreement.limits` gives them. A minimum cell of 1 is none: zero describes
            nobody. Every step of a curve holds at least ``minimum_cell`` exits, so ``minimum_exits`` raises that.

    Raises:
        AgreementError: if the profile or a limit is not known by name, or a value is out of its range.
    """
    if profile not in PROFILES:
        raise AgreementError(
            "The disclosure profile is not one that this version knows.",
            remedy=f"Name one of: {', '.join(PROFILES)}.",
            clause="D.disclosure_profile",
        )
    own = dict(agreed or {})
    for name, value in own.items():
        if name not in _AGREED or not value > 0:
            raise AgreementError(
                f"The limit '{name[:80]}' of the agreement is unknown or out of range.",
                remedy=f"Give positive values for any of: {', '.join(_AGREED)}.",
                clause="D.limits",
            )
    cell = int(max(own.get("minimum_cell", 0), own.get("minimum_exits", 0)))
    no_limit_but = Limits(
        minimum_cell=cell if cell > 1 else 0,
        minimum_sites=int(own.get("minimum_sites", 1)),
        parameters_per_person_max=own.get("parameters_per_person"),
        exact_times=True,
        exact_quantiles=True,
    )
    return strictest(PROFILES[profile], no_limit_but)


def strictest(*limits: Limits) -> Limits:
    """The limits under which all of ``limits`` hold at once."""
    shares = [one.parameters_per_person_max for one in limits if one.parameters_per_person_max is not None]
    return Limits(
        minimum_cell=max(one.minimum_cell for one in limits),
        minimum_sites=max(one.minimum_sites for one in limits),
        parameters_per_person_max=min(shares, default=None),
        exact_times=all(one.exact_times for one in limits),
        exact_quantiles=all(one.exact_quantiles for one in limits),
    )


def is_at_least_as_strict(a: Limits, b: Limits) -> bool:
    """Whether ``a`` forbids everything that ``b`` forbids: a partial order, so two limits may be neither way round.

    A request may name a profile at least as strict as the agreement's, never a looser one.
    """
    return strictest(a, b) == a
