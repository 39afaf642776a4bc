"""afterbeep serve, worker and demo: the service and what belongs to it."""

from pathlib import Path

import click

from app.cli.common import model_option, settings_from


@click.command()
@click.option("--host", help="Address to listen on (default: 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default: 8000).")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
@click.option(
    "--demo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Show the recordings of DIR as samples, if nothing is stored yet.",
)
@model_option
def serve(host: str | None, port: int | None, data_dir: Path | None, demo: Path | None, model: str | None) -> None:
    """Start the service and its worker."""
    from app.serve import serve as run

    run(settings_from(host=host, port=port, data_dir=data_dir, model=model), demo)


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
@click.option(
    "--attached", is_flag=True, help="Stop when standard input closes, as when the service that began it dies."
)
@model_option
def worker(data_dir: Path | None, attached: bool, model: str | None) -> None:
    """Start a worker: take recordings from the queue and analyse them."""
    from app.worker import work

    work(settings_from(data_dir=data_dir, model=model), attached=attached)


@click.group()
def demo() -> None:
    """The samples shown to a newcomer."""


@demo.command("remove")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
def remove_demo(data_dir: Path | None) -> None:
    """Remove the samples from the list; recordings of your own stay."""
    from app.main import create_app

    app = create_app(settings_from(data_dir=data_dir))
    print(f"{app.state.intake.remove_demo()} samples removed.")
