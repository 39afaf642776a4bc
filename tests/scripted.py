"""Words as if they had been heard, and reports of them: no speech model, no sound."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from analysis.pipeline import analyze_script
from analysis.playbooks import load
from models.playbook import Playbook
from models.recording import CallContext
from models.report import Report
from models.transcript import Transcript
from tests.sounds import RATE_HZ, Samples, as_transcript

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CHECKING_IN = (
    "Hi Karen, it's Tyler with Bluepeak Software. I'm just checking in to see where things stand. "
    "Give me a call back at 615-555-0142. Thanks Karen."
)
BETTER = (
    "Hi Karen, this is Tyler with Bluepeak Software. Your second clinic opened in March, and clinics of your size lose "
    "two hours a day on paper forms. Smile Dental cut that to ten minutes in two months. I'll send you the page they "
    "used today and try you Thursday at ten. My number is 615-555-0142. Again, that's 615-555-0142."
)


class Scripted:
    """Hears the same words in every message, spread over it evenly, and remembers what it was given."""

    def __init__(self, text: str = CHECKING_IN) -> None:
        self.text = text
        self.given: list[Samples] = []

    def transcribe(self, messages: Sequence[Samples]) -> list[Transcript]:
        self.given += messages
        return [as_transcript(self.text, end_s=message.size / RATE_HZ) for message in messages]


def script(text: str, playbook: Playbook | str = "cold-outreach", **facts: Any) -> Report:
    """The report of a text, with what is known about the call."""
    judge = load(playbook) if isinstance(playbook, str) else playbook
    return analyze_script(text, playbook=judge, context=CallContext(**facts), report_id="r", created_at=NOW)
