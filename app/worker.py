"""The worker process: keeps a Whisper model warm and takes recordings from the queues, a batch at a time.

One that only fetches has no model: it needs little memory, and can stand where the way out of the network is.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from urllib.parse import quote

from filelock import FileLock, Timeout

from app import logs, tracing
from app.analyst import Analyst
from app.audio_store import AudioStore
from app.collector import Collector
from app.courier import courier_of
from app.database import connect, migrate
from app.decoder import IsolatedDecoder
from app.intake import Intake
from app.jobs import Jobs, launch_worker
from app.metrics import describe_engine
from app.playbook_store import Playbooks
from app.retention import Forgetter
from app.settings import Settings
from app.speech import transcriber_of
from app.store import Store
from app.webhooks.postman import Postman, start_postmen
from app.workers import Roll

log = logging.getLogger(__name__)

BEHIND_THE_SERVICE = 10  # niceness: on the same cores, who asks for a page is answered before a batch goes on


def work(settings: Settings, *, attached: bool = False) -> None:
    """Work until stopped: by a signal, or, if `attached`, when standard input closes."""
    logs.configure(settings, "worker")
    tracing.start()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if attached:
        os.nice(BEHIND_THE_SERVICE)
        threading.Thread(target=_die_with_standard_input, daemon=True).start()
    migrate(settings)
    settings = settings.model_copy(update={"worker_id": _take_name(settings)})
    engine = connect(settings)
    store, audio = Store(engine, None), AudioStore.of(settings)
    if settings.transcribes:
        run, at_once = _analysing(store, audio, settings)
    else:
        run, at_once = _only_fetching, 0
        describe_engine(settings, "none")
    audio.sweep(store.ids())
    drain_s = 0 if attached else settings.drain_s  # with its service it is soon begun again
    jobs = Jobs(engine)
    courier = courier_of(settings, store, audio, jobs)
    start_postmen(Postman.of(settings, store), stop)
    intake = Intake(store, audio, jobs, Playbooks(store), settings.max_queued)
    forgetter = Forgetter(intake, settings.retention)
    roll = Roll(store, jobs.client, settings.worker_id, settings.gone_after_s)
    roll.beat()
    finish = launch_worker(engine, settings, run, courier.run, at_once=at_once, drain_s=drain_s)
    for keep in (roll.keep, forgetter.keep):
        threading.Thread(target=keep, args=(stop,), daemon=True).start()
    log.info("ready as %s", settings.worker_id, extra={"queue": ",".join(settings.queues)})
    stop.wait()
    if drain_s:
        log.info("stopping: what is not done in %g s is given back", drain_s)
    finish()
    roll.leave()
    tracing.flush()
    os._exit(0)  # a recording that is being transcribed cannot be interrupted; it is begun again, here or elsewhere


def _analysing(store: Store, audio: AudioStore, settings: Settings) -> tuple[Callable[[str, bool], None], int]:
    """What does a job, its model loaded, and of how many recordings at once."""
    decoder = IsolatedDecoder()
    decoder.warm_up()
    transcriber = transcriber_of(settings)
    transcriber.load()  # a missing model stops the worker, not every recording
    describe_engine(settings, "gpu" if transcriber.is_on_gpu else "cpu")
    collector = Collector(transcriber)

    def run(recording_id: str, urgent: bool) -> None:
        with collector.desk(urgent=urgent) as seat:
            Analyst(store, audio, seat, settings, decoder).run(recording_id)

    return run, collector.jobs


def _only_fetching(_recording_id: str, _urgent: bool) -> None:
    raise RuntimeError("a worker that only fetches was given a recording to analyse")


_locks: list[FileLock] = []  # held as long as the process lives


def _take_name(settings: Settings) -> str:
    """Its own and the first number no other of that name has on this data folder: restarted, it finds it free again."""
    for number in range(1000):
        name = f"{settings.worker_id}-{number}"
        lock = FileLock(settings.data_dir / f"worker-{quote(name, safe='')}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _locks.append(lock)
        return name
    raise RuntimeError("1000 workers of one name on one data folder")


def _die_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
