"""The coaching schools as data: one TOML file each, checked when loaded, refused with file, line and reason."""

from analysis.playbooks.loading import load, names, parse, shipped_text

__all__ = ["load", "names", "parse", "shipped_text"]
