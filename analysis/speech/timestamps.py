"""Which tokens Whisper may say next, and what its timestamps mean: openai-whisper's rules, for a whole batch."""

from collections.abc import Sequence
from typing import Any

FRAMES_PER_TIMESTAMP = 2  # frames of 10 ms
LATEST_START = 50  # the first timestamp lies within the first second


class Rules:
    """The limits of one tokenizer. `apply` forbids tokens by setting their logits to minus infinity."""

    def __init__(self, tokenizer: Any) -> None:
        self.eot: int = tokenizer.eot
        self.first_timestamp: int = tokenizer.timestamp_begin
        self.suppressed = sorted(
            {
                *tokenizer.non_speech_tokens,
                tokenizer.transcribe,
                tokenizer.translate,
                tokenizer.sot,
                tokenizer.sot_prev,
                tokenizer.sot_lm,
                tokenizer.no_speech,
                tokenizer.no_timestamps,
            }
        )

    def apply(self, logits: Any, said: Sequence[Sequence[int]]) -> None:
        """`logits` of shape (rows, vocabulary), changed in place; `said` holds what each row said so far."""
        logits[:, self.suppressed] = -float("inf")
        if not said[0]:  # begin with a timestamp
            logits[:, : self.first_timestamp] = -float("inf")
            logits[:, self.first_timestamp + LATEST_START + 1 :] = -float("inf")
            return
        for row, tokens in zip(logits, said, strict=True):
            self._keep_pairs(row, tokens)
        text, timestamps = logits[:, : self.first_timestamp], logits[:, self.first_timestamp :]
        # Where all timestamps together are likelier than any word, a timestamp it is.
        text[timestamps.logsumexp(dim=-1) > text.max(dim=-1).values] = -float("inf")

    def _keep_pairs(self, row: Any, tokens: Sequence[int]) -> None:
        """Timestamps come in pairs, end and begin, except before the end of text, and never go back."""
        begun = tokens[-1] >= self.first_timestamp
        ended = begun and (len(tokens) < 2 or tokens[-2] >= self.first_timestamp)
        if ended:
            row[self.first_timestamp :] = -float("inf")
        elif begun:
            row[: self.eot] = -float("inf")
        latest = max(tokens)  # timestamps are the highest tokens
        if latest >= self.first_timestamp:
            row[self.first_timestamp : latest + (0 if begun and not ended else 1)] = -float("inf")


def complete(tokens: Sequence[int], first_timestamp: int, frames: int) -> tuple[int, int, bool]:
    """How many tokens of a window of `frames` are whole segments, how many frames they cover, and whether for sure.

    It is for sure if Whisper ended with a single timestamp: after it nothing is said. If it began another segment that
    it did not end, the next window begins there.
    """
    is_timestamp = [token >= first_timestamp for token in tokens]
    if is_timestamp[-2:] == [False, True]:
        return len(tokens), frames, True
    pairs = [at for at in range(1, len(tokens)) if is_timestamp[at - 1] and is_timestamp[at]]
    if not pairs:
        return len(tokens), frames, False
    return pairs[-1], (tokens[pairs[-1] - 1] - first_timestamp) * FRAMES_PER_TIMESTAMP, False
