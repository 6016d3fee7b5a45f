"""Summand: partners sign one agreement, keep their patients' data at home, and compute together under it.

For analysts: `summand.Federation` and `summand.connect`; the methods are in `summand.methods`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from summand.federation import Federation, connect

__version__ = "0.1.0"
__all__ = ["Federation", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    """What analysts use, imported when it is asked for: a site's process never needs it."""
    if name in ("Federation", "connect"):
        import summand.federation

        return getattr(summand.federation, name)
    raise AttributeError(f"module 'summand' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "Federation", "connect"])
