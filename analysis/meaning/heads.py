"""Small linear heads over what was read: a probability a label, for every sentence and for the message."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from analysis.meaning.encoder import Dense, Floats
from analysis.meaning.reading import NgramTable, Read, with_neighbours

SENTENCE_NGRAM_TOTAL: Final = 3.0
MESSAGE_NGRAM_TOTAL: Final = 6.0
#: How many words before and after count for a word: of what was understood, and of how they are written.
STATES_REACH, MARKS_REACH = 2, 3
#: A message label that no sentence carries: it is true when no sentence says one of these.
ABSENT_WITHOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "missing_value_prop": ("specific_value",),
    "no_call_to_action": ("ask", "callback_only_cta"),
}
#: A message label that is true when no single word of the message belongs to one of these.
UNSAID: Final[Mapping[str, str]] = {"missing_caller_name": "caller_name", "missing_company": "company"}


@dataclass(frozen=True)
class Heads:
    """Everything that training found; `heads.npz` holds it in half precision.

    `combine` has one row a message label: what to make of the strongest sentence (or word, for what is `UNSAID`), of
    the words, of both together, and of a phrase rule that fires; then the constant.
    """

    word_labels: tuple[str, ...]
    sentence_labels: tuple[str, ...]
    message_labels: tuple[str, ...]
    table: NgramTable
    word_parts: Dense
    word_hidden: Dense
    word_out: Dense
    sentence_dense: Dense
    sentence_ngram: Floats
    sentence_scale: Floats
    message_dense: Dense
    message_ngram: Floats
    words_only: Dense
    combine: Floats
    cuts: Floats

    @classmethod
    def load(cls, path: Path) -> "Heads":
        with np.load(path, allow_pickle=False) as stored:
            held = {name: stored[name] for name in stored.files}

        def floats(name: str) -> Floats:
            return np.asarray(held[name], np.float32)

        return cls(
            word_labels=tuple(str(held["word_labels"]).split()),
            sentence_labels=tuple(str(held["sentence_labels"]).split()),
            message_labels=tuple(str(held["message_labels"]).split()),
            table=NgramTable(str(held["ngrams"]).split("\n"), floats("rarity")),
            word_parts=Dense(floats("word_parts"), floats("word_parts_bias")),
            word_hidden=Dense(floats("word_hidden"), floats("word_hidden_bias")),
            word_out=Dense(floats("word_out"), floats("word_out_bias")),
            sentence_dense=Dense(floats("sentence_dense"), floats("sentence_bias")),
            sentence_ngram=floats("sentence_ngram"),
            sentence_scale=floats("sentence_scale"),
            message_dense=Dense(floats("message_dense"), floats("message_bias")),
            message_ngram=floats("message_ngram"),
            words_only=Dense(floats("words_only"), floats("words_only_bias")),
            combine=floats("combine"),
            cuts=floats("cuts"),
        )

    def save(self, path: Path) -> None:
        half = {
            "rarity": self.table.rarity,
            "word_parts": self.word_parts.weight,
            "word_parts_bias": self.word_parts.bias,
            "word_hidden": self.word_hidden.weight,
            "word_hidden_bias": self.word_hidden.bias,
            "word_out": self.word_out.weight,
            "word_out_bias": self.word_out.bias,
            "sentence_dense": self.sentence_dense.weight,
            "sentence_bias": self.sentence_dense.bias,
            "sentence_ngram": self.sentence_ngram,
            "sentence_scale": self.sentence_scale,
            "message_dense": self.message_dense.weight,
            "message_bias": self.message_dense.bias,
            "message_ngram": self.message_ngram,
            "words_only": self.words_only.weight,
            "words_only_bias": self.words_only.bias,
            "combine": self.combine,
            "cuts": self.cuts,
        }
        words = {
            "word_labels": " ".join(self.word_labels),
            "sentence_labels": " ".join(self.sentence_labels),
            "message_labels": " ".join(self.message_labels),
            "ngrams": "\n".join(self.table.known),
        }
        arrays: dict[str, Any] = {name: values.astype(np.float16) for name, values in half.items()}
        arrays |= {name: np.array(text) for name, text in words.items()}
        np.savez_compressed(path, **arrays)

    def word_logits(self, seen: Read) -> Floats:
        """One row a word: how much it belongs to each of the word labels."""
        return self.word_out(np.maximum(self.word_hidden(word_inputs(seen, self.word_parts)), 0))

    def sentence_logits(self, seen: Read) -> Floats:
        logits = self.sentence_dense(seen.sentences)
        for row, said in enumerate(seen.sentence_ngrams):
            numbers, weights = self.table.weigh(said, SENTENCE_NGRAM_TOTAL)
            logits[row] += weights @ self.sentence_ngram[numbers]
        return logits

    def message_inputs(self, seen: Read, word_logits: Floats, sentence_logits: Floats) -> Floats:
        """Per message label three opinions: the strongest place, the message's words, words and meaning together."""
        strongest = dict(zip(self.sentence_labels, sentence_logits.max(axis=0), strict=True))
        strongest |= {label: -max(strongest[other] for other in others) for label, others in ABSENT_WITHOUT.items()}
        by_word = dict(zip(self.word_labels, word_logits.max(axis=0), strict=True))
        strongest |= {label: -by_word[other] for label, other in UNSAID.items()}
        numbers, weights = self.table.weigh(seen.message_ngrams, MESSAGE_NGRAM_TOTAL)
        by_words = weights @ self.words_only.weight[numbers] + self.words_only.bias
        by_both = self.message_dense(seen.message) + weights @ self.message_ngram[numbers]
        by_place = np.array([strongest[label] for label in self.message_labels], np.float32)
        return np.stack([by_place, by_words, by_both], axis=1)

    def weighed(self, row: int, opinions: Floats, by_words: float) -> float:
        """The logit of one message label from its three opinions and the phrase rule's (1 where it fires)."""
        return float(np.append(opinions, [by_words, 1.0]) @ self.combine[row])


def word_inputs(seen: Read, parts: Dense) -> Floats:
    """What the word labels are told from: what was understood of a word and how it is written, with its neighbours."""
    return np.hstack([with_neighbours(parts(seen.words), STATES_REACH), with_neighbours(seen.marks, MARKS_REACH)])


def probability(logits: Floats | float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)
