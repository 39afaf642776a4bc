"""Fits the heads to labelled messages, and weighs their opinions on authors they do not know."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.meaning.encoder import Dense, Floats
from analysis.meaning.heads import MESSAGE_NGRAM_TOTAL, SENTENCE_NGRAM_TOTAL, Heads, probability
from analysis.meaning.reading import NgramTable
from analysis.meaning.training.examples import MESSAGE_LABELS, SENTENCE_LABELS, WORD_LABELS, Example, Truth
from analysis.meaning.training.measuring import threshold_for
from analysis.meaning.training.tagger import fit_words

SENTENCE_STRENGTH, MESSAGE_STRENGTH, WORDS_STRENGTH, COMBINE_STRENGTH = 0.1, 0.3, 0.3, 1.0
NGRAM_IN_MESSAGES: Final = 5  # three people, since most messages count twice: without punctuation they are one more
STEPS: Final = 200


def fit(x: Floats, truth: Truth, strength: float, *, balanced: bool = True) -> Floats:
    """Logistic regression: one weight a column, the constant last."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced" if balanced else None, max_iter=200)
    model.fit(x, truth)
    return np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)


def fit_many(parts: Sequence[Any], truth: Truth, strength: float, use: Truth | None = None) -> Floats:
    """Balanced logistic regressions, one a column of `truth`, on the same dense and sparse parts of x; constant last.

    All at once, because reading x is what takes the time. `use` tells which rows count for which column.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    wanted = truth.astype(np.float32)
    counted = np.ones_like(wanted) if use is None else use.astype(np.float32)
    there, rows = (wanted * counted).sum(axis=0), counted.sum(axis=0)
    emphasis = strength * counted * np.where(truth, rows / (2 * there), rows / (2 * (rows - there)))
    ends = np.cumsum([part.shape[1] for part in parts])
    shape = (int(ends[-1]) + 1, truth.shape[1])

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights = flat.reshape(shape)
        blocks = np.split(weights[:-1].astype(np.float32), ends[:-1])
        logits = weights[-1].astype(np.float32) + sum(part @ block for part, block in zip(parts, blocks, strict=True))
        missed = np.sum(emphasis * (np.logaddexp(0, logits) - wanted * logits), dtype=np.float64)
        slope = (emphasis * (probability(logits) - wanted)).astype(np.float32)
        by_weight = np.vstack([*(np.asarray(part.T @ slope) for part in parts), slope.sum(axis=0)]).astype(np.float64)
        by_weight[:-1] += weights[:-1]
        return float(missed + np.square(weights[:-1]).sum() / 2), by_weight.ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x.reshape(shape), np.float32)


def fit_weights(opinions: Floats, truth: Truth) -> Floats:
    """How opinions are weighed. A phrase rule that fires, the last column, never makes its own label less likely."""
    weights = fit(opinions, truth, COMBINE_STRENGTH, balanced=False)
    if weights[-2] >= 0:
        return weights
    without = fit(opinions[:, :-1], truth, COMBINE_STRENGTH, balanced=False)
    return np.insert(without, -1, np.float32(0))


def known_ngrams(examples: Sequence[Example]) -> NgramTable:
    """Word runs of several messages, so that no name of one message is among them."""
    in_messages = Counter(ngram for one in examples for ngram in set(one.seen.message_ngrams))
    known = sorted(ngram for ngram, times in in_messages.items() if times >= NGRAM_IN_MESSAGES)
    rarity = [1 + np.log((1 + len(examples)) / (1 + in_messages[ngram])) for ngram in known]
    return NgramTable(known, np.array(rarity, np.float32))


def columns(table: NgramTable, texts: Sequence[Sequence[str]], total: float) -> Any:
    """A sparse row a text: the weights of the word runs in it."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    weighed = [table.weigh(said, total) for said in texts]
    ends = np.cumsum([0, *(len(numbers) for numbers, _ in weighed)])
    numbers, weights = (np.concatenate(found) for found in zip(*weighed, strict=True))
    return csr_matrix((weights, numbers, ends), shape=(len(texts), len(table.known)))


