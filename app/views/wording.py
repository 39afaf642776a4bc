"""The words and number formats of the pages. JavaScript rewrites the formats in the reader's locale where it runs."""

from datetime import UTC, datetime

from models.recording import Purpose, Relationship

PURPOSES: dict[Purpose, str] = {
    "cold": "Cold call",
    "warm_followup": "Follow-up",
    "meeting_confirmation": "Confirming a meeting",
    "active_deal": "Live deal",
    "non_sales": "Not a sales call",
}
RELATIONSHIPS: dict[Relationship, str] = {
    "none": "Never met",
    "referred": "Referred by someone",
    "known": "Know each other",
    "customer": "Already a customer",
}
#: What the worker is doing, for someone who waits.
STAGES: dict[str, str] = {
    "fetching": "Fetching the recording",
    "queued": "Waiting for its turn",
    "decoding": "Opening the recording",
    "listening": "Finding your message",
    "transcribing": "Writing down every word",
    "judging": "Checking it against the playbook",
}
STATUSES = {"done": "Done", "failed": "Failed", "running": "Being analysed", "queued": "Waiting"}
#: What can be fetched of a recording that is done: a name, and the file behind the recording's address.
DOWNLOADS = {
    "Report": {"PDF": "report.pdf", "Web page": "report.html"},
    "Transcript": {"Text": "transcript.txt", "Subtitles (SRT)": "transcript.srt", "Captions (VTT)": "transcript.vtt"},
}
SEVERITIES = {"high": "Costs call-backs", "medium": "Weakens it", "low": "Polish"}
FOUND_BY = {
    "beep": "after the beep",
    "channel": "on the rep’s channel",
    "speech": "told from the greeting by its words",
    "whole_file": "which is the whole recording: no beep was found",
    "given": "as it was marked by hand",
}
#: Each rule as the check it is: a flag's title ("Missing company") would read as blame where the check was passed.
CHECKS = {
    "vague_opener": "Opens with a reason",
    "prior_contact_reference": "No counting of earlier tries",
    "checking_in": "No “just checking in”",
    "missing_caller_name": "Says who is calling",
    "missing_company": "Says the company",
    "apologetic_or_hedging": "No apologies, no hedging",
    "missing_value_prop": "Gives a reason to listen",
    "late_value": "The reason comes early",
    "self_centered_pitch": "About them, not about you",
    "feature_dump": "No list of features",
    "missing_pain": "Names a problem they have",
    "generic_claim": "No claims anyone could make",
    "stock_phrases": "No stock phrases",
    "callback_only_cta": "Asks for more than a call back",
    "no_call_to_action": "Names a next step",
    "missing_callback_number": "Leaves a number",
    "number_rushed": "Number slow enough to write down",
    "number_once": "Number said twice",
    "too_long": "Short enough",
    "too_short": "Long enough",
    "too_fast": "Slow enough to follow",
    "too_slow": "Keeps moving",
    "monotone": "A voice that moves",
    "no_pauses": "Pauses to breathe",
    "long_pause": "No lost thread",
    "fillers": "Few fillers",
    "voicemail_advised": "Worth a voicemail",
    "prerecorded_drop": "One recording, one listener",
}
NUMBER_WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def check_name(rule: str, title: str) -> str:
    return CHECKS.get(rule, title)


def number_word(count: int) -> str:
    return NUMBER_WORDS[count] if 0 <= count < len(NUMBER_WORDS) else str(count)


def sentence(words: str) -> str:
    """A reason as a sentence, however it was written down."""
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) or not words else ".")


def clock(seconds: float | None) -> str:
    """12.34 -> 0:12, as players write it."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def when(moment: datetime) -> str:
    """A date that means the same everywhere, until the reader's own locale takes over."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def day(moment: datetime) -> str:
    """A date in a sentence."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def days(count: float) -> str:
    """2.2 -> 2 days; less than one is said in hours."""
    if count < 1:
        hours = round(count * 24)
        return "less than an hour" if hours < 1 else "1 hour" if hours == 1 else f"{hours} hours"
    whole = int(count + 0.5)
    return "1 day" if whole == 1 else f"{whole} days"


def decimal(value: float, digits: int = 0) -> str:
    """1234.5 -> 1,235: rounded half up as people do, never -0."""
    rounded = int(abs(value) * 10**digits + 0.5) / 10**digits
    return f"{rounded if value >= 0 or not rounded else -rounded:,.{digits}f}"


def stage_sentence(status: str, stage: str | None) -> str:
    if status == "queued" and stage != "fetching":
        return STAGES["queued"]
    return STAGES.get(stage or "", "Getting started")


def level(points: int | None) -> str:
    """A name for a score, so that colour never speaks alone."""
    if points is None:
        return "none"
    return "strong" if points >= 85 else "close" if points >= 65 else "rework"


LEVELS = {"strong": "Strong", "close": "Nearly there", "rework": "Worth another take", "none": ""}
