"""The files for containers, as far as they can be checked without an engine."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli import main
from app.settings import QUEUES, Settings

DEPLOY = Path(__file__).parent.parent / "docs/deploy"
FILES = sorted(DEPLOY.iterdir())


def started() -> Iterator[list[str]]:
    """The arguments with which each file starts Afterbeep."""
    for service in yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"].values():
        if "afterbeep" in str(service.get("image")):
            yield service["command"]
    for one in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")):
        containers: list[dict[str, Any]] = one.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
        yield from (container["args"] for container in containers)
    (command,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    yield yaml.safe_load(command)


def test_every_container_starts_a_command_there_is() -> None:
    commands = list(started())
    assert len(commands) == 7
    for name, *options in commands:
        known = {spelling for option in main.commands[name].params for spelling in option.opts}
        assert {one for one in options if one.startswith("--")} <= known, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    settings = {f"AFTERBEEP_{name.upper()}" for name in Settings.model_fields} | {"AFTERBEEP_DATABASE_URL_FOR_KEDA"}
    assert set(re.findall(r"AFTERBEEP_[A-Z_]+", path.read_text("utf-8"))) <= settings


def test_workers_keep_their_names_and_have_time_to_drain() -> None:
    all_of_them = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
    sets = {one["metadata"]["name"]: one["spec"] for one in all_of_them if one["kind"] == "StatefulSet"}
    for workers in sets.values():
        pod = workers["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] > Settings().drain_s
        assert "AFTERBEEP_WORKER_ID" in [variable["name"] for variable in pod["containers"][0]["env"]]
    (scaled,) = (one for one in all_of_them if one["kind"] == "ScaledObject")
    assert scaled["spec"]["scaleTargetRef"]["name"] in sets


def test_every_queue_has_workers() -> None:
    pods = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8"))
    commands = [
        one["spec"]["template"]["spec"]["containers"][0]["args"] for one in pods if one["kind"] == "StatefulSet"
    ]
    taken = [Settings(queues=command[command.index("--queues") + 1]).queues for command in commands]
    assert sorted(queue for queues in taken for queue in queues) == sorted(QUEUES)


def test_the_image_installs_extras_there_are() -> None:
    project = (DEPLOY.parent.parent / "pyproject.toml").read_text("utf-8")
    (extras,) = re.findall(r"'\.\[(.*)\]'", (DEPLOY / "Dockerfile").read_text("utf-8"))
    assert all(re.search(rf"^{extra} = \[", project, re.MULTILINE) for extra in extras.split(","))
