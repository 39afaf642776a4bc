"""afterbeep backup and restore: the data folder as one file, and back."""

from pathlib import Path

import click

from app.cli.common import data_dir_option, settings_from


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.tar")
@data_dir_option
def backup(file: Path, data_dir: Path | None) -> None:
    """Copy the database, the recordings and the key into one file, while the service runs.

    Whoever has the file can read everything in it.
    """
    from app.backup import backup as run

    settings = settings_from(data_dir=data_dir)
    count = run(settings, file)
    click.echo(f"{count} {'recording is' if count == 1 else 'recordings are'} in {file}.")
    if settings.secret_key:
        click.echo("AFTERBEEP_SECRET_KEY is not in it: keep that key too.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE.tar")
@data_dir_option
def restore(file: Path, data_dir: Path | None) -> None:
    """Make a data folder from a backup; it must not hold anything yet."""
    from app.backup import restore as run

    settings = settings_from(data_dir=data_dir)
    run(settings, file)
    click.echo(f"{settings.data_dir} is as it was. Start the service: afterbeep serve --data-dir {settings.data_dir}")
