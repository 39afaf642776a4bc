"""Reads a playbook, and says where it is wrong when it is."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.detectors.phrases import PhraseError, phrase_regex
from models.errors import InvalidPlaybook, UnknownPlaybook
from models.playbook import Playbook, RuleSettings

HEADER = re.compile(r"\s*\[{1,2}\s*\w[\w.-]*\s*\]{1,2}\s*(#|$)")


def names() -> tuple[str, ...]:
    """The playbooks that come with the product, the default first."""
    found = sorted(
        path.name.removesuffix(".toml") for path in files("analysis.playbooks").iterdir() if path.name.endswith(".toml")
    )
    return tuple(sorted(found, key=lambda name: name != "cold-outreach"))


def load(name_or_path: str | Path = "cold-outreach") -> Playbook:
    """A playbook that comes with the product, by name, or any other, by the Path of its file.

    A name is never taken for a path: it may come from outside.
    """
    if isinstance(name_or_path, str):
        return _shipped(name_or_path)
    try:
        text = name_or_path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPlaybook(name_or_path.name, f"it cannot be read ({error})") from error
    return parse(text, name_or_path.name)


@lru_cache(maxsize=16)
def _shipped(name: str) -> Playbook:
    return parse(shipped_text(name), f"{name}.toml")


def shipped_text(name: str) -> str:
    """The TOML of a playbook that comes with the product."""
    if name not in names():
        raise UnknownPlaybook(f"There is no playbook “{name}”. There are: {', '.join(names())}.")
    return files("analysis.playbooks").joinpath(f"{name}.toml").read_text("utf-8")


def parse(text: str, source: str = "playbook", *, given: Mapping[str, Any] | None = None) -> Playbook:
    """A playbook from its TOML text. `based_on` takes everything not said here from another one.

    `given` stands above the text: whoever keeps playbooks knows their names and versions better than the text does.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise InvalidPlaybook(source, str(error), int(found[1]) if found else None) from error
    base = data.pop("based_on", None)
    if base is not None:
        based = _base_data(base, text, source)
        data = _deciding(based, _merged(based, data))
    _check_rule_names(data, text, source)
    try:
        playbook = Playbook.model_validate(data | dict(given or {}))
    except ValidationError as error:
        first = error.errors()[0]
        place = [str(part) for part in first["loc"]]
        raise InvalidPlaybook(source, f"{'.'.join(place)}: {first['msg'].lower()}", _line_of(text, place)) from error
    _check_phrases(playbook, text, source)
    return playbook


def _base_data(base: object, text: str, source: str) -> dict[str, Any]:
    if base not in names():
        raise InvalidPlaybook(
            source, f"based_on names {base!r}; there are {', '.join(names())}", _line_of(text, ["based_on"])
        )
    data = tomllib.loads(shipped_text(str(base)))
    if "based_on" in data:
        raise InvalidPlaybook(source, f"based_on must name a playbook that stands alone, and {base} does not")
    return data


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in own.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def _deciding(base: Mapping[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Phrases a coach adds to those of the base decide by themselves: whoever adds one wants to see it work."""
    tables = {name: table for name in ("rules", "strengths") if isinstance(table := data.get(name), dict)}
    return data | {
        name: {rule: _with_decisions(base.get(name, {}).get(rule, {}), settings) for rule, settings in table.items()}
        for name, table in tables.items()
    }


def _with_decisions(before: Mapping[str, Any], settings: Any) -> Any:
    if not isinstance(settings, dict):
        return settings  # its type is refused later
    return settings | {
        "always": [*_listed(settings, "always"), *_added(before, settings, "phrases")],
        "never": [*_listed(settings, "never"), *_added(before, settings, "exceptions")],
    }


def _added(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> list[Any]:
    return [phrase for phrase in _listed(after, key) if phrase not in _listed(before, key)]


def _listed(rule: Mapping[str, Any], key: str) -> list[Any]:
    value = rule.get(key, [])
    return list(value) if isinstance(value, list) else []


def _check_rule_names(data: Mapping[str, Any], text: str, source: str) -> None:
    """A misspelt rule would be silently without effect, so it is refused; so is a playbook that forgets one."""
    from analysis.detectors import DETECTORS, STRENGTHS

    for table, known in (
        ("rules", [detector.__name__ for detector in DETECTORS]),
        ("strengths", [detector.__name__ for detector in STRENGTHS]),
    ):
        there = data.get(table, {})
        if not isinstance(there, dict):
            continue  # its type is refused later
        for name in there:
            if name not in known:
                raise InvalidPlaybook(source, f"there is no rule named {name}", _line_of(text, [table, name]))
        missing = [name for name in known if name not in there]
        if missing:
            raise InvalidPlaybook(source, f"[{table}] says nothing about {', '.join(missing)}")


def _check_phrases(playbook: Playbook, text: str, source: str) -> None:
    _check_phrase_list("message.leave_out", playbook.message.leave_out, playbook, text, source)
    for table, rules in (("rules", playbook.rules), ("strengths", playbook.strengths)):
        for name, settings in rules.items():
            _check_phrase_list(f"{table}.{name}", _phrases_of(settings), playbook, text, source)


def _check_phrase_list(place: str, phrases: Iterable[str], playbook: Playbook, text: str, source: str) -> None:
    for phrase in phrases:
        try:
            phrase_regex(phrase, playbook.lists)
        except PhraseError as error:
            raise InvalidPlaybook(source, f"{place}: {error}", _line_with(text, phrase)) from error


def _phrases_of(settings: RuleSettings) -> tuple[str, ...]:
    grouped = tuple(phrase for family in settings.families.values() for phrase in family)
    return settings.phrases + settings.exceptions + settings.always + settings.never + grouped


def _line_with(text: str, wanted: str) -> int | None:
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted in line), None)


def _line_of(text: str, place: list[str]) -> int | None:
    """The line of the deepest named key, table or line of a table that stands in the file."""
    lines = text.splitlines()
    at: int | None = None
    start = 0
    for depth, name in enumerate(place):
        found = _nth_table(lines, place[:depth], int(name)) if name.isdigit() else _key(lines, place, depth, start)
        if found is not None:
            at, start = found + 1, found
    return at


def _nth_table(lines: list[str], place: list[str], index: int) -> int | None:
    """Where the table of this index, counted from 0, begins in an array of tables."""
    header = re.compile(rf"\s*\[\[\s*{re.escape('.'.join(place))}\s*\]\]")
    found = [number for number, line in enumerate(lines) if header.match(line)]
    return found[index] if index < len(found) else None


def _key(lines: list[str], place: list[str], depth: int, start: int) -> int | None:
    """Where a table is headed, or where a key is set before the next table begins."""
    table = re.compile(rf"\s*\[\s*{re.escape('.'.join(place[: depth + 1]))}\s*\]")
    key = re.compile(rf"\s*\"?{re.escape(place[depth])}\"?\s*=")
    for number in range(start, len(lines)):
        if table.match(lines[number]) or key.match(lines[number]):
            return number
        if number > start and HEADER.match(lines[number]):
            key = table  # keys from here on belong to another table
    return None
