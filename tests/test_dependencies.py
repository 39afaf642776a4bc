"""The bill of materials, the check for known vulnerabilities, and the rules that look for unsafe code."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests import dependencies
from tests.dependencies import (
    NO_LICENCE,
    NOT_HERE,
    PAGE,
    PINS,
    PROJECT,
    ROOT,
    differing,
    judged,
    licence_of,
    page,
    pinned,
    reasons,
)

BILL = {
    "components": [
        {"name": "Foo_Bar", "version": "1.0+cpu", "licenses": [{"license": {"id": "MIT"}}]},
        {"name": "pip", "version": "23", "licenses": []},
    ]
}


def answer(**dependency: object) -> str:
    return json.dumps({"dependencies": [{"name": "foo-bar", "version": "1.0", **dependency}]})


KNOWN = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": []}


def test_the_page_has_every_pin_and_no_other_and_every_requirement_its_reason() -> None:
    pins, wanted = pinned(PINS.read_text("utf-8")), reasons(PROJECT.read_text("utf-8"))
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0] not in ("package", "---")]
    assert {name: version for name, version, *_ in rows} == pins, "run `make audit`"
    assert {row[0]: row[3] for row in rows if len(row) == 4} == wanted, "run `make audit`"
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    asked = [project["dependencies"], *project["optional-dependencies"].values()]
    assert set(wanted) == {re.split(r"[\[>=]", one)[0] for part in asked for one in part}
    assert len(pins) > 100


def test_what_is_pinned_stands_with_its_licence_and_its_reason() -> None:
    wanted = reasons('dependencies = [\n    "foo-bar[extra]>=1.0",  # measures foo\n]')
    written = page({"foo-bar": "1.0", "tzdata": "2026.1"}, BILL, wanted)
    assert "| foo-bar | 1.0 | MIT | measures foo |" in written
    assert f"| tzdata | 2026.1 | {NOT_HERE} |" in written


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ([{"expression": "MIT OR Apache-2.0"}], "MIT OR Apache-2.0"),
        ([{"license": {"id": "MIT"}}, {"license": {"name": "License :: OSI Approved :: MIT License"}}], "MIT"),
        ([{"license": {"name": "License :: OSI Approved :: BSD License"}}], "BSD License"),
        ([], NO_LICENCE),
    ],
)
def test_a_licence_is_what_the_package_states(stated: list[object], licence: str) -> None:
    assert licence_of({"licenses": stated}) == licence


def test_a_bill_of_other_versions_is_refused() -> None:
    assert list(differing({"foo-bar": "1.0"}, BILL)) == []
    assert list(differing({"foo-bar": "2.0"}, BILL)) == ["Foo_Bar is installed as 1.0, pinned is 2.0"]


def test_what_is_known_and_what_was_not_looked_at_are_told_apart() -> None:
    assert judged(answer(vulns=[])) == ([], [])
    assert judged(answer(vulns=[KNOWN])) == (["foo-bar 1.0: PYSEC-2026-1, mended in 1.1"], [])
    assert judged(answer(skip_reason="not found")) == ([], ["foo-bar: not found"])


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (answer(vulns=[]), 0),
        (answer(vulns=[KNOWN]), 1),
        (answer(skip_reason="not found"), 1),  # pip-audit itself ends with 0 here
        ("", 1),  # the service was not reached
    ],
)
def test_only_what_was_looked_up_and_is_clean_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, status: int
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(dependencies, "TOOLS", tmp_path)
    assert dependencies._vulnerabilities() == status


def test_the_rules_for_unsafe_code_are_on() -> None:
    """`make check` runs them, Bandit's, over everything but tests; single exceptions stand beside their lines."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S") and not rule.startswith("SIM")] == ["S101"]
    assert {where for where, rules in lint["per-file-ignores"].items() if "S" in rules} == {"tests/**"}
