"""afterbeep mcp: the tools an assistant may use, over standard input and output."""

from pathlib import Path

import click

from app.cli.common import data_dir_option, model_option, playbook_option, settings_from


@click.command()
@data_dir_option
@click.option("--write", is_flag=True, help="Let the assistant hand recordings in too; without it nothing is stored.")
@playbook_option
@model_option
def mcp(data_dir: Path | None, write: bool, playbook: str | None, model: str | None) -> None:
    """Serve assistants by the Model Context Protocol (needs the extra `mcp`).

    They may analyse a recording, check a script, search the stored reports and read one.
    """
    from models.errors import MissingExtra

    try:
        from app.assistant import server_of
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise MissingExtra("The extra mcp is not installed here. Install it: pip install 'afterbeep[mcp]'.") from error
    server_of(settings_from(data_dir=data_dir, playbook=playbook, model=model), write=write).run()
