"""Documents that are written from what they tell of, so that they cannot disagree with it: `make docs`."""

from collections.abc import Callable
from pathlib import Path

from tests.documents.rules import rules_markdown
from tests.documents.schools import playbooks_markdown
from tests.documents.settings import settings_markdown
from tests.documents.tools import tools_markdown

DOCS = Path(__file__).parent.parent.parent / "docs"

#: Each writes its whole page, given the page as it is: some keep an introduction by hand.
WRITTEN: dict[str, Callable[[str], str]] = {
    "rules.md": lambda page: rules_markdown(),
    "playbooks.md": lambda page: playbooks_markdown(),
    "settings.md": settings_markdown,
    "integrations.md": tools_markdown,
}


def rewritten(name: str) -> tuple[str, str]:
    """A document as it is, and as it should be."""
    page = (DOCS / name).read_text("utf-8")
    return page, WRITTEN[name](page)
