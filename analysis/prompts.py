"""What answering machines say, before and after a message: told from the rep's own words where no beep parts them.

Only phrases count that nobody says in a message they leave, and only where a silence follows or goes before: what
is not certainly a machine's stays in the message.
"""

import re
from collections.abc import Sequence
from typing import Final

from analysis.audio.decode import Sound
from analysis.audio.message import Message, cut
from analysis.audio.speech import Span
from models.errors import NothingAfterBeep
from models.transcript import Transcript, Word

GAP_S: Final = 0.5  # at least so much silence between a machine's prompt and the message
NEAR_START: Final = 30  # words within which a greeting shows itself
LEFT_TO_CALLERS: Final = 12  # words from which on a caller may ask to be left a message
TO_THE_GAP: Final = 30  # words from its last phrase to the silence after it
FEWEST_WORDS: Final = 3  # of a message
EDGE_S: Final = 0.1  # kept before the first and after the last word, where no silence says more
TURN_GAP_S: Final = 0.8  # speech so long after the last word is somebody else's
FOUND_BY_WORDS: Final = 0.8  # how far a message is trusted that words alone told from a machine's

_GREETING: Final = (
    r"(?:after|at|following) the (?:tone|beep)",
    r"you(?: have|'ve) reached(?! out)",
    r"you're through to",
    r"record your (?:voice )?message",
    r"(?:can't|cannot|can not|unable to) (?:come to the phone|take your call|answer (?:the phone|your call))",
    r"(?:is not|no one is) available",
    r"the person you are (?:trying to reach|calling)",
    r"forwarded to (?:an? )?(?:automated|voice)",
    r"voice ?mail(?:box)? of",
    r"voice messaging (?:system|service)",
    r"finished recording",
    r"for more options",
    r"your call is important",
    r"leave (?:us |me )?your name",
    r"sorry (?:i|we) missed your call",
    r"get back to you as soon",
    r"(?:we'll|we will|someone will) (?:call you back|ring you back|get back to you|return your call)",
)
#: A caller may say this too, later in a message.
_LEAVE_ONE: Final = (
    r"(?:please|otherwise|just|so) leave (?:me |us )?(?:a|your)(?: brief| short| detailed)? (?:message|number)",
)
_TRAILER: Final = (
    r"to send (?:your|this|the) message",
    r"to (?:listen to|review|re-?record|erase|delete|cancel) (?:your|this|the) message",
    r"your message (?:has been|was) s\w+",  # sent, set, saved
    r"press (?:pound|star|hash)",
    r"press \w+ (?:to|for)",
    r"for (?:more )?delivery options",
    r"if you(?:'d| would) like to make a call",
    r"please hang up",
    r"are you still there",
    r"you have (?:reached )?the maximum",
)


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})")


GREETING, LEAVE_ONE, TRAILER = _any_of(_GREETING), _any_of(_LEAVE_ONE), _any_of(_TRAILER)


def without_prompts(sound: Sound, message: Message, transcript: Transcript) -> tuple[Message, Transcript]:
    """The message and its words without a machine's, and without a voice at the end that no words were heard of.

    A window that a person marked is left as it is. Raises NothingAfterBeep when all words are a greeting's.
    """
    window = message.window
    if window.found_by == "given":
        return message, transcript
    kept = message_words(transcript.words, greeting=window.found_by != "beep")
    words = transcript.words[kept.start : kept.stop]
    if not words:
        raise NothingAfterBeep(
            "Only a greeting can be heard, and no message after it. If there is one, mark it by hand."
        )
    start_s = _start_s(transcript.words, kept, message.spans) if kept.start else window.start_s
    end_s = min(_end_s(transcript.words, kept, message.spans), window.end_s)
    if (start_s, end_s) == (window.start_s, window.end_s):
        return message, transcript
    found = window.model_copy(update={"start_s": round(start_s, 3), "end_s": round(end_s, 3)})
    if len(kept) < len(transcript.words):
        confidence = min(window.confidence, FOUND_BY_WORDS)
        found_by = "speech" if kept.start else window.found_by
        found = found.model_copy(update={"found_by": found_by, "confidence": confidence})
    return cut(sound, found), Transcript.of_words(
        words, language=transcript.language, engine=transcript.engine, model=transcript.model
    )


def _start_s(words: Sequence[Word], kept: range, spans: Sequence[Span]) -> float:
    """Where speech begins again after the greeting's last word; times of words are loose."""
    before_s, first_s = words[kept.start - 1].end_s or 0.0, words[kept.start].start_s or 0.0
    begins = [start for start, end in spans if start > before_s - EDGE_S and end > first_s + EDGE_S]
    return begins[0] if begins and begins[0] < first_s + TURN_GAP_S else first_s - EDGE_S


def _end_s(words: Sequence[Word], kept: range, spans: Sequence[Span]) -> float:
    """Where speech ends that holds the message's last words, or follows them closely, and none of a machine's."""
    last_s = words[kept.stop - 1].end_s or 0.0
    until_s = words[kept.stop].start_s or 0.0 if kept.stop < len(words) else float("inf")
    ends = [end for start, end in spans if start < min(last_s + TURN_GAP_S, until_s - EDGE_S)]
    return ends[-1] if ends and ends[-1] < until_s + EDGE_S else last_s + EDGE_S


def message_words(words: Sequence[Word], *, greeting: bool = True) -> range:
    """The words (by place) that are the rep's, without a machine's before and after them. `greeting` looks before."""
    first = _end_of_greeting(words) if greeting else 0
    return range(first, _start_of_trailer(words, first))


def _end_of_greeting(words: Sequence[Word]) -> int:
    """The place of the first word after a greeting; all words are the greeting's when none follows."""
    last = None
    soon = [said for said in _said(LEAVE_ONE, words) if said[0] < LEFT_TO_CALLERS]
    for _, end in sorted(_said(GREETING, words) + soon):
        if end - (NEAR_START if last is None else last) > (0 if last is None else TO_THE_GAP):
            break
        last = end
    if last is None:
        return 0
    gaps = {place: _gap_s(words, place) for place in range(last + 1, min(last + TO_THE_GAP, len(words)))}
    widest = max(gaps, key=lambda place: gaps[place], default=len(words))
    if gaps.get(widest, 0.0) >= GAP_S:
        return widest
    return len(words) if len(words) - last <= TO_THE_GAP // 2 else 0


def _start_of_trailer(words: Sequence[Word], first: int) -> int:
    for start, _ in _said(TRAILER, words):
        if start >= first + FEWEST_WORDS and start > len(words) // 2:
            places = [
                place for place in range(max(start - TO_THE_GAP, first + 1), start + 1) if _gap_s(words, place) >= GAP_S
            ]
            if places:
                return places[-1]
    return len(words)


def _said(phrases: re.Pattern[str], words: Sequence[Word]) -> list[tuple[int, int]]:
    """First and last place of every phrase."""
    plain = [re.sub(r"[^\w' -]", "", word.text.lower().replace("\u2019", "'")) for word in words]
    starts: list[int] = []
    at = 0
    for word in plain:
        starts.append(at)
        at += len(word) + 1
    line = " ".join(plain)
    found = []
    for match in phrases.finditer(line):
        inside = [place for place, start in enumerate(starts) if match.start() <= start < match.end()]
        if inside:
            found.append((inside[0], inside[-1]))
    return found


def _gap_s(words: Sequence[Word], place: int) -> float:
    before, after = words[place - 1].end_s, words[place].start_s
    return 0.0 if before is None or after is None else after - before
