"""A folder that a calling tool drops recordings into: what lies there unchanged for a while is handed in, once."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.bulk import recordings_in
from app.intake import Arrival, Intake
from app.sidecar import context_beside
from models.errors import AfterbeepError, IdempotencyKeyReused

POLLING_S = 1.0

State = tuple[int, int, int]  # size, when changed, when its sidecar changed


@dataclass
class FolderWatch:
    """`settle_s` is how long a file has to lie unchanged; `book` is the file that remembers what was handed in."""

    folder: Path
    intake: Intake
    playbook: str
    book: Path
    settle_s: float = 3.0
    owner_id: str | None = None
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    seen: dict[Path, tuple[State, float]] = field(default_factory=dict)
    done: dict[Path, State] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.handed_in = _read(self.book)

    def look(self) -> int:
        """How many recordings were handed in."""
        return sum(self._consider(path) for path in recordings_in([self.folder]))

    def _consider(self, path: Path) -> bool:
        try:
            state = _state(path)
            if self.done.get(path) == state:
                return False
            before, since_s = self.seen.get(path, (None, 0.0))
            if state != before:
                self.seen[path] = state, self.clock()
                return False
            if self.clock() - since_s < self.settle_s:
                return False
            self.done[path] = state
            return self._hand_in(path)
        except FileNotFoundError:
            return False  # moved away meanwhile
        except (AfterbeepError, OSError) as error:
            self.done[path] = state  # tried again when it changes
            self.say(f"{path.name}: {error}")
            return False

    def _hand_in(self, path: Path) -> bool:
        with path.open("rb") as audio:
            sha256 = hashlib.file_digest(audio, "sha256").hexdigest()
            if sha256 in self.handed_in:
                return False
            arrival = Arrival(
                audio,
                path.name,
                self.playbook,
                context_beside(path),
                idempotency_key=f"watch-{sha256}",
                owner_id=self.owner_id,
            )
            try:
                recording_id = self.intake.receive(arrival).id
            except IdempotencyKeyReused:  # handed in, and this one died before it was in the book
                recording_id = None
        self.handed_in.add(sha256)
        with self.book.open("a", encoding="utf-8") as book:
            book.write(f"\n{sha256}")  # on a line of its own, whatever was cut off before it
        if recording_id is not None:
            self.say(f"{path.name}: handed in as {recording_id}")
        return recording_id is not None


def _read(book: Path) -> set[str]:
    return set(book.read_text("utf-8").split()) if book.exists() else set()


def _state(path: Path) -> State:
    file, sidecar = path.stat(), path.with_suffix(".json")
    told = sidecar.stat().st_mtime_ns if sidecar != path and sidecar.is_file() else 0
    return file.st_size, file.st_mtime_ns, told
