"""Summand: partners sign one agreement, keep their patients' data at home, and compute together under it."""

__version__ = "0.1.0"
