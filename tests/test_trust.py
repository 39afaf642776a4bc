"""The cases that decide trust, on the whole judgement, phrases and meaning together, with names and trades varied."""

import pytest

from analysis import playbooks
from analysis.detectors import Heard, judge
from analysis.detectors.judging import Judgement
from models.recording import CallContext
from models.report import Finding, Measurements
from models.transcript import Transcript


def judged(text: str, context: CallContext | None = None) -> Judgement:
    return judge(Heard(Transcript.of_script(text), Measurements(), {}, context or CallContext(), playbooks.load()))


def finding(text: str, rule: str, context: CallContext | None = None) -> Finding:
    return next(one for one in judged(text, context).findings if one.rule == rule)


FLAGGED = {
    "checking_in": [
        "Hi Dana, it's Marcus with Northline. Just checking in to see how things are going. Call me back at 615-555-0142.",
        "hey priya its tom over at greenleaf just wanted to touch base and see where your heads at thanks bye",
        "Hello Mr. Ito, Ruth from Calder Print. I was only ringing to see if you'd had any thoughts yet. No rush at all.",
    ],
    "prior_contact_reference": [
        "Hi Lena, Sam from Brightwell. This is the third message I've left you and I still haven't heard back.",
        "Hi Omar, I left you a voicemail on Monday and sent an email on Wednesday. Please call me at 404-555-0127.",
        "Hi Rob, it's Nicole. I'm returning your call. Please call me back today at 702-555-0164.",
    ],
    "vague_opener": [
        "Hi Ben, my name is Kate and I'm with Omnicore. I wanted to introduce myself and tell you about our company.",
        "Good afternoon, hope you're having a great week. I'd love to learn a little about your business.",
    ],
    "missing_value_prop": [
        "Hi Joan, Pete with Vertex. We are helping companies like yours save money and grow. Call me at 404-555-0127.",
        "Hi, this is Ana from Solidus. I want to stop by and tell you about how my company is helping companies like yours "
        "solve this problem and learn a little about you and your company.",
    ],
    "missing_caller_name": ["Hello, I'm calling from Vertex Solutions about your forklift leases. Call 404-555-0127."],
    "missing_company": ["Hi Rob, it's Nicole. I found two fees on your card statement. Call me at 702-555-0164."],
    "missing_callback_number": ["Hi Rob, it's Nicole with Paygate. I found two fees on your statement. Call me back."],
    "callback_only_cta": ["Hi Jo, Ted with Corvid. We make boxes. Give me a call when you get a chance. 615-555-0142."],
    "no_call_to_action": [
        "Good afternoon. My name is Walter Price from Old Mill. We have been in business for 40 years. Bye."
    ],
    "self_centered_pitch": [
        "Hi, Ana from Solidus. I'd love to stop by, tell you what we do and who we are, and learn about your company."
    ],
}

PASSED = {
    "checking_in": [
        "Hi Jo, Ted with Innkeep. Guests who check in at your hotel after ten wait nine minutes; the Harbor cut that to two.",
        "Hi Ana, Lou with Dock Nine. We're checking in the second batch of pallets at noon, and six were short.",
        "Hi Karl, Mia from Lensa. I'm following up on the quote you asked for: it comes to $4,200, good until Friday.",
        "Hi Karen, this is Tyler with Bluepeak, please call me.",
    ],
    "prior_contact_reference": [
        "Hi Rosa, Dale with Peakform. I'll call you again Thursday at nine with the two figures.",
        "Hi Karl, Mia from Lensa. You asked me on Tuesday to send the delivery dates, and they are the fourth and the ninth.",
        "Hi Joy, Sam with Ardent. Pete Sandvik said to call you, since his shop cut its scrap by a third with us.",
    ],
    "vague_opener": [
        "Hi Dana, hope you're well. I noticed your drivers still wait forty minutes at the Franklin dock, and that costs you.",
        "Hi Martin, Oliver at Fenwick. Your electricity contract ends in March, and the new tariff adds nine percent.",
    ],
    "missing_value_prop": [
        "Hi Tia, Ray with Sound Ledger. I'd like to share the four trends that will hit your margin in the next twelve "
        "months, and I will leave you the briefing whether we work together or not.",
        "Hi Bo, Ines with Tallow. Harlan Foods closes its books in four days now; it used to be eleven.",
    ],
    "missing_caller_name": [
        "hey its beth from corner dental your cleanings are half the price until june call 614 555 0111"
    ],
    "missing_company": ["Hi Dana, Claire Benton with Northline Freight. I timed your dock. Call me on 615-555-0142."],
    "missing_callback_number": ["Hi Ann, Joe at Kite. Call me, six one five, five five five, oh one four two."],
    "callback_only_cta": [
        "Hi Jo, Ted with Corvid. Call me before noon and I'll read you the gate times. 615-555-0142."
    ],
    "no_call_to_action": ["Hi Jo, Ted with Corvid. Your boxes split at the seam. I'll try you Thursday at ten."],
    "self_centered_pitch": [
        "Hi Bo, Ines with Tallow. I'd like to tell you how Dr. Simms got nine patients a week back in ten days."
    ],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(rule, text) for rule, texts in table.items() for text in texts]


