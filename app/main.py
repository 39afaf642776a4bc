"""The service, from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.middleware.base import RequestResponseEndpoint

from analysis import __version__
from app import (
    api,
    batches,
    drafts_api,
    pages,
    playbook_api,
    playbook_pages,
    progress_pages,
    prospect_pages,
    script_pages,
    scripts_api,
    take_pages,
)
from app.audio_store import AudioStore
from app.database import connect, migrate
from app.health import router as health
from app.intake import Intake
from app.jobs import Jobs
from app.playbook_store import Playbooks
from app.problems import handle_problems, problem
from app.rewriter import rewriter_of
from app.settings import Settings
from app.store import Store
from models.errors import CrossSite

ROUTERS = (
    api.router,
    batches.router,
    playbook_api.router,
    drafts_api.router,
    scripts_api.router,
    pages.router,
    script_pages.router,
    take_pages.router,
    progress_pages.router,
    prospect_pages.router,
    playbook_pages.router,
    health,
)
STATIC = Path(__file__).parent / "static"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
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
    app.state.audio = AudioStore(settings.audio_dir)
    engine = connect(settings)
    app.state.store = Store(engine)
    app.state.playbooks = Playbooks(app.state.store)
    app.state.rewriter = rewriter_of(settings)
    app.state.intake = Intake(app.state.store, app.state.audio, Jobs(engine), app.state.playbooks)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.middleware("http")(_guard)
    handle_problems(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    migrate(app.state.settings)
    yield
    app.state.store.engine.dispose()


async def _guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse changes that another site's page asks the reader's browser for; tell browsers what pages may do."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and _is_cross_site(request):
        error = CrossSite("This request comes from a page of another site, so it was not carried out.")
        return problem(request, error.status, error.code, error.title, str(error))
    response = await call_next(request)
    if not request.url.path.startswith(OPEN_PAGES):
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _is_cross_site(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
