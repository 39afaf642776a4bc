"""Trains the heads from labelled messages, and says how well they carry over to other authors.

    python -m analysis.meaning.train tests/labelled/t[ru]*.jsonl --out analysis/meaning/heads.npz

Each file is one author. Every author is predicted by heads that never saw a word of theirs; those predictions set how
the opinions on a message and the phrase rules are combined, where each label is cut, and fill the printed table (but
for authors on whom the phrase rules were written: files named tuned-…). The
heads that are kept are then trained on all files.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis import playbooks
from analysis.detectors import judge
from analysis.detectors.text import Said
from analysis.meaning.encoder import Dense, Encoder, Floats, encoder_folder
from analysis.meaning.heads import (
    ABSENT_WITHOUT,
    MESSAGE_NGRAM_TOTAL,
    SENTENCE_NGRAM_TOTAL,
    UNSAID,
    Heads,
    probability,
)
from analysis.meaning.reading import READ_LAYERS, NgramTable, Read, read, with_neighbours
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
SENTENCE_STRENGTH, MESSAGE_STRENGTH, WORDS_STRENGTH, COMBINE_STRENGTH = 0.1, 0.3, 0.3, 1.0
WORD_PARTS: Final = 160  # main components of a word's state that are learnt from: a fifth of its width
WORD_STEPS, WORD_DECAY, WORD_EMPHASIS, STRONGEST_EMPHASIS = 60, 0.001, 20.0, 3.0
RARELY: Final = -3.0  # the logit from which a word starts out: few words name anybody
NGRAM_IN_MESSAGES: Final = 3
TUNED: Final = "tuned-"  # how files are named that the phrase rules were written on; on those they look too good
LEAST_CUT: Final = 0.5  # nobody is flagged for what is less likely than not
LEAST_PRECISION: Final = 0.9  # of each cut, on authors the heads do not know: a little over the gate of 0.85
LEAST_OVERLAP_CHARS: Final = 15


@dataclass(frozen=True)
class Example:
    """One labelled message, read by the encoder.

    `ask_known` is false where nobody marked the asks; a `copied` one is learnt from, but measures nothing.
    """

    seen: Read
    by_words: Truth
    word_truth: Truth
    sentence_truth: Truth
    message_truth: Truth
    ask_known: bool
    copied: bool


def sentence_bounds(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands in the text, found as the detectors find it."""
    words = [(match.group(), *match.span()) for match in re.finditer(r"\S+", text)]
    said = Said([word for word, _, _ in words])
    return [(words[first][1], words[last][2]) for first, last in said.sentence_words]


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
            for found in re.finditer(rf"(?<!\w){re.escape(quote)}(?!\w)", text, re.IGNORECASE)
        ]
        for label in WORD_LABELS
    }
    words = [match.span() for match in re.finditer(r"\S+", text)]
    truth = [
        [any(first < end and at < last for at, end in spans[label]) for label in WORD_LABELS] for first, last in words
    ]
    return np.array(truth, bool)


def example(record: Mapping[str, Any], encoder: Encoder, *, copied: bool = False) -> Example:
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
    )


def said_by_rules(text: str) -> Truth:
    """What the phrase rules alone say of a message: the fourth opinion."""
    judged = judge(Transcript.of_script(text), Measurements(), {}, CallContext(), playbooks.load(), with_meaning=False)
    said = {one.rule for one in judged.findings if one.status == "flagged"} | {one.rule for one in judged.strengths}
    return np.array([label in said for label in MESSAGE_LABELS])


def without_punctuation(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same message as a speech model without capitals and stops would write it."""

    def plain(text: str) -> str:
        return " ".join(re.sub(r"[^\w\s'$%]", " ", text.lower()).split())

    def each(quotes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        return {label: [plain(quote) for quote in wanted] for label, wanted in quotes.items()}

    return {
        **record,
        "text": plain(record["text"]),
        "evidence": each(record["evidence"]),
        "entities": each(record["entities"]),
    }


def examples_of(path: Path, encoder: Encoder) -> list[Example]:
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    read_as_said = [example(record, encoder) for record in records]
    to_copy = [record for record in records if not record["asr_like"]]
    return read_as_said + [example(without_punctuation(record), encoder, copied=True) for record in to_copy]


# ------------------------------------------------------------------------------------------------------ fitting


def fit(x: Floats, truth: Truth, strength: float, *, balanced: bool = True) -> Floats:
    """Logistic regression: one weight a column, the constant last."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced" if balanced else None, max_iter=200)
    model.fit(x, truth)
    return np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)


