"""`afterbeep people`: accounts from the command line, for the machine where nobody can sign in yet."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.people import People
    from models.person import Role

data_dir_option = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the database.")


@click.group()
def people() -> None:
    """Accounts: who may sign in, as what."""


@people.command()
@click.argument("email")
@click.option("--name", required=True, help="Their name.")
@click.option(
    "--role", type=click.Choice(["rep", "coach", "admin"]), default="rep", show_default=True, help="What they may do."
)
@click.option("--team", "teams", multiple=True, metavar="NAME", help="Team they are in; made if there is none.")
@click.password_option(help="Asked for, if not given.")
@data_dir_option
def add(email: str, name: str, role: "Role", teams: tuple[str, ...], password: str, data_dir: Path | None) -> None:
    """Make an account. With the first one, everybody has to sign in."""
    accounts = _people(data_dir)
    known = {team.name: team.id for team in accounts.teams()}
    ids = [known.get(team) or accounts.add_team(team).id for team in teams]
    person = accounts.add(email, name, role, password, ids)
    accounts.note(person, "account.made", f"{role}, on the command line")
    click.echo(f"{person.name} ({person.email}) can sign in as {role}.")


@people.command("list")
@data_dir_option
def list_people(data_dir: Path | None) -> None:
    """Show the accounts."""
    for row, teams in _people(data_dir).everyone():
        shut = " (shut)" if row.disabled_at else ""
        click.echo("\t".join([row.email, row.name, row.role, ", ".join(team.name for team in teams)]) + shut)


def _people(data_dir: Path | None) -> "People":
    from app.database import connect, migrate
    from app.people import People
    from app.settings import Settings
    from app.store import Store

    settings = Settings() if data_dir is None else Settings(data_dir=data_dir)
    migrate(settings)
    return People(Store(connect(settings)))
