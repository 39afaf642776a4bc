"""afterbeep serve, worker and demo: the service and what belongs to it."""

from pathlib import Path

import click

from app.cli.common import data_dir_option, model_option, settings_from


@click.command()
@click.option("--host", help="Address to listen on (default: 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default: 8000).")
@data_dir_option
@click.option(
    "--demo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Show the recordings of DIR as samples, if nothing is stored yet.",
)
@click.option("--no-worker", is_flag=True, help="Start no worker here: others on the same database do the work.")
@model_option
def serve(
    host: str | None, port: int | None, data_dir: Path | None, demo: Path | None, no_worker: bool, model: str | None
) -> None:
    """Start the service and its worker."""
    from app.serve import serve as run

    run(settings_from(host=host, port=port, data_dir=data_dir, model=model), demo, with_worker=not no_worker)


@click.command()
@data_dir_option
@click.option(
    "--attached", is_flag=True, help="Stop when standard input closes, as when the service that began it dies."
)
@click.option(
    "--queues",
    metavar="NAMES",
    help="Take only from these, with commas: urgent, recordings, fetches (default: all). Fetches alone need no model.",
)
@model_option
def worker(data_dir: Path | None, attached: bool, queues: str | None, model: str | None) -> None:
    """Start a worker: take recordings from the queues, fetch and analyse them."""
    from app.worker import work

    work(settings_from(data_dir=data_dir, queues=queues, model=model), attached=attached)


@click.command()
@click.option("--executor", required=True, metavar="ID", help="Name of the worker that will not come back.")
@data_dir_option
def recover(executor: str, data_dir: Path | None) -> None:
    """Queue again at once what a lost worker had begun; after a minute of silence other workers do it by themselves."""
    from app.database import connect
    from app.jobs import Jobs
    from app.workers import hand_back

    count = hand_back(Jobs(connect(settings_from(data_dir=data_dir))).client, executor)
    if count:
        click.echo(f"{count} {'job is' if count == 1 else 'jobs are'} queued again.")
    else:
        click.echo(f"{executor} had begun nothing.")


@click.group()
def demo() -> None:
    """The samples shown to a newcomer."""


@demo.command("remove")
@data_dir_option
def remove_demo(data_dir: Path | None) -> None:
    """Remove the samples from the list; recordings of your own stay."""
    from app.main import create_app
    from models.person import LOCAL

    app = create_app(settings_from(data_dir=data_dir))
    print(f"{app.state.intake.remove_demo(LOCAL)} samples removed.")
