"""The catalogue of statistical methods, each as four pure functions over sums."""

from summand.methods._protocol import (
    Block,
    Layout,
    Local,
    Method,
    Partial,
    Result,
    Setting,
    State,
    bounds,
    length,
)

__all__ = ["Block", "Layout", "Local", "Method", "Partial", "Result", "Setting", "State", "bounds", "length"]
