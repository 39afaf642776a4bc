"""A report as one HTML file that needs nothing else: no script, no other file, its styles inside."""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from app.exports.handout import Handout, measured_instead, seconds_of
from app.pages import templates

STYLES: Final = Path(__file__).parents[1] / "static" / "css"


def handout_page(handout: Handout) -> str:
    return templates.get_template("handout.html").render(
        handout=handout,
        report=handout.report,
        coached=handout.coached,
        wave=handout.wave,
        styles=styles(),
        policy=policy(),
        seconds_of=seconds_of,
        measured_instead=measured_instead,
    )


@lru_cache(maxsize=1)
def styles() -> str:
    return "\n".join((STYLES / name).read_text("utf-8") for name in ("tokens.css", "handout.css"))


@lru_cache(maxsize=1)
def policy() -> str:
    """What the file may do: show its own styles, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(styles().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
