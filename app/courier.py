"""Fetches one recording, once: what fails in passing is queued again, later and later, while its link may live."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from app.audio_store import AudioStore
from app.call_intake import order_of
from app.connection_store import Connections
from app.fetching import Fetched, Fetcher, Order
from app.intake import inspect
from app.jobs import Jobs, Lane
from app.logs import about
from app.outages import outlast
from app.playbook_store import Playbooks
from app.schema import FetchRow, RecordingRow
from app.seen import stage
from app.settings import Settings
from app.store import Store, end
from app.tracing import following
from app.vault import Vault
from models.errors import AfterbeepError, FetchError, FetchFailed, Outage

log = logging.getLogger(__name__)

AGAIN_AFTER_S = (2, 10, 30, 120, 300, 900, 1800)


@dataclass(frozen=True)
class Courier:
    """`order` says what to fetch for a row and its link; a connection's tool may have to be asked for that first."""

    store: Store
    audio: AudioStore
    jobs: Jobs
    vault: Vault
    fetcher: Fetcher
    order: Callable[[FetchRow, str], Order]

    def run(self, recording_id: str, attempt: int) -> None:
        """Within the workspace of the recording."""
        store = outlast(lambda: self.store.holding(recording_id))
        if store is not None:
            outlast(lambda: replace(self, store=store)._run(recording_id, attempt))

    def _run(self, recording_id: str, attempt: int) -> None:
        """Ends with the recording stored and its analysis queued, or another attempt queued, or the failure stored.

        Safe to run again, whenever it broke off: an attempt that was followed by another does nothing.
        """
        with self.store.session() as session:
            row, fetch = session.get(RecordingRow, recording_id), session.get(FetchRow, recording_id)
        if row is None or fetch is None or fetch.attempt != attempt:
            return  # deleted, or done by an earlier run that died before it could say so
        with following(row.traceparent), about(recording_id):
            self._fetch(row, fetch)

    def _fetch(self, row: RecordingRow, fetch: FetchRow) -> None:
        known = {"attempt": fetch.attempt + 1}
        try:
            with stage("fetching"):
                order = self.order(fetch, self.vault.open(fetch.link))
                with self.fetcher.fetch(order) as fetched:
                    self._store(row, fetched)
        except (Outage, DBAPIError):
            raise
        except AfterbeepError as error:
            log.info("not fetched", extra={**known, "code": error.code})
            self._later_or_never(fetch, error)
        except Exception:
            log.exception("a recording could not be fetched", extra=known)
            self._later_or_never(fetch, FetchFailed("This recording could not be fetched. We have noted why."))

    def _store(self, row: RecordingRow, fetched: Fetched) -> None:
        size_bytes, sha256 = inspect(fetched.file, row.filename)
        fetched.file.seek(0)
        self.audio.put(row.id, fetched.file)
        with self.store.session() as session:
            stored, fetch = session.get(RecordingRow, row.id), session.get(FetchRow, row.id)
            if stored is not None and fetch is not None:
                stored.size_bytes, stored.sha256, stored.stage = size_bytes, sha256, None
                session.delete(fetch)
                if fetch.urgent:
                    stored.lane = Lane.URGENT
                self.jobs.enqueue(session, stored)
        if stored is None:
            self.audio.delete(row.id)

    def _later_or_never(self, tried: FetchRow, error: AfterbeepError) -> None:
        with self.store.session() as session:
            row, fetch = session.get(RecordingRow, tried.recording_id), session.get(FetchRow, tried.recording_id)
            if row is None or fetch is None or fetch.attempt != tried.attempt:
                return  # deleted, or another run was done with it while this one slept
            passing = isinstance(error, FetchError) and error.passing
            pause_s = AGAIN_AFTER_S[min(fetch.attempt, len(AGAIN_AFTER_S) - 1)]
            if passing and datetime.now(UTC) + timedelta(seconds=pause_s) < fetch.give_up_at:
                fetch.attempt += 1
                self.jobs.enqueue_fetch(session, row, attempt=fetch.attempt, delay_s=pause_s)
            else:
                end(session, row, error)
                session.delete(fetch)  # nobody fetches it any more


def courier_of(
    settings: Settings, store: Store, audio: AudioStore, jobs: Jobs, fetcher: Fetcher | None = None
) -> Courier:
    vault, fetcher = Vault(settings), fetcher or Fetcher.of(settings)
    everywhere = store.everywhere()
    connections = Connections(everywhere, vault, Playbooks(everywhere))
    return Courier(
        store, audio, jobs, vault, fetcher, lambda fetch, link: order_of(connections, fetch, link, fetcher.ask)
    )
