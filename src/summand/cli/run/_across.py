"""Estimates of several sites brought together."""
