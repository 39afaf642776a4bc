"""A playbook as a form: what a coach changes most, read from a playbook and written back into its TOML text."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import tomlkit
from tomlkit.items import Array

from analysis.detectors import DETECTORS, STRENGTHS
from models.playbook import SEVERITIES, Limits, Playbook, RuleSettings

Kind = Literal["band", "number", "switch", "severity", "line", "text", "lines"]
Value = tuple[float, ...] | tuple[str, ...] | float | bool | str
#: What a form sends: every value of every name.
Sent = Mapping[str, Sequence[str]]

LIMITS: dict[str, tuple[str, str]] = {
    "length_s": ("Length allowed", "seconds"),
    "length_target_s": ("Length aimed at", "seconds"),
    "message_wpm": ("Pace allowed", "words a minute"),
    "message_wpm_target": ("Pace aimed at", "words a minute"),
    "articulation_wpm_max": ("Fastest while speaking", "words a minute"),
    "pace_dead_band": ("Leeway of a pace", "share, 0.1 is a tenth"),
    "rate_needs_speech_s": ("Speech needed for a pace", "seconds"),
    "rate_needs_words": ("Words needed for a pace", "words"),
    "late_value_s": ("Latest reason to listen", "seconds in"),
    "late_value_words": ("The same in a script", "words in"),
    "number_digits_per_s_max": ("Fastest call-back number", "digits a second"),
    "pitch_sd_semitones_min": ("Least voice movement", "semitones"),
    "long_pause_s": ("Longest pause", "seconds"),
    "pauses_needed_from_s": ("A pause needed from", "seconds on"),
    "fillers_per_min_max": ("Most fillers", "a minute"),
    "fillers_min": ("Fewest fillers remarked on", "fillers"),
}
PARTS_OF_A_MESSAGE = {
    "opening": "The opening",
    "content": "What it says",
    "closing": "The close",
    "delivery": "The voice",
    "context": "The call itself",
}
WORDS = {"phrases": "Phrases that speak for it", "exceptions": "Phrases that look alike but do not count"}


class Field(NamedTuple):
    """One thing to change. `key` is its place in the playbook: rules.checking_in.points."""

    key: str
    label: str
    kind: Kind
    value: Value
    hint: str = ""

    @property
    def shown(self) -> list[str]:
        """As the inputs of the form hold it: a band has two, all others one."""
        if self.kind == "lines":
            return ["\n".join(str(line) for line in self.value)] if isinstance(self.value, tuple) else []
        return [_written(part) for part in (self.value if isinstance(self.value, tuple) else (self.value,))]


class RuleForm(NamedTuple):
    """A rule or a strength: its few settings, then its words."""

    key: str
    title: str
    why: str
    settings: tuple[Field, ...]
    words: tuple[Field, ...]
    families: tuple[Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.settings + self.words + self.families


class Section(NamedTuple):
    title: str
    rules: tuple[RuleForm, ...]


class PlaybookForm(NamedTuple):
    head: tuple[Field, ...]
    limits: tuple[Field, ...]
    sections: tuple[Section, ...]

    @property
    def rules(self) -> Iterator[RuleForm]:
        for section in self.sections:
            yield from section.rules

    @property
    def fields(self) -> Iterator[Field]:
        yield from self.head
        yield from self.limits
        for rule in self.rules:
            yield from rule.fields

    @property
    def labels(self) -> dict[str, str]:
        """What each place is called: rules first, then the fields within them."""
        rules = {rule.key: rule.title for rule in self.rules}
        named = {field.key: f"{rule.title}: {field.label}" for rule in self.rules for field in rule.fields}
        return rules | {field.key: field.label for field in (*self.head, *self.limits)} | named

    def place_of(self, reason: str) -> tuple[str, str] | None:
        """Which field, or else which rule, a reason such as “rules.checking_in.points: …” speaks of, and the rest."""
        named, _, rest = reason.partition(": ")
        keys = [key for key in self.labels if f"{named}.".startswith(f"{key}.")]
        return (max(keys, key=len), rest) if keys else None


class Edited(NamedTuple):
    """The text with the form's changes in it, and by field what could not be taken over."""

    text: str
    problems: dict[str, str]