def fit_words(examples: Sequence[Example]) -> Dense:
    """What tells the words of each word label from all others, and a message that has some from one that has none."""
    words = np.concatenate([one.seen.words for one in examples])
    _, parts = np.linalg.eigh(np.cov(words, rowvar=False))
    parts = parts[:, -WORD_PARTS:].astype(np.float32)
    x = np.concatenate([with_neighbours(one.seen.words @ parts) for one in examples])
    truth = np.concatenate([one.word_truth for one in examples])
    starts = np.cumsum([0, *(len(one.word_truth) for one in examples[:-1])])
    fitted = np.stack([fit_strongest(x, wanted, starts) for wanted in truth.T], axis=1)
    whole = [parts @ weights for weights in np.split(fitted[:-1], 3)]
    return Dense(np.concatenate(whole), fitted[-1])


def fit_strongest(x: Floats, truth: Truth, starts: npt.NDArray[np.int64]) -> Floats:
    """Logistic regression on every word and, since it is what decides, on the strongest word of every message."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    said = np.logical_or.reduceat(truth, starts)

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = x @ weights[:-1].astype(np.float32) + np.float32(weights[-1])
        at = starts + [int(part.argmax()) for part in np.split(logits, starts[1:])]
        strongest = logits[at]
        of_words = WORD_EMPHASIS * np.mean(np.logaddexp(0, logits) - truth * logits, dtype=np.float64)
        of_messages = STRONGEST_EMPHASIS * np.mean(np.logaddexp(0, strongest) - said * strongest)
        of_size = WORD_DECAY * np.square(weights[:-1]).sum()
        slope = WORD_EMPHASIS / len(logits) * (probability(logits) - truth)
        slope[at] += STRONGEST_EMPHASIS / len(starts) * (probability(strongest) - said)
        by_weight = slope.astype(np.float32) @ x + 2 * WORD_DECAY * weights[:-1]
        return float(of_words + of_messages + of_size), np.append(by_weight, slope.sum())

    found = minimize(
        loss, np.append(np.zeros(x.shape[1]), RARELY), jac=True, method="L-BFGS-B", options={"maxiter": WORD_STEPS}
    )
    return np.asarray(found.x, np.float32)


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


def columns(table: NgramTable, texts: Sequence[Sequence[str]], total: float) -> Floats:
    rows = np.zeros((len(texts), len(table.known)), np.float32)
    for row, said in zip(rows, texts, strict=True):
        numbers, weights = table.weigh(said, total)
        row[numbers] = weights
    return rows


def fit_heads(examples: Sequence[Example]) -> Heads:
    """Heads whose combination and scale are still to be set."""
    table = known_ngrams(examples)
    said = [ngrams for one in examples for ngrams in one.seen.sentence_ngrams]
    dense = np.concatenate([one.seen.sentences for one in examples])
    x = np.hstack([dense, columns(table, said, SENTENCE_NGRAM_TOTAL)])
    truth = np.concatenate([one.sentence_truth for one in examples])
    ask_known = np.repeat([one.ask_known for one in examples], [len(one.sentence_truth) for one in examples])
    by_sentence = []
    for number, label in enumerate(SENTENCE_LABELS):
        use = ask_known if label == "ask" else np.ones(len(x), bool)
        by_sentence.append(fit(x[use], truth[use, number], SENTENCE_STRENGTH))
    words = columns(table, [one.seen.message_ngrams for one in examples], MESSAGE_NGRAM_TOTAL)
    meant = np.stack([one.seen.message for one in examples])
    labels = np.stack([one.message_truth for one in examples]).T
    by_words = np.stack([fit(words, wanted, WORDS_STRENGTH) for wanted in labels], axis=1)
    by_both = np.stack([fit(np.hstack([meant, words]), wanted, MESSAGE_STRENGTH) for wanted in labels], axis=1)
    sentence = np.stack(by_sentence, axis=1)
    width = dense.shape[1]
    return Heads(
        word_labels=WORD_LABELS,
        sentence_labels=SENTENCE_LABELS,
        message_labels=MESSAGE_LABELS,
        table=table,
        word_dense=fit_words(examples),
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


def strangers(authors: Mapping[Path, Sequence[Example]]) -> list[Judged]:
    """Every author on whom the phrase rules were not written, judged by heads trained on all others."""
    from joblib import Parallel, delayed

    def judged(path: Path) -> Judged:
        others = [one for other, theirs in authors.items() if other != path for one in theirs]
        return judged_by(fit_heads(others), [one for one in authors[path] if not one.copied])

    paths = [path for path in authors if not path.name.startswith(TUNED)]
    return list(Parallel(n_jobs=-1)(delayed(judged)(path) for path in paths))


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


def save(heads: Heads, path: Path) -> None:
    half = {
        "rarity": heads.table.rarity,
        "word_dense": heads.word_dense.weight,
        "word_bias": heads.word_dense.bias,
        "sentence_dense": heads.sentence_dense.weight,
        "sentence_bias": heads.sentence_dense.bias,
        "sentence_ngram": heads.sentence_ngram,
        "sentence_scale": heads.sentence_scale,
        "message_dense": heads.message_dense.weight,
        "message_bias": heads.message_dense.bias,
        "message_ngram": heads.message_ngram,
        "words_only": heads.words_only.weight,
        "words_only_bias": heads.words_only.bias,
        "combine": heads.combine,
        "cuts": heads.cuts,
    }
    words = {
        "word_labels": " ".join(WORD_LABELS),
        "sentence_labels": " ".join(SENTENCE_LABELS),
        "message_labels": " ".join(MESSAGE_LABELS),
        "ngrams": "\n".join(heads.table.known),
    }
    arrays: dict[str, Any] = {name: values.astype(np.float16) for name, values in half.items()}
    arrays |= {name: np.array(text) for name, text in words.items()}
    np.savez_compressed(path, **arrays)


# ------------------------------------------------------------------------------------------------------ measuring


def precision_recall_f1(truth: Truth, said: Truth) -> tuple[float, float, float]:
    hits = float((truth & said).sum())
    return hits / max(said.sum(), 1), hits / max(truth.sum(), 1), 2 * hits / max(truth.sum() + said.sum(), 1)


def threshold_for(truth: Truth, scores: Floats) -> float:
    """The cut with the best F1 among those that are precise enough; the most precise one when none is."""
    rated = [(*precision_recall_f1(truth, scores >= cut), float(cut)) for cut in np.arange(LEAST_CUT, 0.96, 0.01)]
    precise = [(f1, cut) for precision, _, f1, cut in rated if precision >= LEAST_PRECISION]
    return max(precise)[1] if precise else max((precision, cut) for precision, _, _, cut in rated)[1]


def interval(truth: Truth, said: Truth, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of F1 over messages drawn again with replacement."""
    rng = np.random.default_rng(0)
    f1s = [
        precision_recall_f1(truth[drawn], said[drawn])[2] for drawn in rng.integers(0, len(truth), (draws, len(truth)))
    ]
    low, high = np.percentile(f1s, [2.5, 97.5])
    return float(low), float(high)


