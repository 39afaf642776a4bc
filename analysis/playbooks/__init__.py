"""The coaching schools as data: one TOML file each, checked when loaded, refused with file, line and reason."""

from analysis.playbooks.loading import PlaybookError, load, names, parse
from analysis.playbooks.rules_page import rules_markdown

__all__ = ["PlaybookError", "load", "names", "parse", "rules_markdown"]
