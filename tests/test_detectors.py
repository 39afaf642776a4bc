"""Each rule in two tables: what it must keep silent about, and what it must speak up for."""

import sys
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detectors import DETECTORS, STRENGTHS, Heard, Judgement, judge
from analysis.playbooks import load, parse
from models.recording import CallContext
from models.report import Finding, Measurements
from models.transcript import Transcript, Word

SILENT = {
    "checking_in": [
        "Hi Jo, Ted from Corvid. Guests at the Marlow were checking in forty minutes late until they moved the desk.",
        "Hi Jo, Ted from Corvid. The steel tariff rises nine percent Friday, so I'm following up on your sixty tons.",
        "Hi Jo, Ted at Corvid. I'll check back with you on Thursday. Your freezer logs show eleven alarms since May.",
        "Hi Jo, Ted with Corvid. Your follow-up appointment is Tuesday at nine.",
        "Hi Jo, Ted at Corvid. Want to see how Dura-Cast cut its scrap from nine percent to two? Thursday at two.",
        "hi jo ted with corvid nobody was checking in and checking out the carts so they lost forty a month now two",
    ],
    "prior_contact_reference": [
        "Hi Jo, Ted at Corvid. I'll call you again Thursday at ten.",
        "Hi Jo, Ted at Corvid. You asked me on Tuesday to price the second freezer; it's four hundred.",
        "Hi Jo, Ted at Corvid. Look for my email titled Freezer Logs.",
        "Hi Jo, Ted at Corvid. Your patients leave nine voicemails a day that nobody hears.",
        "Hi Jo, Ted at Corvid. Dean at Hollis Diner called us in March when his freezer died.",
        "Hi Jo, Ted at Corvid. If I don't reach you, I'll try again on Friday.",
        "Hi Jo, Ted at Corvid. When we met at the expo you asked for the price; it's nine hundred.",
    ],
    "vague_opener": [
        "Hi Jo, Ted from Corvid. Hope you're well. I saw your drivers still log on paper, that's a 300 dollar fine.",
        "Hi Jo, Ted from Corvid. Your night shift lost four welders in May, and the plant next door lost none.",
        "Hi Jo, Ted from Corvid. Dean Foster told me to call you about the ovens. I'll come by Tuesday at nine.",
    ],
    "missing_value_prop": [
        "Hi Jo, Ted from Corvid. Dura-Cast closes its books in four days, they used to need eleven. Thursday at two?",
        "Hi Jo, Ted from Corvid. There are four trends that will hit your margin in the next twelve months. I'd like "
        "half an hour Thursday to walk you through them, and I will leave you the briefing to share with your team.",
        "hi jo ted from corvid your fryers use nine gallons a week and hollis diner cut theirs to five ill bring logs",
    ],
    "missing_caller_name": [
        "Hi Carla, your ovens burn a third more gas now. Callum Strand, Emberline Ovens, 615-555-0142.",
        "Sorry to catch you out, Carla. You can reach me, Priya, on 615-555-0142.",
        "hey its me tobin your boiler parts are in",
        "Hi Sarah, this is Mike Donnelly over at Bluepeak. I saw your new branch opened.",
        "Hello, Kim Ortiz, with Foldline. Quick one for you.",
        "Morning Dave, Dan Rowe, your new rep at Corvid.",
        "hi pete gus with ironside got your load 615 555 0142",
        "Carla, Priya Shah. Upwell. Your ovens are nine years old.",
        "Hi Carla, quick question about your ovens. Thanks, Priya.",
        "Hello sir, Rakesh this side, Lotus Infotech.",
        "Hi Beth, I'm Stephanie. I'm with the Larkspur group on Main Street.",
        "hello matt my names shanelle im with southern pumps",
        "Hi Carmen, Noel Baptiste, Baptiste Benefits. Your plan renews in May.",
    ],
    "missing_company": [
        "Hi Carla, it's Priya. Your ovens burn a third more gas. I'll call Thursday. Emberline, 615-555-0142.",
        "Hi Carla, Priya here. Send me any ten gas bills, to priya at emberline dot com.",
        "Hi Carla, my name's Priya and I'm reaching out from Emberline because your ovens are nine years old.",
        "Hi Tom, it's Lena calling from the Ridgeway team.",
        "Hi there, Sam here, I work with Bluepeak.",
        "Hi Ann, Tom Reyes, regional manager, Corvid Freight. Your lease is up.",
        "Hi Carla, we at Upwell fix ovens.",
        "Hi Carla, quick question about your ovens. Upwell Services, 615-555-0142.",
        "hi matt bazza here from southern pumps",
        "Hi, my name's Ann and I'm calling from Brightside.",
    ],
    "missing_callback_number": ["Call 615-555-0142.", "six one five five five five oh one four two", "07 5550 0176"],
    "no_call_to_action": [
        "Your lease ends in May. I'll try you Thursday.",
        "Your lease ends in May. Look for my email.",
        "Your lease ends in May. Can we meet Tuesday at nine?",
        "Your lease ends in May. Call me back.",
        "hi jo ted from corvid your lease ends in may ill swing by tuesday with the numbers",
    ],
    "callback_only_cta": [
        "Call me back before noon and I'll read you the gate times. 615-555-0142.",
        "I'll try you Thursday at ten; if you want it sooner, call me. 615-555-0142.",
        "Can I bring the sheet Tuesday at nine? Or call me, 615-555-0142.",
    ],
    "self_centered_pitch": [
        "Hi Jo, Ted at Corvid. I want to tell you about how Dr. Simms got patients back to work in nine days, not 23.",
        "Hi Jo, Ted at Corvid. Your dock turns away two trucks a day and nobody tells your drivers.",
    ],
    "apologetic_or_hedging": [
        "Hi Jo, sorry for the outage last week, it was ours.",
        "Hi Jo, your busy season starts Monday.",
        "Hi Jo, I'm sorry to hear about the flood.",
    ],
    "feature_dump": [
        "Hi Jo, Ted at Corvid. Fewer denials, faster payment, no rework: that's what Elm Creek got in nine weeks.",
        "Hi Jo, Ted at Corvid. Your badges, cameras and locks don't talk, so a headcount took 26 minutes.",
    ],
    "generic_claim": ["Hi Jo, Ted at Corvid. Dura-Cast cut demurrage from nine days to two."],
    "stock_phrases": ["Hi Jo, Ted at Corvid. Your dock turns away two trucks a day."],
}

