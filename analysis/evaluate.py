"""How right the rules are: precision, recall and F1 against messages that people labelled.

A row is one message: `id`, `text`, `labels` (rule or strength -> bool), and if known `context` (the purpose of the
call) and `exempt` (true: it owes no pitch).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, get_args

from analysis.detectors import DETECTORS, STRENGTHS, Heard, Judgement, judge
from models.playbook import Playbook
from models.recording import CallContext, Purpose
from models.report import Measurements
from models.transcript import Transcript

#: Rules that a message which owes no pitch is not judged by, whatever its label says.
NOT_JUDGED_IF_EXEMPT = frozenset({"missing_value_prop", "vague_opener", "specific_value"})

#: Rules less precise than this on unseen messages are hints of low severity.
GATE = 0.85

_RULES = tuple(detector.__name__ for detector in DETECTORS)
_STRENGTHS = tuple(detector.__name__ for detector in STRENGTHS)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Mistake:
    """A message on which a rule and its label differ."""

    id: str
    text: str
    expected: bool
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class RuleAccuracy:
    """Counts of one rule over all rows that are labelled for it."""

    rule: str
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    mistakes: tuple[Mistake, ...] = ()

    @property
    def positives(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def flagged(self) -> int:
        return self.true_positives + self.false_positives

    @property
    def precision(self) -> float | None:
        return _share(self.true_positives, self.flagged)

    @property
    def recall(self) -> float | None:
        return _share(self.true_positives, self.positives)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.true_positives, self.positives + self.flagged)

    @property
    def precision_interval(self) -> tuple[float, float] | None:
        return wilson(self.true_positives, self.flagged)

    @property
    def recall_interval(self) -> tuple[float, float] | None:
        return wilson(self.true_positives, self.positives)

    def summary(self) -> dict[str, Any]:
        """Counts and shares, for programs."""
        return {
            "rule": self.rule,
            "labelled": self.positives,
            "flagged": self.flagged,
            "true_positives": self.true_positives,
            "precision": self.precision,
            "precision_interval": self.precision_interval,
            "recall": self.recall,
            "recall_interval": self.recall_interval,
            "f1": self.f1,
        }


def evaluate(rows: Iterable[Row], playbook: Playbook, *, with_context: bool = True) -> tuple[RuleAccuracy, ...]:
    """One line for each rule or strength that any row is labelled for, in report order.

    Without context the rules hear only the text, as on a recording that nothing is known about.
    """
    rows = list(rows)
    said = [_positive(_judged(row, playbook, with_context)) for row in rows]
    return tuple(
        _accuracy(rule, rows, said) for rule in (*_RULES, *_STRENGTHS) if any(rule in row["labels"] for row in rows)
    )


def table(accuracies: Sequence[RuleAccuracy]) -> str:
    """The accuracies as a Markdown table, with 95 % Wilson intervals."""
    lines = ["| Rule | Labelled | Flagged | Precision | Recall | F1 |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for one in accuracies:
        precision = _with_interval(one.precision, one.precision_interval)
        recall = _with_interval(one.recall, one.recall_interval)
        lines.append(f"| `{one.rule}` | {one.positives} | {one.flagged} | {precision} | {recall} | {_figure(one.f1)} |")
    return "\n".join(lines) + "\n"


def accuracy_page(accuracies: Sequence[RuleAccuracy], *, messages: int, files: Sequence[str]) -> str:
    """docs/accuracy.md: what was measured, on what, and what to make of it."""
    weak = [f"`{one.rule}`" for one in accuracies if one.precision is not None and one.precision < GATE]
    under = f"Under the gate: {', '.join(weak)}." if weak else "No rule is under the gate."
    return f"""# Accuracy

How right the rules are on {messages} messages nobody tuned anything on: {", ".join(f"`{file}`" for file in files)}.
Each is one hand that saw neither the rules nor other messages, opened only to measure. Written by `make accuracy`; a
test measures again.

{table(accuracies)}
In brackets the 95 % Wilson interval. *Labelled* counts the messages for which the label holds, *flagged* those on which
the rule said so (for a strength: on which it was praised). Messages that owe no pitch (confirmations, live deals, no
sales) are left out for `vague_opener`, `missing_value_prop` and `specific_value`, as in a report.

A rule whose precision is under {GATE:.2f} here is a hint of low severity in every playbook, not a flag. {under}

What this does not show: the messages are invented and were labelled by whoever wrote them, so people will agree less
with each other, and Afterbeep less with them, above all on `vague_opener`, `callback_only_cta`, `no_call_to_action` and
`insight_offer`. They are texts; on recordings every word Whisper mishears comes on top. Only rules with a label are
here.
"""


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 % interval of a share; None without trials."""
    if trials == 0:
        return None
    share, z = successes / trials, 1.96
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    middle = share + z * z / (2 * trials)
    scale = 1 + z * z / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def _judged(row: Row, playbook: Playbook, with_context: bool) -> Judgement:
    purpose = row.get("context")
    known = with_context and purpose in get_args(Purpose)
    context = CallContext(purpose=purpose) if known else CallContext()
    return judge(Heard(Transcript.of_script(row["text"]), Measurements(), {}, context, playbook))


def _positive(judgement: Judgement) -> dict[str, tuple[str, ...]]:
    """What was flagged or praised, with its words."""
    flags = {one.rule: one.evidence for one in judgement.findings if one.status == "flagged"}
    praise = {one.rule: one.evidence for one in judgement.strengths}
    return {rule: tuple(item.quote for item in evidence) for rule, evidence in {**flags, **praise}.items()}


def _accuracy(rule: str, rows: Sequence[Row], said: Sequence[Mapping[str, tuple[str, ...]]]) -> RuleAccuracy:
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    mistakes = []
    for row, positive in zip(rows, said, strict=True):
        if rule not in row["labels"] or (row.get("exempt") and rule in NOT_JUDGED_IF_EXEMPT):
            continue
        expected, found = bool(row["labels"][rule]), rule in positive
        counts[expected, found] += 1
        if expected != found:
            mistakes.append(Mistake(str(row.get("id", "")), row["text"], expected, positive.get(rule, ())))
    return RuleAccuracy(
        rule=rule,
        true_positives=counts[True, True],
        false_positives=counts[False, True],
        false_negatives=counts[True, False],
        true_negatives=counts[False, False],
        mistakes=tuple(mistakes),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    return _figure(value) if interval is None else f"{_figure(value)} ({interval[0]:.2f}–{interval[1]:.2f})"
