"""The pages of the playbooks: the list, and the editor that tries before it saves."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from analysis import playbooks
from app.access import note, store_of, workspace_of
from app.pages import page
from app.playbook_store import Playbooks
from app.trial import Trial, trial
from app.views.playbook_form import PlaybookForm, Sent, edited, form_of, text_for_copy
from models.errors import AfterbeepError, InvalidPlaybook, NotFound, UnknownPlaybook
from models.playbook import Playbook

RECORDINGS_TRIED = 100  # a coach is waiting
FORM_FIELDS = 2000
FORM_FIELD_BYTES = 2_000_000
DRAFT = {"name": "draft", "version": 1}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class TextProblem:
    """Where the TOML text is wrong, and why."""

    reason: str
    line: int | None
    written: str  # the line itself


@dataclass(frozen=True)
class Draft:
    """What the editor shows. `base` is the text its form was filled from: what differs from it was changed there."""

    source: str
    version: int
    name: str
    is_copy: bool
    base: str
    text: str
    sent: Sent = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    text_problem: TextProblem | None = None
    trial: Trial | None = None


@router.get("/playbooks")
def list_playbooks(request: Request) -> HTMLResponse:
    used = store_of(request).recordings_by_playbook()
    return page(request, "playbooks.html", here="playbooks", cards=_shelf(request).cards(), used=used)


@router.get("/playbooks/{name}")
def edit(request: Request, name: str, version: int | None = None) -> HTMLResponse:
    """The editor; a shipped playbook stays as it is, so its editor begins a copy."""
    return editor(request, opened(_shelf(request), name, version, as_copy=False))


@router.get("/playbooks/{name}/copy")
def copy(request: Request, name: str, version: int | None = None) -> HTMLResponse:
    return editor(request, opened(_shelf(request), name, version, as_copy=True))


@router.post("/playbooks/{source}")
async def change(request: Request, source: str) -> Response:
    """Try what is in the editor on the stored recordings, or save it: the button says which."""
    form = await request.form(max_fields=FORM_FIELDS, max_part_size=FORM_FIELD_BYTES)
    sent = {key: [str(value) for value in form.getlist(key)] for key in form}
    return await run_in_threadpool(_change, request, source, sent)


def _change(request: Request, source: str, sent: Sent) -> Response:
    shelf = _shelf(request)
    draft = received(shelf, source, sent)
    draft, playbook = checked(draft)
    if playbook is None:
        return editor(request, draft, 422)
    if _one(sent, "do") != "save":
        tried = trial(store_of(request), playbook, RECORDINGS_TRIED)
        return editor(request, replace(draft, trial=tried))
    problem = _saving_problem(shelf, draft, _one(sent, "next_version"))
    if problem is not None:
        return editor(request, replace(draft, problems={"name": problem}), 409)
    saved = shelf.save(draft.name, draft.text)
    note(request, "playbook.changed", f"playbooks/{saved.name}")
    return RedirectResponse(f"/playbooks/{quote(saved.name)}?saved={saved.version}", 303)


def opened(shelf: Playbooks, name: str, version: int | None, *, as_copy: bool) -> Draft:
    """The draft an editor begins with."""
    try:
        text = shelf.text(name, version)
        stored = shelf.versions(name)
        newest = stored[0].version if stored else shelf.load(name).version
    except UnknownPlaybook as error:
        raise NotFound(str(error)) from error
    is_copy = as_copy or shelf.is_shipped(name)
    if is_copy:
        title = next(card.title for card in shelf.cards() if card.name == name)
        text = text_for_copy(name, text, title, shipped=shelf.is_shipped(name))
    text_problem = _parsed(text)[1]
    suggested = f"our-{name}" if is_copy else name
    return Draft(name, version or newest, suggested, is_copy, base=text, text=text, text_problem=text_problem)


def received(shelf: Playbooks, source: str, sent: Sent) -> Draft:
    """The draft as it comes back from the browser, which ends lines its own way."""
    if source not in shelf.names():
        raise NotFound(f"There is no playbook “{source}”.")
    text, base = (_one(sent, key).replace("\r\n", "\n").replace("\r", "\n") for key in ("text", "base"))
    is_copy = bool(_one(sent, "is_copy")) or shelf.is_shipped(source)
    name = _one(sent, "name").strip() if is_copy else source
    version = int(_one(sent, "version")) if _one(sent, "version").isdecimal() else 1
    return Draft(source, version, name, is_copy, base, text, sent)


def checked(draft: Draft) -> tuple[Draft, Playbook | None]:
    """The form's changes put into the text, if both can be read; else what is wrong, beside what was typed."""
    _, wrong = _parsed(draft.text)
    if wrong is not None:
        return replace(draft, text_problem=wrong), None
    form = _form(draft.base)
    if form is None:
        return _settled(draft, draft.text)
    put_in = edited(draft.text, form, draft.sent)
    if put_in.problems:
        return replace(draft, problems=put_in.problems), None
    _, wrong = _parsed(put_in.text)
    if wrong is not None:
        place, reason = form.place_of(wrong.reason) or ("text", wrong.reason)
        return replace(draft, problems={place: reason}), None
    return _settled(draft, put_in.text)


def _settled(draft: Draft, text: str) -> tuple[Draft, Playbook | None]:
    playbook, _ = _parsed(text)
    return replace(draft, base=text, text=text, sent={}), playbook


@lru_cache(maxsize=4)  # a press of a button reads the same few texts again and again
def _parsed(text: str) -> tuple[Playbook | None, TextProblem | None]:
    try:
        return playbooks.parse(text, "playbook", given=DRAFT), None
    except InvalidPlaybook as error:
        lines = text.splitlines()
        written = lines[error.line - 1].strip() if error.line and error.line <= len(lines) else ""
        return None, TextProblem(error.reason, error.line, written)


def _form(text: str) -> PlaybookForm | None:
    playbook, _ = _parsed(text)
    return form_of(playbook, playbooks.load()) if playbook else None


def _saving_problem(shelf: Playbooks, draft: Draft, next_version: str) -> str | None:
    """Why this cannot be saved under its name right now; versions saved by others meanwhile are told once."""
    try:
        shelf.check_name(draft.name)
    except AfterbeepError as error:
        return str(error)
    if draft.is_copy and draft.name in shelf.names():
        return f"There is a playbook “{draft.name}” already. Choose another name, or edit that one."
    version = shelf.next_version(draft.name)
    if not draft.is_copy and next_version != str(version):
        return f"Version {version - 1} was saved while you were editing. Save again to keep yours as version {version}."
    return None


def editor(request: Request, draft: Draft, status: int = 200) -> HTMLResponse:
    shelf = _shelf(request)
    form = _form(draft.base)
    return page(
        request,
        "playbook.html",
        status,
        here="playbooks",
        draft=draft,
        form=form,
        shown={one.key: list(draft.sent.get(one.key, one.shown)) for one in form.fields} if form else {},
        next_version=1 if draft.is_copy else shelf.next_version(draft.source),
        versions=() if draft.is_copy else shelf.versions(draft.source),
        used=store_of(request).recordings_by_playbook().get(draft.source, 0),
        saved=request.query_params.get("saved", "").isdecimal() and not draft.is_copy,
        labels=form.labels if form else {},
        rule_titles={name: rule.title for name, rule in playbooks.load().rules.items()},
    )


def _one(sent: Sent, key: str) -> str:
    return next(iter(sent.get(key, ())), "")


def _shelf(request: Request) -> Playbooks:
    return workspace_of(request).playbooks