SPOKEN = {
    "checking_in": [
        "Hi Jo, Ted from Corvid, just checking in to see how things are going.",
        "Hi Jo, Ted at Corvid, touching base before the holidays. Hope all's well.",
        "hey jo ted from corvid wanted to circle back and see what you guys decided call me",
        "Hi Jo, Ted from Corvid. Have you had a chance to look over what I sent? Cheers.",
        "Hi Jo, Ted. Still thinking about it? Give us a bell.",
        "Hi Jo. Ted, Corvid. Seein' if y'all made up your mind yet.",
        "Hi Jo, Ted from Corvid, just my monthly call to see how everything's going.",
        "Hi Jo, Ted from Corvid. I wanted to follow up and find out if you've made any headway.",
    ],
    "prior_contact_reference": [
        "Hi Jo, Ted at Corvid. I've rung you three times now. Please call.",
        "Hi Jo, Ted with Corvid, sorry we keep missing each other.",
        "Hi Jo, following up on my LinkedIn message. Ted at Corvid.",
        "hi jo ted at corvid i know ive left you a couple of messages already so ill be brief",
        "Hi Jo, this will be my last attempt to reach you. Ted, Corvid.",
        "Hi Jo, Ted. I stopped by your office on Monday but you were out.",
        "Hi Jo, Ted at Corvid, returning your call.",
        "Hi Jo, as per our discussion, I have your quote ready. Ted at Corvid.",
        "Hi Jo, thanks for your interest in Corvid. Ted here.",
    ],
    "vague_opener": [
        "Hi Jo, Ted from Corvid. I wanted to introduce myself and our company. We're a leading provider of logistics.",
        "Hi Jo, Ted from Corvid. I have a quick question for you. Give me a call back when you get a chance.",
    ],
    "missing_value_prop": [
        "Hi Jo, Ted from Corvid. We are helping companies like yours save money. Call me back.",
        "Hi Jo, I want to stop by and tell you about how my company is helping companies like yours solve this problem "
        "and learn a little about you and your company.",
        "Hi Jo, Ted from Corvid. We're family owned, we've won two awards and we do vans, reefers, flats and hotshots.",
    ],
    "missing_caller_name": [
        "hi um carla at the mill gave me your number so your ovens are due call 615 555 0142",
        "Hi Carla, it's Owen's assistant. Your visit is on Friday.",
        "Hi Carla, we at Upwell fix ovens.",
        "Hi, is this the person in charge of payroll? We do payroll. 615-555-0142.",
        "Hi Carla, Dean Foster suggested I call you about your ovens. 615-555-0142.",
        "Hello, this is your local oven service. Call us back.",
        "Hi, this is Redrock Packaging with a note on your boxes.",
        "hi im calling about your website i do web design give me a ring",
    ],
    "missing_company": [
        "Hi Carla, this is Priya, I'm the new account rep for the Toledo area. Call me.",
        "This is a message for the kitchen manager at Quayside House. Priya here. Your ovens are nine years old.",
        "hi carla its priya down at the shop your oven parts are in",
        "Hi Carla, it's Ovidiu. Your ovens are nine years old. Cheerio.",
        "Hi Carla, Priya here. We are ISO certified. Write to me at priya at gmail dot com.",
        "Hey Jim, Bob. Been thinking about your barn roof. 555-0142.",
        "Hi Kate, Tony DeMarco here. Ran into your dad. Call me.",
        "good morning my name is deshawn and im a rep in your area",
        "Hi Matt, Carl, the guy who did your neighbor's roof.",
    ],
    "missing_callback_number": ["Call back on this number.", "We saved them 1,250,000 dollars.", "See you at 10:30."],
    "no_call_to_action": [
        "Hi Jo, Ted from Corvid. Your dock turns away two trucks a day. Okay, have a good one.",
        "Hi Jo, Ted from Corvid. I just wanted to let you know we're out there. Thanks so much, bye.",
    ],
    "callback_only_cta": [
        "Hi Jo, Ted from Corvid. Give me a ring whenever. 615-555-0142.",
        "Hi Jo, Ted from Corvid. Please call me back at your earliest convenience. 615-555-0142.",
        "hey jo ted from corvid hit me back when you get a minute six one five five five five oh one four two",
    ],
    "self_centered_pitch": [
        "Hi Jo, I'd love to stop by, tell you who we are and what we do, and learn a bit about you and your company.",
        "Hi Jo, we're family owned, we just won an award and our goal is to grow our book. We'd love your business.",
    ],
    "apologetic_or_hedging": [
        "Hi Jo, sorry to bother you.",
        "Hi Jo, I was wondering if maybe you'd be open to a chat.",
        "hi jo i know youre busy so ill keep this short",
    ],
    "feature_dump": [
        "Hi Jo, Ted from Corvid. We have vans, reefers, flats, hotshots and box trucks. Call me.",
        "hi jo ted from corvid we do roofs gutters siding windows doors decks fences and painting call me",
    ],
    "generic_claim": ["Hi Jo, Ted from Corvid. We help companies like yours save money."],
    "stock_phrases": ["Hi Jo, we're an industry leading, best in class solution provider and I'd like to touch base."],
}


