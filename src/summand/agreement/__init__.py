"""The agreement."""

from summand.agreement._document import Agreement

__all__ = ["Agreement"]
