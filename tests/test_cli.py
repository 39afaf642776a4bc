"""The command line as a person meets it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from tests.conftest import ROOT

CHECKING_IN = "Hi Dana, it's Marcus with Northline. Just checking in to see how things are going. Call me back."


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def modules_loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_help_loads_nothing_heavy() -> None:
    heavy = {"torch", "librosa", "whisper", "numpy", "av", "fastapi", "sqlalchemy", "dbos", "pydantic", "rich"}
    heavy |= {"prometheus_client", "opentelemetry"}
    assert not heavy & modules_loaded_by("import app.cli")


def test_a_script_is_checked_without_whisper() -> None:
    statement = (
        "import sys; sys.argv = ['afterbeep', 'script', '-', '--json']\n"
        "import io, contextlib, app.cli\n"
        f"sys.stdin = io.TextIOWrapper(io.BytesIO({CHECKING_IN.encode()!r}))\n"
        "with contextlib.redirect_stdout(io.StringIO()): app.cli.main(standalone_mode=False)"
    )
    assert not {"torch", "whisper", "librosa", "av"} & modules_loaded_by(statement)


@pytest.mark.parametrize("command", [[], ["analyze"], ["script"], ["serve"], ["worker"], ["models"], ["demo"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_script_prints_a_page() -> None:
    result = run("script", "-", stdin=CHECKING_IN)
    assert result.exit_code == 0, result.output
    assert "just checking in" in result.output.lower()


def test_a_page_names_checks_as_what_was_asked_and_says_each_reason_once() -> None:
    page = " ".join(run("script", "-", stdin=CHECKING_IN).output.replace("│", "").split())
    passed = page.split("Passed: ")[1].split("Not judged")[0]
    assert "Says who is calling" in passed
    assert "No name given" not in passed
    assert page.count("A script has no sound") == 1


def test_script_prints_json() -> None:
    report = json.loads(run("script", "-", "--json", stdin=CHECKING_IN).output)
    assert report["transcript"]["text"] == CHECKING_IN
    assert report["score"]["points"] == 100 - sum(lost["points"] for lost in report["score"]["lost"])


def test_script_jsonl_keeps_order_and_goes_on_after_a_bad_line(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": "a", "text": CHECKING_IN}),
        "not json",
        "",
        json.dumps({"id": "b", "text": CHECKING_IN, "context": "meeting_confirmation"}),
        json.dumps({"id": "c", "text": CHECKING_IN, "context": {"purpose": "cold", "attempt": 2}}),
        json.dumps({"id": "d"}),
        json.dumps(["e"]),
        json.dumps({"id": "f", "text": "Hi", "context": {"unknown": 1}}),
        json.dumps({"id": "g", "text": ""}),
    ]
    path = tmp_path / "scripts.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    result = run("script", "--jsonl", str(path))
    verdicts = [json.loads(line) for line in result.output.splitlines()]
    assert [verdict["id"] for verdict in verdicts] == ["a", 2, "b", "c", "d", 7, "f", "g"]
    assert ["error" in verdict for verdict in verdicts] == [False, True, False, False, True, True, True, False]
    assert set(verdicts[0]) == {"id", "findings", "strengths", "score"}
    assert result.exit_code == 1


def test_unknown_playbook_and_missing_file_are_sentences() -> None:
    result = run("script", "-", "--playbook", "nobody", stdin="Hi")
    assert result.exit_code == 1
    assert "nobody" in result.output
    assert "Traceback" not in result.output


def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERBEEP_PORT", "eighty")
    result = run("models", "list")
    assert result.exit_code == 1
    assert "AFTERBEEP_PORT" in result.output


def test_strangers_are_refused_while_there_are_no_accounts(tmp_path: Path) -> None:
    result = run("serve", "--host", "0.0.0.0", "--data-dir", str(tmp_path))
    assert result.exit_code == 1
    assert "no accounts" in result.output
    assert "afterbeep people add" in result.output


def test_accounts_are_made_on_the_command_line(tmp_path: Path) -> None:
    given = ("--name", "Dana Ruiz", "--role", "coach", "--team", "Inside", "--password", "long enough it is")
    made = run("people", "add", "Dana@Example.com", *given, "--data-dir", str(tmp_path))
    assert made.output == "Dana Ruiz (dana@example.com) can sign in as coach.\n"
    assert run("people", "list", "--data-dir", str(tmp_path)).output == "dana@example.com\tDana Ruiz\tcoach\tInside\n"
    again = run("people", "add", "dana@example.com", *given, "--data-dir", str(tmp_path))
    assert (again.exit_code, "already" in again.output) == (1, True)


def test_models_are_listed_with_their_files(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERBEEP_MODEL_DIR", str(model_dir))
    rows = {row["name"]: row for row in json.loads(run("models", "list", "--json").output)}
    assert rows["base"]["openai_whisper_path"] == str(model_dir / "base.pt")
    assert set(rows["base"]) >= {"openai_whisper_path", "faster_whisper_path", "times_real_time"}
    assert rows["base"]["default"]
    assert "base" in run("models", "list").output
    assert run("models", "get", "base").output.strip() == str(model_dir / "base.pt")


@pytest.mark.whisper
def test_analyze_reports_every_file_in_order(model_dir: Path, tmp_path: Path, short_sample: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Call Dana.")
    sidecar = short_sample.with_suffix(".json")
    sidecar.write_text(json.dumps({"context": {"purpose": "meeting_confirmation"}}))
    result = run("analyze", "--json", str(notes), str(short_sample), str(sidecar), str(tmp_path / "gone.wav"))
    assert result.exit_code == 1
    failed, report, gone = json.loads(result.stdout)
    assert failed["error"]["code"] == "not_audio"
    assert failed["recording"]["filename"] == "notes.txt"
    assert gone["error"]["code"] == "cannot_read"
    assert report["schema_version"] == 1
    assert report["context"]["purpose"] == "meeting_confirmation"
    assert report["recording"]["format"] == "wav/pcm_s16le"
    page = run("analyze", str(short_sample))
    assert page.exit_code == 0
    assert "of 100 points" in page.stdout


@pytest.mark.whisper
@pytest.mark.parametrize(("suffix", "begins"), [("pdf", b"%PDF"), ("HTML", b"<!doctype html>")])
def test_a_report_is_written_to_be_handed_over(
    model_dir: Path, tmp_path: Path, short_sample: Path, suffix: str, begins: bytes
) -> None:
    out = tmp_path / f"report.{suffix}"
    result = run("analyze", str(short_sample), "--out", str(out))
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(begins)
    two = run("analyze", str(short_sample), str(short_sample), "--out", str(out))
    assert two.exit_code == 2
    assert "one recording" in two.output


def test_evaluate_counts_and_shows_mistakes(tmp_path: Path) -> None:
    rows = [
        {"id": "right", "text": CHECKING_IN, "labels": {"checking_in": True}},
        {"id": "wrong", "text": CHECKING_IN, "labels": {"checking_in": False}},
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    (summary,) = json.loads(run("evaluate", "--json", str(path)).output)
    assert (summary["rule"], summary["labelled"], summary["flagged"]) == ("checking_in", 1, 2)
    assert summary["precision"] == 0.5
    shown = run("evaluate", "--show-errors", str(path)).output
    assert "flagged wrongly wrong" in shown
    path.write_text('{"text": "no labels"}')
    assert "Line 1" in run("evaluate", str(path)).output


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = run("serve", "--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert result.exit_code == 1
    assert f"Port {port} cannot be used" in result.output
    assert not (tmp_path / "data").exists()


def test_answers_on_a_kept_connection_are_not_held_back() -> None:
    """Nagle's algorithm and delayed acknowledgements together cost 40 ms an answer."""
    from app.serve import _listen

    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("command", [["serve", "--no-worker", "--port", "0"], ["worker"], ["people", "list"]])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://me:kept-secret@127.0.0.1:1/afterbeep", "The database does not answer"),
        ("postgres://me:kept-secret@db/afterbeep", "AFTERBEEP_DATABASE_URL: must begin with postgresql"),
    ],
)
def test_a_database_that_is_not_there_is_a_sentence(
    command: list[str], url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERBEEP_DATABASE_URL", url)
    result = run(*command, "--data-dir", str(tmp_path))
    assert result.exit_code == 1
    assert said in result.output
    assert "kept-secret" not in result.output
    assert "Traceback" not in result.output