def judged(text: str, context: CallContext | None = None, **measures: float) -> Judgement:
    measured = Measurements.model_validate(measures)
    return judge(Heard(Transcript.of_script(text), measured, {}, context or CallContext(), load(), with_meaning=False))


def finding(text: str, rule: str, context: CallContext | None = None, **measures: float) -> Finding:
    return next(one for one in judged(text, context, **measures).findings if one.rule == rule)


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(rule, text) for rule, texts in table.items() for text in texts]


@pytest.mark.parametrize(("rule", "text"), cases(SILENT))
def test_silence(rule: str, text: str) -> None:
    found = finding(text, rule)
    assert found.status != "flagged", found.evidence


@pytest.mark.parametrize(("rule", "text"), cases(SPOKEN))
def test_speech(rule: str, text: str) -> None:
    assert finding(text, rule).status == "flagged"


@pytest.mark.parametrize(
    ("rule", "measures", "status"),
    [
        ("too_long", {"message_s": 36}, "flagged"),
        ("too_long", {"message_s": 35}, "passed"),
        ("too_long", {}, "not_evaluated"),
        ("too_short", {"message_s": 7}, "flagged"),
        ("too_short", {"message_s": 12}, "passed"),
        ("too_fast", {"message_wpm": 216}, "flagged"),
        ("too_fast", {"message_wpm": 205}, "passed"),
        ("too_fast", {"message_wpm": 150, "articulation_wpm": 260}, "flagged"),
        ("too_fast", {}, "not_evaluated"),
        ("too_slow", {"message_wpm": 95}, "flagged"),
        ("too_slow", {"message_wpm": 104}, "passed"),
        ("monotone", {"pitch_sd_semitones": 1.2}, "flagged"),
        ("monotone", {"pitch_sd_semitones": 2.6}, "passed"),
        ("no_pauses", {"pauses_over_threshold": 0, "message_s": 20}, "flagged"),
        ("no_pauses", {"pauses_over_threshold": 0, "message_s": 9}, "not_evaluated"),
        ("no_pauses", {"pauses_over_threshold": 3, "message_s": 20}, "passed"),
        ("long_pause", {"longest_pause_s": 2.4}, "flagged"),
        ("long_pause", {"longest_pause_s": 1.1}, "passed"),
        ("fillers", {"filler_words_at_least": 4, "message_s": 30}, "flagged"),
        ("fillers", {"filler_words_at_least": 2, "message_s": 10}, "passed"),
        ("number_rushed", {"phone_number_digits_per_s": 3.4}, "flagged"),
        ("number_rushed", {"phone_number_digits_per_s": 2.1}, "passed"),
        ("number_rushed", {}, "not_evaluated"),
        ("number_once", {}, "flagged"),
        ("number_once", {"phone_number_digits_per_s": 2.1}, "passed"),
    ],
)
def test_measures(rule: str, measures: dict[str, float], status: str) -> None:
    found = finding("Call 615-555-0142.", rule, None, **measures)
    assert found.status == status
    assert (found.reason is not None) == (status == "not_evaluated")


