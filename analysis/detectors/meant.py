"""Where phrases and meaning meet: each detector's verdict is weighed against what was understood of the whole message.

A phrase rule is right about the phrases it knows and deaf to paraphrases; what was understood hears paraphrases and
takes likeness for sameness. One small set of weights a rule, learnt on authors neither had seen, says whom to believe.
"""

from typing import TYPE_CHECKING

from analysis.detectors.base import Heard, Verdict, flagged, not_evaluated, passed
from models.playbook import RuleSettings
from models.report import Evidence

if TYPE_CHECKING:
    from analysis.meaning import Belief

#: No evidence, no finding: a sentence shown for a paraphrase must be likelier to say it than not.
SAYS_IT_FROM = 0.5
#: Rules about several sentences together: the likeliest of them is shown, likely or not.
OF_SEVERAL_SENTENCES = frozenset({"vague_opener"})
#: A strength that is there exactly when its rule is not broken.
OPPOSITES = {"specific_value": "missing_value_prop"}


def decided(settings: RuleSettings, heard: Heard) -> bool | None:
    """What a coach's own phrases say of a rule or strength, before anything is weighed; None where they are silent."""
    if heard.has(settings.never):
        return False
    return True if heard.has(settings.always) else None


def judged(rule: str, verdict: Verdict, heard: Heard, *, ruled_out: bool = False) -> Verdict:
    """The verdict on a rule, once more: a coach's own phrases decide, then words and meaning together."""
    if verdict.status == "not_evaluated":
        return verdict
    settings = heard.playbook.rules[rule]
    by_coach = decided(settings, heard)
    if by_coach:
        return flagged(*(heard.evidence(span) for span in heard.find(settings.always)), **verdict.detail)
    if by_coach is False or ruled_out:
        return passed(**verdict.detail)
    belief = heard.understood.belief(rule, by_words=verdict.status == "flagged") if heard.understood else None
    if belief is None:
        return verdict
    detail = {**verdict.detail, "confidence": _confidence(belief)}
    if not belief.holds:
        return passed(**detail)
    if verdict.status == "flagged":
        return flagged(*verdict.evidence, **detail)
    evidence = _best_sentence(rule, heard)
    return passed(**detail) if evidence is None else flagged(*evidence, **detail)


def judged_strength(rule: str, verdict: Verdict, heard: Heard) -> Verdict:
    """The same for a strength, which is there when its verdict is `passed`."""
    settings = heard.playbook.strengths[rule]
    by_coach = decided(settings, heard)
    if by_coach:
        return passed(*(heard.evidence(span) for span in heard.find(settings.always)))
    if by_coach is False:
        return not_evaluated("Not heard.")
    there = verdict.status == "passed"
    asked = OPPOSITES.get(rule, rule)
    belief = heard.understood.belief(asked, by_words=there is (asked == rule)) if heard.understood else None
    if belief is None:
        return verdict
    if belief.holds is not (asked == rule):
        return not_evaluated("Not heard.")
    return verdict if there else passed(*_best_sentence(rule, heard) or ())


def _confidence(belief: "Belief") -> float:
    """How sure the verdict is, 0.5 to 1, whichever way it went."""
    return round(max(belief.probability, 1 - belief.probability), 2)


def _best_sentence(rule: str, heard: Heard) -> tuple[Evidence, ...] | None:
    """The sentence that says it; () where a rule is about something left out, None where no sentence is likely to."""
    best = heard.understood.best_sentence(rule) if heard.understood else None
    if best is None:
        return ()
    number, likely = best
    return (
        (heard.quote(*heard.said.sentence_words[number]),)
        if likely >= SAYS_IT_FROM or rule in OF_SEVERAL_SENTENCES
        else None
    )
