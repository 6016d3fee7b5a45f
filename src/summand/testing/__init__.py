"""The public test kit.

`summand.testing.plain` runs a method over plain sums, without masks or messages; `summand.testing.federations` makes
keys, a signed agreement and a federation in this process.
"""