def form_of(playbook: Playbook, default: Playbook) -> PlaybookForm:
    """`default` tells which rules know phrases at all, so that an emptied list can be filled again."""
    rules: dict[str, list[RuleForm]] = {}
    for detector in DETECTORS:
        part = detector.__module__.rpartition(".")[2]
        rules.setdefault(PARTS_OF_A_MESSAGE.get(part, part.capitalize()), []).append(
            _rule_form("rules", detector.__name__, playbook.rules, default.rules)
        )
    strengths = (
        _rule_form("strengths", strength.__name__, playbook.strengths, default.strengths) for strength in STRENGTHS
    )
    sections = [Section(title, tuple(forms)) for title, forms in rules.items()]
    return PlaybookForm(
        head=(
            Field("title", "Title", "line", playbook.title),
            Field("summary", "What it stands for", "text", playbook.summary),
        ),
        limits=tuple(_limit(name, getattr(playbook.limits, name)) for name in Limits.model_fields),
        sections=(*sections, Section("Strengths to keep", tuple(strengths))),
    )


def _limit(name: str, value: float | tuple[float, float]) -> Field:
    label, unit = LIMITS[name]
    kind: Kind = "band" if isinstance(value, tuple) else "number"
    description = Limits.model_fields[name].description or ""
    return Field(f"limits.{name}", f"{label}, {unit}", kind, value, description)


def _rule_form(
    table: str, name: str, there: Mapping[str, RuleSettings], default: Mapping[str, RuleSettings]
) -> RuleForm:
    rule, usual, key = there[name], default[name], f"{table}.{name}"
    settings = [Field(f"{key}.enabled", "Judge this" if table == "rules" else "Look for this", "switch", rule.enabled)]
    if table == "rules":
        settings += [
            Field(f"{key}.severity", "Severity", "severity", rule.severity),
            Field(f"{key}.points", "Points it costs", "number", rule.points),
        ]
    words = [
        Field(f"{key}.{words}", label, "lines", getattr(rule, words))
        for words, label in WORDS.items()
        if getattr(rule, words) or getattr(usual, words)
    ]
    if table == "rules":
        words += [
            Field(f"{key}.say_instead", "Say instead", "text", rule.say_instead),
            Field(f"{key}.advice", "Advice", "text", rule.advice),
        ]
    families = (
        Field(f"{key}.families.{family}", family.replace("_", " ").capitalize(), "lines", rule.families.get(family, ()))
        for family in {**usual.families, **rule.families}
    )
    return RuleForm(key, rule.title, rule.why, tuple(settings), tuple(words), tuple(families))


def edited(text: str, form: PlaybookForm, sent: Sent) -> Edited:
    """Put into a TOML text what was changed in the form, and nothing else, so that the text stays as it was written."""
    document = tomlkit.parse(text)
    problems: dict[str, str] = {}
    for field in form.fields:
        if field.key not in sent:
            continue
        try:
            value = _read(field, sent[field.key])
        except ValueError as error:
            problems[field.key] = str(error)
            continue
        if value != _read(field, field.shown):
            _put(document, field.key.split("."), value)
    return Edited(tomlkit.dumps(document), problems)


def _read(field: Field, values: Sequence[str]) -> Value:
    if field.kind == "switch":  # one that is off sends only the hidden value before it
        return "on" in values
    if field.kind == "band":
        return tuple(_number(value) for value in values)
    if field.kind == "number":
        return _number(values[0])
    if field.kind == "severity":
        if values[0] not in SEVERITIES:
            raise ValueError(f"choose one of {', '.join(SEVERITIES)}")
        return values[0]
    if field.kind in ("line", "text"):
        return " ".join(values[0].split())
    return tuple(" ".join(line.split()) for line in values[0].splitlines() if line.strip())


def _number(value: str) -> float:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        raise ValueError(f"“{value}” is not a number" if value.strip() else "a number is missing") from None
    if not math.isfinite(number):
        raise ValueError(f"“{value}” is not a number")
    return int(number) if number.is_integer() else number


def _put(document: Any, place: list[str], value: Value) -> None:
    *tables, key = place
    for table in tables:
        if table not in document:
            document[table] = tomlkit.table()
        document = document[table]
    document[key] = _array(value) if isinstance(value, tuple) else value


def _array(values: tuple[float, ...] | tuple[str, ...]) -> Array:
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(any(isinstance(value, str) for value in values))


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def text_for_copy(name: str, text: str, title: str, *, shipped: bool) -> str:
    """A copy begins short where it can: of a shipped playbook that stands alone, it says only what differs."""
    document = tomlkit.parse(text)
    if shipped and "based_on" not in document:
        document = tomlkit.document()
        document.add(tomlkit.comment(f"What is not said here is as in the playbook “{name}”."))
        document["based_on"] = name
    for key in ("name", "version"):
        document.pop(key, None)
    document["title"] = f"{title}, our way"
    return tomlkit.dumps(document)
