"""`afterbeep serve`: the model in place, the worker started and kept alive, the service up."""

import asyncio
import logging
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.intake import Arrival
from app.settings import Settings
from app.sidecar import context_beside, recordings_of

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

log = logging.getLogger(__name__)

RESTART_AFTER_S = (1, 2, 5, 15, 30)  # the longer, the oftener it died at once
HEALTHY_AFTER_S = 60


def serve(settings: Settings, demo: Path | None, *, with_worker: bool = True) -> None:
    with _listen(settings.host, settings.port) as listener:
        _serve(settings, demo, listener, with_worker=with_worker)


def _serve(settings: Settings, demo: Path | None, listener: socket.socket, *, with_worker: bool) -> None:
    import uvicorn

    from app import logs, tracing
    from app.database import migrate
    from app.main import create_app
    from app.speech import get_weights
    from app.terminal import model_progress

    logs.configure(settings, "service")
    tracing.start()
    app = create_app(settings)
    migrate(settings)
    _refuse_strangers(app)
    if with_worker and settings.transcribes:
        with model_progress(settings.model) as step:
            get_weights(settings, step)
    if demo is not None and (count := show_samples(app, demo)):
        click.echo(f"{count} sample recordings are being analysed; they appear on the first page one by one.")
    keeper = WorkerKeeper(settings)
    if with_worker:
        keeper.start()
    try:
        asyncio.run(
            _run(
                uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="warning", access_log=False)),
                listener,
                settings,
            )
        )
    except KeyboardInterrupt:
        pass
    finally:
        keeper.stop()


async def _run(server: "uvicorn.Server", listener: socket.socket, settings: Settings) -> None:
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.05)
    if server.started:
        click.echo(f"Recordings are kept in {settings.data_dir}.")
        click.echo(f"Ready: open http://{settings.host}:{settings.port} in a browser (stop with Ctrl+C).")
    await serving


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is started."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # Inherited by every connection. asyncio sets it only where it made the socket itself; without it each answer
        # on a connection that is kept waits 40 ms for the other side to acknowledge its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise click.ClickException(
            f"Port {port} cannot be used ({error.strerror}). Is Afterbeep running already? Choose another with --port."
        ) from error


def _refuse_strangers(app: "FastAPI") -> None:
    """As long as nobody has to sign in, nobody but this machine may be let in."""
    from app.access import is_loopback

    settings = app.state.settings
    if not is_loopback(settings) and not app.state.workspaces.people.exist():
        raise click.ClickException(
            f"Refusing to listen on {settings.host}: there are no accounts, so everyone who reaches that address could "
            "hear every recording. Make the first with: afterbeep people add you@example.com --name You --role admin"
        )


def show_samples(app: "FastAPI", folder: Path) -> int:
    """Queue the recordings of a folder as samples, if nothing is stored yet. Returns how many."""
    if app.state.store.ids():
        return 0
    samples = recordings_of(sorted(path for path in folder.iterdir() if path.is_file()))
    for path in reversed(samples):  # the list shows the newest first
        with path.open("rb") as audio:
            arrival = Arrival(audio, path.name, app.state.settings.playbook, context_beside(path), demo=True)
            app.state.intake.receive(arrival)
    return len(samples)


class WorkerKeeper:
    """Starts the worker as a process of its own, and again whenever it dies."""

    def __init__(self, settings: Settings) -> None:
        self.command = [
            sys.executable,
            "-P",
            "-m",
            "app.cli",
            "worker",
            "--attached",
            "--data-dir",
            str(settings.data_dir),
        ]
        self.command += ["--model", settings.model]
        self.stopping = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def _keep(self) -> None:
        deaths = 0
        while not self.stopping.is_set():
            began_s = time.monotonic()
            # Its standard input closes when this process dies, however it dies, and the worker goes with it.
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE)  # noqa: S603  # our own command
            self.process.wait()
            deaths = 0 if time.monotonic() - began_s > HEALTHY_AFTER_S else deaths + 1
            pause_s = RESTART_AFTER_S[min(deaths, len(RESTART_AFTER_S) - 1)]
            if not self.stopping.is_set():
                log.warning("the worker stopped; starting it again in %d s", pause_s)
            self.stopping.wait(pause_s)

    def stop(self) -> None:
        self.stopping.set()
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
