"""The judgement: every rule is one small function, and one visible tuple lists them in the order of the report."""

from analysis.detectors.base import Detector, Heard, Verdict
from analysis.detectors.closing import (
    callback_only_cta,
    missing_callback_number,
    no_call_to_action,
    number_once,
    number_rushed,
)
from analysis.detectors.content import (
    feature_dump,
    generic_claim,
    late_value,
    missing_pain,
    missing_value_prop,
    self_centered_pitch,
    stock_phrases,
)
from analysis.detectors.context import prerecorded_drop, voicemail_advised
from analysis.detectors.delivery import (
    fillers,
    long_pause,
    monotone,
    no_pauses,
    too_fast,
    too_long,
    too_short,
    too_slow,
)
from analysis.detectors.judging import Judgement
from analysis.detectors.judging import judge as _judge
from analysis.detectors.opening import (
    apologetic_or_hedging,
    checking_in,
    missing_caller_name,
    missing_company,
    prior_contact_reference,
    vague_opener,
)
from analysis.detectors.strengths import (
    clear_next_step,
    curiosity_hook,
    insight_offer,
    memorable_close,
    number_given_twice,
    referral_mention,
    specific_value,
)

__all__ = ["DETECTORS", "STRENGTHS", "Detector", "Heard", "Judgement", "Verdict", "judge"]

DETECTORS: tuple[Detector, ...] = (
    vague_opener,
    prior_contact_reference,
    checking_in,
    missing_caller_name,
    missing_company,
    apologetic_or_hedging,
    missing_value_prop,
    late_value,
    self_centered_pitch,
    feature_dump,
    missing_pain,
    generic_claim,
    stock_phrases,
    callback_only_cta,
    no_call_to_action,
    missing_callback_number,
    number_rushed,
    number_once,
    too_long,
    too_short,
    too_fast,
    too_slow,
    monotone,
    no_pauses,
    long_pause,
    fillers,
    voicemail_advised,
    prerecorded_drop,
)

STRENGTHS: tuple[Detector, ...] = (
    specific_value,
    insight_offer,
    referral_mention,
    curiosity_hook,
    memorable_close,
    clear_next_step,
    number_given_twice,
)


def judge(heard: Heard) -> Judgement:
    """Every rule and strength of the playbook on one message."""
    return _judge(heard, DETECTORS, STRENGTHS)
