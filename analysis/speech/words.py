"""From Whisper's tokens to words as written, each with its seconds and how sure Whisper was."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.transcript import Word

SENTENCE_ENDS = ".。!！?？"
LONGEST_MEDIAN_S = 0.7  # openai-whisper's: of the median word, when it judges which words are too long
MEDIAN_FILTER_WIDTH = 7  # openai-whisper's
TOKENS_PER_S = 50


def token_times(attention: NDArray[np.float32]) -> NDArray[np.float64]:
    """When each token begins, in seconds, from attention scores, shape (heads, tokens, positions of 20 ms).

    As openai-whisper aligns: normalised, smoothed, averaged, then the cheapest monotonic path.
    """
    import torch
    from librosa.sequence import dtw

    weights = torch.from_numpy(attention).softmax(dim=-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    matrix = _smoothed(((weights - mean) / std.clamp(min=1e-9)).numpy()).mean(axis=0)
    _, path = dtw(C=-matrix.astype(np.float64))
    return first_positions(path[::-1]) / TOKENS_PER_S


def first_positions(path: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of a path of (token, position) steps: where each token is first met."""
    is_first = np.diff(path[:, 0], prepend=-1) > 0
    positions: NDArray[np.int64] = path[is_first, 1]
    return positions


def _smoothed(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """A running median along the last axis, in one line: scipy is several times quicker with one than with rows."""
    from scipy.ndimage import median_filter  # type: ignore[import-untyped]

    half = MEDIAN_FILTER_WIDTH // 2
    if weights.shape[-1] <= half:
        return weights
    padded = np.pad(weights, ((0, 0), (0, 0), (half, half)), mode="reflect")
    line: NDArray[np.float32] = median_filter(padded.ravel(), size=MEDIAN_FILTER_WIDTH)
    return line.reshape(padded.shape)[..., half:-half]


def pieces(
    tokenizer: Any,
    tokens: Sequence[int],
    times_s: Sequence[float] | NDArray[np.float64],
    probabilities: Sequence[float],
) -> list[dict[str, Any]]:
    """Whisper's own words, which may be parts of ours. `times_s` holds each token's begin, and the last one's end."""
    texts, grouped = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    bounds = list(accumulate((len(group) for group in grouped[:-1]), initial=0))
    found = [
        {
            "word": text,
            "start": float(times_s[first]),
            "end": float(times_s[last]),
            "probability": float(np.mean(probabilities[first:last])),
        }
        for text, (first, last) in zip(texts[:-1], pairwise(bounds), strict=True)
    ]
    return _without_pauses(found)


def _without_pauses(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As openai-whisper does: the pause between two sentences belongs to neither's last or first word."""
    durations = [piece["end"] - piece["start"] for piece in found if piece["end"] > piece["start"]]
    longest_s = 2 * min(LONGEST_MEDIAN_S, float(np.median(durations))) if durations else 0.0
    for before, piece in pairwise(found):
        if piece["end"] - piece["start"] > longest_s:
            if piece["word"] in SENTENCE_ENDS:
                piece["end"] = piece["start"] + longest_s
            elif before["word"] in SENTENCE_ENDS:
                piece["start"] = piece["end"] - longest_s
    return found


def whole_words(pieces: Iterable[dict[str, Any]]) -> list[Word]:
    """Join Whisper's pieces ("615", "-555", "-0142") into words as written: a word begins where a space does."""
    words: list[Word] = []
    for piece in pieces:
        text = piece["word"]
        word = Word(
            text=text.strip(),
            start_s=round(float(piece["start"]), 3),
            end_s=round(float(piece["end"]), 3),
            probability=round(min(1.0, max(0.0, float(piece["probability"]))), 3),
        )
        if not word.text:
            continue
        if words and not text[:1].isspace():
            words[-1] = _join(words[-1], word)
        else:
            words.extend(_split(word))
    return words


def _join(first: Word, second: Word) -> Word:
    return Word(
        text=first.text + second.text,
        start_s=first.start_s,
        end_s=second.end_s,
        probability=min(first.probability or 0.0, second.probability or 0.0),
    )


def _split(word: Word) -> list[Word]:
    """A piece never holds a space in practice; if one does, `Transcript.text` must still lead back to its words."""
    return [word.model_copy(update={"text": text}) for text in word.text.split()]