def fit_heads(every: Sequence[Example]) -> Heads:
    """Heads whose combination and scale are still to be set."""
    examples = [one for one in every if not one.only_words]
    table = known_ngrams(examples)
    said = [ngrams for one in examples for ngrams in one.seen.sentence_ngrams]
    dense = np.concatenate([one.seen.sentences for one in examples])
    truth = np.concatenate([one.sentence_truth for one in examples])
    use = np.ones_like(truth)
    use[:, SENTENCE_LABELS.index("ask")] = np.repeat(
        [one.ask_known for one in examples], [len(one.sentence_truth) for one in examples]
    )
    sentence = fit_many([dense, columns(table, said, SENTENCE_NGRAM_TOTAL)], truth, SENTENCE_STRENGTH, use)
    words = columns(table, [one.seen.message_ngrams for one in examples], MESSAGE_NGRAM_TOTAL)
    meant = np.stack([one.seen.message for one in examples])
    labels = np.stack([one.message_truth for one in examples])
    by_words = fit_many([words], labels, WORDS_STRENGTH)
    by_both = fit_many([meant, words], labels, MESSAGE_STRENGTH)
    width = dense.shape[1]
    parts, hidden, out = fit_words(every)
    return Heads(
        word_labels=WORD_LABELS,
        sentence_labels=SENTENCE_LABELS,
        message_labels=MESSAGE_LABELS,
        table=table,
        word_parts=parts,
        word_hidden=hidden,
        word_out=out,
        sentence_dense=Dense(sentence[:width], sentence[-1]),
        sentence_ngram=sentence[width:-1],
        sentence_scale=np.tile(np.array([1, 0], np.float32), (len(SENTENCE_LABELS), 1)),
        message_dense=Dense(by_both[: meant.shape[1]], by_both[-1]),
        message_ngram=by_both[meant.shape[1] : -1],
        words_only=Dense(by_words[:-1], by_words[-1]),
        combine=np.tile(np.array([1, 1, 1, 1, 0], np.float32), (len(MESSAGE_LABELS), 1)),
        cuts=np.full(len(MESSAGE_LABELS), 0.5, np.float32),
    )


@dataclass(frozen=True)
class Judged:
    """What heads said of messages, next to the truth."""

    sentence_logits: Floats
    sentence_truth: Truth
    inputs: Floats
    message_truth: Truth


def judged_by(heads: Heads, examples: Sequence[Example]) -> Judged:
    logits = [heads.sentence_logits(one.seen) for one in examples]
    inputs = [
        np.column_stack([heads.message_inputs(one.seen, heads.word_logits(one.seen), its), one.by_words])
        for one, its in zip(examples, logits, strict=True)
    ]
    return Judged(
        np.concatenate(logits),
        np.concatenate([one.sentence_truth for one in examples]),
        np.stack(inputs),
        np.stack([one.message_truth for one in examples]),
    )


def together(parts: Sequence[Judged]) -> Judged:
    fields = ("sentence_logits", "sentence_truth", "inputs", "message_truth")
    return Judged(*(np.concatenate([getattr(part, field) for part in parts]) for field in fields))


def settled(heads: Heads, seen: Judged) -> Heads:
    """Combination and scale as they work for authors the heads do not know."""
    combine = [
        fit_weights(seen.inputs[:, number], seen.message_truth[:, number]) for number in range(len(MESSAGE_LABELS))
    ]
    scale = [
        fit(seen.sentence_logits[:, [number]], seen.sentence_truth[:, number], COMBINE_STRENGTH, balanced=False)
        for number in range(len(SENTENCE_LABELS))
    ]
    heads = replace(heads, combine=np.stack(combine), sentence_scale=np.stack(scale))
    probabilities = message_probabilities(heads, seen.inputs)
    cuts = [threshold_for(truth, of) for truth, of in zip(seen.message_truth.T, probabilities.T, strict=True)]
    return replace(heads, cuts=np.array(cuts, np.float32))


def message_probabilities(heads: Heads, inputs: Floats) -> Floats:
    logits = [[heads.weighed(row, one[:3], one[3]) for row, one in enumerate(message)] for message in inputs]
    return probability(np.array(logits, np.float32))
