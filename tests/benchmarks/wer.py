"""Word error rate, on words as openai-whisper normalises them."""

from collections.abc import Iterable


def errors(said: list[str], heard: list[str]) -> int:
    """Insertions, deletions and substitutions that lead from one to the other."""
    row = list(range(len(heard) + 1))
    for place, word in enumerate(said, 1):
        diagonal, row[0] = row[0], place
        for at, other in enumerate(heard, 1):
            diagonal, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, diagonal + (word != other))
    return row[-1]


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """In percent, over all words that were said."""
    from whisper.normalizers import EnglishTextNormalizer

    normal = EnglishTextNormalizer()
    split = [(normal(said).split(), normal(heard).split()) for said, heard in pairs]
    return 100 * sum(errors(*pair) for pair in split) / sum(len(said) for said, _ in split)
