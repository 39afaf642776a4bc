"""The command line, a module for each group of commands."""

import click

from app.cli.advising import advise
from app.cli.analyzing import analyze
from app.cli.assisting import mcp
from app.cli.backing_up import backup, restore
from app.cli.common import FriendlyGroup
from app.cli.drafting import draft
from app.cli.serving import demo, recover, serve, worker
from app.cli.speech_models import models
from app.cli.texts import evaluate, script
from app.cli.watching import watch
from app.people_cli import people, workspaces

COMMANDS = (
    analyze,
    script,
    draft,
    advise,
    evaluate,
    serve,
    worker,
    recover,
    backup,
    restore,
    watch,
    models,
    demo,
    people,
    workspaces,
    mcp,
)


@click.group(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="afterbeep")
def main() -> None:
    """What did the rep say after the beep? Coaching reports from recorded sales voicemails."""


for command in COMMANDS:
    main.add_command(command)
