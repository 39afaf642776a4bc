"""What Afterbeep stands on: a bill of materials with licences, and whether anything pinned is known to be vulnerable.

    make audit

Writes build/sbom.json (CycloneDX) and docs/dependencies.md. Ends with 1 if a vulnerability is known, and also if that
could not be found out: what was not looked at is not called safe.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PROJECT: Final = ROOT / "pyproject.toml"
PINS: Final = ROOT / "constraints.txt"
BILL: Final = ROOT / "build/sbom.json"
PAGE: Final = ROOT / "docs/dependencies.md"
TOOLS: Final = ROOT / "build/audit-venv/bin"
NO_LICENCE: Final = "not stated by the package"
NOT_HERE: Final = "not read: not installed where this was written"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """Names and versions of a constraints file."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {canonical(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def reasons(text: str) -> dict[str, str | None]:
    """Why each requirement of pyproject.toml is there: the comment beside it."""
    lines = re.findall(r'^    "([\w-]+)(?:\[[\w-]+\])?[>=]=[^"]+",(?:  # (.+))?$', text, re.MULTILINE)
    return {canonical(name): why or None for name, why in lines}


def licence_of(component: Mapping[str, Any]) -> str:
    """As the package states it; the short form where it states it twice."""
    stated = [
        one.get("expression") or one["license"].get("id") or one["license"].get("name", "")
        for one in component.get("licenses", [])
    ]
    short = [name for name in stated if "::" not in name and name != "DFSG approved"]
    classified = [name.rsplit(":: ", 1)[-1] for name in stated if name.startswith("License :: OSI")]
    return ", ".join(short or classified) or NO_LICENCE


def page(pins: Mapping[str, str], bill: Mapping[str, Any], wanted: Mapping[str, str | None]) -> str:
    """docs/dependencies.md: what is wanted and why, then what it brings, each with the licence of what is installed."""
    licences = {canonical(one["name"]): licence_of(one) for one in bill["components"]}

    def cells(name: str) -> str:
        return f"| {name} | {pins.get(name, 'not pinned')} | {licences.get(name, NOT_HERE)} |"

    lines = [
        "# Dependencies",
        "",
        f"Written by `make audit`: the {len(pins)} packages `constraints.txt` pins, those for development too, with "
        "the licence each states. The same as a bill of materials for machines (CycloneDX) is in `build/sbom.json`.",
        "",
        "## What Afterbeep asks for",
        "",
        "| package | version | licence | for |",
        "| --- | --- | --- | --- |",
        *(f"{cells(name)} {why} |" for name, why in wanted.items()),
        "",
        "## What those bring",
        "",
        "| package | version | licence |",
        "| --- | --- | --- |",
        *(cells(name) for name in pins if name not in wanted),
    ]
    return "\n".join(lines) + "\n"


def differing(pins: Mapping[str, str], bill: Mapping[str, Any]) -> Iterator[str]:
    """What is installed in another version than is pinned: then the bill is of something else."""
    for one in bill["components"]:
        wanted, there = pins.get(canonical(one["name"])), one["version"].split("+")[0]
        if wanted not in (None, there):
            yield f"{one['name']} is installed as {there}, pinned is {wanted}"


def judged(answer: str) -> tuple[list[str], list[str]]:
    """Known vulnerabilities by pip-audit's JSON, and what was not looked at. Raises ValueError if there is none."""
    found, skipped = [], []
    for one in json.loads(answer)["dependencies"]:
        if "skip_reason" in one:
            skipped.append(f"{one['name']}: {one['skip_reason']}")
        for known in one.get("vulns", []):
            mended = ", ".join(known["fix_versions"]) or "no version yet"
            found.append(f"{one['name']} {one['version']}: {known['id']}, mended in {mended}")
    return found, skipped


def _bill() -> dict[str, Any]:
    command = [TOOLS / "cyclonedx-py", "environment", "--of", "JSON", "--output-file", BILL]
    subprocess.run([*command, "--pyproject", ROOT / "pyproject.toml", sys.executable], check=True)
    bill: dict[str, Any] = json.loads(BILL.read_text("utf-8"))
    return bill


def _vulnerabilities() -> int:
    """The exit status: 0 only where every pin was looked up and nothing is known."""
    command = [TOOLS / "pip-audit", "--requirement", PINS, "--no-deps", "--disable-pip"]
    command += ["--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found, skipped = judged(asked.stdout)
    except ValueError:
        why = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
        return _failed("Known vulnerabilities could NOT be looked up; nothing is said about them.", [why])
    if found:
        return _failed(f"{len(found)} known vulnerabilities:", found)
    if skipped:
        return _failed(f"{len(skipped)} packages were NOT looked up; nothing is said about them.", skipped)
    print("No vulnerability is known in anything pinned.")
    return 0


def _failed(sentence: str, lines: Sequence[str]) -> int:
    print(sentence, *lines, sep="\n  ", file=sys.stderr)
    return 1


def main() -> int:
    pins, bill = pinned(PINS.read_text("utf-8")), _bill()
    if differ := list(differing(pins, bill)):
        return _failed("This is not what is pinned; run `make setup`:", differ)
    PAGE.write_text(page(pins, bill, reasons(PROJECT.read_text("utf-8"))), "utf-8")
    print(f"{len(bill['components'])} components: {BILL.relative_to(ROOT)}, licences: {PAGE.relative_to(ROOT)}")
    return _vulnerabilities()


if __name__ == "__main__":
    sys.exit(main())
