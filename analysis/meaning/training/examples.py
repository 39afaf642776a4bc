"""Labelled messages as the heads learn from them: what was read, and what is true of each word and sentence."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis import playbooks
from analysis.detectors import Heard, judge
from analysis.meaning.encoder import Encoder
from analysis.meaning.heads import ABSENT_WITHOUT, UNSAID
from analysis.meaning.reading import Read, read
from analysis.meaning.training.variations import renamed, sentence_bounds, whole, without, without_punctuation
from models.recording import CallContext
from models.report import Measurements
from models.transcript import Transcript

Truth = npt.NDArray[np.bool_]

MESSAGE_LABELS: Final = tuple(
    "specific_value missing_value_prop vague_opener self_centered_pitch callback_only_cta checking_in "
    "prior_contact_reference insight_offer apologetic_or_hedging feature_dump no_call_to_action "
    "referral_mention missing_caller_name missing_company".split()
)
#: What a sentence may hold, the asks that `no_call_to_action` misses among it; and what single words may belong to.
SENTENCE_LABELS: Final = (*(label for label in MESSAGE_LABELS if label not in {*ABSENT_WITHOUT, *UNSAID}), "ask")
WORD_LABELS: Final = tuple(UNSAID.values())
LEAST_OVERLAP_CHARS: Final = 15


@dataclass(frozen=True)
class Example:
    """One labelled message, read by the encoder.

    `ask_known` is false where nobody marked the asks; a `copied` one is learnt from, but measures nothing; of one
    with `only_words` just the names are learnt.
    """

    seen: Read
    by_words: Truth
    word_truth: Truth
    sentence_truth: Truth
    message_truth: Truth
    ask_known: bool
    copied: bool
    only_words: bool


def overlaps(sentence: tuple[int, int], span: tuple[int, int]) -> bool:
    """A good part of either lies in the other."""
    shared = min(sentence[1], span[1]) - max(sentence[0], span[0])
    shorter = min(sentence[1] - sentence[0], span[1] - span[0])
    return shared > 0 and (shared * 2 >= shorter or shared >= LEAST_OVERLAP_CHARS)


def tagged_words(text: str, entities: Mapping[str, Sequence[str]]) -> Truth:
    """Word for word, whether it belongs to each of the word labels, wherever the message says it."""
    spans = {
        label: [
            found.span()
            for quote in entities.get(label, ())
            for found in re.finditer(whole(quote), text, re.IGNORECASE)
        ]
        for label in WORD_LABELS
    }
    words = [match.span() for match in re.finditer(r"\S+", text)]
    truth = [
        [any(first < end and at < last for at, end in spans[label]) for label in WORD_LABELS] for first, last in words
    ]
    return np.array(truth, bool)


def example(record: Mapping[str, Any], encoder: Encoder, *, copied: bool = False, only_words: bool = False) -> Example:
    text, labels = record["text"], record["labels"]
    bounds = sentence_bounds(text)
    quotes = {label: record["evidence"].get(label, []) for label in SENTENCE_LABELS}
    quotes["ask"] = record["entities"].get("cta", []) or quotes["callback_only_cta"]
    spans = {
        label: [(at, at + len(quote)) for quote in wanted if (at := text.lower().find(quote.lower())) >= 0]
        for label, wanted in quotes.items()
    }
    truth = [[any(overlaps(one, span) for span in spans[label]) for label in SENTENCE_LABELS] for one in bounds]
    return Example(
        seen=read([text[first:end] for first, end in bounds], encoder),
        by_words=said_by_rules(text),
        word_truth=tagged_words(text, record["entities"]),
        sentence_truth=np.array(truth, bool),
        message_truth=np.array([bool(labels[label]) for label in MESSAGE_LABELS]),
        ask_known=bool(quotes["ask"]) or bool(labels["no_call_to_action"]),
        copied=copied,
        only_words=only_words,
    )


def said_by_rules(text: str) -> Truth:
    """What the phrase rules alone say of a message: the fourth opinion."""
    script = Transcript.of_script(text)
    judged = judge(Heard(script, Measurements(), {}, CallContext(), playbooks.load(), with_meaning=False))
    said = {one.rule for one in judged.findings if one.status == "flagged"} | {one.rule for one in judged.strengths}
    return np.array([label in said for label in MESSAGE_LABELS])


def examples_of(path: Path, encoder: Encoder) -> list[Example]:
    """One author's messages, and what else can be learnt from each."""
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    read_as_said = [example(record, encoder) for record in records]
    copies = [without_punctuation(record) for record in records if not record["asr_like"]]
    varied = [found for record in records for label in WORD_LABELS if (found := without(record, label))]
    companies = [name for record in records for name in record["entities"].get("company", ())]
    rng = Random(path.name)  # noqa: S311  # nothing secret: the same names every time
    varied += [renamed(record, companies, rng) for record in records]
    return [
        *read_as_said,
        *(example(record, encoder, copied=True) for record in copies),
        *(example(record, encoder, copied=True, only_words=True) for record in varied),
    ]
