"""The tools of `afterbeep mcp`: what library and store can do, told to an assistant. The words are its manual."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import uuid4

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from analysis import __version__, playbooks
from analysis.pipeline import analyze_script
from app.audio_store import AudioStore
from app.bulk import analyze_file
from app.database import connect, migrate
from app.decoder import IsolatedDecoder
from app.fetching import Fetcher, Order
from app.intake import Arrival, Intake, base_name, inspect
from app.jobs import Jobs
from app.listing import Filter
from app.playbook_store import Playbooks
from app.remote import filename_of
from app.settings import Settings
from app.speech import get_weights, transcriber_of
from app.store import Store
from app.voicemail import Voicemail, VoicemailPage
from models.errors import AfterbeepError, InvalidRequest, NotFound
from models.playbook import Playbook
from models.recording import CallContext, Purpose
from models.report import Report

Given = ParamSpec("Given")
Result = TypeVar("Result")
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
FETCHES = ToolAnnotations(read_only_hint=True, open_world_hint=True)
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
File = Annotated[str | None, Field(description="Path of a recording on this machine.")]
Url = Annotated[str | None, Field(description="https address of a recording on a public host, instead of a path.")]
For = Annotated[Purpose | None, Field(description="What the call was for.")]


def server_of(settings: Settings, *, write: bool = False) -> MCPServer:
    """With `write`, one tool more, which stores."""
    desk = _Desk(settings)
    server = MCPServer(
        "afterbeep",
        version=__version__,
        instructions="Coaching for recorded sales voicemails: what to keep, what to stop and what to say instead. "
        "Quote findings with their words and seconds; what was not evaluated says why.",
    )
    server.tool(annotations=FETCHES)(_told(desk.analyse_recording))
    server.tool(annotations=READS)(_told(desk.check_script))
    server.tool(annotations=READS)(_told(desk.search_reports))
    server.tool(annotations=READS)(_told(desk.show_report))
    if write:
        server.tool(annotations=ADDS)(_told(desk.hand_in_recording))
    return server


def _told(tool: Callable[Given, Result]) -> Callable[Given, Result]:
    """Failures someone can meet reach the assistant as their sentence; all others as a crash."""

    @wraps(tool)
    def run(*args: Given.args, **given: Given.kwargs) -> Result:
        try:
            return tool(*args, **given)
        except AfterbeepError as error:
            raise ToolError(f"{error} ({error.code})") from error

    return run


class _Desk:
    """Whoever may start the command may read the data folder, so all that is stored is seen."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.one_at_a_time = Lock()

    def analyse_recording(self, path: File = None, url: Url = None) -> dict[str, Any]:
        """A voicemail's coaching report: score, findings with their words and seconds, measures, transcript.

        Takes some seconds a minute of sound. Nothing is stored.
        """
        with self.one_at_a_time, self._recording(path, url) as recording, IsolatedDecoder() as decode:
            get_weights(self.settings)
            playbook = self._playbook()
            analysis = analyze_file(
                recording, self.settings, playbook, transcriber_of(self.settings), uuid4().hex, decode
            )
        return analysis.report.model_dump(mode="json")

    def check_script(self, text: str, purpose: For = None) -> dict[str, Any]:
        """The same judgement of a text before it is spoken; what only a recording shows is not evaluated."""
        if not text.strip():
            raise InvalidRequest("The script is empty. Please write what you want to say.")
        report: Report = analyze_script(
            text,
            playbook=self._playbook(),
            context=CallContext(purpose=purpose),
            report_id=uuid4().hex,
            created_at=datetime.now(UTC),
        )
        return report.model_dump(mode="json")

    def search_reports(
        self,
        text: Annotated[str | None, Field(description="These words were said.")] = None,
        rule: Annotated[str | None, Field(description="This rule was flagged, such as checking_in.")] = None,
        rep: Annotated[str | None, Field(description="This is in the rep's name.")] = None,
        purpose: For = None,
        since: date | None = None,
        until: date | None = None,
        min_score: Annotated[int | None, Field(ge=0, le=100)] = None,
        max_score: Annotated[int | None, Field(ge=0, le=100)] = None,
        limit: Annotated[int, Field(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Field(description="The next_cursor of the page before.")] = None,
    ) -> dict[str, Any]:
        """Stored recordings, the newest first, each with score, flags and the id that show_report takes."""
        wanted = Filter(
            text=text, rule=rule, rep=rep, purpose=purpose, since=since, until=until,
            min_score=min_score, max_score=max_score, status="done",
        )  # fmt: skip
        store = self._store()
        rows = store.recordings(limit + 1, before=cursor, matching=wanted) if store else ()
        return VoicemailPage.of(rows, limit).model_dump(mode="json")

    def show_report(self, recording_id: str) -> dict[str, Any]:
        """The whole report of a stored recording."""
        store = self._store()
        if store is None:
            raise NotFound("Nothing is stored here yet.")
        return store.finished(recording_id).model_dump(mode="json")

    def hand_in_recording(self, path: str, purpose: For = None, rep: str | None = None) -> dict[str, Any]:
        """Store a recording of this machine and queue it; a running service analyses it, show_report then shows it."""
        migrate(self.settings)
        store = Store(engine := connect(self.settings))
        intake = Intake(store, AudioStore.of(self.settings), Jobs(engine), Playbooks(store), self.settings.max_queued)
        with self._recording(path, None) as recording, recording.open("rb") as audio:
            row = intake.receive(
                Arrival(audio, recording.name, self.settings.playbook, CallContext(purpose=purpose, rep=rep))
            )
        return Voicemail.of(row).model_dump(mode="json")

    @contextmanager
    def _recording(self, path: str | None, url: str | None) -> Iterator[Path]:
        if (path is None) == (url is None):
            raise InvalidRequest("Please give either the “path” or the “url” of a recording.")
        if path is not None:
            here = Path(path).expanduser()
            if not here.is_file():
                raise NotFound(f"There is no file “{path}”.")
            yield here
            return
        with TemporaryDirectory() as folder, Fetcher.of(self.settings).fetch(Order(url or "")) as fetched:
            name = filename_of(url or "")
            inspect(fetched.file, name)
            copy = Path(folder) / base_name(name)
            fetched.file.seek(0)
            with copy.open("wb") as file:
                copyfileobj(fetched.file, file)
            yield copy

    def _store(self) -> Store | None:
        """None where there is none: looking makes no database."""
        file = self.settings.database_file
        return Store(connect(self.settings)) if file is None or file.exists() else None

    def _playbook(self) -> Playbook:
        store, name = self._store(), self.settings.playbook
        return Playbooks(store).load(name) if store else playbooks.load(name)
