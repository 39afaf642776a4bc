"""Measurements against a known truth; run by hand, never by the test suite."""
