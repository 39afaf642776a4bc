"""How well the message is found and measured in calls whose truth is known; writes its part of docs/accuracy.md.

    python -m tests.benchmarks.messages --corpus FOLDER --calls 240 --heard 60 --write

FOLDER is made by `python -m tests.benchmarks.speech`. Every call is built by tests/benchmarks/calls.py from a seed.
"""

import argparse
import itertools
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from analysis import playbooks
from analysis.audio.beep import find_beeps
from analysis.pipeline import analyze
from app.collector import Collector
from app.settings import Settings
from app.speech import transcriber_of
from models.errors import NoSpeech
from models.report import Report
from tests import sounds
from tests.benchmarks.calls import HANG_UPS, RINGS, Call, Studio
from tests.benchmarks.speech import read_corpus
from tests.benchmarks.wer import errors
from tests.conftest import ROOT

FIRST_SEED = 5000  # the detectors were tuned on calls of seeds below
START_MARK, END_MARK = "<!-- messages: written by make calls -->\n", "<!-- end of messages -->\n"
DIGITS = dict(zip("zero one two three four five six seven eight nine".split(), "0123456789", strict=True))


@dataclass(frozen=True)
class Outcome:
    """What was found in one call, next to the truth; errors in seconds, found minus true."""

    call: Call
    start_error_s: float | None
    end_error_s: float | None
    beep_error_s: float | None
    false_beep: bool
    channel_right: bool | None

    @property
    def right(self) -> bool:
        return self.start_error_s is not None and abs(self.start_error_s) <= 0.3 and abs(self.end_error_s or 0) <= 0.3


def outcome(call: Call, found: Report | None) -> Outcome:
    window = found.message if found else None
    beep_s = window.beep_end_s if window else None
    return Outcome(
        call=call,
        start_error_s=window.start_s - call.start_s if window else None,
        end_error_s=window.end_s - call.end_s if window else None,
        beep_error_s=beep_s - call.beep_end_s if beep_s is not None and call.beep_end_s is not None else None,
        false_beep=beep_s is not None and call.beep_end_s is None,
        channel_right=None if call.channel is None or window is None else window.channel == call.channel,
    )


class Listener:
    """Runs the whole pipeline on calls, as a worker does, with one real model."""

    def __init__(self, model: str) -> None:
        self.collector = Collector(transcriber_of(Settings(model=model)))
        self.playbook = playbooks.load()

    def __call__(self, files: Sequence[tuple[str, bytes]]) -> list[Report | None]:
        """The report of each (name, file); None where nobody was heard."""
        with ThreadPoolExecutor(self.collector.jobs) as jobs:
            return list(jobs.map(self._report, files))

    def _report(self, named: tuple[str, bytes]) -> Report | None:
        name, file = named
        with self.collector.desk(urgent=False) as seat:
            try:
                return analyze(
                    file,
                    transcriber=seat,
                    playbook=self.playbook,
                    report_id=name,
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                    filename=name,
                ).report
            except NoSpeech:
                return None
            finally:
                print(end=".", file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------------- what is printed


def window_rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str, str]]:
    beeps = [one for one in outcomes if one.call.beep_end_s is not None]
    errors = [abs(one.beep_error_s) for one in beeps if one.beep_error_s is not None]
    yield "beeps found", f"{len(errors)} of {len(beeps)}", ""
    yield "beep end, error at the median", f"{1000 * np.percentile(errors, 50):.0f} ms", "50 ms"
    yield "beep end, error at the 95th percentile", f"{1000 * np.percentile(errors, 95):.0f} ms", "150 ms"
    silent = [one for one in outcomes if one.call.beep_end_s is None]
    yield "a beep heard in a call that has none", f"{sum(one.false_beep for one in silent)} of {len(silent)}", "0"
    for side in ("start", "end"):
        found = [getattr(one, f"{side}_error_s") for one in outcomes]
        within = np.mean([error is not None and abs(error) <= 0.3 for error in found])
        yield f"message {side} within 0.3 s", f"{within:.1%}", "95 %"
    yield "message start and end within 0.3 s", f"{np.mean([one.right for one in outcomes]):.1%}", ""
    sides = [one.channel_right for one in outcomes if one.channel_right is not None]
    yield "the rep's channel right", f"{np.mean(sides):.1%} of {len(sides)}", "99 %"


def word_rows(calls: Sequence[Call], reports: Sequence[Report | None]) -> Iterator[tuple[str, str, str]]:
    heard = [(call, report) for call, report in zip(calls, reports, strict=True) if report is not None]
    paces = [_pace_error(call, report) for call, report in heard]
    known = [pace for pace in paces if pace is not None]
    yield "message wpm within 4 %", f"{np.mean([abs(pace) <= 0.04 for pace in known]):.1%}", "90 %"
    yield "message wpm, error at the median", f"{np.median(np.abs(known)):.1%}", ""
    rates = [rate for call, report in heard if (rate := _digit_rate_error(call, report)) is not None]
    numbers = [report.measurements.phone_number_times for _, report in heard]
    yield "telephone number found", f"{np.mean([bool(times) for times in numbers]):.1%}", ""
    yield "digits a second, error at the median", f"{np.median(np.abs(rates)):.1%}", ""
    wrong, said = np.sum([word_errors(call.message.text, report.transcript.text) for call, report in heard], axis=0)
    yield "word error rate", f"{wrong / said:.1%}", ""


