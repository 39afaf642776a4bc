"""What a masked report still tells, and what it must not."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import playbooks
from analysis.audio.bleep import bleeped
from analysis.masking import audible, masked
from analysis.pipeline import analyze_script
from models.recording import CallContext, Recording
from models.report import Evidence, MessageWindow, Report, Rewrite, RewritePiece
from models.transcript import Transcript, Word
from tests.sounds import as_words

PLAYBOOK = playbooks.load()
CALLED = CallContext(rep="Tyler Quist", prospect="Karen Oyelaran", company="Bluepeak Software", purpose="cold")


def report_of(text: str, context: CallContext = CALLED, filename: str = "karen 615-555-0142.wav") -> Report:
    """As if it had been spoken, a word a third of a second."""
    made = analyze_script(
        text, playbook=PLAYBOOK, report_id="r1", created_at=datetime(2026, 3, 4, tzinfo=UTC), context=context
    )
    words = as_words(text, end_s=len(text.split()) / 3)
    timed = Transcript.of_words(words, language="en", engine="scripted")
    recording = Recording(filename=filename, duration_s=60, sample_rate_hz=8000, channels=1, format="wav", sha256="0")
    return made.model_copy(update={"transcript": timed, "recording": recording})


@pytest.fixture(scope="module")
def judged() -> Report:
    return report_of("Hi there.")


def holds(report: Report, word: str) -> bool:
    return bool(re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", report.model_dump_json(), re.IGNORECASE))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Hi Karen, it's Tyler with Bluepeak Software.", "Hi [name], it's [name] with [company]."),
        ("Karen's team asked Tyler Quist.", "[name]'s team asked [name]."),
        ("Call me at 615-555-0142, that's 615 555 0142.", "Call me at [number], that's [number]."),
        ("My number is six one five five five five oh one four two.", "My number is [number]."),
        (
            "Please write to tyler@bluepeak.com or see bluepeaksoftware.com.",
            "Please write to [address] or see [company].com.",
        ),
        ("That's Tyler at Blue Peak, spelled K-A-R-E-N.", "That's [name] at [company], spelled [name]."),
        ("Rachel Stein suggested I call about software.", "[name] suggested I call about software."),
    ],
)
def test_names_and_numbers_become_what_they_are(said: str, shown: str) -> None:
    assert masked(report_of(said)).transcript.text == shown


def test_names_nobody_gave_are_those_the_rules_hear() -> None:
    said = "Hi Dana, this is Marcus Bell with Northline Freight. Marcus at 415-555-0199. Thanks Dana."
    shown = "Hi [name], this is [name] with [company]. [name] at [number]. Thanks [name]."
    assert masked(report_of(said, CallContext())).transcript.text == shown


def test_a_name_that_is_a_word_too_is_masked_where_it_is_written_large() -> None:
    said = "Hi Will, it's Tyler. I will call again."
    assert masked(report_of(said, CallContext(rep="Tyler", prospect="Will"))).transcript.text == (
        "Hi [name], it's [name]. I will call again."
    )


def test_accents_do_not_hide_a_name() -> None:
    said = "Hi Jose, it's Zoë Łuczak."
    context = CallContext(rep="Zoe Łuczak", prospect="José")
    assert masked(report_of(said, context)).transcript.text == "Hi [name], it's [name]."


def test_a_masked_word_keeps_the_seconds_of_what_it_stands_for() -> None:
    plain = report_of("Hi there, it's Tyler Quist with Bluepeak Software today.")
    shown = masked(plain)
    name = next(word for word in shown.transcript.words if word.text == "[name]")
    first, last = plain.transcript.words[3:5]
    assert (name.start_s, name.end_s) == (first.start_s, last.end_s)
    assert shown.transcript.words[0] == plain.transcript.words[0]


def test_every_quote_is_found_again_in_the_masked_words() -> None:
    said = "Hi Karen, it's Tyler with Bluepeak Software. I'm just checking in, Karen. Call me at 615-555-0142."
    plain = report_of(said)
    cut = Evidence(quote="with Bluepeak", start_s=1.6, end_s=2.3)
    finding = plain.findings[0].model_copy(update={"evidence": (cut,)})
    shown = masked(plain.model_copy(update={"findings": (finding, *plain.findings[1:])}))
    assert shown.findings[0].evidence[0].quote == "with [company]."
    for one in (*shown.findings, *shown.strengths):
        for quote in one.evidence:
            assert quote.quote in shown.transcript.text


def test_verdicts_measures_and_score_stay() -> None:
    plain = report_of("Hi Karen, it's Tyler. I'm just checking in. Call me back at 615-555-0142.")
    shown = masked(plain)
    assert [(one.rule, one.status, one.severity) for one in shown.findings] == [
        (one.rule, one.status, one.severity) for one in plain.findings
    ]
    assert shown.score == plain.score
    assert shown.measurements == plain.measurements
    assert shown.rewrite is not None
    assert shown.rewrite.text == "".join(piece.text for piece in shown.rewrite.pieces)
    assert shown.recording is not None
    assert shown.recording.filename == "recording.wav"
    assert shown.context == CallContext(rep="[name]", prospect="[name]", company="[company]", purpose="cold")


def test_a_playbook_named_after_the_company_does_not_give_it_away() -> None:
    plain = report_of("Hi Karen.")
    named = plain.model_copy(update={"playbook": plain.playbook.model_copy(update={"name": "bluepeak-outbound"})})
    assert masked(named).playbook.name == "[company]-outbound"


name_words = st.text("bdfgjkmpqvwxz", min_size=4, max_size=9).map(str.title)  # no vowels: no word of the report
people = st.lists(name_words, min_size=1, max_size=3).map(" ".join)
digits = st.from_regex(r"\A[2-9][0-8]{2}-555-01[0-9]{2}\Z")


@settings(max_examples=60, deadline=None)
@given(rep=people, prospect=people, company=people, number=digits, data=st.data())
def test_no_masked_word_survives_anywhere(
    judged: Report, rep: str, prospect: str, company: str, number: str, data: st.DataObject
) -> None:
    part = data.draw(st.sampled_from(prospect.split()))
    said = (
        f"Hi {prospect}, it's {rep} with {company}. I'm just checking in with {part}'s team at {company.upper()}. "
        f"{company.replace(' ', '')}.com has it. Call {rep.split()[0].lower()} at {number}, "
        f"{number.replace('-', ' ')}. Thanks, {part}."
    )
    quoted = data.draw(st.integers(0, len(said.split()) - 2))
    quotes = (Evidence(quote=" ".join(said.split()[quoted : quoted + 3])), Evidence(quote=f"not said by {rep}"))
    finding = judged.findings[0].model_copy(
        update={
            "evidence": quotes,
            "say_instead": f"Hi {prospect}, this is {rep} with {company}.",
            "detail": {"because": [f"{part} heard it", {"at": number}], "matches": 2},
        }
    )
    greeting = (("Hi ", False), (part, True), (", it's ", False), (f"{rep} at {company}", True))
    pieces = (
        *(RewritePiece(kind="greeting", text=text, own=own) for text, own in greeting),
        RewritePiece(kind="number", text=number.replace("-", " ... "), own=True),
    )
    plain = judged.model_copy(
        update={
            "recording": Recording(
                filename=f"{prospect}_{number}.wav",
                duration_s=60,
                sample_rate_hz=8000,
                channels=1,
                format="",
                sha256="",
            ),
            "context": CallContext(rep=rep, prospect=prospect, company=company, referrer=part),
            "transcript": Transcript.of_words(as_words(said, end_s=20), language="en", engine="scripted"),
            "findings": (finding, *judged.findings[1:]),
            "rewrite": Rewrite(text="".join(piece.text for piece in pieces), pieces=pieces, estimated_s=9),
        }
    )
    shown = masked(plain)
    for word in (*rep.split(), *prospect.split(), company, company.split()[0]):
        assert holds(plain, word)
        assert not holds(shown, word), word
    assert number.replace("-", "") not in re.sub(r"[^0-9]", "", shown.model_dump_json())
    assert masked(shown) == shown


# ------------------------------------------------------------------------ what may be heard


def heard_in(report: Report, start_s: float, end_s: float) -> Report:
    window = MessageWindow(start_s=start_s, end_s=end_s, found_by="beep", channel=1, confidence=1)
    return report.model_copy(update={"message": window})


def test_a_tone_covers_every_masked_word_and_what_nobody_wrote_down_is_silent() -> None:
    """A word a third of a second: Karen is the second, the number the last ten; the greeting before is another's."""
    said = "Hi Karen call me at six one five five five five oh one four two"
    cut = audible(heard_in(report_of(said), 0.0, 30.0))
    assert cut is not None
    samples = np.stack([np.full(16_000 * 8, 0.9, np.float32), np.full(16_000 * 8, 0.5, np.float32)])
    played = bleeped(samples, cut)

    def at(word: float) -> float:
        return float(np.abs(played[int(word / 3 * 16_000) :][:160] - 0.5).max())

    assert cut.channel == 1
    assert at(2.9) == at(3.5) == 0, "call me is heard as it was said"
    assert all(at(1 + part / 10) > 0.3 for part in range(10)), "Karen is a tone"
    assert all(at(5 + part / 10) > 0.3 for part in range(100)), "the number is a tone"
    assert np.abs(played[int((15 / 3 + 0.6) * 16_000) :]).max() == 0, "and then nothing"
    assert np.abs(played).max() <= 0.5, "nothing of the other channel"


def test_nothing_is_heard_outside_the_message() -> None:
    cut = audible(heard_in(report_of("Hi there, call me back."), 0.2, 1.5))
    assert cut is not None
    played = bleeped(np.ones((2, 16_000 * 3), np.float32), cut)
    assert played[: int(0.2 * 16_000)].max() == 0
    assert played[int(1.5 * 16_000) + 2 :].max() == 0
    assert played[int(0.5 * 16_000)] == 1


@pytest.mark.parametrize("untold", ["no window", "no words", "corrected", "a word without times"])
def test_nothing_is_heard_where_words_have_no_times(untold: str) -> None:
    report = heard_in(report_of("Hi Karen, call me."), 0, 5)
    said = report.transcript
    changed = {
        "no window": {"message": None},
        "no words": {"transcript": said.model_copy(update={"words": (), "text": ""})},
        "corrected": {"transcript": said.model_copy(update={"corrected": True})},
        "a word without times": {"transcript": said.model_copy(update={"words": (*said.words, Word(text="Karen"))})},
    }[untold]
    assert audible(report) is not None
    assert audible(report.model_copy(update=changed)) is None
