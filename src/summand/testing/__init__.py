"""The public test kit.

`summand.testing.plain` runs a method over plain sums, without masks or messages; `summand.testing.federations` makes
keys, a signed agreement and a federation in this process.

    >>> from summand.testing.federations import Partnership
    >>> Partnership.of({"north": {"x": [1.0]}}, {"x": (0, 2)}).signed.is_fully_signed
    True
"""

__all__ = ["federations", "plain"]