def _pace_error(call: Call, report: Report) -> float | None:
    true_wpm = call.message.words / (call.end_s - call.start_s) * 60
    wpm = report.measurements.message_wpm
    return None if wpm is None else wpm / true_wpm - 1


def _digit_rate_error(call: Call, report: Report) -> float | None:
    rate = report.measurements.phone_number_digits_per_s
    if rate is None or call.message.number is None:
        return None
    first_s, last_s = call.message.number
    return rate / (call.message.digits / (last_s - first_s)) - 1


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Wrong words and words said; figures count digit by digit on both sides."""
    true = plain_words(said)
    return errors(true, plain_words(heard)), len(true)


def plain_words(text: str) -> list[str]:
    words = re.sub(r"[^\w' ]+", " ", text.lower().replace("\u2019", "'")).split()
    spread = itertools.chain.from_iterable(list(word) if word.isdigit() else [word] for word in words)
    return [DIGITS.get(word, word) for word in spread]


def false_beeps_per_hour(studio: Studio) -> tuple[int, float]:
    """Beeps heard in sounds that have none: telephone tones, music, touch tones, and speech on the line and in noise."""
    found, seconds = 0, 0.0
    for sound in _other_sounds(studio):
        found += len(find_beeps(sound))
        seconds += sound.size / sounds.RATE_HZ
    return found, seconds / 3600


def _other_sounds(studio: Studio) -> Iterator[sounds.Samples]:
    draw = np.random.default_rng(7)
    for pair, on_off in (*RINGS, *HANG_UPS, ((1100,), (0.5, 3)), ((350, 440), (30, 1)), ((1400,), (0.5, 14.5))):
        for snr_db in (None, 20):
            rung = sounds.cadence(pair, on_off, 60, peak=float(draw.uniform(0.05, 0.4)))
            yield rung if snr_db is None else sounds.with_noise(rung, snr_db)
    yield sounds.music(300)
    yield sounds.telephone_band(sounds.music(300))
    for _ in range(5):
        yield sounds.touch_tones("".join(draw.choice(list("0123456789*#"), 200)))
    for part in [*studio.by_kind["message"], *studio.by_kind["greeting"]]:
        voice = studio.spoken(part)
        yield sounds.telephone_band(voice)
        yield sounds.with_noise(sounds.telephone_band(voice), float(draw.uniform(10, 30)))


def as_table(title: str, rows: Sequence[tuple[str, ...]], columns: Sequence[str]) -> str:
    head = f"| {title} | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=100, help="calls in which the message is looked for")
    parser.add_argument("--heard", type=int, default=25, help="the first so many are also heard by tiny.en and clean")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/accuracy.md")
    asked = parser.parse_args()
    studio = Studio(read_corpus(asked.corpus), asked.corpus)
    seeds = range(FIRST_SEED, FIRST_SEED + asked.calls)
    calls = [studio.call(seed) for seed in seeds]
    page = report_page(studio, calls, asked.heard)
    print(page)
    if asked.write:
        path = ROOT / "docs/accuracy.md"
        text = path.read_text("utf-8").split(START_MARK)[0].rstrip() + "\n\n"
        path.write_text(f"{text}{START_MARK}{page}{END_MARK}", "utf-8")


def report_page(studio: Studio, calls: Sequence[Call], heard: int) -> str:
    base, tiny = Listener("base"), Listener("tiny.en")
    reports = base([(call.filename, call.file) for call in calls])
    outcomes = [outcome(call, report) for call, report in zip(calls, reports, strict=True)]
    for one in outcomes:
        if not one.right or one.false_beep or one.channel_right is False:
            errors_s = (one.start_error_s, one.end_error_s, one.beep_error_s)
            print("\n", one.call.name, one.call.codec, one.call.snr_db, errors_s, one.channel_right, file=sys.stderr)
    found, hours = false_beeps_per_hour(studio)
    windows = [*window_rows(outcomes), ("false beeps in other sounds", f"{found} in {hours:.1f} h", "0 an hour")]
    some = calls[:heard]
    as_calls = [(call.filename, call.file) for call in some]
    clean = [(f"{call.name}.wav", sounds.wav16(studio.spoken(call.message))) for call in some]
    columns = [
        {name: value for name, value, _ in word_rows(some, which)}
        for which in (reports[:heard], base(clean), tiny(as_calls), tiny(clean))
    ]
    words = [(name, *(column[name] for column in columns)) for name in columns[0]]
    spoken = {kind: len(parts) for kind, parts in studio.by_kind.items()}
    return f"""
# On recorded calls

{len(calls)} calls built from spoken parts as dialers keep them: ringing, greeting, beep, message, hang-up; mono, a side a
channel, cross-talk; µ-law, A-law, MP3, Opus, AMR and PCM; noise from none to 10 dB. Six neural voices speak
{spoken["message"]} messages and {spoken["greeting"]} greetings. Found by the whole pipeline with the model `base`; nothing was
tuned on these calls. Written by `make calls`.

{as_table("On calls", windows, ("measured", "wanted"))}
The first {heard} of them, as calls and as clean recordings of the same messages:

{as_table("Heard", words, ("`base`, calls", "`base`, clean", "`tiny.en`, calls", "`tiny.en`, clean"))}
The voices are synthetic and speak more clearly than people do; recordings of real calls will be harder. A wrong word
counts once; figures are compared digit by digit, so that 615 and “six one five” are the same.
"""


if __name__ == "__main__":
    main()
