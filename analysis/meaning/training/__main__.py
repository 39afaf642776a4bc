"""Trains the heads from labelled messages, and says how well they carry over to other authors.

    python -m analysis.meaning.training tests/labelled/t[ru]*.jsonl --out analysis/meaning/heads.npz

Each file is one author. Every author is predicted by heads that never saw a word of theirs; those predictions set how
the opinions on a message and the phrase rules are combined, where each label is cut, and fill the printed table (but
for the authors on whom the phrase rules were first written: files named tuned-…). The heads that are kept are then
trained on all files.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from analysis.meaning.encoder import Encoder, encoder_folder
from analysis.meaning.heads import Heads
from analysis.meaning.reading import READ_LAYERS
from analysis.meaning.training.examples import Example, examples_of
from analysis.meaning.training.fitting import (
    Judged,
    fit_heads,
    judged_by,
    message_probabilities,
    settled,
    together,
)
from analysis.meaning.training.measuring import table

TUNED: Final = "tuned-"  # how files are named that the phrase rules were first written on; there they look too good
AT_A_TIME: Final = 3  # authors left out together: a third of the work, and nearly as much to learn from


def strangers(authors: Mapping[Path, Sequence[Example]]) -> list[Judged]:
    """Every author but those the rules were first written on, judged by heads trained on others."""
    from joblib import Parallel, delayed

    def judged(left_out: Sequence[Path]) -> Judged:
        heads = fit_heads([one for path, theirs in authors.items() if path not in left_out for one in theirs])
        return judged_by(heads, [one for path in left_out for one in authors[path] if not one.copied])

    paths = [path for path in authors if not path.name.startswith(TUNED)]
    groups = [paths[at : at + AT_A_TIME] for at in range(0, len(paths), AT_A_TIME)]
    return list(Parallel(n_jobs=-1)(delayed(judged)(group) for group in groups))


def main() -> None:
    from joblib import Parallel, delayed

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("authors", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    folder = encoder_folder()
    if folder is None:
        raise SystemExit("install the encoder package first")
    encoder = Encoder(folder, layers=max(READ_LAYERS))
    read = Parallel(n_jobs=-1)(delayed(examples_of)(path, encoder) for path in asked.authors)
    authors = dict(zip(asked.authors, read, strict=True))
    unseen = together(strangers(authors))
    heads = settled(fit_heads([one for theirs in authors.values() for one in theirs]), unseen)
    heads.save(asked.out)
    heads = Heads.load(asked.out)
    known = message_probabilities(heads, unseen.inputs)
    print(*table("authors the heads did not know", unseen.message_truth, known, heads.cuts), sep="\n")


if __name__ == "__main__":
    main()
