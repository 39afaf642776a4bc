"""The service, from its settings."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.middleware.base import RequestResponseEndpoint

from analysis import __version__
from app import (
    account_api,
    account_pages,
    api,
    assignment_api,
    assignment_pages,
    batches,
    connection_api,
    connection_pages,
    drafts_api,
    integration_api,
    links,
    live_api,
    oidc,
    pages,
    playbook_api,
    playbook_pages,
    practice_pages,
    progress_pages,
    prospect_pages,
    review_api,
    review_pages,
    script_pages,
    scripts_api,
    shared_pages,
    take_pages,
    transcription_api,
    trend_pages,
)
from app.access import admins_only, coaches_change, coaches_only, signed_in
from app.audit import note_request
from app.bleeper import Bleeper
from app.credentials import Credentials
from app.database import connect, migrate
from app.exports import routes as exports
from app.health import router as health
from app.live import Watcher
from app.openapi import describe
from app.problems import handle_problems, problem
from app.rate_limit import RateLimit, rate_headers
from app.rewriter import rewriter_of
from app.scrape import may_read_metrics
from app.scrape import router as metrics
from app.seen import Seen
from app.settings import Settings
from app.webhooks import api as webhook_api
from app.webhooks import pages as webhook_pages
from app.webhooks.postman import Postman
from app.workspaces import Workspaces
from models.errors import CrossSite
from models.person import DEFAULT_WORKSPACE

#: Every door, and who may come through it.
ROUTERS: tuple[tuple[APIRouter, Callable[[Request], None] | None], ...] = (
    (health, None),
    (metrics, may_read_metrics),
    (account_pages.door, None),
    (oidc.router, None),
    (shared_pages.router, None),
    (exports.router, signed_in),
    (api.router, signed_in),
    (batches.router, signed_in),
    (links.router, signed_in),
    (live_api.router, signed_in),
    (transcription_api.router, signed_in),
    (drafts_api.router, signed_in),
    (scripts_api.router, signed_in),
    (assignment_api.router, coaches_change),
    (playbook_api.router, coaches_change),
    (review_api.router, signed_in),
    (review_api.coaches, coaches_only),
    (integration_api.router, None),  # guarded by each tool's own signature
    (connection_api.router, admins_only),
    (connection_pages.router, admins_only),
    (webhook_api.router, admins_only),
    (webhook_pages.router, admins_only),
    (account_api.router, signed_in),
    (account_api.admin, admins_only),
    (pages.router, signed_in),
    (practice_pages.router, signed_in),
    (script_pages.router, signed_in),
    (take_pages.router, signed_in),
    (progress_pages.router, signed_in),
    (prospect_pages.router, signed_in),
    (trend_pages.router, coaches_only),
    (assignment_pages.router, coaches_change),
    (playbook_pages.router, coaches_change),
    (review_pages.router, signed_in),
    (review_pages.coaches, coaches_only),
    (account_pages.router, signed_in),
    (account_pages.admin, admins_only),
)
STATIC = Path(__file__).parent / "static"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
# The interactive API description brings its scripts from elsewhere; it holds no data.
OPEN_PAGES = ("/docs", "/redoc")


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()
    app: FastAPI = FastAPIOffline(
        title="Afterbeep",
        version=__version__,
        summary="What to keep, what to stop and what to say instead, from the recording of a voicemail.",
        lifespan=_lifespan,
    )
    app.state.settings = settings
    workspaces = Workspaces.of(settings, connect(settings))
    app.state.workspaces, app.state.audio, app.state.vault = workspaces, workspaces.audio, workspaces.vault
    app.state.bleeper = Bleeper(workspaces.audio, settings.max_duration_s)
    app.state.credentials, app.state.accounts_exist = Credentials(workspaces.people), False
    app.state.watcher = Watcher(workspaces.store)
    app.state.postman = Postman.of(settings, workspaces.store)
    app.state.rewriter = rewriter_of(settings)
    app.state.rate_limit = RateLimit(settings.rate_limit_per_minute)
    # What the command line works on, and tests: the workspace there is from the beginning.
    for name, shelf in vars(workspaces.open(DEFAULT_WORKSPACE)).items():
        setattr(app.state, name, shelf)
    for router, who in ROUTERS:
        app.include_router(router, dependencies=[Depends(who)] if who else ())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.middleware("http")(_guard)
    app.add_middleware(Seen)
    handle_problems(app)
    app.openapi = describe(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    migrate(app.state.settings)
    yield
    app.state.workspaces.store.engine.dispose()


async def _guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse changes that another site's page asks the reader's browser for; tell browsers what pages may do."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and _is_cross_site(request):
        error = CrossSite("This request comes from a page of another site, so it was not carried out.")
        return problem(request, error.status, error.code, error.title, str(error))
    response = await call_next(request)
    await note_request(request, response)
    response.headers.update(rate_headers(request))
    if not request.url.path.startswith(OPEN_PAGES):
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _is_cross_site(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
