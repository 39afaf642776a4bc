"""A thin typed client of the service's API, for other programs.

with Client("https://afterbeep.example.com", key="ab_…") as afterbeep:
    report = afterbeep.report_of(Path("take-1.m4a"), CallContext(purpose="cold"))
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import httpx2

from app.voicemail import Voicemail, VoicemailPage
from models.advice import Advice
from models.recording import CallContext
from models.report import Report

LONGEST_WAIT_S: Final = 120
ANSWERS_WITHIN_S: Final = 30.0


class ApiProblem(Exception):
    """The service said no: `code` is stable (docs/errors.md), the text is its sentence."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: float | None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class Client:
    def __init__(self, url: str, *, key: str | None = None, transport: httpx2.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx2.Client(base_url=url, headers=headers, timeout=ANSWERS_WITHIN_S, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def upload(
        self,
        recording: Path,
        context: CallContext | None = None,
        *,
        wait_s: float = 0,
        idempotency_key: str | None = None,
        **fields: str,
    ) -> Voicemail | Report:
        """The report if it is done within `wait_s`, else where the recording stands.

        `fields` are the form's others: playbook, owner, script_id. Raises ApiProblem, also for a recording that
        proves unusable within `wait_s`.
        """
        told = context.model_dump(mode="json", exclude_none=True) if context else {}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        with recording.open("rb") as audio:
            answer = self._ask(
                "POST",
                "/v1/voicemails",
                params={"wait": wait_s},
                files={"file": (recording.name, audio)},
                data={name: str(value) for name, value in (told | fields).items()},
                headers=headers,
                timeout=wait_s + ANSWERS_WITHIN_S,
            )
        kind = Report if answer.status_code == httpx2.codes.OK else Voicemail
        return kind.model_validate_json(answer.content)

    def report_of(self, recording: Path, context: CallContext | None = None, **fields: str) -> Report:
        """Upload and wait. Raises ApiProblem, with the code `not_ready` if two minutes are not enough."""
        got = self.upload(recording, context, wait_s=LONGEST_WAIT_S, **fields)
        return self.report(got.id) if isinstance(got, Voicemail) else got

    def voicemail(self, recording_id: str) -> Voicemail:
        return Voicemail.model_validate_json(self._ask("GET", f"/v1/voicemails/{recording_id}").content)

    def report(self, recording_id: str) -> Report:
        return Report.model_validate_json(self._ask("GET", f"/v1/voicemails/{recording_id}/report").content)

    def page(self, *, limit: int = 50, cursor: str | None = None, **matching: str | int) -> VoicemailPage:
        """A page of the list, the newest first; `matching` are the list's filters, such as rule="checking_in"."""
        asked: dict[str, str | int] = {"limit": limit, **({"cursor": cursor} if cursor else {}), **matching}
        return VoicemailPage.model_validate_json(self._ask("GET", "/v1/voicemails", params=asked).content)

    def voicemails(self, *, page_size: int = 50, **matching: str | int) -> Iterator[Voicemail]:
        """The whole list, page by page as it is read."""
        cursor: str | None = None
        while True:
            page = self.page(limit=page_size, cursor=cursor, **matching)
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return

    def check_script(self, text: str, context: CallContext | None = None, playbook: str | None = None) -> Report:
        body = {"text": text, **_call(context, playbook)}
        return Report.model_validate_json(self._ask("POST", "/v1/scripts", json=body).content)

    def advice(self, context: CallContext, playbook: str | None = None) -> Advice:
        return Advice.model_validate_json(self._ask("POST", "/v1/advice", json=_call(context, playbook)).content)

    def delete(self, recording_id: str) -> None:
        self._ask("DELETE", f"/v1/voicemails/{recording_id}")

    def _ask(self, method: str, path: str, **given: Any) -> httpx2.Response:
        answer = self.http.request(method, path, **given)
        if answer.is_success:
            return answer
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        raise ApiProblem(
            answer.status_code,
            problem.get("code", "unknown"),
            problem.get("detail", answer.reason_phrase),
            float(again) if (again := answer.headers.get("retry-after")) else None,
        )


def _call(context: CallContext | None, playbook: str | None) -> dict[str, Any]:
    told = {"context": context.model_dump(mode="json", exclude_none=True)} if context else {}
    return told | ({"playbook": playbook} if playbook else {})
