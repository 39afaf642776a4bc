"""afterbeep watch: a folder that a calling tool drops recordings into."""

from pathlib import Path

import click

from app.cli.common import data_dir_option, playbook_option, settings_from


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_dir_option
@click.option("--owner", metavar="EMAIL", help="Whose messages these are.")
@click.option("--settle", "settle_s", type=float, default=3.0, show_default=True, help="Seconds a file lies unchanged.")
@click.option("--once", is_flag=True, help="Hand in what is there, then stop.")
@playbook_option
def watch(
    folder: Path, data_dir: Path | None, owner: str | None, settle_s: float, once: bool, playbook: str | None
) -> None:
    """Hand in the recordings that appear in FOLDER, each once; `afterbeep serve` analyses them.

    A file NAME.json beside a recording tells what the recording cannot, such as {"context": {"purpose": "cold"}}.
    """
    import time

    from app.database import migrate
    from app.main import create_app
    from app.watching import POLLING_S, FolderWatch

    settings = settings_from(data_dir=data_dir, playbook=playbook)
    migrate(settings)
    state = create_app(settings).state
    person = state.workspaces.people.by_email(owner) if owner else None
    if owner and person is None:
        raise click.ClickException(f"There is no account with the address {owner}.")
    watched = FolderWatch(
        folder,
        state.workspaces.open(person.workspace_id).intake if person else state.intake,
        settings.playbook,
        settings.data_dir / "watched.txt",
        settle_s,
        person.id if person else None,
        click.echo,
    )
    ends_s = time.monotonic() + settle_s + POLLING_S
    while True:
        watched.look()
        if once and time.monotonic() > ends_s:
            break
        time.sleep(POLLING_S)
