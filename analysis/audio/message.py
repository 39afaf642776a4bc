"""Which part of which channel is the rep's message."""

from dataclasses import dataclass

from analysis.audio.decode import SAMPLE_RATE_HZ, Samples, Sound
from analysis.audio.speech import find_speech, total_s
from models.errors import NoSpeech
from models.report import MessageWindow

MIN_SPEECH_S = 0.5  # less than a name takes to say


@dataclass(frozen=True)
class Message:
    """The rep's message: `samples` float32, shape (n,), 16 kHz, cut to `window` out of one channel."""

    window: MessageWindow
    samples: Samples


def find_message(sound: Sound, agent_channel: int | None = None) -> Message:
    """Take the whole recording, edge silence left out, on the channel that speaks (or on the one given).

    Raises NoSpeech when nobody speaks on it.
    """
    channel_count = sound.samples.shape[0]
    channels = range(channel_count) if agent_channel is None or agent_channel >= channel_count else [agent_channel]
    spans_by_channel = {channel: find_speech(sound.samples[channel]) for channel in channels}
    channel = max(spans_by_channel, key=lambda c: total_s(spans_by_channel[c]))
    spans = spans_by_channel[channel]
    if total_s(spans) < MIN_SPEECH_S:
        raise NoSpeech("Nobody can be heard speaking in this recording. Please check the microphone and record again.")
    window = MessageWindow(
        start_s=round(spans[0][0], 3),
        end_s=round(spans[-1][1], 3),
        found_by="channel" if len(channels) > 1 else "whole_file",
        channel=channel if channel_count > 1 else None,
        confidence=round(min(1.0, total_s(spans) / (spans[-1][1] - spans[0][0])), 2),
    )
    first, last = int(window.start_s * SAMPLE_RATE_HZ), int(window.end_s * SAMPLE_RATE_HZ)
    return Message(window, sound.samples[channel, first:last])
