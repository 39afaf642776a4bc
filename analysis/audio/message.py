"""Which part of which channel is the rep's message: after the greeting and the beep, before the hang-up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.audio.beep import is_of_the_network, is_ringing_pitch
from analysis.audio.decode import SAMPLE_RATE_HZ, Samples, Sound
from analysis.audio.sides import Side, distinct_channels, listen, without_cross_talk
from analysis.audio.speech import Span, total_s
from analysis.audio.tones import Tone
from models.errors import NoSpeech, NothingAfterBeep
from models.recording import MIN_MESSAGE_S, GivenWindow
from models.report import FoundBy, MessageWindow

MIN_SPEECH_S: Final = MIN_MESSAGE_S
STRAY_S, STRAY_GAP_S = 0.35, 1.0  # so short and so far from the rest, it is a click, a breath or a chair
TAIL_S: Final = 0.07  # the speech detector lets go late
TURN_GAP_S: Final = 2.0  # a longer silence ends a turn
DOUBLE_BEEP_S: Final = 1.0  # two alike tones that begin within are one beep, played twice
LONG_BEEP_S: Final = 0.2  # from here on a beep is not more of one for being longer
UNGREETED: Final = 0.65  # what a beep counts that no greeting led to
CLEAR: Final = 0.7  # of the clearest: the first beep that reaches it is the one


@dataclass(frozen=True)
class Message:
    """The rep's message: `samples` float32, shape (n,), 16 kHz, cut to `window` out of one channel.

    `spans` are its stretches of speech, in seconds of the recording; none where a person marked the window.
    """

    window: MessageWindow
    samples: Samples
    spans: tuple[Span, ...] = ()


def find_message(sound: Sound, agent_channel: int | None = None) -> Message:
    """The rep's message: what is said after the beep on the rep's side; without a beep, on the rep's side; else all.

    An `agent_channel` that the recording does not have is ignored. Raises NoSpeech when nobody speaks on that side, and
    NothingAfterBeep when the caller hung up at the beep.
    """
    if agent_channel is not None and agent_channel >= sound.recording.channels:
        agent_channel = None
    sides = [listen(sound.samples, channel) for channel in distinct_channels(sound.samples, agent_channel)]
    if len(sides) > 1:
        sides = without_cross_talk(sides, sound.samples)
    beep = _message_beep(sides)
    rep = _rep(sides, beep, agent_channel)
    spans = _message_spans(rep, sides, beep) if rep else []
    if rep is None or total_s(spans) < MIN_SPEECH_S:
        raise _nobody(beep, sides)
    several = sound.recording.channels > 1
    found_by: FoundBy = "beep" if beep else "channel" if several else "whole_file"
    return cut(
        sound,
        MessageWindow(
            start_s=round(spans[0][0], 3),
            end_s=round(spans[-1][1] - TAIL_S, 3),
            found_by=found_by,
            beep_end_s=beep.end_s if beep else None,
            channel=rep.channel if several else None,
            confidence=_confidence(spans, beep, sides),
        ),
        spans,
    )


def marked_message(sound: Sound, given: GivenWindow) -> Message:
    """The message where a person says it is. Raises NoSpeech when the recording has ended before."""
    channel = given.channel if given.channel is not None and given.channel < sound.recording.channels else 0
    end_s = min(given.end_s, sound.duration_s)
    if end_s - given.start_s < MIN_MESSAGE_S:
        raise NoSpeech(f"The recording is {sound.duration_s:.1f} s long and ends before the message that was marked.")
    return cut(
        sound,
        MessageWindow(
            start_s=round(given.start_s, 3),
            end_s=round(end_s, 3),
            found_by="given",
            channel=channel if sound.recording.channels > 1 else None,
            confidence=1.0,
        ),
    )


def cut(sound: Sound, window: MessageWindow, spans: Iterable[Span] = ()) -> Message:
    """The sound within a window."""
    first, last = (round(edge_s * SAMPLE_RATE_HZ) for edge_s in (window.start_s, window.end_s))
    return Message(window, sound.samples[window.channel or 0, first:last], tuple(spans))


def _message_beep(sides: Sequence[Side]) -> Tone | None:
    """The first clear beep that somebody speaks after, rather one that a greeting led to.

    A beep that ends it all, on the only side there is, means that nothing was said.
    """
    beeps = sorted(((beep, side) for side in sides for beep in _single_beeps(side)), key=lambda found: found[0].start_s)
    answered = [(beep, side) for beep, side in beeps if _spoken_s(sides, from_s=beep.end_s) >= MIN_SPEECH_S]
    if answered:
        weights = [_weight(beep, side) for beep, side in answered]
        return next(beep for (beep, _), weight in zip(answered, weights, strict=True) if weight >= CLEAR * max(weights))
    last = [beep for beep, side in beeps if _is_greeted(beep, side) and not is_ringing_pitch(beep)]
    alone = sum(total_s(side.spans) >= MIN_SPEECH_S for side in sides) == 1
    return last[-1] if last and alone else None


def _weight(beep: Tone, side: Side) -> float:
    """How much of a beep it is: clear, long, and led to by a greeting."""
    return beep.clarity * min(1.0, beep.length_s / LONG_BEEP_S) * (1.0 if _is_greeted(beep, side) else UNGREETED)


def _single_beeps(side: Side) -> list[Tone]:
    """The beeps of a side without those that ring: nobody speaks between one and the next, or before a lone 425 Hz."""
    beeps = []
    for beep in side.beeps:
        alike = [one for one in side.tones if one is not beep and one.has_pitch_of(beep)]
        rings = any(_rings_with(beep, other, side) for other in alike)
        if not rings and (_is_greeted(beep, side) or not is_ringing_pitch(beep)):
            beeps.append(beep)
    return beeps


def _rings_with(beep: Tone, other: Tone, side: Side) -> bool:
    first, second = sorted((beep, other), key=lambda one: one.start_s)
    between = _before(_after(side.spans, first.end_s), second.start_s)
    return second.start_s - first.start_s > DOUBLE_BEEP_S and total_s(between) < MIN_SPEECH_S


def _is_greeted(beep: Tone, side: Side) -> bool:
    return total_s(_before(side.spans, beep.start_s)) >= MIN_SPEECH_S


def _rep(sides: Sequence[Side], beep: Tone | None, agent_channel: int | None) -> Side | None:
    """The side that was named; else the one that speaks after the beep; else the one whose turn comes last."""
    if agent_channel is not None:
        return next((side for side in sides if side.channel == agent_channel), None)
    if beep is not None:
        return max(sides, key=lambda side: total_s(_after(side.spans, beep.end_s)))
    return max(sides, key=lambda side: _last_turn_s(side, sides))


def _last_turn_s(side: Side, sides: Sequence[Side]) -> float:
    """How long a side speaks in its longest turn that begins after the other has begun; a greeting comes first."""
    others = [span[0] for other in sides if other is not side for span in other.spans]
    began_s = min(others, default=0.0)
    return max((total_s(turn) for turn in turns(side.spans) if not others or turn[0][0] > began_s), default=0.0)


def turns(spans: Iterable[Span]) -> list[list[Span]]:
    """Spans that no long silence parts."""
    found: list[list[Span]] = []
    for span in spans:
        if found and span[0] - found[-1][-1][1] < TURN_GAP_S:
            found[-1].append(span)
        else:
            found.append([span])
    return found


def _message_spans(rep: Side, sides: Sequence[Side], beep: Tone | None) -> list[Span]:
    """The rep's speech after the beep, up to the tones of a line that was hung up."""
    spans = _after(rep.spans, beep.end_s if beep else 0.0)
    if not spans:
        return []
    hung_up = [
        tone.start_s
        for side in sides
        for tone in side.tones
        if is_of_the_network(tone) and tone.start_s > spans[0][0] + MIN_SPEECH_S
    ]
    return _without_strays(_before(spans, min(hung_up, default=float("inf"))))


