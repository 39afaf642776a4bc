"""The house stays easy to see: floors, doors, and documents that tell the truth."""

import ast
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.database import connect, migrate
from app.schema import Base
from app.settings import Settings
from models import errors
from tests.conftest import ROOT
from tests.documents import WRITTEN, rewritten

FLOORS = ("models", "analysis", "app")
BESIDE_THE_HOUSE = {
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "docs",
    "constraints.txt",
    ".ci",
    ".gitignore",
}
TOP_LEVEL = {"pyproject.toml", "tests", "samples", *FLOORS, *BESIDE_THE_HOUSE}
WORLD = {
    "sqlalchemy",
    "fastapi",
    "httpx",
    "socket",
    "time",
    "subprocess",
    "uvicorn",
    "dbos",
    "click",
    "rich",
    "logging",
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_arrows_point_downwards_only(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    for path in (ROOT / floor).rglob("*.py"):
        upwards = {name for name in imports(path) if name.split(".")[0] in (*above, "tests")}
        assert not upwards, f"{path.relative_to(ROOT)} imports {upwards}"


def test_analysis_knows_no_database_http_environment_or_clock() -> None:
    for path in (ROOT / "analysis").rglob("*.py"):
        known = {name.split(".")[0] for name in imports(path)} & WORLD
        assert not known, f"{path.relative_to(ROOT)} imports {known}"
        source = path.read_text("utf-8")
        assert not re.search(r"os\.environ|getenv|datetime\.now|time\.time", source), path


def test_nothing_else_stands_at_the_top(tmp_path: Path) -> None:
    tracked = {path.name for path in ROOT.iterdir()} & _tracked()
    assert tracked <= TOP_LEVEL


def _tracked() -> set[str]:
    import shutil
    import subprocess

    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.split("/")[0] for line in listed.stdout.splitlines()}


def test_migrations_make_the_tables_of_the_schema(settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    migrate(settings)
    migrate(settings)  # twice is harmless
    engine = connect(settings)
    with engine.connect() as connection:
        ours = {"include_name": lambda name, kind, parents: kind != "table" or name in Base.metadata.tables}
        differences = compare_metadata(MigrationContext.configure(connection, opts=ours), Base.metadata)
        mode = connection.execute(sa.text("PRAGMA journal_mode")).scalar()
    engine.dispose()
    assert differences == []
    assert mode == "wal"


def test_what_is_up_to_date_is_not_migrated_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(settings)
    upgrades: list[Settings] = []
    monkeypatch.setattr("app.database._upgrade", lambda engine, settings: upgrades.append(settings))
    migrate(settings)
    assert upgrades == []
    monkeypatch.setattr("app.database._stamp", lambda: 1)  # another release
    migrate(settings)
    assert upgrades == [settings]


def error_classes() -> list[type[errors.AfterbeepError]]:
    return [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AfterbeepError)
    ]


def test_every_error_has_a_code_of_its_own_and_stands_in_the_tree() -> None:
    leaves = [kind for kind in error_classes() if not kind.__subclasses__()]
    codes = [kind.code for kind in leaves]
    assert len(set(codes)) == len(codes)
    for kind in leaves:
        assert re.search(rf"── {kind.__name__}\s+{kind.code}\b", errors.__doc__ or ""), kind


def test_every_error_code_is_documented() -> None:
    documented = (ROOT / "docs/errors.md").read_text("utf-8")
    for kind in error_classes():
        if not kind.__subclasses__():
            assert f"| `{kind.code}` | {kind.status} |" in documented, kind


@pytest.mark.parametrize("name", WRITTEN)
def test_documents_say_what_they_are_written_from(name: str) -> None:
    page, as_it_should_be = rewritten(name)
    assert page == as_it_should_be, "please run make docs"


def test_every_setting_has_a_sentence() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_map_of_the_house_is_true() -> None:
    house = (ROOT / "README.md").read_text("utf-8").split("## The house")[1].split("```")[1]
    named: set[Path] = set()
    floor = room = ROOT
    for line in house.strip().splitlines():
        name, told = line.split(maxsplit=1)
        if not line.startswith(" "):
            floor = ROOT / name
            continue
        named.add(room := floor / name)
        named |= {room / word.strip(",") for word in told.split() if word.strip(",").endswith(".py")}
    assert [path for path in named if not path.exists()] == []
    modules = {path for floor in FLOORS for path in (ROOT / floor).glob("*.py")} - {ROOT / "models/base.py"}
    assert {path for path in modules if path.name != "__init__.py"} <= named
