"""How well heads do on authors they do not know, and the cut that is precise enough there."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from analysis.meaning.encoder import Floats
from analysis.meaning.training.examples import MESSAGE_LABELS, Truth

LEAST_CUT: Final = 0.5  # nobody is flagged for what is less likely than not
LEAST_PRECISION: Final = 0.9  # of each cut, on authors the heads do not know: a little over the gate of 0.85


def precision_recall_f1(truth: Truth, said: Truth) -> tuple[float, float, float]:
    hits = float((truth & said).sum())
    return hits / max(said.sum(), 1), hits / max(truth.sum(), 1), 2 * hits / max(truth.sum() + said.sum(), 1)


def threshold_for(truth: Truth, scores: Floats) -> float:
    """The cut with the best F1 among those that are precise enough; the most precise one when none is."""
    rated = [(*precision_recall_f1(truth, scores >= cut), float(cut)) for cut in np.arange(LEAST_CUT, 0.96, 0.01)]
    precise = [(f1, cut) for precision, _, f1, cut in rated if precision >= LEAST_PRECISION]
    return max(precise)[1] if precise else max((precision, cut) for precision, _, _, cut in rated)[1]


def interval(truth: Truth, said: Truth) -> tuple[float, float]:
    """95 % interval of F1 over messages drawn again with replacement."""
    rng = np.random.default_rng(0)
    f1s = [
        precision_recall_f1(truth[drawn], said[drawn])[2] for drawn in rng.integers(0, len(truth), (2000, len(truth)))
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
