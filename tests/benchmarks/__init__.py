"""Measurements against a known truth, and beside the alternatives; run by hand, never by the test suite."""
