"""A rewrite by a language model, where the owner has set one: asked for by a person, marked, never part of the score.

Any OpenAI-compatible endpoint will do. Whatever goes wrong there is one sentence for the reader and nothing else.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from analysis.measure import SCRIPT_WPM
from analysis.spoken import find_phone_numbers
from app.settings import Settings
from models.playbook import Playbook
from models.report import Report
from models.transcript import Transcript

log = logging.getLogger(__name__)

TIMEOUT_S = 30.0
CONNECT_S = 5.0
MAX_ANSWER_BYTES = 200_000
MAX_TEXT_CHARACTERS = 3_000
INSTRUCTIONS = """\
You rewrite a sales voicemail. Use only facts that stand in the message; never make up a name, figure, customer
or result. Where something needed is missing, put a blank in square brackets, such as [one result for someone like
them]. Copy markers such as <number 1> as they are. Answer with the words to speak and nothing else, in at most {words}
words."""


class Suggestion(BaseModel):
    """What a language model wrote; `text` is null where there is none, and `reason` says why."""

    text: str | None = Field(None, description="The message as the language model would say it.")
    reason: str | None = Field(None, description="Why there is none.")
    model: str
    machine_written: Literal[True] = True


class RewriteFailed(Exception):
    """`str(error)` is a sentence for the reader."""


class Unreachable(RewriteFailed):
    """No connection, or it broke."""


class TooSlow(RewriteFailed):
    """No whole answer in time."""


class Refused(RewriteFailed):
    """An HTTP status other than success."""


class BadAnswer(RewriteFailed):
    """An answer that is none."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")
    content: str


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


def rewriter_of(settings: Settings) -> "Rewriter | None":
    if not settings.rewrite_url or not settings.rewrite_model:
        return None
    return Rewriter(settings.rewrite_url, settings.rewrite_model, settings.rewrite_api_key)


@dataclass(frozen=True)
class Rewriter:
    url: str
    model: str
    api_key: SecretStr | None = None
    timeout_s: float = TIMEOUT_S

    def suggest(self, report: Report, playbook: Playbook | None) -> Suggestion:
        """Never raises for what the other side does."""
        masked, numbers = mask(report.transcript)
        try:
            answer = self._ask(prompt(report, masked, playbook))
            return Suggestion(text=restored(answer, numbers), model=self.model)
        except RewriteFailed as error:
            log.warning("no rewrite", exc_info=True, extra={"recording": report.id})
            return Suggestion(reason=str(error), model=self.model)

    def _ask(self, messages: list[dict[str, str]]) -> str:
        body = {"model": self.model, "messages": messages, "temperature": 0.2}
        headers = {"Authorization": f"Bearer {self.api_key.get_secret_value()}"} if self.api_key else {}
        try:
            raw = self._post(body, headers)
        except httpx2.TimeoutException as error:
            raise TooSlow("The language model did not answer in time. Please try again.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable("The language model cannot be reached.") from error
        try:
            return _Completion.model_validate_json(raw).choices[0].message.content.strip()
        except ValidationError as error:
            raise BadAnswer("The language model sent an answer that cannot be read.") from error

    def _post(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
        """Read as it comes, so that neither an endless answer nor one that drips is waited for."""
        deadline = time.monotonic() + self.timeout_s
        timeout = httpx2.Timeout(self.timeout_s, connect=min(CONNECT_S, self.timeout_s))
        address = f"{self.url.rstrip('/')}/chat/completions"
        received = bytearray()
        with httpx2.stream("POST", address, json=body, headers=headers, timeout=timeout) as response:
            if not response.is_success:
                raise Refused(f"The language model answered with status {response.status_code}.")
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > MAX_ANSWER_BYTES:
                    raise BadAnswer("The language model sent far too much.")
                if time.monotonic() > deadline:
                    raise TooSlow("The language model did not answer in time. Please try again.")
        return bytes(received)


def prompt(report: Report, masked: str, playbook: Playbook | None) -> list[dict[str, str]]:
    """The words, what was flagged in them, and the order and length the playbook asks for."""
    longest_s = playbook.limits.length_target_s[1] if playbook else 30
    asked = {
        "message": masked,
        "to_mend": [f"{finding.title}: {finding.advice}".rstrip(": ") for finding in report.flagged],
        "order": [kind.replace("_", " ") for kind in playbook.message.order] if playbook else [],
    }
    return [
        {"role": "system", "content": INSTRUCTIONS.format(words=int(longest_s * SCRIPT_WPM / 60))},
        {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
    ]


def mask(transcript: Transcript) -> tuple[str, dict[str, str]]:
    """The words with a marker for every telephone number, and the number for every marker."""
    words = [word.text for word in transcript.words]
    numbers: dict[str, str] = {}
    for number in reversed(find_phone_numbers(words)):
        said = " ".join(words[number.first : number.last + 1]).rstrip(".,;:!?")
        marker = next((marker for marker, known in numbers.items() if known == said), f"<number {len(numbers) + 1}>")
        numbers[marker] = said
        words[number.first : number.last + 1] = [
            marker + words[number.last][len(words[number.last].rstrip(".,;:!?")) :]
        ]
    return " ".join(words), numbers


def restored(answer: str, numbers: Mapping[str, str]) -> str:
    """The answer with the numbers back in it; one that brings a number of its own is none."""
    if not answer or len(answer) > MAX_TEXT_CHARACTERS:
        raise BadAnswer("The language model sent no message that could be spoken.")
    if find_phone_numbers(answer.split()):
        raise BadAnswer("The language model made up a telephone number, so its text is not shown.")
    for marker, said in numbers.items():
        answer = answer.replace(marker, said)
    return " ".join(answer.split())
