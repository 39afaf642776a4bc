"""The description of the API as programs read it: problems, security, tags and examples, said once for all routes."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, Field

from models.errors import (
    AfterbeepError,
    CrossSite,
    InvalidRequest,
    NotAllowed,
    NotSignedIn,
    RateLimited,
    WrongKey,
)

PROBLEM_TYPE: Final = "application/problem+json"
CHANGES: Final = ("post", "put", "patch", "delete")
RATE_HEADERS: Final = {
    "RateLimit-Limit": "Requests a minute.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until they are all there again.",
}
#: What the first part of an address is about.
TAGS: Final = {
    "voicemails": "recordings", "batches": "recordings", "demo": "recordings", "events": "recordings",
    "scripts": "scripts", "drafts": "scripts", "advice": "scripts",
    "playbooks": "playbooks", "progress": "progress", "trends": "progress", "audio": "transcription",
}  # fmt: skip
TOLD: Final = {
    "recordings": "Hand in recordings, follow them, take their reports.",
    "scripts": "Texts before they are spoken, and whether to call at all.",
    "playbooks": "What a coaching school asks for.",
    "progress": "How messages change from week to week.",
    "reviews": "What people say of a report.",
    "assignments": "What coaches give reps to practise.",
    "webhooks": "What other programs are told.",
    "integrations": "Calling tools, and the calls they tell of.",
    "people": "Accounts, teams, invitations and keys.",
    "transcription": "The words alone, in the dialect of OpenAI.",
    "health": "Whether the service lives.",
}
SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key from the page “Your account”: `ab_…`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "afterbeep_session",
        "description": "The cookie of a browser that is signed in.",
    },
}
SIGNED_IN: Final[list[dict[str, list[str]]]] = [{"key": []}, {"session": []}, {}]  # none on a machine of one's own
TALK: Final = "Hi Dana, this is Maya Ross with Bluepeak. Clinics like yours cut no-shows by a third. Call 615-555-0142."
OPENAI_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"enum": ["invalid_request_error", "server_error"]},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string", "description": "Stable: see docs/errors.md."},
            },
        }
    },
}
#: Bodies that work as they stand; a test sends them.
EXAMPLES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("post", "/v1/voicemails"): {"url": "https://calls.example.com/take-1.mp3", "purpose": "cold", "rep": "Maya Ross"},
    ("post", "/v1/batches"): {"urls": ["https://calls.example.com/1.mp3", "https://calls.example.com/2.mp3"]},
    ("post", "/v1/scripts"): {"text": TALK, "context": {"purpose": "cold"}},
    ("put", "/v1/scripts/{script_id}"): {"text": TALK, "title": "No-shows"},
    ("post", "/v1/drafts"): {"facts": {"rep": "Maya Ross", "value": "cut no-shows by a third"}},
    ("post", "/v1/advice"): {"context": {"purpose": "cold", "relationship": "none"}},
    ("post", "/v1/playbooks/try"): {"name": "cold-outreach", "limit": 50},
}


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str = Field(examples=["urn:afterbeep:problem:not_found"])
    title: str
    status: int
    code: str = Field(description="Stable: see docs/errors.md.")
    detail: str = Field(description="A sentence that helps.")
    errors: list[FieldProblem] | None = Field(None, description="Of `invalid_request`: each field and its fault.")
    line: int | None = Field(None, description="Of a playbook: where its text is wrong.")
    reason: str | None = Field(None, description="Of a playbook: what is wrong there.")
    id: str | None = Field(None, description="Of a recording that could not be analysed.")


def problems(*errors: type[AfterbeepError]) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside its result, by status, with the codes."""
    codes: dict[int, dict[str, str]] = {}
    for error in errors:
        codes.setdefault(error.status, {})[error.code] = error.title
    return {status: _response(found) for status, found in codes.items()}


def holds(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """What a route answers that is no JSON."""
    as_they_come: dict[str, Any] = {"type": "string"}
    content = {media_type: {"schema": as_they_come} for media_type in media_types}
    return {200: {"description": "The file or stream.", "content": content}}


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """FastAPI's own description, completed; made once."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(generate())
        return app.openapi_schema

    return openapi


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):  # failures come as problems
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    components["securitySchemes"] = SCHEMES
    schema["tags"] = [{"name": name, "description": told} for name, told in TOLD.items()]
    for path, method, operation in _operations(schema):
        _complete(path, method, operation)
    return schema


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    first = path.removeprefix("/v1/").partition("/")[0].partition(".")[0]
    operation.setdefault("tags", [TAGS.get(first, first)])
    if "HTTPValidationError" in str(responses.get("422")):
        responses["422"] = _response({InvalidRequest.code: InvalidRequest.title})
    if example := EXAMPLES.get((method, path)):
        operation["requestBody"]["content"]["application/json"]["example"] = example
    common: list[type[AfterbeepError]] = [CrossSite] if method in CHANGES else []
    if path.startswith("/v1/") and "integrations" not in path:
        operation["security"] = SIGNED_IN
        common += [NotSignedIn, WrongKey, NotAllowed, RateLimited]
    for status, response in problems(*common).items():
        known = responses.setdefault(str(status), response)
        if known is not response:
            known["description"] += " " + response["description"]
    if path.startswith("/v1/audio/"):
        for status, response in responses.items():
            if status >= "400":
                response["content"] = {"application/json": {"schema": OPENAI_ERROR}}
    for status, response in responses.items():
        if path.startswith("/v1/") and "security" in operation and (status.startswith("2") or status == "429"):
            response["headers"] = {name: _whole(told) for name, told in RATE_HEADERS.items()}
    if "429" in responses:
        responses["429"]["headers"]["Retry-After"] = _whole("Seconds to wait.")


def _response(codes: dict[str, str]) -> dict[str, Any]:
    told = "; ".join(f"{title} (`{code}`)" for code, title in codes.items())
    return {
        "description": f"{told}.",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _whole(told: str) -> dict[str, Any]:
    return {"description": told, "schema": {"type": "integer"}}
