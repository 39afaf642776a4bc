"""docs/playbooks.md, written from the playbooks themselves so that it cannot disagree with them."""

from collections.abc import Iterable

from analysis.advice import advise, condition_words
from analysis.playbooks import load, names
from models.playbook import Playbook, RuleSettings
from models.recording import CallContext

DEFAULT = "cold-outreach"
STRANGER = CallContext(relationship="none", attempt=1, planned_retry_today=False, channels_tried=())


def playbooks_markdown() -> str:
    """One section a school: what it holds, its switches, when it leaves a voicemail, and what it judges otherwise."""
    schools = [load(name) for name in names()]
    return "\n".join([*_head(schools), *(line for school in schools for line in _school(school))])


def _head(schools: Iterable[Playbook]) -> Iterable[str]:
    yield "# The playbooks\n"
    yield "Written from `analysis/playbooks/*.toml`; do not edit by hand. Coaches disagree, so a team has to choose."
    yield f"Each is based on `{DEFAULT}` ([its rules](rules.md)) and says only what it sees otherwise.\n"
    yield "A playbook of your own may also say how long its recordings are kept, in hours, where that is less than the"
    yield "settings say: `[retention]` with `audio_h`, `transcript_h` and `report_h`.\n"
    yield "| Playbook | A stranger, first call | Another call planned today | Goal | Aims at |"
    yield "| --- | --- | --- | --- | --- |"
    for school in schools:
        low, high = school.limits.length_target_s
        cells = (f"[`{school.name}`](#{school.name})", _to_a_stranger(school), _same_day(school))
        yield _row(*cells, school.voicemail.goal.replace("_", " "), f"{low:g} to {high:g} s")
    yield ""


def _school(school: Playbook) -> Iterable[str]:
    yield f"## {school.name}\n"
    yield f"**{school.title}**, version {school.version}. {school.summary}\n"
    yield f"A message is left for this: {school.voicemail.purpose} ({school.voicemail.source.rstrip('.')})\n"
    yield f"It holds, in this order: {'; '.join(school.voicemail.must_hold).lower()}.\n"
    yield "| Switch | Setting |\n| --- | --- |"
    for switch, setting in _switches(school):
        yield _row(switch, setting)
    yield "\nWhether to leave one; the first line that holds decides:\n"
    yield "| When | Then | Because | Rests on |\n| --- | --- | --- | --- |"
    for line in school.voicemail.table:
        yield _row(condition_words(line) or "otherwise", _words(line.then), line.because, line.source)
    yield ""
    if school.name != DEFAULT:
        yield from _differences(school, load(DEFAULT))


def _switches(school: Playbook) -> Iterable[tuple[str, str]]:
    limits = school.limits
    length = f"{limits.length_target_s[0]:g} to {limits.length_target_s[1]:g} s"
    yield "A voicemail for a stranger", _to_a_stranger(school)
    yield "While another call is planned today", _same_day(school)
    yield "Goal", school.voicemail.goal.replace("_", " ")
    yield "Only a call back is asked for", _cost(school.rules["callback_only_cta"])
    yield "Earlier calls are mentioned", _cost(school.rules["prior_contact_reference"])
    yield "No value offered", _cost(school.rules["missing_value_prop"])
    yield "No problem named", _cost(school.rules["missing_pain"])
    yield "Length", f"{length}; flagged below {limits.length_s[0]:g} and above {limits.length_s[1]:g} s"
    yield "First reason to listen", f"within {limits.late_value_s:g} s, or {limits.late_value_words} words of a text"


def _differences(school: Playbook, default: Playbook) -> Iterable[str]:
    yield f"Judged otherwise than in `{DEFAULT}`:\n"
    yield f"| Rule | Here | In `{DEFAULT}` | Rests on |\n| --- | --- | --- | --- |"
    for name, rule in school.rules.items():
        if rule != default.rules[name]:
            here, there = _cost(rule), _cost(default.rules[name])
            yield _row(f"`{name}`", here if here != there else "in other words", there, rule.source)
    for name, strength in school.strengths.items():
        if strength != default.strengths[name]:
            yield _row(f"`{name}` (strength)", "in other words", "", strength.source)
    yield ""


def _to_a_stranger(school: Playbook) -> str:
    return _words(advise(STRANGER, school).decision)


def _same_day(school: Playbook) -> str:
    return _words(advise(STRANGER.model_copy(update={"planned_retry_today": True}), school).decision)


def _cost(rule: RuleSettings) -> str:
    return f"{rule.severity}, {rule.points} points" if rule.enabled else "off"


def _words(decision: str) -> str:
    return decision.replace("hang_up_try", "hang up, try").replace("_", " ")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