def _after(spans: Iterable[Span], from_s: float) -> list[Span]:
    return [(max(start, from_s), end) for start, end in spans if end > from_s]


def _before(spans: Iterable[Span], until_s: float) -> list[Span]:
    return [(start, min(end, until_s)) for start, end in spans if start < until_s]


def _spoken_s(sides: Sequence[Side], *, from_s: float) -> float:
    return max(total_s(_after(side.spans, from_s)) for side in sides)


def _without_strays(spans: list[Span]) -> list[Span]:
    while len(spans) > 1 and _length_s(spans[0]) < STRAY_S and spans[1][0] - spans[0][1] > STRAY_GAP_S:
        spans = spans[1:]
    while len(spans) > 1 and _length_s(spans[-1]) < STRAY_S and spans[-1][0] - spans[-2][1] > STRAY_GAP_S:
        spans = spans[:-1]
    return spans


def _length_s(span: Span) -> float:
    return span[1] - span[0]


def _confidence(spans: list[Span], beep: Tone | None, sides: Sequence[Side]) -> float:
    if beep is None:
        return round(min(1.0, total_s(spans) / (spans[-1][1] - spans[0][0])), 2)
    greeted = any(_is_greeted(beep, side) for side in sides)
    return round(beep.clarity * (1.0 if greeted else UNGREETED), 2)


def _nobody(beep: Tone | None, sides: Sequence[Side]) -> NoSpeech:
    if beep is not None and any(side.spans for side in sides):
        return NothingAfterBeep(
            f"There is a beep at {beep.start_s:.0f} s, but nobody speaks after it: the caller seems to have hung up. "
            "If the message is elsewhere in this recording, mark it by hand."
        )
    return NoSpeech("Nobody can be heard speaking in this recording. Please check the microphone and record again.")
