"""What the commands share. Heavy imports happen inside the commands that need them, so that `--help` is quick."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from app.settings import Settings
    from models.base import Frozen
    from models.playbook import Playbook
    from models.recording import CallContext

Kind = TypeVar("Kind", bound="Frozen")


def settings_from(**flags: Any) -> "Settings":
    """The settings of the environment, with the flags that were given over them."""
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        told = ((str(one["loc"][0]), one["msg"].removeprefix("Value error, ")) for one in error.errors())
        lines = [f"AFTERBEEP_{name.upper()}: {message}" for name, message in told]
        raise click.ClickException("\n".join(lines)) from error


def playbook_of(settings: "Settings") -> "Playbook":
    """The playbook of a name, or of a file ending in .toml."""
    from analysis import playbooks

    name = settings.playbook
    return playbooks.load(Path(name) if name.endswith(".toml") else name)


class FriendlyGroup(click.Group):
    """Failures that a person can meet end in their sentence and status 1, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        from models.errors import AfterbeepError

        try:
            return super().invoke(ctx)
        except AfterbeepError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            if "sqlalchemy" in sys.modules and (sentence := _no_database(error)):
                raise click.ClickException(sentence) from error
            raise


def _no_database(error: Exception) -> str | None:
    """What to tell where the database is not reached: whoever types commands is told where it was looked for."""
    from sqlalchemy.exc import DBAPIError

    from app.outages import outage_of

    if isinstance(error, DBAPIError) and outage_of(error):
        return f"The database does not answer: {str(error.orig).strip()}"
    return None


playbook_option = click.option(
    "--playbook", metavar="NAME|FILE", help="Playbook to judge by: a name, or a .toml file (default: cold-outreach)."
)
data_dir_option = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of recordings and database.")
model_option = click.option("--model", metavar="NAME|PATH", help="Whisper model (default: base).")
engine_option = click.option("--engine", metavar="NAME", help="openai-whisper (default) or faster-whisper.")
language_option = click.option("--language", metavar="CODE", help="Language spoken (default: en); auto to find out.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a page.")


def call_of(facts: dict[str, Any]) -> "CallContext":
    """What is known about a call, from flags. Raises InvalidRequest."""
    from models.recording import CallContext

    return checked(CallContext, facts)


def checked(kind: "type[Kind]", flags: dict[str, Any]) -> "Kind":
    """A value made of flags. Raises InvalidRequest, which names the flags that cannot be."""
    from pydantic import ValidationError

    from models.errors import InvalidRequest

    try:
        return kind.model_validate(flags)
    except ValidationError as error:
        wrong = [f"{str(e['loc'][0]).replace('_', ' ')}: {e['msg'].lower()}" for e in error.errors()]
        raise InvalidRequest("; ".join(wrong)) from error