@pytest.mark.parametrize(("rule", "text"), cases(FLAGGED))
def test_a_coach_would_flag_it(rule: str, text: str) -> None:
    assert finding(text, rule).status == "flagged"


@pytest.mark.parametrize(("rule", "text"), cases(PASSED))
def test_a_coach_would_let_it_pass(rule: str, text: str) -> None:
    assert finding(text, rule).status == "passed"


def test_a_named_referral_is_a_strength() -> None:
    text = "Hi Joy, Sam with Ardent. Pete Sandvik suggested I call, since his shop cut its scrap by a third with us."
    (found,) = [one for one in judged(text).strengths if one.rule == "referral_mention"]
    assert "Pete Sandvik" in found.evidence[0].quote


def test_returning_a_call_that_never_was_is_false_history() -> None:
    text = "Hi Rob, it's Nicole. I'm returning your call. Please call me back today at 702-555-0164."
    assert finding(text, "prior_contact_reference").detail["kind"] == "false_history"


def test_a_confirmation_owes_no_pitch() -> None:
    text = "Hi Laura, Grace from Harbor Lane. I'm confirming Thursday at ten thirty at your showroom."
    context = CallContext(purpose="meeting_confirmation")
    for rule in ("vague_opener", "missing_value_prop"):
        found = finding(text, rule, context)
        assert found.status == "not_evaluated"
        assert found.reason
    assert not any(one.rule == "missing_value_prop" for one in judged(text, context).score.lost)


def test_the_same_message_is_judged_the_same_every_time() -> None:
    text = FLAGGED["missing_value_prop"][1]
    assert judged(text) == judged(text)


def test_value_is_either_missing_or_a_strength() -> None:
    for text in [text for _, text in (*cases(FLAGGED), *cases(PASSED))]:
        has_value = any(one.rule == "specific_value" for one in judged(text).strengths)
        assert has_value is (finding(text, "missing_value_prop").status == "passed"), text


@pytest.mark.parametrize(
    ("own", "text", "status"),
    [
        (
            'phrases = ["billing errors"]',
            "Hi Jo, Ted with Corvid. I went through your billing errors: four cost you $900 in May. Thursday at ten?",
            "flagged",
        ),
        ('exceptions = ["just checking in"]', FLAGGED["checking_in"][0], "passed"),
    ],
)
def test_a_coachs_own_phrases_decide(own: str, text: str, status: str) -> None:
    playbook = playbooks.parse(f'based_on = "cold-outreach"\n[rules.checking_in]\n{own}\n')
    findings = judge(Heard(Transcript.of_script(text), Measurements(), {}, CallContext(), playbook)).findings
    found = next(one for one in findings if one.rule == "checking_in")
    assert found.status == status
    assert [one.quote for one in found.evidence] == (["billing errors:"] if status == "flagged" else [])


def test_a_coachs_own_phrase_wins_over_a_praised_value() -> None:
    text = PASSED["missing_value_prop"][1]
    own = '[rules.missing_value_prop]\nalways = ["harlan foods"]\n[strengths.specific_value]\nexceptions = ["tallow"]\n'
    playbook = playbooks.parse(f'based_on = "cold-outreach"\n{own}')
    found = judge(Heard(Transcript.of_script(text), Measurements(), {}, CallContext(), playbook))
    assert next(one for one in found.findings if one.rule == "missing_value_prop").status == "flagged"
    assert not any(one.rule == "specific_value" for one in found.strengths)


def test_a_phrase_a_coach_adds_to_a_strength_decides() -> None:
    own = '[strengths.memorable_close]\nphrases = ["see you on the slopes"]\n'
    playbook = playbooks.parse(f'based_on = "cold-outreach"\n{own}')
    text = "Hi Jo, Ted with Corvid. Your boxes split at the seam. I'll try you Thursday. See you on the slopes."
    praised = judge(Heard(Transcript.of_script(text), Measurements(), {}, CallContext(), playbook)).strengths
    (found,) = [one for one in praised if one.rule == "memorable_close"]
    assert found.evidence[0].quote == "See you on the slopes."
