"""Webhooks as JSON, for administrators."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.access import note, person_of, workspace_of
from app.openapi import problems
from app.schema import WebhookRow
from app.shown import Shown
from app.webhooks.events import EVENTS, Event
from app.webhooks.shelf import DELIVERIES_SHOWN, Webhooks
from models.errors import InvalidRequest, NotFound

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str = Field(max_length=4096, description="Where messages are posted: https, and a public address.")
    events: list[Event] = Field(list(EVENTS), min_length=1, description="What to tell; without it everything.")
    renderer: Literal["standard", "slack", "hubspot"] = Field("standard", description="What stands in the body.")
    authorization: str | None = Field(
        None, max_length=2000, description="Authorization header to send, such as “Bearer …”; never shown again."
    )


class WebhookChange(BaseModel):
    model_config = ConfigDict(extra="forbid")
    paused: bool = Field(description="What is told meanwhile waits, and is sent when it goes on.")


class Webhook(BaseModel):
    id: str
    url: str
    events: list[str]
    renderer: str
    created_at: datetime
    created_by: str
    paused_at: datetime | None
    paused_because: str | None
    failures: int = Field(description="Messages in a row of which every attempt failed; at 5 it is paused.")
    previous_until: datetime | None = Field(description="Until when the secret before the last rotation signs too.")


class NewlyMadeWebhook(Webhook):
    secret: str = Field(description="Verifies the signatures. Shown this once.")


class WebhookList(BaseModel):
    items: list[Webhook]


class Delivery(Shown):
    id: str = Field(description="The message's id, sent as webhook-id at every attempt.")
    event: str
    payload: dict[str, Any]
    created_at: datetime
    attempts: int
    last_status: int | None
    last_problem: str | None
    next_attempt_at: datetime | None = Field(description="Null once delivered or given up.")
    delivered_at: datetime | None


class DeliveryList(BaseModel):
    items: list[Delivery]
    next_cursor: str | None = Field(description="Pass as cursor for the next page; null on the last.")


@router.get("", summary="List the webhooks")
def list_webhooks(request: Request) -> WebhookList:
    return WebhookList(items=[Webhook(**_columns(request, row)) for row in _shelf(request).all()])


@router.post("", status_code=201, responses=problems(InvalidRequest), summary="Tell an address of events")
def add_webhook(request: Request, new: NewWebhook) -> NewlyMadeWebhook:
    by = person_of(request).name
    row, secret = _shelf(request).add(by, new.url, new.events, new.renderer, new.authorization)
    note(request, "webhook.made", row.id)
    return NewlyMadeWebhook(secret=secret, **_columns(request, row))


@router.get("/{webhook_id}", responses=problems(NotFound), summary="One webhook")
def show_webhook(request: Request, webhook_id: str) -> Webhook:
    return Webhook(**_columns(request, _shelf(request).get(webhook_id)))


@router.patch("/{webhook_id}", responses=problems(NotFound), summary="Pause a webhook, or let it go on")
def change_webhook(request: Request, webhook_id: str, change: WebhookChange) -> Webhook:
    return Webhook(**_columns(request, _shelf(request).pause(webhook_id, paused=change.paused)))


@router.delete("/{webhook_id}", status_code=204, responses=problems(NotFound), summary="Remove a webhook")
def delete_webhook(request: Request, webhook_id: str) -> None:
    """What was not delivered yet goes with it."""
    _shelf(request).delete(webhook_id)
    note(request, "webhook.deleted", webhook_id)


@router.post("/{webhook_id}/secret", responses=problems(NotFound), summary="Make a new secret")
def rotate_secret(request: Request, webhook_id: str) -> NewlyMadeWebhook:
    """For 24 hours messages carry the signatures of both, so that the receiver can change over."""
    row, secret = _shelf(request).rotate(webhook_id)
    note(request, "webhook.rotated", webhook_id)
    return NewlyMadeWebhook(secret=secret, **_columns(request, row))


@router.post("/{webhook_id}/test", responses=problems(NotFound), summary="Send a test message now, once")
def try_webhook(request: Request, webhook_id: str) -> Delivery:
    sent = _shelf(request).add_test(webhook_id)
    request.app.state.postman.send(sent.id)
    return Delivery.of(_shelf(request).delivery(webhook_id, sent.id))


@router.get("/{webhook_id}/deliveries", responses=problems(NotFound), summary="Messages and what became of them")
def list_deliveries(
    request: Request, webhook_id: str, cursor: Annotated[str | None, Query(max_length=40)] = None
) -> DeliveryList:
    rows = _shelf(request).deliveries(webhook_id, cursor)
    more = rows[-1].id if len(rows) == DELIVERIES_SHOWN else None
    return DeliveryList(items=[Delivery.of(row) for row in rows], next_cursor=more)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    responses=problems(NotFound),
    summary="Send a message once more",
)
def replay_delivery(request: Request, webhook_id: str, delivery_id: str) -> Delivery:
    """With the id it had, by which the receiver knows it again; a paused webhook sends it when it goes on."""
    return Delivery.of(_shelf(request).replay(webhook_id, delivery_id))


def _columns(request: Request, row: WebhookRow) -> dict[str, Any]:
    columns = {name: getattr(row, name) for name in Webhook.model_fields if name != "url"}
    return {"url": _shelf(request).url(row), **columns}


def _shelf(request: Request) -> Webhooks:
    return workspace_of(request).webhooks
