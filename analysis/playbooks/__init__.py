"""The coaching schools as data: one TOML file each, checked when loaded, refused with file, line and reason."""

from analysis.playbooks.loading import PlaybookError, load, names, parse, shipped_text
from analysis.playbooks.rules_page import rules_markdown
from analysis.playbooks.schools_page import playbooks_markdown

__all__ = ["PlaybookError", "load", "names", "parse", "playbooks_markdown", "rules_markdown", "shipped_text"]
