"""Benchmarks: each runs the reference beside ours in one go and prints ratios. No test times anything."""