def average_precision(truth: Truth, scores: Floats) -> float:
    ranked = truth[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean()) if ranked.any() else 0.0


def table(title: str, truth: Truth, scores: Floats, cuts: Floats) -> Iterator[str]:
    yield f"{title}\n{'label':<26}{'n':>4}{'cut':>6}{'P':>7}{'R':>7}{'F1':>7}  95 %          AP"
    f1s, precise = [], []
    for label, wanted, score, cut in zip(MESSAGE_LABELS, truth.T, scores.T, cuts, strict=True):
        said = score >= cut
        precision, recall, f1 = precision_recall_f1(wanted, said)
        low, high = interval(wanted, said)
        ranking = average_precision(wanted, score)
        f1s.append(f1)
        precise.append(ranking)
        row = f"{label:<26}{wanted.sum():>4}{cut:>6.2f}{precision:>7.2f}{recall:>7.2f}{f1:>7.2f}"
        yield f"{row}  {low:.2f}-{high:.2f}  {ranking:>7.2f}"
    yield f"{'mean':<50}{np.mean(f1s):>7.3f}  {'':>9}  {np.mean(precise):>7.3f}\n"


def message_probabilities(heads: Heads, inputs: Floats) -> Floats:
    logits = [[heads.weighed(row, one[:3], one[3]) for row, one in enumerate(message)] for message in inputs]
    return probability(np.array(logits, np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("authors", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    folder = encoder_folder()
    if folder is None:
        raise SystemExit("install the encoder package first")
    encoder = Encoder(folder, layers=max(READ_LAYERS))
    authors = {path: examples_of(path, encoder) for path in asked.authors}
    unseen = together(strangers(authors))
    heads = settled(fit_heads([one for theirs in authors.values() for one in theirs]), unseen)
    save(heads, asked.out)
    heads = Heads.load(asked.out)
    known = message_probabilities(heads, unseen.inputs)
    print(*table("authors the heads did not know", unseen.message_truth, known, heads.cuts), sep="\n")


if __name__ == "__main__":
    main()
