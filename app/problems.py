"""Every failure as problem details (RFC 9457) for programs, and as a page for people."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError, DBAPIError
from starlette.exceptions import HTTPException

from app.openapi import PROBLEM_TYPE
from app.outages import outage_of
from app.pages import problem_page
from models.errors import AfterbeepError, InvalidPlaybook, InvalidRequest, NotSignedIn, Outage

log = logging.getLogger(__name__)

OPENAI_PATH = "/v1/audio/"


def handle_problems(app: FastAPI) -> None:
    app.add_exception_handler(AfterbeepError, _known)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unforeseen)


def problem(request: Request, status: int, code: str, title: str, detail: str, **more: Any) -> Response:
    if _wants_a_page(request):
        return problem_page(request, status=status, title=title, detail=detail)
    if request.url.path.startswith(OPENAI_PATH):
        return JSONResponse(in_openai_shape(status, code, detail), status)
    body = {
        "type": f"urn:afterbeep:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, media_type=PROBLEM_TYPE)


def in_openai_shape(status: int, code: str, detail: str) -> dict[str, dict[str, str | None]]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": detail, "type": kind, "param": None, "code": code}}


def _wants_a_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, AfterbeepError)
    if type(error) is NotSignedIn and request.method == "GET" and _wants_a_page(request):
        return RedirectResponse("/login?" + urlencode({"next": request.url.path}), 303)
    place = {"line": error.line, "reason": error.reason} if isinstance(error, InvalidPlaybook) else {}
    response = problem(request, error.status, error.code, error.title, str(error), **place)
    if isinstance(error, Outage):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def _database(request: Request, error: Exception) -> Response:
    """An outage where it is one; other complaints of the database are our own fault."""
    assert isinstance(error, DBAPIError)
    if isinstance(error, DataError):
        return await _known(request, InvalidRequest("Something in this request is a value that cannot be stored."))
    if (outage := outage_of(error)) is None:
        raise error
    log.warning("the database does not answer", exc_info=error, extra={"code": outage.code})
    return await _known(request, outage)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return invalid_request(request, list(error.errors()))


def invalid_request(request: Request, errors: list[Any]) -> Response:
    """Name each field and what is wrong with it."""
    named = [
        (".".join(str(part) for part in e["loc"] if part not in ("body", "query", "path")), e["msg"]) for e in errors
    ]
    detail = "; ".join(f"{name}: {message}" if name else message for name, message in named)
    fields = [{"field": name, "message": message} for name, message in named]
    return problem(request, 422, "invalid_request", "Invalid request", detail, errors=fields)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = "not_found" if error.status_code == HTTPStatus.NOT_FOUND else phrase.lower().replace(" ", "_")
    detail = "There is nothing at this address." if code == "not_found" else str(error.detail)
    response = problem(request, error.status_code, code, phrase, detail)
    response.headers.update(error.headers or {})
    return response


async def _unforeseen(request: Request, error: Exception) -> Response:
    response = problem(request, 500, "internal_error", "Something went wrong", "The fault is ours. Please try again.")
    response.headers["X-Request-ID"] = request.state.request_id  # by which the log tells why
    return response