def test_the_reason_a_measure_is_missing_is_passed_on() -> None:
    reasons = {"message_wpm": "less than 8 s of speech"}
    result = judge(Heard(Transcript.of_script("Hi."), Measurements(), reasons, CallContext(), load()))
    assert next(one for one in result.findings if one.rule == "too_slow").reason == "less than 8 s of speech"


def test_late_value_is_measured_in_seconds_or_in_words() -> None:
    wait = "and so on and so forth as one does on a long and rather slow afternoon in the middle of the week " * 2
    late = f"Hi Jo, Ted from Corvid, {wait} now then. Dura-Cast cut its demurrage from nine days to two in nine weeks."
    assert finding(late, "late_value").status == "flagged"
    assert finding(SILENT["missing_value_prop"][0], "late_value").status == "passed"


def test_missing_pain_is_a_hint_without_points() -> None:
    assert finding("Hi Jo, Ted. You lose two loads a day at the gate.", "missing_pain").status == "passed"
    assert load().rules["missing_pain"].points == 0


@pytest.mark.parametrize("rule", ["voicemail_advised", "prerecorded_drop"])
def test_what_only_the_context_can_tell_is_not_evaluated(rule: str) -> None:
    found = finding("Hi Jo, Ted from Corvid.", rule)
    assert found.status == "not_evaluated"
    assert found.reason


@pytest.mark.parametrize("purpose", ["active_deal", "meeting_confirmation", "non_sales"])
def test_a_call_that_owes_no_pitch_is_not_judged_as_one(purpose: str) -> None:
    context = CallContext.model_validate({"purpose": purpose})
    for rule in ("vague_opener", "missing_value_prop", "self_centered_pitch", "late_value"):
        assert finding("Hi Jo, Ted, confirming Tuesday.", rule, context).status == "not_evaluated"


def test_earlier_contact_has_three_kinds() -> None:
    rule = "prior_contact_reference"
    assert finding("Hi Jo, I left you a message yesterday.", rule).detail["kind"] == "attempt"
    assert finding("Hi Jo, I'm returning your call.", rule).detail["kind"] == "false_history"
    asked = finding("Hi Jo, you asked me on Tuesday for the price.", rule)
    assert (asked.status, asked.detail["kind"]) == ("passed", "context")
    known = CallContext(spoke_before=True)
    assert finding("Hi Jo, as we discussed, the price is nine hundred.", rule, known).status == "passed"


@pytest.mark.parametrize(
    ("strength", "text"),
    [
        ("specific_value", SILENT["missing_value_prop"][0]),
        ("insight_offer", SILENT["missing_value_prop"][1]),
        ("referral_mention", "Hi Jo, Ted from Corvid. Your controller, Dean Foster, suggested I call you."),
        ("referral_mention", "hi jo ted from corvid dean over at hollis diner gave me your name"),
        ("curiosity_hook", "Hi Jo, Ted from Corvid. Which one of your ovens is it? Guess which."),
        ("memorable_close", "Hi Jo, Ted from Corvid. Thought of the day: the dough is never in a hurry."),
        ("clear_next_step", "Hi Jo, Ted from Corvid. I'll try you Thursday at ten."),
        ("number_given_twice", "Call 615-555-0142. Again, 615-555-0142."),
    ],
)
def test_strengths_are_praised(strength: str, text: str) -> None:
    assert strength in {one.rule for one in judged(text).strengths}


