"""One message as the heads see it: what MiniLM understood, who is spoken of, and the words themselves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.detectors.words import fold
from analysis.meaning.encoder import MAX_TOKENS, UNKNOWN, Encoder, Floats
from analysis.meaning.marks import marks

#: The middle layers know wording and grammar best, the later ones topic; the last one was measured to add nothing.
READ_LAYERS: Final = (3, 5)
NGRAM_WORDS: Final = 3

_CALLER = frozenset("i we our my us me".split())
_LISTENER = frozenset("you your yours".split())
_COUNTED = frozenset(
    "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand million half double twice third quarter".split()
)
_MONEY = frozenset("percent dollars pounds euros cents grand bucks".split())
_CHANGE = frozenset(
    "cut cuts save saved saving less fewer more faster quicker cheaper down up from under within instead without "
    "before after stopped dropped lost losing waste went got used".split()
)
_REQUEST = frozenset(
    "call ring text holler reach buzz shout email send reply back meet stop swing coffee minutes monday tuesday "
    "wednesday thursday friday tomorrow".split()
)


def folded(sentence: str) -> list[str]:
    """Plain tokens, every figure the same, so that a name or number seen in training is not learnt by heart."""
    tokens = (token for word in sentence.split() for token in fold(word))
    return ["#" if token[0].isdigit() else token for token in tokens]


def ngrams(tokens: Sequence[str]) -> list[str]:
    """Every run of one to three words, with marks where the sentence begins and ends."""
    marked = ["<", *tokens, ">"]
    runs = range(1, NGRAM_WORDS + 1)
    return [" ".join(marked[at : at + size]) for size in runs for at in range(len(marked) - size + 1)]


def structure(sentence: str, tokens: Sequence[str], place: int, of: int) -> list[float]:
    """Who is spoken of, figures, change, request, shape, and where in the message the sentence stands."""

    def count(wanted: frozenset[str]) -> int:
        return sum(token in wanted for token in tokens)

    words = max(len(tokens), 1)
    return [
        count(_CALLER) / words * 5,
        count(_LISTENER) / words * 5,
        min(count(_COUNTED) + tokens.count("#"), 4) / 2,
        float(count(_MONEY) > 0),
        min(count(_CHANGE), 4) / 2,
        min(count(_REQUEST), 3) / 2,
        sentence.count(",") / 3,
        float("?" in sentence),
        min(words, 40) / 20,
        place / max(of - 1, 1),
        *(float(place == wanted) for wanted in (0, 1, 2, of - 1, of - 2)),
        of / 8,
    ]


@dataclass(frozen=True)
class Read:
    """One message as the heads see it; `words` and `marks` have one row a word, in order, whatever its sentence."""

    sentences: Floats
    message: Floats
    words: Floats
    marks: Floats
    sentence_ngrams: tuple[tuple[str, ...], ...]

    @property
    def message_ngrams(self) -> tuple[str, ...]:
        return tuple(ngram for one in self.sentence_ngrams for ngram in one)


def read(sentences: Sequence[str], encoder: Encoder) -> Read:
    """Every sentence by itself and within its message, in two layers; the message as a whole and by its opening."""
    by_word = [[encoder.split(word) for word in sentence.split()] or [[UNKNOWN]] for sentence in sentences]
    pieces = [[piece for word in words for piece in word][:MAX_TOKENS] for words in by_word]
    blocks = _blocks([len(one) for one in pieces])
    whole = [[piece for one in pieces[first:end] for piece in one] for first, end in blocks]
    states = encoder.states([*pieces, *whole], READ_LAYERS)
    alone = {layer: np.stack([state.mean(0) for state in states[layer][: len(pieces)]]) for layer in READ_LAYERS}
    inside = {layer: _by_sentence(states[layer][len(pieces) :], blocks, pieces) for layer in READ_LAYERS}
    within = {layer: np.stack([state.mean(0) for state in found]) for layer, found in inside.items()}
    said_words = [np.concatenate(list(map(_by_word, found, by_word))) for found in inside.values()]
    tokens = [folded(sentence) for sentence in sentences]
    shape = [
        structure(sentence, said, place, len(sentences))
        for place, (sentence, said) in enumerate(zip(sentences, tokens, strict=True))
    ]
    first_layer = READ_LAYERS[0]
    summary = [part for layer in READ_LAYERS for part in (within[layer].mean(0), within[layer][:3].mean(0))]
    summary += [alone[first_layer].mean(0), alone[first_layer].max(0)]
    columns = [_even(vectors) for vectors in (*alone.values(), *within.values())]
    return Read(
        sentences=np.hstack([*columns, np.array(shape, np.float32)]),
        message=np.concatenate([_even(part) for part in summary]),
        words=np.hstack([_even(vectors) for vectors in said_words]),
        marks=marks([word for sentence in sentences for word in sentence.split() or [""]]),
        sentence_ngrams=tuple(tuple(ngrams(said)) for said in tokens),
    )


def _blocks(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of sentences that fit the encoder together; nearly always one."""
    blocks, first, used = [], 0, 0
    for number, size in enumerate(sizes):
        if used + size > MAX_TOKENS:
            blocks.append((first, number))
            first, used = number, 0
        used += size
    return [*blocks, (first, len(sizes))]


def _by_sentence(
    states: Sequence[Floats], blocks: Sequence[tuple[int, int]], pieces: Sequence[Sequence[int]]
) -> list[Floats]:
    """The states of every sentence's pieces, cut from those of its block."""
    return [
        part
        for state, (first, end) in zip(states, blocks, strict=True)
        for part in np.split(state, np.cumsum([len(one) for one in pieces[first:end]])[:-1])
    ]


def _by_word(state: Floats, words: Sequence[Sequence[int]]) -> Floats:
    """One row a word: the mean of its pieces. A word past the encoder's limit is read as the last one before it."""
    starts = np.minimum(np.cumsum([0, *(len(word) for word in words[:-1])]), len(state) - 1)
    sizes = np.maximum(np.diff(starts, append=len(state)), 1)
    result: Floats = np.add.reduceat(state, starts, axis=0) / sizes[:, None].astype(np.float32)
    return result


def with_neighbours(rows: Floats, reach: int) -> Floats:
    """Every word beside those before it and after it, nearest in the middle: 'with Northline', 'Marcus here'."""
    nothing = np.zeros((reach, rows.shape[1]), np.float32)
    padded = np.vstack([nothing, rows, nothing])
    return np.hstack([padded[at : at + len(rows)] for at in range(2 * reach + 1)])


def _even(vectors: Floats) -> Floats:
    """Same length for every vector, so that no layer shouts down another."""
    result: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) * np.float32(4)
    return result


class NgramTable:
    """Weighs known word runs: rarer ones more, repeats less, every text the same in total."""

    def __init__(self, known: Sequence[str], rarity: Floats) -> None:
        self.known, self.rarity = list(known), rarity
        self._number_of = {ngram: number for number, ngram in enumerate(self.known)}

    def weigh(self, said: Sequence[str], total: float) -> tuple[npt.NDArray[np.int64], Floats]:
        """Numbers of the known word runs said, and their weights."""
        times = Counter(number for ngram in said if (number := self._number_of.get(ngram)) is not None)
        if not times:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        numbers = np.array(sorted(times), np.int64)
        weights = (1 + np.log([times[int(number)] for number in numbers])) * self.rarity[numbers]
        return numbers, (weights / np.linalg.norm(weights) * total).astype(np.float32)
