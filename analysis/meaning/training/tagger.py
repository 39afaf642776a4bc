"""Trains the small network that tells, word by word, whether it names the caller or the company.

Whether a name is the caller's depends on several things at once (a first name, *and* behind "it's", *and* not
followed by "said"), so a hidden layer finds half of what a linear head misses.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from analysis.meaning.encoder import Dense, Floats
from analysis.meaning.heads import word_inputs
from analysis.meaning.training.examples import WORD_LABELS, Example

PARTS: Final = 96  # main components of a word's state that are learnt from: an eighth of its width
HIDDEN, DROPPED, PASSES, BATCH, RATE, DECAY = 64, 0.3, 12, 32, 2e-3, 1e-3
RARELY: Final = -3.0  # the logit from which a word starts out: few words name anybody
WORDS_EMPHASIS: Final = 0.2  # of every word, against the strongest of its message
SAID_EMPHASIS: Final = 3.0  # of words that name somebody


def main_parts(examples: Sequence[Example]) -> Dense:
    """The main components of word states, centred, so that no neighbour at all looks like an average one."""
    count, total, products = 0, np.zeros(1), np.zeros((1, 1))
    for one in examples:  # one by one: the words of all in one array, twice over, take ten gigabytes
        words = one.seen.words.astype(np.float64)
        count, total, products = count + len(words), total + words.sum(axis=0), products + words.T @ words
    mean = total / count
    _, found = np.linalg.eigh(products / count - np.outer(mean, mean))
    parts = found[:, -PARTS:].astype(np.float32)
    return Dense(parts, (-mean @ parts).astype(np.float32))


def fit_words(examples: Sequence[Example]) -> tuple[Dense, Dense, Dense]:
    """Parts, hidden layer and output: fitted to every word and, since it decides, to the strongest of each message."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    parts = main_parts(examples)
    x = [torch.from_numpy(word_inputs(one.seen, parts)) for one in examples]
    y = [torch.from_numpy(one.word_truth.astype(np.float32)) for one in examples]
    hidden, out = torch.nn.Linear(x[0].shape[1], HIDDEN), torch.nn.Linear(HIDDEN, len(WORD_LABELS))
    torch.nn.init.constant_(out.bias, RARELY)
    dropped = torch.nn.Dropout(DROPPED)
    network = torch.nn.Sequential(dropped, hidden, torch.nn.ReLU(), dropped, out)
    steps = PASSES * -(-len(x) // BATCH)
    moves = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(moves, RATE, total_steps=steps, pct_start=0.15)
    for _ in range(PASSES):
        for batch in torch.randperm(len(x)).split(BATCH):
            numbers = batch.tolist()
            moves.zero_grad()
            loss(network(torch.cat([x[i] for i in numbers])), [y[i] for i in numbers]).backward()
            moves.step()
            pace.step()
    return parts, _dense(hidden), _dense(out)


def loss(logits: Any, truths: Sequence[Any]) -> Any:
    """Cross-entropy of every word, and of the strongest word of every message."""
    import torch

    apart = torch.nn.functional.binary_cross_entropy_with_logits
    of_words = apart(logits, torch.cat(list(truths)), reduction="sum", pos_weight=torch.tensor(SAID_EMPHASIS))
    strongest = torch.stack([part.amax(0) for part in logits.split([len(truth) for truth in truths])])
    of_messages = apart(strongest, torch.stack([truth.amax(0) for truth in truths]), reduction="sum")
    return (WORDS_EMPHASIS * of_words + of_messages) / len(truths)


def _dense(layer: Any) -> Dense:
    weight: Floats = layer.weight.detach().numpy().T.copy()
    bias: Floats = layer.bias.detach().numpy().copy()
    return Dense(weight, bias)
