"""afterbeep models: the speech models."""

import json
from pathlib import Path

import click

from app.cli.common import engine_option, json_option, model_option, settings_from


@click.group()
def models() -> None:
    """Speech models: what there is, what is here."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """Show the speech models, and which are on this machine."""
    from app.speech_models import rows
    from app.terminal import show_models

    settings = settings_from()
    found = rows(settings)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        show_models(found, settings.model_dir)


@models.command("bench")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@model_option
@engine_option
def bench_model(files: tuple[Path, ...], model: str | None, engine: str | None) -> None:
    """Measure how fast a speech model transcribes your recordings on this machine; `models list` shows it."""
    from app.bulk import recordings_in
    from app.speech_models import bench

    settings = settings_from(model=model, engine=engine)
    speed = bench(settings, recordings_in(files))
    print(f"{settings.model} with {settings.engine}: {speed:g} times real time.")


@models.command("get")
@click.argument("name", default="")
@engine_option
def get_model(name: str, engine: str | None) -> None:
    """Fetch a speech model for the engine, checked and ready to use (default: base)."""
    from app.speech import get_weights
    from app.terminal import model_progress

    settings = settings_from(model=name or None, engine=engine)
    with model_progress(settings.model) as step:
        path = get_weights(settings, step)
    print(path)