@pytest.mark.parametrize(
    ("strength", "text"),
    [
        ("referral_mention", "Hi Jo, our referral program pays five hundred dollars."),
        ("referral_mention", "Hi Jo, I thought I would call you, and you said you would want it."),
        ("specific_value", SPOKEN["missing_value_prop"][0]),
        ("number_given_twice", "Call 615-555-0142."),
    ],
)
def test_strengths_are_not_made_up(strength: str, text: str) -> None:
    assert strength not in {one.rule for one in judged(text).strengths}


def test_every_rule_is_in_every_report_in_order() -> None:
    result = judged("")
    assert [one.rule for one in result.findings] == [detector.__name__ for detector in DETECTORS]
    assert len({detector.__name__ for detector in (*DETECTORS, *STRENGTHS)}) == len(DETECTORS) + len(STRENGTHS)


def test_evidence_is_verbatim_with_its_seconds() -> None:
    said = "Hi Jo, I'm just, um, checking in.".split()
    words = [Word(text=text, start_s=float(at), end_s=at + 0.5) for at, text in enumerate(said)]
    transcript = Transcript.of_words(words, language="en", engine="openai-whisper")
    result = judge(Heard(transcript, Measurements(), {}, CallContext(), load()))
    evidence = next(one for one in result.findings if one.rule == "checking_in").evidence[0]
    assert evidence.quote in transcript.text
    assert "checking in." in evidence.quote
    assert evidence.end_s == 6.5


def test_say_instead_is_made_of_the_reps_own_words() -> None:
    text = "Hi Carmen, Noel Baptiste, Baptiste Benefits. Just checking in. 860-555-0152."
    instead = finding(text, "checking_in").say_instead
    assert instead.startswith("Hi Carmen, this is Noel Baptiste with Baptiste Benefits.")
    assert "860-555-0152" in finding(text, "number_once").say_instead
    assert "[your name]" in finding("Just checking in.", "checking_in").say_instead


def test_points_sum_exactly_and_never_go_below_zero() -> None:
    worst = " ".join(text for texts in SPOKEN.values() for text in texts[:1])
    for text in ("", "Hi.", worst, SPOKEN["self_centered_pitch"][1]):
        score = judged(text, message_s=90, message_wpm=300).score
        assert score.points == score.out_of - sum(lost.points for lost in score.lost) >= 0


def test_a_rule_that_the_playbook_leaves_out_costs_nothing() -> None:
    own = parse('based_on = "cold-outreach"\nname = "ours"\n[rules.checking_in]\nenabled = false\n')
    result = judge(Heard(Transcript.of_script("Just checking in."), Measurements(), {}, CallContext(), own))
    found = next(one for one in result.findings if one.rule == "checking_in")
    assert found.status == "not_evaluated"
    assert "ours" in str(found.reason)
    assert "checking_in" not in {lost.rule for lost in result.score.lost}


def test_a_phrase_of_a_coach_counts() -> None:
    own = parse('based_on = "cold-outreach"\n[rules.checking_in]\nphrases = ["just waving hello"]\n')
    result = judge(Heard(Transcript.of_script("Hi Jo, just waving hello."), Measurements(), {}, CallContext(), own))
    assert next(one for one in result.findings if one.rule == "checking_in").status == "flagged"


ODD = st.text(max_size=400) | st.lists(
    st.sampled_from("hi 615-555-0142 , . ... — um $5 I'm é 你好 / | ^ $".split()), max_size=80
).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(ODD)
def test_no_transcript_breaks_a_rule(text: str) -> None:
    transcript = Transcript.of_script(text)
    result = judge(Heard(transcript, Measurements(), {}, CallContext(), load()))
    evidence = [item for one in result.findings for item in one.evidence]
    evidence += [item for one in result.strengths for item in one.evidence]
    assert all(item.quote in transcript.text for item in evidence)


def test_a_huge_transcript_is_still_judged() -> None:
    assert judged("word " * 20_000).findings


def test_the_rules_start_without_the_heavy_libraries() -> None:
    heavy = "{'torch', 'librosa', 'whisper', 'numpy'}"
    code = f"import sys, analysis.detectors, analysis.playbooks; sys.exit(bool({heavy} & set(sys.modules)))"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
