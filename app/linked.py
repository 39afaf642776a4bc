"""A recording, or many, given by address: the JSON bodies of the intake."""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from app.jobs import Lane
from app.remote import RemoteArrival, filename_of
from app.settings import Settings
from models.errors import TooLarge
from models.recording import CallContext

MAX_BODY_BYTES = 1_000_000
MOST_ADDRESSES = 100
Body = TypeVar("Body", bound=BaseModel)
URL = Field(min_length=1, max_length=4096, description="Where the recording is: an https:// address of a public host.")


class _About(CallContext):
    """What is known about the call, beside the address."""

    playbook: str | None = Field(None, max_length=80, description="Playbook to judge by.")
    owner: str | None = Field(None, max_length=254, description="E-mail address of the rep whose it is; else yours.")

    def _arrival(
        self, url: str, settings: Settings, idempotency_key: str | None, owner_id: str | None, lane: Lane
    ) -> RemoteArrival:
        told = self.model_dump(include=set(CallContext.model_fields))
        return RemoteArrival(
            link=url,
            filename=filename_of(url),
            playbook=self.playbook or settings.playbook,
            context=CallContext.model_validate(told),
            owner_id=owner_id,
            idempotency_key=idempotency_key,
            lane=lane,
        )


class Linked(_About):
    url: str = URL

    def arrival(
        self, settings: Settings, idempotency_key: str | None, owner_id: str | None, lane: Lane
    ) -> RemoteArrival:
        return self._arrival(self.url, settings, idempotency_key, owner_id, lane)


class LinkedBatch(_About):
    urls: list[str] = Field(min_length=1, max_length=MOST_ADDRESSES, description="Where the recordings are.")

    def arrival(
        self, number: int, settings: Settings, idempotency_key: str | None, owner_id: str | None
    ) -> RemoteArrival:
        return self._arrival(self.urls[number], settings, idempotency_key, owner_id, Lane.BULK)


SCRIPT_ID = {"type": "string", "description": "The kept script this is a take of: see PUT /v1/scripts/{id}."}


def intake_body(body: type[_About], **files: dict[str, Any]) -> dict[str, Any]:
    """The two ways a recording comes, for the description: as a form with its file, as JSON with its address."""
    form = {
        "type": "object",
        "required": list(files),
        "properties": files | {"script_id": SCRIPT_ID} | _About.model_json_schema()["properties"],
    }
    content = {"multipart/form-data": {"schema": form}, "application/json": {"schema": body.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


def is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def read_body(request: Request, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Raises TooLarge as soon as there is more."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(f"More than {limit_bytes / 1_000_000:g} MB of JSON cannot be taken.")
    return body


async def read_json(request: Request, kind: type[Body]) -> Body:
    try:
        return kind.model_validate_json(await read_body(request))
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False)) from error
