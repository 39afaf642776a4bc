"""docs/rules.md, written from the rules themselves so that it cannot disagree with them."""

from collections.abc import Iterable
from itertools import chain

from analysis.detectors import DETECTORS, STRENGTHS
from analysis.playbooks import load
from models.playbook import Playbook, RuleSettings


def rules_markdown() -> str:
    """Every rule and strength: what it costs, why, what to say instead, and where it comes from."""
    playbook = load()
    rules = (_rule(detector.__name__, playbook.rules[detector.__name__]) for detector in DETECTORS)
    strengths = (_strength(detector.__name__, playbook.strengths[detector.__name__]) for detector in STRENGTHS)
    return "\n".join(chain(_head(playbook), rules, ["## Strengths\n"], strengths, _limits(playbook)))


def _head(playbook: Playbook) -> Iterable[str]:
    yield "# The rules\n"
    yield f"Written from the playbook `{playbook.name}`, version {playbook.version}; do not edit by hand.\n"
    yield f"{playbook.summary}\n"
    yield "Every rule ends in one of three states: *flagged*, *passed*, or *not evaluated* with the reason.\n"
    yield "## Findings\n"


def _rule(name: str, rule: RuleSettings) -> str:
    cost = f"{rule.severity} severity, {rule.points} points" if rule.points else f"{rule.severity} severity, no points"
    lines = [f"### `{name}`: {rule.title}\n", f"{cost}{'' if rule.enabled else '; switched off'}. {rule.why}\n"]
    lines.append(f"- Advice: {rule.advice}")
    if rule.say_instead:
        lines.append(f"- Say instead: “{rule.say_instead}”")
    lines.append(f"- Rests on: {rule.source}\n")
    return "\n".join(lines)


def _strength(name: str, rule: RuleSettings) -> str:
    return f"### `{name}`: {rule.title}\n\n{rule.why}\n\n- Rests on: {rule.source}\n"


def _limits(playbook: Playbook) -> Iterable[str]:
    yield "## Limits\n"
    yield "| Limit | Value | Meaning |\n| --- | --- | --- |"
    for name, field in type(playbook.limits).model_fields.items():
        value = getattr(playbook.limits, name)
        shown = f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"
        yield f"| `{name}` | {shown} | {field.description} |"
    yield ""
