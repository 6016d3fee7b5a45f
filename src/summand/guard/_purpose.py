"""Purposes that are open to public bodies only; which code lies within which is the agreement's own knowledge."""

from __future__ import annotations

PUBLIC_BODIES_ONLY = frozenset({"53(1)(a)", "53(1)(b)", "53(1)(c)"})
PUBLIC_BODIES = frozenset({"government", "regulator"})
