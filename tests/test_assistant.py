"""What an assistant may do: through the SDK's own client, over standard input and output."""

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI

from app.settings import Settings
from tests.conftest import ROOT
from tests.scripted import CHECKING_IN
from tests.stored import store_report

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")

READING = {"analyse_recording", "check_script", "search_reports", "show_report"}
Asked = list[tuple[str, dict[str, Any]]]


def ask(data_dir: Path, asked: Asked, *flags: str, **environment: str) -> tuple[dict[str, Any], list[Any]]:
    """The tools by name, and the answers to what was asked."""
    from mcp.client import Client
    from mcp.client.stdio import stdio_client

    command = ["-m", "app.cli", "mcp", "--data-dir", str(data_dir), *flags]
    server = mcp.StdioServerParameters(
        command=sys.executable, args=command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)} | environment
    )

    async def talk() -> tuple[dict[str, Any], list[Any]]:
        async with Client(stdio_client(server)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            return tools, [await client.call_tool(name, given) for name, given in asked]

    return anyio.run(talk)


def test_an_assistant_reads_and_changes_nothing(app: FastAPI, settings: Settings) -> None:
    recording_id = store_report(app)
    tools, answers = ask(
        settings.data_dir,
        [
            ("check_script", {"text": CHECKING_IN, "purpose": "cold"}),
            ("search_reports", {"rule": "checking_in"}),
            ("search_reports", {"rule": "no_such_rule"}),
            ("show_report", {"recording_id": recording_id}),
            ("show_report", {"recording_id": "nothing"}),
            ("analyse_recording", {}),
            ("hand_in_recording", {"path": "a.wav"}),
        ],
    )
    assert set(tools) == READING
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    script, found, none, shown, missing, unclear, refused = answers
    flagged = {one["rule"] for one in script.structured_content["findings"] if one["status"] == "flagged"}
    assert "checking_in" in flagged
    assert [one["id"] for one in found.structured_content["items"]] == [recording_id]
    assert none.structured_content["items"] == []
    assert shown.structured_content["transcript"]["text"] == CHECKING_IN
    assert missing.is_error
    assert "There is no recording with this id" in missing.content[0].text
    assert "Please give either" in unclear.content[0].text
    assert refused.is_error
    assert len(app.state.store.recordings()) == 1


def test_looking_makes_no_data_folder_and_writing_has_to_be_asked_for(tmp_path: Path, short_sample: Path) -> None:
    _, (found,) = ask(tmp_path / "none", [("search_reports", {})])
    assert found.structured_content == {"items": [], "next_cursor": None}
    assert not (tmp_path / "none").exists()
    tools, (row,) = ask(tmp_path / "new", [("hand_in_recording", {"path": str(short_sample)})], "--write")
    assert set(tools) == READING | {"hand_in_recording"}
    assert row.structured_content["status"] == "queued"


@pytest.mark.whisper
def test_a_recording_is_analysed_and_not_stored(tmp_path: Path, model_dir: Path, short_sample: Path) -> None:
    given = {"path": str(short_sample)}
    _, (report,) = ask(tmp_path / "data", [("analyse_recording", given)], AFTERBEEP_MODEL_DIR=str(model_dir))
    assert not report.is_error, report.content
    assert report.structured_content["transcript"]["words"]
    assert not (tmp_path / "data").exists()
