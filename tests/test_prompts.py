"""What answering machines say is told from the message by its words, where a silence parts them."""

import pytest

from analysis.audio.decode import Sound
from analysis.audio.message import Message, cut
from analysis.prompts import message_words, without_prompts
from models.errors import NothingAfterBeep
from models.report import MessageWindow
from models.transcript import Transcript, Word
from tests.sounds import as_sound, steady_voice

MESSAGE = (
    "Hi Dana, this is Marcus with Northline. I noticed your trucks wait two hours at the dock. Call me at 615-555-0142."
)


def spoken(*parts: str, gap_s: float = 1.0) -> list[Word]:
    """Parts one after another, words of 0.3 s without a gap, and a silence between the parts."""
    words: list[Word] = []
    at_s = 0.0
    for part in parts:
        for text in part.split():
            words.append(Word(text=text, start_s=at_s, end_s=at_s + 0.3, probability=0.9))
            at_s += 0.3
        at_s += gap_s
    return words


def kept(words: list[Word], *, greeting: bool = True) -> str:
    return " ".join(words[place].text for place in message_words(words, greeting=greeting))


GREETINGS = [
    "You've reached Dana Whitfield at Brightline Foods. Please leave a message after the tone.",
    "you have reached 615 555 0142 please leave your message after the tone",
    "The person you are trying to reach is not available. At the tone, please record your message.",
    "Hi, this is Carla in purchasing. Leave your name and number and we'll call you back the next business day. Thanks.",
    "Sorry we missed your call. Please leave a message and someone will ring you back.",
    "We can't come to the phone right now. | Leave us your name, the best number to reach you, | and have a great day.",
]


@pytest.mark.parametrize("said", GREETINGS)
def test_a_greeting_before_the_message_is_left_out(said: str) -> None:
    words = spoken(said.replace(" |", ""), MESSAGE)
    assert kept(words) == MESSAGE


TRAILERS = [
    "To send your message, press one. To listen to your message, press two.",
    "Your message has been sent. Goodbye.",
    "your message has been set good bye",
    "If you'd like to make a call, please hang up and try again.",
]


@pytest.mark.parametrize("said", TRAILERS)
def test_a_machine_after_the_message_is_left_out(said: str) -> None:
    assert kept(spoken(MESSAGE, said), greeting=False) == MESSAGE


NOTHING_OF_A_MACHINE = [
    MESSAGE,
    "Hi Dana, I left you a message on Tuesday. If I don't pick up just leave me a message. 615-555-0142.",
    "Hi, it's Tom at Harcourt. You've reached out to us about the dock. Our offer is not over. Call me. Bye.",
    "Hi Sam, Ruth from Keel here. I'll call you back on Thursday at ten. My number is 615-555-0142.",
    "Hey, we'll send the sheet tonight. I'll leave you a copy. Press on with the old one until then.",
]


@pytest.mark.parametrize("said", NOTHING_OF_A_MACHINE)
def test_a_rep_is_not_taken_for_a_machine(said: str) -> None:
    assert kept(spoken(*said.split(". "))) == " ".join(said.split(". "))


def test_without_a_silence_nothing_is_cut() -> None:
    whole = f"{GREETINGS[0]} {MESSAGE}"
    assert kept(spoken(whole)) == whole


def test_a_greeting_alone_leaves_no_words() -> None:
    assert kept(spoken(GREETINGS[0])) == ""


# ------------------------------------------------------------------------------ with its sound


def as_heard(*parts: str, gap_s: float = 1.0, glued: bool = False) -> tuple[Sound, Message, Transcript]:
    """Parts as they were spoken and found: a stretch of speech each, or, if `glued`, one for all."""
    words = spoken(*parts, gap_s=gap_s)
    end_s = words[-1].end_s or 0.0
    sound = as_sound(steady_voice(end_s + 0.5))
    firsts = [0, *(place for place in range(1, len(words)) if words[place].start_s - words[place - 1].end_s > 0.4)]
    lasts = [*(first - 1 for first in firsts[1:]), len(words) - 1]
    spans = [(words[first].start_s, words[last].end_s) for first, last in zip(firsts, lasts, strict=True)]
    window = MessageWindow(start_s=0, end_s=end_s, found_by="whole_file", confidence=0.95)
    message = cut(sound, window, [(0.0, end_s)] if glued else spans)
    return sound, message, Transcript.of_words(words, language="en", engine="scripted")


@pytest.mark.parametrize("glued", [False, True])
def test_the_message_is_cut_to_its_words(glued: bool) -> None:
    sound, message, transcript = as_heard(GREETINGS[0], MESSAGE, TRAILERS[1], glued=glued)
    found, kept_transcript = without_prompts(sound, message, transcript)
    assert kept_transcript.text == MESSAGE
    first, last = kept_transcript.words[0], kept_transcript.words[-1]
    assert found.window.start_s == pytest.approx(first.start_s, abs=0.15)
    assert found.window.end_s == pytest.approx(last.end_s, abs=0.15)
    assert found.window.found_by == "speech"
    assert found.window.confidence <= 0.8
    assert found.samples.size == pytest.approx((found.window.end_s - found.window.start_s) * 16_000, abs=2)


def test_without_a_machine_nothing_changes() -> None:
    sound, message, transcript = as_heard(*MESSAGE.split(". "))
    assert without_prompts(sound, message, transcript) == (message, transcript)


def test_a_voice_at_the_end_without_words_is_not_the_reps() -> None:
    sound, message, transcript = as_heard(MESSAGE, "Goodbye.", gap_s=2)
    unheard = Transcript.of_words(transcript.words[:-1], language="en", engine="scripted")
    found, _ = without_prompts(sound, message, unheard)
    assert found.window.end_s == pytest.approx(unheard.words[-1].end_s, abs=0.15)
    assert (found.window.found_by, found.window.confidence) == ("whole_file", 0.95)


def test_what_a_person_marked_stays() -> None:
    sound, message, transcript = as_heard(GREETINGS[0], MESSAGE)
    given = cut(sound, message.window.model_copy(update={"found_by": "given"}))
    assert without_prompts(sound, given, transcript) == (given, transcript)


def test_a_greeting_and_no_message() -> None:
    with pytest.raises(NothingAfterBeep, match="Only a greeting"):
        without_prompts(*as_heard(GREETINGS[0]))
