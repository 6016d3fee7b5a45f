"""The public test kit: `summand.testing.plain` runs a method over plain sums, without masks or messages."""
