"""What a worker does with one recording: from stored audio to the stored report, or to the reason why there is none."""

import logging
from collections.abc import Callable
from functools import partial

from analysis.audio.decode import Decode, decode
from analysis.pipeline import Analysis, analyze
from analysis.speech.transcriber import Transcriber
from app.audio_store import AudioStore
from app.logs import about
from app.outages import outlast
from app.playback import is_playable, playable
from app.playbook_store import Playbooks
from app.prospects import left_before
from app.recall import recall
from app.schema import RecordingRow
from app.seen import stages, waited
from app.settings import Settings
from app.store import Store
from app.tracing import following, span
from models.errors import AfterbeepError, AnalysisFailed

log = logging.getLogger(__name__)


class Analyst:
    """Does one job: stored audio in, stored report or stored failure out."""

    def __init__(
        self,
        store: Store,
        audio: AudioStore,
        transcriber: Transcriber,
        settings: Settings,
        decode: Decode = decode,
    ) -> None:
        self.store = store
        self.audio = audio
        self.playbooks = Playbooks(store)
        self.transcriber = transcriber
        self.decode = decode
        self.settings = settings

    def run(self, recording_id: str) -> None:
        """Within the workspace of the recording."""
        store = outlast(lambda: self.store.holding(recording_id))
        if store is not None:
            Analyst(store, self.audio, self.transcriber, self.settings, self.decode)._run(recording_id)

    def _run(self, recording_id: str) -> None:
        row = outlast(lambda: self.store.begin(recording_id))
        if row is None:
            return  # deleted, or ended by an earlier run that died before it could say so
        with following(row.traceparent), about(recording_id):
            waited(row)
            with span("analysis", recording=recording_id, attempt=row.attempts):
                self._end(row)

    def _end(self, row: RecordingRow) -> None:
        """With its report, or with the reason why there is none."""
        try:
            if row.attempts > self.settings.max_attempts:
                raise AnalysisFailed(
                    f"The analysis of this recording broke off {row.attempts - 1} times. Please try another format."
                )
            outlast(lambda: self._report(row))
            log.info("analysed")
        except AfterbeepError as error:
            log.info("failed", extra={"code": error.code})
            self._fail(row, error)
        except Exception:
            log.exception("a recording could not be analysed")
            self._fail(row, AnalysisFailed("This recording could not be analysed. We have noted why."))

    def _report(self, row: RecordingRow) -> None:
        with stages() as begin:
            analysis = self._analyze(row, begin)
            begin("saving")
            if not is_playable(analysis.sound.recording.format):
                self.audio.put_playable(row.id, playable(analysis.sound))
            outlast(lambda: self.store.save_report(row.id, analysis, row.revision))

    def _fail(self, row: RecordingRow, error: AfterbeepError) -> None:
        outlast(lambda: self.store.fail(row.id, error, row.revision))

    def _analyze(self, row: RecordingRow, begin: Callable[[str], None]) -> Analysis:
        def on_stage(stage: str) -> None:
            begin(stage)
            self.store.set_stage(row.id, stage)

        return analyze(
            self.audio.original(row.id),
            transcriber=self.transcriber,
            playbook=self.playbooks.load(row.playbook),
            report_id=row.id,
            created_at=row.created_at,
            context=row.context,
            filename=row.filename,
            given=row.window,
            max_duration_s=self.settings.max_duration_s,
            decode=self.decode,
            recall=None if row.demo else partial(recall, self.store, row.id),  # a sample is nobody's drop
            left_before=partial(left_before, self.store, row),
            on_stage=on_stage,
        )
