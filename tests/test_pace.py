"""Pace over time against words of known rate, and the line that is drawn of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import playbooks
from analysis.pace import STEP_S, STRETCH_S, pace_over_time
from app.views.pace import HEIGHT, WIDTH, pace_line
from models.recording import Recording
from models.report import Measurements, MessageWindow, PlaybookRef, Report, Score
from models.transcript import Transcript, Word

LIMITS = playbooks.load("cold-outreach").limits


def at_rate(wpm: float, start_s: float, end_s: float) -> list[Word]:
    step_s = 60 / wpm
    count = round((end_s - start_s) / step_s)
    return [
        Word(text="word", start_s=start_s + index * step_s, end_s=start_s + (index + 0.8) * step_s, probability=0.9)
        for index in range(count)
    ]


def window(start_s: float, end_s: float) -> MessageWindow:
    return MessageWindow(start_s=start_s, end_s=end_s, found_by="speech", confidence=1)


@pytest.mark.parametrize("wpm", [90, 150, 210])
def test_an_even_pace_is_level(wpm: float) -> None:
    rates = [one.wpm for one in pace_over_time(at_rate(wpm, 2, 32), window(2, 32))]
    assert rates == pytest.approx([wpm] * len(rates), rel=0.04)


def test_a_rep_who_speeds_up_is_seen_where_it_happens() -> None:
    words = at_rate(120, 0, 15) + at_rate(240, 15, 30)
    found = {one.start_s: one.wpm for one in pace_over_time(words, window(0, 30))}
    assert found[6.0] == pytest.approx(120, rel=0.05)
    assert found[12.0] == pytest.approx(180, rel=0.05)
    assert found[18.0] == pytest.approx(240, rel=0.05)


def test_a_silence_slows_the_pace_and_a_number_counts_its_digits() -> None:
    words = at_rate(150, 0, 10) + at_rate(150, 16, 26)
    assert min(one.wpm for one in pace_over_time(words, window(0, 26))) == pytest.approx(0, abs=2)
    number = Word(text="615-555-0142", start_s=10.0, end_s=14.0, probability=0.9)
    said = pace_over_time([*at_rate(150, 0, 10), number], window(0, 14))
    assert said[-1].wpm == pytest.approx((10 + 2 * 150 / 60) / STRETCH_S * 60, rel=0.06)


def test_without_times_or_room_there_is_no_pace_over_time() -> None:
    timed = at_rate(150, 0, 30)
    assert pace_over_time([*timed, Word(text="late")], window(0, 30)) == ()
    assert pace_over_time([], window(0, 30)) == ()
    assert pace_over_time(timed, window(0, 2 * STRETCH_S - 0.1)) == ()


@given(
    st.lists(
        st.tuples(st.floats(0, 60), st.floats(0, 3), st.sampled_from(["word", "615-555-0142", "$2.4M", "", "…"])),
        max_size=40,
    ),
    st.floats(0, 20),
    st.floats(0, 60),
)
def test_whatever_the_times_each_stretch_lies_in_the_message(
    given_words: list[tuple[float, float, str]], start_s: float, long_s: float
) -> None:
    words = [Word(text=text, start_s=start, end_s=start + long, probability=0.5) for start, long, text in given_words]
    for one in pace_over_time(words, window(start_s, start_s + long_s)):
        assert one.wpm >= 0
        assert start_s - 0.01 <= one.start_s <= start_s + long_s - STRETCH_S + STEP_S / 2 + 0.01


def report(words: list[Word], wpm: int | None) -> Report:
    return Report.model_validate(
        {
            "id": "a" * 32,
            "created_at": "2026-01-05T09:00:00Z",
            "recording": Recording(
                filename="a.wav", format="wav", duration_s=40, channels=1, sample_rate_hz=8000, sha256="0"
            ),
            "message": window(4, 34),
            "transcript": Transcript.of_words(words, language="en", engine="scripted", model="none"),
            "measurements": Measurements(message_wpm=wpm),
            "findings": (),
            "strengths": (),
            "score": Score(points=100),
            "playbook": PlaybookRef(name="cold-outreach", version=1),
            "analyzer_version": "0",
        }
    )


def test_the_line_is_on_the_waveforms_scale_and_says_its_extremes() -> None:
    words = at_rate(120, 4, 19) + at_rate(240, 19, 34)
    line = pace_line(report(words, 180), LIMITS)
    assert line is not None
    points = [tuple(float(part) for part in point.split(",")) for point in line.points.split()]
    assert points[0][0] == pytest.approx((4 + STRETCH_S / 2) / 40 * WIDTH, abs=0.1)
    assert all(0 <= y <= HEIGHT for _, y in points)
    assert points[0][1] > points[-1][1], "faster is higher"
    assert line.allowed_y < line.target_y < line.target_y + line.target_height < line.allowed_y + line.allowed_height
    assert line.slowest.start_s < 14 < line.fastest.start_s
    assert line.said == "Pace over time: from 120 to 240 words a minute."


def test_no_line_without_a_pace_or_its_playbook() -> None:
    words = at_rate(150, 4, 34)
    assert pace_line(report(words, None), LIMITS) is None
    assert pace_line(report(words, 150), None) is None
