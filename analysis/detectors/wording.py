"""What to say instead, made from the rep's own words where they were found."""

import re

from analysis.detectors.base import Heard
from analysis.detectors.people import introduction
from analysis.detectors.text import Span

_SLOT = re.compile(r"\{(\w+)\}")


def say_instead(template: str, heard: Heard) -> str:
    """Fills the slots of a playbook sentence; an unknown slot stays readable as a hint in brackets."""
    if not template:
        return ""
    slots = _slots(heard)
    filled = _SLOT.sub(lambda match: slots.get(match[1], f"[{match[1].replace('_', ' ')}]"), template)
    return filled[:1].upper() + filled[1:]


def _slots(heard: Heard) -> dict[str, str]:
    intro = introduction(heard)
    name = heard.context.rep or named(heard, intro.caller)
    company = heard.context.company or named(heard, intro.company)
    prospect = heard.context.prospect or named(heard, intro.prospect)
    number = _number(heard)
    with_company = f" with {company}" if company else ""
    return {
        "greeting": f"Hi {prospect}, " if prospect else "Hi, ",
        "identity": f"this is {name or '[your name]'}{with_company or ' with [your company]'}",
        "name": name or "[your name]",
        "name_or_blank": name or "[your name]",
        "company": company or "[your company]",
        "company_with": with_company,
        "prospect": prospect or "[their name]",
        "number": number or "[your number]",
        "number_or_blank": f"my number is {number}" if number else "my number is [your number]",
        "number_slow": f"My number is {_in_breaths(number)}."
        if number
        else "My number is [three digits] ... [three digits] ... [four digits].",
        "number_again": f"My number is {number}. Again, that's {number}."
        if number
        else "My number is [your number]. Again, that's [your number].",
        "value_quote": "[Your reason], in your first ten seconds.",
    }


def named(heard: Heard, span: Span | None) -> str | None:
    """A name as it was said, and as it is written."""
    if span is None:
        return None
    words = heard.evidence(span).quote.strip(" ,.;:!?")
    return words if any(ch.isupper() for ch in words) else words.title()


def _number(heard: Heard) -> str | None:
    numbers = heard.phone_numbers
    if not numbers:
        return None
    digits = numbers[-1].digits
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if len(digits) == 10 and digits[0] != "0":
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return heard.said_numbers[-1].quote.strip(" ,.;:!?")


def _in_breaths(number: str) -> str:
    return " ... ".join(part for part in re.split(r"[-\s]+", number) if part)
