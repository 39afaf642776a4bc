"""The description of the API: complete, and kept by what the service answers."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import transcription_api
from app.main import create_app
from app.openapi import EXAMPLES
from app.settings import Settings
from tests.stored import store_report

EXAMPLES_EACH = 4
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def described(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("api")))
    with TestClient(app):
        yield app


def test_every_operation_is_described(app: FastAPI) -> None:
    schema = app.openapi()
    assert schema["openapi"].startswith("3.1")
    tags = {tag["name"] for tag in schema["tags"]}
    for path, method, operation in described(app):
        assert operation["summary"], path
        assert set(operation["tags"]) <= tags, path
        for status, response in operation["responses"].items():
            if path.startswith("/v1/") and "/audio/trans" not in path and status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, method, status)
                assert "`" in response["description"], (path, method, status)
    assert "HTTPValidationError" not in str(schema)


def test_what_needs_a_person_says_how_to_sign_in(app: FastAPI) -> None:
    assert set(app.openapi()["components"]["securitySchemes"]) == {"key", "session"}
    open_to_all = {path for path, _, operation in described(app) if "security" not in operation}
    assert open_to_all == {"/healthz", "/readyz", "/v1/integrations/{name}/{connection}"}


@pytest.mark.parametrize(("method", "path"), EXAMPLES)
def test_every_example_works(app: FastAPI, method: str, path: str) -> None:
    answer = TestClient(app).request(method, path.replace("{script_id}", "no-shows"), json=EXAMPLES[method, path])
    assert answer.is_success, answer.text


def test_both_intakes_describe_a_call_in_the_same_words(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    forms = [
        paths[path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
        for path in ("/v1/voicemails", "/v1/batches")
    ]
    one, many = ({name: told for name, told in form.items() if name not in ("file", "files")} for form in forms)
    assert one == many


@pytest.mark.tools
def test_the_service_answers_as_described(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes: no server error, and no status, type, header or body that is not described.

    The streams, which do not end, have tests of their own.
    """
    monkeypatch.setattr(transcription_api, "MAX_WAIT_S", 0)  # nobody works here
    store_report(app)
    whole = schemathesis.openapi.from_dict(app.openapi())
    whole.app, whole.location = app, "/openapi.json"  # as from_asgi does, which allows ten seconds for this
    schema = whole.exclude(path_regex="/events$", method="GET")
    faults: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=EXAMPLES_EACH, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
        def check(case: Any) -> None:
            if case.query and "wait" in case.query:
                case.query["wait"] = 0
            case.validate_response(case.call(timeout=60), checks=CHECKS)

        try:
            check()
        except (Exception, BaseExceptionGroup) as fault:  # all of them are wanted, not the first
            faults.append(f"{operation.label}: {fault!r} {getattr(fault, 'exceptions', '')}")
    assert not faults, "\n".join(faults)
