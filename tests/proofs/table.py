"""What a proof found: printed, and written into its part of docs/reliability.md."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs/reliability.md"


def arguments(about: str | None) -> argparse.ArgumentParser:
    """What every proof can be told."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write what was found into docs/reliability.md")
    return parser


@dataclass
class Proof:
    """`name` is that of its part of the page; a promise that was not kept makes the whole fail."""

    name: str
    parts: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.parts.append(sentence)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
        lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
        self.parts.append("\n".join(lines))

    def promise(self, sentence: str, kept: bool) -> None:
        if not kept:
            self.broken.append(sentence)

    def finish(self, *, write: bool) -> None:
        """Print it, write it down if it was kept, and leave with 1 if it was not."""
        text = "\n\n".join(self.parts)
        print(text)
        for sentence in self.broken:
            print(f"BROKEN: {sentence}", file=sys.stderr)
        if write and not self.broken:
            part = re.compile(rf"(<!-- {self.name} -->\n).*?(<!-- /{self.name} -->)", re.DOTALL)
            page, count = part.subn(lambda found: f"{found[1]}{text}\n{found[2]}", PAGE.read_text("utf-8"))
            assert count == 1, f"no part {self.name} in {PAGE.name}"
            PAGE.write_text(page, "utf-8")
        sys.exit(bool(self.broken))
