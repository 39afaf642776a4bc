"""`afterbeep serve`: the model in place, the worker started and kept alive, the service up."""

import ipaddress
import subprocess
import sys
import threading
import time
from pathlib import Path

import click

from app.settings import Settings

RESTART_AFTER_S = 1.0


def serve(settings: Settings, demo: Path | None) -> None:
    import uvicorn

    from analysis.speech.weights import get_model
    from app.main import create_app
    from app.terminal import model_progress

    _refuse_strangers(settings.host)
    with model_progress(settings.model) as step:
        get_model(settings.model, settings.model_dir, step)
    app = create_app(settings)
    if demo is not None:
        _show_samples(settings, demo)
    keeper = WorkerKeeper(settings)
    keeper.start()
    address = f"http://{settings.host}:{settings.port}"
    click.echo(f"Afterbeep is starting on {address} (stop it with Ctrl+C). Recordings are kept in {settings.data_dir}.")
    try:
        uvicorn.run(app, host=settings.host, port=settings.port, log_level=settings.log_level, access_log=False)
    finally:
        keeper.stop()


def _refuse_strangers(host: str) -> None:
    """Nobody has to log in yet, so nobody but this machine may be let in."""
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if not is_local:
        raise click.ClickException(
            f"Refusing to listen on {host}: Afterbeep has no accounts yet, so everyone who reaches that address could "
            "hear every recording. Listen on 127.0.0.1, and put a proxy that asks for a password in front of it."
        )


def _show_samples(settings: Settings, folder: Path) -> None:
    """Queue the samples for analysis, if nothing is stored yet."""
    from app.cli import _sidecar_context
    from app.database import migrate
    from app.intake import Arrival
    from app.main import create_app

    migrate(settings)
    app = create_app(settings)
    if app.state.store.ids():
        return
    samples = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".json")
    for path in reversed(samples):  # the list shows the newest first
        with path.open("rb") as audio:
            context = _sidecar_context(path)
            app.state.intake.receive(Arrival(audio, path.name, settings.playbook, context, demo=True))
    click.echo(f"{len(samples)} sample recordings are being analysed; they appear on the first page one by one.")


class WorkerKeeper:
    """Starts the worker as a process of its own, and again whenever it dies."""

    def __init__(self, settings: Settings) -> None:
        self.command = [sys.executable, "-m", "app.cli", "worker", "--attached", "--data-dir", str(settings.data_dir)]
        self.command += ["--model", settings.model]
        self.stopping = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def _keep(self) -> None:
        while not self.stopping.is_set():
            # Its standard input closes when this process dies, however it dies, and the worker goes with it.
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE)  # noqa: S603  # our own command
            if self.process.wait() and not self.stopping.is_set():
                click.echo("The worker stopped unexpectedly; starting it again.", err=True)
            time.sleep(RESTART_AFTER_S)

    def stop(self) -> None:
        self.stopping.set()
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
