"""The pages of the webhooks: whom we tell, a new one, and one with what became of its messages."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import note, person_of, workspace_of
from app.pages import page
from app.schema import DeliveryRow
from app.webhooks.events import EVENTS
from app.webhooks.renderers import BY_NAME, RENDERERS
from app.webhooks.shelf import Webhooks
from models.errors import AfterbeepError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/webhooks")
def list_webhooks(request: Request) -> HTMLResponse:
    return _list(request)


@router.post("/webhooks")
async def add_webhook(request: Request) -> Response:
    form = await request.form(max_fields=20, max_files=0)
    given = {name: str(form.get(name, "")).strip() for name in ("url", "renderer", "authorization")}
    given["events"] = [str(event) for event in form.getlist("events")]  # type: ignore[assignment]
    return await run_in_threadpool(_add, request, given)


@router.get("/webhooks/{webhook_id}")
def show_webhook(request: Request, webhook_id: str) -> HTMLResponse:
    return _one(request, webhook_id)


@router.post("/webhooks/{webhook_id}")
async def change_webhook(request: Request, webhook_id: str) -> Response:
    """Try, rotate, pause, go on, send again or remove: the button says which."""
    form = await request.form(max_fields=20, max_files=0)
    return await run_in_threadpool(_change, request, webhook_id, str(form.get("do", "")), str(form.get("delivery", "")))


def _add(request: Request, given: dict[str, Any]) -> Response:
    try:
        row, secret = _shelf(request).add(person_of(request).name, **given)
    except AfterbeepError as error:
        return _list(request, error.status, given, str(error))
    note(request, "webhook.made", row.id)
    return _one(request, row.id, secret=secret)


def _change(request: Request, webhook_id: str, do: str, delivery_id: str) -> Response:
    shelf = _shelf(request)
    if do == "remove":
        shelf.delete(webhook_id)
        note(request, "webhook.deleted", webhook_id)
        return RedirectResponse("/webhooks", 303)
    if do == "rotate":
        _, secret = shelf.rotate(webhook_id)
        note(request, "webhook.rotated", webhook_id)
        return _one(request, webhook_id, secret=secret)
    if do == "test":
        sent = shelf.add_test(webhook_id)
        request.app.state.postman.send(sent.id)
        sent = shelf.delivery(webhook_id, sent.id)
        said = None if sent.last_problem else f"The test message arrived: answered with {sent.last_status}."
        return _one(request, webhook_id, said=said, problem=sent.last_problem)
    if do == "replay":
        shelf.replay(webhook_id, delivery_id)
    if do in ("pause", "go_on"):
        shelf.pause(webhook_id, paused=do == "pause")
    return RedirectResponse(f"/webhooks/{webhook_id}", 303)


def state_of(row: DeliveryRow) -> str:
    """What became of a message, in a word."""
    if row.delivered_at is not None:
        return "Delivered"
    return "Given up" if row.next_attempt_at is None else "Waiting"


def _list(
    request: Request, status: int = 200, given: dict[str, Any] | None = None, problem: str | None = None
) -> HTMLResponse:
    shelf = _shelf(request)
    rows = [(row, urlsplit(shelf.url(row)).hostname) for row in shelf.all()]
    form = given or {"url": "", "renderer": "standard", "events": list(EVENTS)}
    return page(
        request,
        "webhooks.html",
        status,
        here="webhooks",
        rows=rows,
        by_name=BY_NAME,
        renderers=RENDERERS,
        events=EVENTS,
        form=form,
        problem=problem,
    )


def _one(request: Request, webhook_id: str, **more: Any) -> HTMLResponse:
    shelf = _shelf(request)
    row = shelf.get(webhook_id)
    url = shelf.url(row)
    return page(
        request,
        "webhook.html",
        here="webhooks",
        row=row,
        url=url,
        host=urlsplit(url).hostname,
        renderer=BY_NAME[row.renderer],
        deliveries=shelf.deliveries(webhook_id),
        state_of=state_of,
        **more,
    )


def _shelf(request: Request) -> Webhooks:
    return workspace_of(request).webhooks
