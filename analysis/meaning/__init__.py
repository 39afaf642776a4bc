"""Meaning, not only words: how likely it is that a message says what a rule listens for, however it is worded.

MiniLM (from an installed package) reads every sentence alone and within its message. Small linear heads, trained on
labelled messages by `analysis.meaning.training`, turn what it understood, the words themselves and the verdict of the
phrase rules into one probability a label. docs/decisions/0005 has the comparison that led here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from analysis.meaning.encoder import Encoder, encoder_folder
from analysis.meaning.heads import Heads, probability
from analysis.meaning.reading import READ_LAYERS, read

HEADS_FILE = Path(__file__).with_name("heads.npz")


@dataclass(frozen=True)
class Belief:
    """How likely a label holds, and the number from which on it is said to."""

    probability: float
    cut: float

    @property
    def holds(self) -> bool:
        return self.probability >= self.cut


class Understood:
    """One message as it was understood."""

    def __init__(self, heads: Heads, encoder: Encoder, sentences: Sequence[str]) -> None:
        seen = read(sentences, encoder)
        logits = heads.sentence_logits(seen)
        scaled = probability(logits * heads.sentence_scale[:, 0] + heads.sentence_scale[:, 1])
        self._heads = heads
        self._opinions = heads.message_inputs(seen, heads.word_logits(seen), logits)
        self.sentences: tuple[Mapping[str, float], ...] = tuple(
            dict(zip(heads.sentence_labels, (float(value) for value in row), strict=True)) for row in scaled
        )

    def belief(self, label: str, *, by_words: bool) -> Belief | None:
        """What phrase rules found (`by_words`) and what was understood, weighed; None for a label nobody trained."""
        if label not in self._heads.message_labels:
            return None
        row = self._heads.message_labels.index(label)
        logit = self._heads.weighed(row, self._opinions[row], by_words)
        return Belief(round(float(probability(logit)), 4), float(self._heads.cuts[row]))

    def best_sentence(self, label: str) -> tuple[int, float] | None:
        """The sentence that says it most, and how likely it does; None for a label of absence, which none carries."""
        known = [(scores[label], -number) for number, scores in enumerate(self.sentences) if label in scores]
        if not known:
            return None
        likely, number = max(known)
        return -number, likely


class Meaning:
    """Understands messages. Cheap to keep; loading takes a tenth of a second."""

    def __init__(self, encoder: Encoder, heads: Heads) -> None:
        from threadpoolctl import ThreadpoolController

        self.encoder = encoder
        self.heads = heads
        self.threads = ThreadpoolController()

    @lru_cache(maxsize=1024)  # noqa: B019  # one Meaning lives as long as its process; trials ask again and again
    def understand(self, sentences: tuple[str, ...]) -> Understood:
        """One message from its sentences, in order. It does not depend on a playbook, so it is kept for the next."""
        with self.threads.limit(limits=1):  # the matrices are small; threads would wait longer than they work
            return Understood(self.heads, self.encoder, sentences)


@cache
def installed() -> Meaning | None:
    """The meaning of this installation; None without the encoder's package, and rules then work from words alone."""
    folder = encoder_folder()
    if folder is None:
        return None
    return Meaning(Encoder(folder, layers=max(READ_LAYERS)), Heads.load(HEADS_FILE))
