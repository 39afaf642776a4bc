"""Promises, each kept before your eyes: `make prove-…` runs one, prints its table, and fails when it is broken."""
