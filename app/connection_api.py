"""The connections to calling tools, as JSON."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from app.access import workspace_of
from app.connection_store import Connections
from app.integration_api import address_of
from app.openapi import problems
from app.schema import CallEventRow, ConnectionRow, RecordingRow, Status
from models.errors import EventRefused, InvalidRequest, NotFound

router = APIRouter(prefix="/v1/connections", tags=["integrations"])

Name = Annotated[str, Field(min_length=1, max_length=100)]
Agents = Annotated[
    dict[str, str],
    Field(max_length=2000, description="The tool's id of an agent, and the rep's e-mail address or name."),
]
Hosts = Annotated[list[str], Field(max_length=50, description="Hosts recordings may come from, such as *.example.com.")]
Credentials = Annotated[dict[str, str], Field(description="By the names docs/integrations.md lists for the tool.")]


class ConnectionChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    credentials: Credentials = {}
    hosts: Hosts | None = None
    only_voicemails: bool | None = Field(
        None,
        description="This tool sends outbound voicemails alone, so what it does not say of a call is taken as that.",
    )
    agent_channel: int | None = Field(None, ge=0, le=63, description="The rep's channel, from 0; null to find it.")
    agents: Agents | None = None
    playbook: str | None = Field(None, max_length=80, description="Playbook to judge by; null for the default.")
    paused: bool | None = None

    def told(self) -> dict[str, Any]:
        given = self.model_dump(exclude_unset=True, exclude={"credentials", "integration"})
        emptied = ("agent_channel", "playbook")  # only these may be null
        return {name: value for name, value in given.items() if value is not None or name in emptied}


class NewConnection(ConnectionChange):
    integration: str = Field(max_length=40, description="The tool.")


class Connection(BaseModel):
    """Credentials are never shown again; `credentials_set` says which there are."""

    id: str
    integration: str
    name: str
    url: str = Field(description="What to paste into the tool.")
    credentials_set: list[str]
    hosts: list[str]
    only_voicemails: bool
    agent_channel: int | None
    agents: dict[str, str]
    playbook: str | None
    created_at: datetime
    paused: bool


class ConnectionList(BaseModel):
    items: list[Connection]


class CallEventShown(BaseModel):
    call_id: str
    received_at: datetime
    outcome: str = Field(description="taken, dropped, deleted, or test.")
    reason: str | None
    recording_id: str | None
    status: Status | None = Field(description="Where the recording stands.")

    @classmethod
    def of(cls, event: CallEventRow, recording: RecordingRow | None) -> "CallEventShown":
        return cls(
            call_id=event.call_id,
            received_at=event.received_at,
            outcome=event.outcome,
            reason=event.reason,
            recording_id=event.recording_id,
            status=recording.status if recording else None,
        )


class CallEventList(BaseModel):
    items: list[CallEventShown]


class Tried(BaseModel):
    found: str


@router.get("", summary="List the connections")
def list_connections(request: Request) -> ConnectionList:
    return ConnectionList(items=[_shown(request, row) for row in _shelf(request).all()])


@router.post("", status_code=201, responses=problems(InvalidRequest), summary="Connect a calling tool")
def add_connection(request: Request, new: NewConnection) -> Connection:
    return _shown(request, _shelf(request).add(new.integration, new.credentials, new.told()))


@router.get("/{connection_id}", responses=problems(NotFound), summary="One connection")
def show_connection(request: Request, connection_id: str) -> Connection:
    return _shown(request, _shelf(request).get(connection_id))


@router.patch("/{connection_id}", responses=problems(NotFound, InvalidRequest), summary="Change a connection")
def change_connection(request: Request, connection_id: str, change: ConnectionChange) -> Connection:
    return _shown(request, _shelf(request).change(connection_id, change.credentials, change.told()))


@router.delete("/{connection_id}", status_code=204, responses=problems(NotFound), summary="Remove a connection")
def delete_connection(request: Request, connection_id: str) -> None:
    """Its recordings and reports stay; what it still had to fetch is given up."""
    _shelf(request).delete(connection_id)


@router.get("/{connection_id}/events", responses=problems(NotFound), summary="The last 50 calls it told us of")
def list_events(request: Request, connection_id: str) -> CallEventList:
    row = _shelf(request).get(connection_id)
    return CallEventList(items=[CallEventShown.of(*each) for each in _shelf(request).events(row.id)])


@router.post(
    "/{connection_id}/test", responses=problems(NotFound, EventRefused), summary="Send a signed example through"
)
def try_connection(request: Request, connection_id: str) -> Tried:
    row = _shelf(request).get(connection_id)
    url = address_of(request, row.integration, row.id)
    return Tried(found=workspace_of(request).calls.try_out(row, url))


def _shown(request: Request, row: ConnectionRow) -> Connection:
    columns = {name: getattr(row, name) for name in Connection.model_fields if hasattr(row, name)}
    return Connection(
        url=address_of(request, row.integration, row.id),
        credentials_set=sorted(_shelf(request).secrets(row)),
        **columns,
    )


def _shelf(request: Request) -> Connections:
    return workspace_of(request).connections
