"""Where calling tools report calls. Guarded by each tool's own signature, not by accounts."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.access import workspaces_of
from app.integrations import BY_NAME
from app.integrations.base import Delivery, Reply
from app.linked import read_body
from app.openapi import problems
from app.settings import Settings
from models.errors import EventRefused, EventUnsigned, InvalidRequest, NotFound, TooLarge

router = APIRouter(prefix="/v1/integrations", tags=["integrations"])

ANY_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        }
    }
}


@router.post(
    "/{name}/{connection}",
    responses=problems(EventRefused, NotFound, TooLarge, InvalidRequest, EventUnsigned),
    openapi_extra=ANY_BODY,
    summary="A calling tool reports a call",
)
async def receive_event(
    request: Request,
    name: Annotated[str, Path(description=f"One of {', '.join(BY_NAME)}.")],
    connection: Annotated[str, Path(description="The connection's id.")],
) -> Response:
    """Acknowledged with 200 at once, whether the call is taken, dropped or known already; the page shows which."""
    body = await read_body(request)
    delivery = Delivery(public_url(request), {key.lower(): value for key, value in request.headers.items()}, body)
    reply = await run_in_threadpool(_receive, request, name, connection, delivery)
    return Response(reply.body, 200, headers=dict(reply.headers))


def _receive(request: Request, name: str, connection_id: str, delivery: Delivery) -> Reply:
    """The connection says which workspace the call is for; its secret, which only that one knows, that it is."""
    workspaces = workspaces_of(request)
    connection = workspaces.connections.get(connection_id)
    if connection.integration != name:
        raise NotFound("There is no connection with this id. It may have been deleted.")
    return workspaces.open(connection.workspace_id).calls.receive(connection, delivery)


def public_url(request: Request) -> str:
    """The address as the tool called it, which a proxy may have changed on the way."""
    settings: Settings = request.app.state.settings
    if settings.public_url is None:
        return str(request.url)
    query = request.scope["query_string"].decode("latin-1")
    return f"{settings.public_url.rstrip('/')}{request.scope['path']}{'?' if query else ''}{query}"


def address_of(request: Request, integration: str, connection_id: str) -> str:
    """What to paste into the tool."""
    settings: Settings = request.app.state.settings
    base = settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/v1/integrations/{integration}/{connection_id}"
