"""`afterbeep people` and `workspaces`: from the command line, for the machine where nobody can sign in yet."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.common import data_dir_option, settings_from

if TYPE_CHECKING:
    from app.workspaces import Workspaces
    from models.person import Role

workspace_option = click.option(
    "--workspace", metavar="NAME", default="default", show_default=True, help="Whose accounts: see `workspaces`."
)


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
@workspace_option
@data_dir_option
def add(
    email: str, name: str, role: "Role", teams: tuple[str, ...], password: str, workspace: str, data_dir: Path | None
) -> None:
    """Make an account. With the first one, everybody has to sign in."""
    from app.audit import AuditLog

    accounts = _workspaces(data_dir).find(workspace).people
    known = {team.name: team.id for team in accounts.teams()}
    ids = [known.get(team) or accounts.add_team(team).id for team in teams]
    person = accounts.add(email, name, role, password, ids)
    AuditLog(accounts.store).note(person, "account.made", f"{role}, on the command line")
    click.echo(f"{person.name} ({person.email}) can sign in as {role}.")


@people.command("list")
@workspace_option
@data_dir_option
def list_people(workspace: str, data_dir: Path | None) -> None:
    """Show the accounts."""
    for row, teams in _workspaces(data_dir).find(workspace).people.everyone():
        shut = " (shut)" if row.disabled_at else ""
        click.echo("\t".join([row.email, row.name, row.role, ", ".join(team.name for team in teams)]) + shut)


@click.group()
def workspaces() -> None:
    """Workspaces: several teams or customers in one installation, strictly apart."""


@workspaces.command("add")
@click.argument("name")
@click.option("--admin", required=True, metavar="EMAIL", help="Whom it is for; the printed link makes their account.")
@data_dir_option
def add_workspace(name: str, admin: str, data_dir: Path | None) -> None:
    """Make a workspace, and a link by which its first admin joins and invites the others."""
    kept = _workspaces(data_dir)
    token = kept.add(name, admin)
    base = (kept.settings.public_url or f"http://{kept.settings.host}:{kept.settings.port}").rstrip("/")
    click.echo(f"“{name}” is there. Send {admin} this link; it works once, for a week:\n{base}/join/{token}")


@workspaces.command("list")
@data_dir_option
def list_workspaces(data_dir: Path | None) -> None:
    """Show the workspaces, with how many accounts each has, since when, and its id."""
    kept = _workspaces(data_dir)
    click.echo("name\taccounts\tsince\tid")
    for row in kept.all():
        click.echo(f"{row.name}\t{len(kept.open(row.id).people.everyone())}\t{row.created_at:%Y-%m-%d}\t{row.id}")


@workspaces.command("delete")
@click.argument("workspace_id", type=int, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask for its name.")
@data_dir_option
def delete_workspace(workspace_id: int, yes: bool, data_dir: Path | None) -> None:
    """Delete a workspace for good: recordings, reports, accounts, keys, links, all but its log.

    Not while one of its recordings is on hold. Copies in backups stay. If it breaks off, run it again.
    """
    from app.workspaces import OPERATOR

    removal = _workspaces(data_dir).removal
    name = removal.check(workspace_id).name
    if not yes and click.prompt(f"Everything of “{name}” will be gone. Its name, to go on") != name:
        raise click.ClickException("That is not its name. Nothing was deleted.")
    count = removal.remove(workspace_id, OPERATOR)
    click.echo(f"“{name}” is gone, with {count} {'recording' if count == 1 else 'recordings'}. Its log stays.")


def _workspaces(data_dir: Path | None) -> "Workspaces":
    from app.database import connect, migrate
    from app.workspaces import Workspaces

    settings = settings_from(data_dir=data_dir)
    migrate(settings)
    engine = connect(settings)
    click.get_current_context().call_on_close(engine.dispose)
    return Workspaces.of(settings, engine)
