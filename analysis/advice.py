"""Before the call: leave a voicemail, try later, press zero, or write? A playbook's table decides, line by line."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from models.advice import Advice, MessagePlan, Reason, ReceptionScript, Unless
from models.playbook import Playbook, WhenToLeave
from models.recording import CallContext
from models.report import PlaybookRef

#: Each condition a line may set, and whether a known fact meets it. The names are those of the call context.
CONDITIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "purpose": lambda fact, allowed: fact in allowed,
    "relationship": lambda fact, allowed: fact in allowed,
    "preferred_channel": lambda fact, allowed: fact in allowed,
    "channels_tried": lambda fact, needed: set(needed) <= set(fact),
    "planned_retry_today": lambda fact, wanted: fact is wanted,
    "attempt": lambda fact, first: fact >= first,
}
_SLOT = re.compile(r"\{(\w+)\}")


def advise(context: CallContext, playbook: Playbook) -> Advice:
    """The first line of the playbook's table that holds; what it would need to know is asked, mentioned or skipped."""
    facts = known_facts(context)
    missing: list[str] = []
    open_lines: list[tuple[WhenToLeave, list[str]]] = []
    for line in playbook.voicemail.table:
        unknown = unknown_facts(line, facts)
        if unknown is None:
            continue
        if not unknown:
            return _decided(line, missing, open_lines, context, playbook)
        if line.unknown == "ask":
            missing += [fact for fact in unknown if fact not in missing]
        elif line.unknown == "mention":
            open_lines.append((line, unknown))
    return _undecided(missing, context, playbook)


def known_facts(context: CallContext) -> dict[str, Any]:
    """What was said about the call, and what follows from it: a referrer means referred, a talk means known."""
    facts = {name: getattr(context, name) for name in CONDITIONS}
    if context.referrer and facts["relationship"] in (None, "none"):
        facts["relationship"] = "referred"
    elif context.spoke_before and facts["relationship"] is None:
        facts["relationship"] = "known"
    return {name: fact for name, fact in facts.items() if fact is not None}


def unknown_facts(line: WhenToLeave, facts: Mapping[str, Any]) -> list[str] | None:
    """The facts still needed for this line to hold: none of them when it holds, None when it cannot."""
    wanted = conditions_of(line)
    if any(name in facts and not CONDITIONS[name](facts[name], want) for name, want in wanted.items()):
        return None
    return [name for name in wanted if name not in facts]


def conditions_of(line: WhenToLeave) -> dict[str, Any]:
    """The conditions this line sets, by fact."""
    return {name: wanted for name in CONDITIONS if (wanted := getattr(line, name)) not in ((), None)}


def _decided(
    line: WhenToLeave,
    missing: list[str],
    open_lines: list[tuple[WhenToLeave, list[str]]],
    context: CallContext,
    playbook: Playbook,
) -> Advice:
    if missing:
        return _undecided(missing, context, playbook)
    unless = tuple(
        Unless(facts=tuple(facts), condition=condition_words(other, facts), decision=other.then, reason=_reason(other))
        for other, facts in open_lines
        if other.then != line.then
    )
    return Advice(decision=line.then, reasons=(_reason(line),), unless=unless, **_always(context, playbook))


def _undecided(missing: list[str], context: CallContext, playbook: Playbook) -> Advice:
    why = f"The playbook {playbook.name} takes no side on whether to leave one."
    if missing:
        why = f"Not known about the call: {' and '.join(name.replace('_', ' ') for name in missing)}."
    return Advice(
        decision="not_evaluated", missing=tuple(missing), not_evaluated_because=why, **_always(context, playbook)
    )


def _reason(line: WhenToLeave) -> Reason:
    return Reason(text=line.because, source=line.source)


def _always(context: CallContext, playbook: Playbook) -> dict[str, Any]:
    """What holds whatever the decision: the message, should one be left, and the lines for whoever answers."""
    told = playbook.voicemail
    plan = MessagePlan(
        goal=told.goal,
        purpose=told.purpose,
        length_s=playbook.limits.length_target_s,
        must_hold=told.must_hold,
        template=_filled(told.template, context),
        source=told.source,
    )
    reception = tuple(
        ReceptionScript(
            situation=situation, say=tuple(_filled(line, context) for line in lines.say), source=lines.source
        )
        for situation, lines in told.reception.items()
    )
    return {
        "message": plan,
        "reception": reception,
        "playbook": PlaybookRef(name=playbook.name, version=playbook.version),
    }


def _filled(template: str, context: CallContext) -> str:
    """Known words in their places; an unknown one stays as a blank in brackets."""
    blanks = {"prospect": "their name", "rep": "your name", "company": "your company", "referrer": "who sent you"}
    return _SLOT.sub(lambda slot: getattr(context, slot[1], None) or f"[{blanks.get(slot[1], slot[1])}]", template)


def condition_words(line: WhenToLeave, facts: Iterable[str] = CONDITIONS) -> str:
    """The conditions a line sets on these facts, as a coach would say them."""
    wanted = conditions_of(line)
    return ", and ".join(CONDITION_WORDS[name](wanted[name]) for name in facts if name in wanted)


def _any_of(words: Mapping[str, str], values: Iterable[str]) -> str:
    *first, last = [words[value] for value in values]
    return f"{', '.join(first)} or {last}" if first else last


PURPOSES = {
    "cold": "a cold call",
    "warm_followup": "a follow-up",
    "active_deal": "about a live deal",
    "meeting_confirmation": "to confirm a meeting",
    "non_sales": "not about selling",
}
RELATIONSHIPS = {
    "none": "do not know you",
    "referred": "were told about you",
    "known": "know you",
    "customer": "are a customer",
}
CHANNELS = {
    "phone": "the phone",
    "voicemail": "voicemail",
    "email": "email",
    "text": "a text",
    "social": "social media",
    "assistant": "the assistant",
}
CONDITION_WORDS: Mapping[str, Callable[[Any], str]] = {
    "purpose": lambda allowed: f"the call is {_any_of(PURPOSES, allowed)}",
    "relationship": lambda allowed: f"they {_any_of(RELATIONSHIPS, allowed)}",
    "preferred_channel": lambda allowed: f"they prefer {_any_of(CHANNELS, allowed)}",
    "channels_tried": lambda needed: f"you have tried {' and '.join(CHANNELS[one] for one in needed)} in vain",
    "planned_retry_today": lambda wanted: "you will call again today" if wanted else "you will not call again today",
    "attempt": lambda first: f"this is message {first} or a later one",
}
