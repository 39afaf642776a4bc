"""The pages of the connections: which there are, a new one, and one with what became of its calls."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import workspace_of
from app.connection_store import Connections
from app.integration_api import address_of
from app.integrations import BY_NAME, INTEGRATIONS
from app.integrations.base import Integration
from app.pages import page
from app.schema import ConnectionRow
from models.errors import AfterbeepError, InvalidRequest, NotFound

CREDENTIAL = "credential."
OUTCOMES = {"taken": "Taken", "dropped": "Left aside", "deleted": "Deleted", "test": "Test"}
STATES = {
    "fetching": "being fetched",
    "queued": "waiting",
    "running": "being analysed",
    "done": "report ready",
    "failed": "failed",
}
SAID = {"made": "Connected. Paste the address below into the tool.", "saved": "Saved."}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class Shown:
    """What the form holds: what is stored, or what was just typed."""

    name: str
    credentials: Mapping[str, str]
    hosts: str
    agents: str
    only_voicemails: bool
    agent_channel: str
    playbook: str

    @classmethod
    def of(cls, row: ConnectionRow | None, tool: Integration, secrets: Mapping[str, str]) -> "Shown":
        shown = {one.name: secrets.get(one.name, one.default) for one in tool.settings if not one.secret}
        return cls(
            name=row.name if row else tool.title,
            credentials=shown,
            hosts="\n".join(row.hosts if row else tool.hosts),
            agents="\n".join(f"{agent} = {rep}" for agent, rep in row.agents.items()) if row else "",
            only_voicemails=bool(row and row.only_voicemails),
            agent_channel="" if row is None or row.agent_channel is None else str(row.agent_channel),
            playbook=(row.playbook if row else None) or "",
        )

    @classmethod
    def typed(cls, form: Mapping[str, str], tool: Integration) -> "Shown":
        public = {one.name for one in tool.settings if not one.secret}
        given = credentials_of(form)
        return cls(
            name=form.get("name", ""),
            credentials={name: value for name, value in given.items() if name in public},
            hosts=form.get("hosts", ""),
            agents=form.get("agents", ""),
            only_voicemails="only_voicemails" in form,
            agent_channel=form.get("agent_channel", ""),
            playbook=form.get("playbook", ""),
        )

    def told(self) -> dict[str, Any]:
        """Raises InvalidRequest."""
        channel = self.agent_channel.strip()
        if channel and not (channel.isdecimal() and int(channel) < 64):
            raise InvalidRequest("The rep’s channel is a number from 0, or empty.")
        return {
            "name": self.name.strip()[:100] or "Connection",
            "hosts": self.hosts.replace(",", " ").split(),
            "agents": agents_of(self.agents),
            "only_voicemails": self.only_voicemails,
            "agent_channel": int(channel) if channel else None,
            "playbook": self.playbook or None,
        }


@router.get("/connections")
def list_connections(request: Request) -> HTMLResponse:
    rows = _shelf(request).all()
    return page(request, "connections.html", here="connections", rows=rows, tools=INTEGRATIONS, by_name=BY_NAME)


@router.get("/connections/new/{integration}")
def new_connection(request: Request, integration: str) -> HTMLResponse:
    tool = _tool(integration)
    return _page(request, tool, Shown.of(None, tool, {}))


@router.post("/connections/new/{integration}")
async def add_connection(request: Request, integration: str) -> Response:
    tool, form = _tool(integration), await _form(request)
    shown = Shown.typed(form, tool)
    try:
        row = await run_in_threadpool(_shelf(request).add, tool.name, credentials_of(form), shown.told())
    except AfterbeepError as error:
        return await run_in_threadpool(_page, request, tool, shown, status=error.status, problem=str(error))
    return RedirectResponse(f"/connections/{row.id}?said=made", 303)


@router.get("/connections/{connection_id}")
def show_connection(request: Request, connection_id: str, said: str = "") -> HTMLResponse:
    return _stored(request, connection_id, said=SAID.get(said))


@router.post("/connections/{connection_id}")
async def change_connection(request: Request, connection_id: str) -> Response:
    """Save, try, pause, go on or remove: the button says which."""
    form = await _form(request)
    return await run_in_threadpool(_change, request, connection_id, form)


def _change(request: Request, connection_id: str, form: Mapping[str, str]) -> Response:
    shelf, do = _shelf(request), form.get("do", "save")
    row = shelf.get(connection_id)
    if do == "remove":
        shelf.delete(connection_id)
        return RedirectResponse("/connections", 303)
    if do == "test":
        try:
            found = workspace_of(request).calls.try_out(row, address_of(request, row.integration, row.id))
        except AfterbeepError as error:
            return _stored(request, connection_id, problem=str(error))
        return _stored(request, connection_id, said=found)
    if do in ("pause", "go_on"):
        shelf.change(connection_id, {}, {"paused": do == "pause"})
        return RedirectResponse(f"/connections/{connection_id}", 303)
    tool = BY_NAME[row.integration]
    shown = Shown.typed(form, tool)
    try:
        shelf.change(connection_id, credentials_of(form), shown.told())
    except AfterbeepError as error:
        return _page(request, tool, shown, row, status=error.status, problem=str(error))
    return RedirectResponse(f"/connections/{connection_id}?said=saved", 303)


def credentials_of(form: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(CREDENTIAL): value.strip() for key, value in form.items() if key.startswith(CREDENTIAL)}


def agents_of(lines: str) -> dict[str, str]:
    """“u-7 = Tyler Reed”, one a line. Raises InvalidRequest."""
    agents = {}
    for line in filter(str.strip, lines.splitlines()):
        agent, equals, rep = (part.strip() for part in line.partition("="))
        if not (agent and equals and rep):
            raise InvalidRequest(f"“{line.strip()[:60]}” does not say which rep that is. Write: u-7 = Tyler Reed.")
        agents[agent] = rep[:200]
    return agents


def _stored(request: Request, connection_id: str, **more: Any) -> HTMLResponse:
    row = _shelf(request).get(connection_id)
    tool = BY_NAME[row.integration]
    return _page(request, tool, Shown.of(row, tool, _shelf(request).secrets(row)), row, **more)


def _page(
    request: Request, tool: Integration, form: Shown, row: ConnectionRow | None = None, status: int = 200, **more: Any
) -> HTMLResponse:
    shelf = _shelf(request)
    return page(
        request,
        "connection.html",
        status,
        here="connections",
        tool=tool,
        form=form,
        row=row,
        kept=set(shelf.secrets(row)) if row else set(),
        address=row and address_of(request, row.integration, row.id),
        events=shelf.events(row.id) if row else [],
        outcomes=OUTCOMES,
        states=STATES,
        example=json.dumps(tool.example, indent=2),
        playbook_titles=workspace_of(request).playbooks.titles(),
        **more,
    )


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_fields=100, max_files=0)
    return {key: value for key, value in form.items() if isinstance(value, str)}


def _tool(name: str) -> Integration:
    if name not in BY_NAME:
        raise NotFound(f"There is no integration “{name[:40]}”.")
    return BY_NAME[name]


def _shelf(request: Request) -> Connections:
    return workspace_of(request).connections
