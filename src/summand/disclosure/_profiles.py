"""The disclosure profiles that an agreement may name, as numbers, and the order of strictness between them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from summand.errors import AgreementError
from summand.tables import NO_LIMITS, Limits

CMS_MINIMUM_CELL = 11
"""US Centers for Medicare & Medicaid Services: no cell of 1 to 10 people may be shown or derivable."""

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


def limits_for(profile: str, tightening: Mapping[str, float] | None = None, *, cms_data: bool = False) -> Limits:
    """The limits of a profile, made tighter where the agreement says so.

    Args:
        profile: ``institutional``, ``public_data`` or ``trial``.
        tightening: Fields of `Limits` with stricter values, such as ``{"minimum_cell": 20}``.
        cms_data: Whether data of the US Medicare and Medicaid programmes take part.

    Raises:
        AgreementError: if the profile or a limit is unknown, or a value is looser than the profile's; names the limit.
    """
    if profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise AgreementError(
            "The disclosure profile is not one that this version knows.",
            remedy=f"Name one of: {known}.",
            clause="D.disclosure_profile",
        )
    base = PROFILES[profile]
    if cms_data and profile == "institutional":
        base = dataclasses.replace(base, minimum_cell=CMS_MINIMUM_CELL)
    for name, value in (tightening or {}).items():
        base = _tightened(base, name, value, profile)
    return base


def _tightened(limits: Limits, name: str, value: float, profile: str) -> Limits:
    known = [field.name for field in dataclasses.fields(Limits)]
    if name not in known:
        raise AgreementError(
            f"The agreement tightens a limit that does not exist: '{name[:80]}'.",
            remedy=f"Name one of: {', '.join(known)}.",
            clause="D.limits",
        )
    changed: dict[str, object] = {name: value}
    candidate = dataclasses.replace(limits, **changed)  # type: ignore[arg-type]  # the field is known by name only
    if not is_at_least_as_strict(candidate, limits):
        raise AgreementError(
            f"The agreement sets {name} to {value}, looser than {getattr(limits, name)} of the profile '{profile}'.",
            remedy=f"Leave {name} out, or make it stricter than the profile's.",
            clause="D.limits",
        )
    return candidate


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
