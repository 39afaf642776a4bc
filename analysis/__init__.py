"""The product as a library: a recording in, a report out. No database, HTTP, environment or clock in here."""

__version__ = "1.0.0"
